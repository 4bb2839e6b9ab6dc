/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * What every fuzz target shares.  A target is fuzz_NAME.c and a line in `targets`; it is built
 * twice: with libFuzzer, and with replay.c, which runs the files of corpus/NAME as a test.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "migtd/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* Ends the run: what is said does not hold. */
#define HOLDS(condition)                   \
	do {                               \
		if (!(condition))          \
			__builtin_trap();  \
	} while (0)

/*
 * Counts inputs that were taken.  A corpus without one would stop at the first check, and its
 * test fails.
 */
extern unsigned long fuzz_accepted;
#define ACCEPTED() ((void)fuzz_accepted++)

/* Crypto for targets that hash or verify, with a source of randomness that is never asked. */
void fuzz_start_crypto(void);

/* Where tests/fuzz is, to load what is the same for every input of a target. */
size_t fuzz_load(const char *name, uint8_t *to, size_t room);

/*
 * The size of the next piece of a stream of which n > 0 bytes are left: mostly small ones, some of a
 * page.  The sizes depend on what `state` begins with; with 0, all comes at once.
 */
size_t fuzz_piece(uint32_t *state, size_t n);

/* The span of bytes lies in the input. */
static inline bool fuzz_inside(const uint8_t *bytes, size_t n, const uint8_t *at, size_t size)
{
	return at >= bytes && at <= bytes + n && size <= (size_t)(bytes + n - at);
}

#endif
