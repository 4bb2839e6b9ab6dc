/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What the quoting service may answer, as scripts for the VMM of vmm.h. */
#include <string.h>

#include "seeds.h"

struct answer {
	size_t n;
	uint8_t bytes[4096];
};

static void put(struct answer *a, uint64_t value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		a->bytes[a->n++] = (uint8_t)(value >> 8 * i);
}

static void fill(struct answer *a, uint8_t value, size_t n)
{
	memset(a->bytes + a->n, value, n);
	a->n += n;
}

/* Header of the buffer: version, status, size of the request and of the answer. */
static void put_header(struct answer *a, uint64_t status, uint32_t size)
{
	a->n = 0;
	put(a, 1, 8);
	put(a, status, 8);
	put(a, 0, 4);
	put(a, size, 4);
}

/* Header of a message of `size` bytes: length, version, type, size, error. */
static void put_message(struct answer *a, uint16_t minor, uint32_t type, uint32_t size)
{
	put_header(a, 0, 4 + size);
	put(a, __builtin_bswap32(size), 4);
	put(a, 1, 2);
	put(a, minor, 2);
	put(a, type, 4);
	put(a, size, 4);
	put(a, 0, 4);
}

/* A script for the VMM of vmm.h: the form, then calls that return `code`. */
struct script {
	size_t n;
	uint8_t bytes[8192];
};

static struct script script_of(uint8_t form)
{
	return (struct script){.n = 1, .bytes = {form}};
}

static void call(struct script *s, uint8_t code, const struct answer *a)
{
	s->bytes[s->n++] = code;
	s->bytes[s->n++] = (uint8_t)a->n;
	s->bytes[s->n++] = (uint8_t)(a->n >> 8);
	memcpy(s->bytes + s->n, a->bytes, a->n);
	s->n += a->n;
}

static void save_answer(const char *target, uint8_t form, uint8_t code, const struct answer *a)
{
	struct script s = script_of(form);

	call(&s, code, a);
	seeds_save(target, -1, s.bytes, s.n);
}

static void quote_answers(void)
{
	static const uint64_t statuses[] = {0x8000000000000000, 0x8000000000000001, UINT64_MAX, 5};
	struct answer framed, raw, refused;

	put_message(&framed, 1, 1, 16 + 8 + 3 + 40);
	put(&framed, 3, 4);
	put(&framed, 40, 4);
	fill(&framed, 'q', 43);
	put_header(&raw, 0, 40);
	fill(&raw, 'q', 40);
	for (uint8_t form = 0; form < 3; form++) {
		save_answer("get_quote", form, 0, &framed);
		save_answer("get_quote", form, 0, &raw);
	}
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		struct script s = script_of(0);

		put_header(&refused, statuses[i], 0);
		call(&s, 0, &refused);
		call(&s, 0, &raw);
		seeds_save("get_quote", -1, s.bytes, s.n);
		save_answer("get_collateral", 0, 0, &refused);
	}
	for (uint8_t code = 1; code < 3; code++) {
		save_answer("get_quote", 0, code, &framed);
		save_answer("get_collateral", 0, code, &framed);
	}
	save_answer("get_collateral", 2, 0, &raw);
}

/* Seven strings of `each` bytes with their NUL, and what minor 0 counts behind them. */
static void collateral_answer(struct answer *a, uint16_t minor, uint32_t each)
{
	const uint32_t unused = minor == 0 ? 4 : 0;

	put_message(a, minor, 3, 16 + 4 + 7 * 4 + 7 * each + unused);
	put(a, 3, 2);
	put(a, 0, 2);
	for (int i = 0; i < 7; i++)
		put(a, each, 4);
	for (int i = 0; i < 7; i++) {
		fill(a, (uint8_t)('a' + i), each - 1);
		fill(a, 0, 1);
	}
	fill(a, 0, unused);
}

static void collateral_answers(void)
{
	struct answer a;

	collateral_answer(&a, 1, 20);
	save_answer("get_collateral", 0, 0, &a);
	a.bytes[a.n - 2] = 0;
	save_answer("get_collateral", 1, 0, &a);
	a.bytes[a.n - 1] = 'x';
	save_answer("get_collateral", 1, 0, &a);
	collateral_answer(&a, 0, 300);
	save_answer("get_collateral", 1, 0, &a);
	collateral_answer(&a, 1, 1);
	save_answer("get_collateral", 1, 0, &a);
}

void seeds_answers(void)
{
	quote_answers();
	collateral_answers();
}
