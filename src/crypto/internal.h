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
 * Most bytes each operation takes, block headers included.  They follow from the curve and the
 * library's version, not from what is computed, except that a point check takes less when its
 * coordinates begin with zero limbs.  tests/crypto measures them again.
 */
enum {
	ARENA_P384_POINT = 768,
	ARENA_P256_POINT = 576,
	ARENA_P384_GENERATE = 640,
	ARENA_P384_ECDH = 3072,
	ARENA_P384_SIGN = 640,
	ARENA_P384_VERIFY = 3072,
	ARENA_P256_VERIFY = 2176,
	ARENA_GCM = 4608,
};

struct arena {
	uint8_t *base;
	size_t size;
	size_t limit;		/* what the running operation has reserved */
	size_t used;
	size_t peak;
	uint32_t top;		/* offset of the highest block, if any is in use */
};

void arena_init(struct arena *arena, uint8_t *base, size_t size);
/* Reserves `limit` bytes for an operation: traps unless the arena is there and empty. */
void arena_begin(size_t limit);
/* Never fails: traps beyond what is reserved, which no input can bring about. */
void *arena_take(size_t n);
void arena_give(void *block, size_t n);

/* All that lasts from one operation to the next: the first bytes of what crypto_init() got. */
struct crypto {
	struct arena arena;
	crypto_random_fn *random;
	void *random_ctx;
	struct crypto_counters count;
};

#define CRYPTO_STATE_SIZE ((sizeof(struct crypto) + ARENA_ALIGN - 1) & -(size_t)ARENA_ALIGN)

/* The one that is selected; the core has no other mutable static state. */
extern struct crypto *crypto_state;

/* --- secrets on the stack and in registers --------------------------------------------------- */

/* Most stack that the operations use below their public function; tests/crypto measures. */
enum { STACK_CURVE = 4096, STACK_HASH = 1152 };

/*
 * Zero the stack below the caller, and XMM0 to XMM15, the widest registers that the archives and we
 * are built for.  A public function that handles a secret does its work in one noinline function,
 * then calls one of these, so that the work's whole frame is covered.  GMP's multiplication alone
 * sets 2.9 KB aside, of which it touches little at these sizes.
 */
void wipe_after_curve(void);
void wipe_after_hash(void);

#define NOINLINE __attribute__((noinline))

#endif
