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

#define ZERO(n) "pxor %%xmm" #n ", %%xmm" #n "\n\t"

/* AES-NI leaves round keys in them, and copies leave what was copied. */
static inline void zero_vector_registers(void)
{
	__asm__ volatile(ZERO(0) ZERO(1) ZERO(2) ZERO(3) ZERO(4) ZERO(5) ZERO(6) ZERO(7) ZERO(8)
			 ZERO(9) ZERO(10) ZERO(11) ZERO(12) ZERO(13) ZERO(14) ZERO(15)
			 : : : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
			 "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

NOINLINE void wipe_after_curve(void)
{
	volatile uint64_t below[STACK_CURVE / 8];
	zero_words(below, ARRAY_SIZE(below));
	zero_vector_registers();
}

NOINLINE void wipe_after_hash(void)
{
	volatile uint64_t below[STACK_HASH / 8];
	zero_words(below, ARRAY_SIZE(below));
	zero_vector_registers();
}
