/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#ifndef TESTS_CRYPTO_SUPPORT_H
#define TESTS_CRYPTO_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "crypto/crypto.h"

/* A random source that can be told to fail. */
struct test_random {
	uint64_t seed;
	unsigned stuck;		/* this many more calls deliver `stuck_byte` only */
	uint8_t stuck_byte;
	unsigned calls;
	uint8_t last[SHA384_SIZE];	/* what the last call of this size delivered */
};

extern struct test_random test_random;
extern uint8_t test_arena[CRYPTO_ARENA_SIZE];

/* crypto_init() with both of the above; a cmocka setup function. */
int crypto_setup(void **state);

void test_random_fill(void *ctx, uint8_t *to, size_t n);
uint64_t test_random_below(uint64_t bound);

/* Turns hexadecimal digits into bytes; the text must hold exactly n of them, blanks aside. */
void hex(uint8_t *to, size_t n, const char *text);
#define HEX(array, text) hex(array, sizeof(array), text)

#define assert_bytes_are(actual, text)                                  \
	do {                                                            \
		uint8_t expected_bytes[sizeof(actual)];                 \
		HEX(expected_bytes, text);                              \
		assert_memory_equal(actual, expected_bytes, sizeof(actual)); \
	} while (0)

#endif
