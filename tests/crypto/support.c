/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "support.h"

struct test_random test_random;
_Alignas(16) uint8_t test_arena[CRYPTO_ARENA_SIZE];

int crypto_setup(void **state)
{
	(void)state;
	test_random = (struct test_random){.seed = 0x9e3779b97f4a7c15};
	crypto_init(test_arena, sizeof(test_arena), test_random_fill, &test_random);
	return 0;
}

/* splitmix64: every seed gives a full-period sequence. */
static uint64_t next(struct test_random *r)
{
	uint64_t z = r->seed += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

void test_random_fill(void *ctx, uint8_t *to, size_t n)
{
	struct test_random *r = ctx;
	r->calls++;
	if (r->stuck > 0) {
		r->stuck--;
		memset(to, r->stuck_byte, n);
	} else {
		for (size_t i = 0; i < n; i++)
			to[i] = (uint8_t)next(r);
	}
	if (n == sizeof(r->last))
		memcpy(r->last, to, n);
}

uint64_t test_random_below(uint64_t bound)
{
	return next(&test_random) % bound;
}

static unsigned digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	assert_true(c >= 'A' && c <= 'F');
	return (unsigned)(c - 'A') + 10;
}

void hex(uint8_t *to, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++) {
		while (*text == ' ')
			text++;
		const unsigned high = digit(text[0]);
		to[i] = (uint8_t)(high << 4 | digit(text[1]));
		text += 2;
	}
	assert_int_equal(*text, 0);
}
