/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "crypto/internal.h"

struct crypto_counters crypto_count;

static struct {
	crypto_random_fn *fill;
	void *ctx;
} source;

void crypto_init(uint8_t *arena, size_t size, crypto_random_fn *random, void *random_ctx)
{
	arena_init(arena, size);
	source.fill = random;
	source.ctx = random_ctx;
	crypto_count = (struct crypto_counters){.p256_verify = 0};
}

void crypto_random(uint8_t *to, size_t n)
{
	source.fill(source.ctx, to, n);
}

const struct crypto_counters *crypto_counters(void)
{
	return &crypto_count;
}
