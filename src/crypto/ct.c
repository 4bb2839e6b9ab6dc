/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "crypto/internal.h"

bool ct_equal(const uint8_t *a, const uint8_t *b, size_t n)
{
	uint8_t difference = 0;
	for (size_t i = 0; i < n; i++) {
		difference |= a[i] ^ b[i];
		/* Hides the running value, or the compiler may stop at the first difference. */
		__asm__("" : "+r"(difference));
	}
	return difference == 0;
}

void wipe(void *at, size_t n)
{
	memset(at, 0, n);
	/* Whoever reads memory next might be this statement, so the stores stay. */
	__asm__ volatile("" : : "r"(at) : "memory");
}

/* Not by memset, whose own return address would be the deepest thing left. */
static inline void zero_words(volatile uint64_t *at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		at[i] = 0;
}

NOINLINE void wipe_stack_curve(void)
{
	volatile uint64_t below[STACK_CURVE / 8];
	zero_words(below, ARRAY_SIZE(below));
}

NOINLINE void wipe_stack_hash(void)
{
	volatile uint64_t below[STACK_HASH / 8];
	zero_words(below, ARRAY_SIZE(below));
}
