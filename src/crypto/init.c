/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "crypto/internal.h"

/* Hashes need no arena: who does nothing else may do without crypto_init(). */
static struct crypto without_arena;
struct crypto *crypto_state = &without_arena;

_Static_assert(CRYPTO_STATE_SIZE + ARENA_GCM <= CRYPTO_ARENA_SIZE, "the largest operation fits");

struct crypto *crypto_init(uint8_t *arena, size_t size, crypto_random_fn *random, void *random_ctx)
{
	if (arena == NULL || (uintptr_t)arena % ARENA_ALIGN != 0 || size < CRYPTO_ARENA_SIZE
	    || size > UINT32_MAX)
		__builtin_trap();
	wipe(arena, size);
	crypto_state = (struct crypto *)(void *)arena;
	arena_init(&crypto_state->arena, arena + CRYPTO_STATE_SIZE, size - CRYPTO_STATE_SIZE);
	crypto_state->random = random;
	crypto_state->random_ctx = random_ctx;
	return crypto_state;
}

void crypto_select(struct crypto *c)
{
	crypto_state = c;
}

void crypto_random(uint8_t *to, size_t n)
{
	crypto_state->random(crypto_state->random_ctx, to, n);
}

const struct crypto_counters *crypto_counters(void)
{
	return &crypto_state->count;
}
