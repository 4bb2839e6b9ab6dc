/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What the files of src/crypto share. */
#ifndef CRYPTO_INTERNAL_H
#define CRYPTO_INTERNAL_H

#include "crypto/crypto.h"

/*
 * The bignum arena.  GMP and hogweed allocate through hooks that must not fail, so the arena is
 * a stack of blocks that is empty between operations and larger than any operation's peak.  A
 * block is wiped when it is given back, whatever the order; its room returns once all blocks
 * above it are given back as well.
 */
#define ARENA_ALIGN 16u

/*
 * Most bytes each operation takes, block headers included; tests/crypto measures them again.  The
 * sizes follow from the curve and the library's version alone, except that the numbers of a point
 * check may be shorter than this when the coordinates begin with zeros.
 */
enum {
	ARENA_P384_POINT = 512,
	ARENA_P256_POINT = 384,
	ARENA_P384_GENERATE = 1024,
	ARENA_P384_ECDH = 3072,
	ARENA_P384_SIGN = 1024,
	ARENA_P384_VERIFY = 3328,
	ARENA_P256_VERIFY = 2304,
	ARENA_GCM = 4608,
};

void arena_init(uint8_t *base, size_t size);
/* Brackets an operation: traps unless the arena is there and empty. */
void arena_check_empty(void);
/* Never fails: traps when the arena is exhausted, which no input can bring about. */
void *arena_take(size_t n);
void arena_give(void *block, size_t n);

extern struct crypto_counters crypto_count;

/* --- secrets on the stack ------------------------------------------------------------------ */

/* Most stack below their public function that the operations use; tests/crypto measures. */
enum { STACK_CURVE = 4000, STACK_HASH = 1024 };

/*
 * Zero the stack below the caller.  A public function that handles a secret does its work in one
 * noinline function, then calls one of these, so that the work's whole frame is covered.
 */
void wipe_stack_curve(void);
void wipe_stack_hash(void);

#define NOINLINE __attribute__((noinline))

#endif
