/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "crypto/library.h"

#include "crypto/internal.h"

_Static_assert(sizeof(struct sha256) == sizeof(struct sha256_ctx), "sha256 holds the library's");
_Static_assert(sizeof(struct sha384) == sizeof(struct sha384_ctx), "sha384 holds the library's");
_Static_assert(_Alignof(struct sha384) == _Alignof(struct sha384_ctx), "and is aligned like it");

static struct sha256_ctx *library256(struct sha256 *h)
{
	return (struct sha256_ctx *)(void *)h->state;
}

static struct sha384_ctx *library384(struct sha384 *h)
{
	return (struct sha384_ctx *)(void *)h->state;
}

void sha256_init(struct sha256 *h)
{
	nettle_sha256_init(library256(h));
}

void sha256_update(struct sha256 *h, const uint8_t *from, size_t n)
{
	if (n > 0)
		nettle_sha256_update(library256(h), n, from);
}

void sha256_final(struct sha256 *h, uint8_t digest[SHA256_SIZE])
{
	nettle_sha256_digest(library256(h), SHA256_SIZE, digest);
	wipe(h, sizeof(*h));
}

void sha384_init(struct sha384 *h)
{
	nettle_sha384_init(library384(h));
}

void sha384_update(struct sha384 *h, const uint8_t *from, size_t n)
{
	if (n > 0)
		nettle_sha512_update(library384(h), n, from);
	crypto_state->count.sha384_bytes += n;
}

void sha384_final(struct sha384 *h, uint8_t digest[SHA384_SIZE])
{
	nettle_sha384_digest(library384(h), SHA384_SIZE, digest);
	wipe(h, sizeof(*h));
}

void sha384_peek(const struct sha384 *h, uint8_t digest[SHA384_SIZE])
{
	struct sha384 copy = *h;
	sha384_final(&copy, digest);
}

void sha384(const uint8_t *from, size_t n, uint8_t digest[SHA384_SIZE])
{
	struct sha384 h;
	sha384_init(&h);
	sha384_update(&h, from, n);
	sha384_final(&h, digest);
}

_Static_assert(SHA384_BLOCK == SHA512_BLOCK_SIZE, "the block is the library's");
_Static_assert(sizeof(((struct sha384_ctx *)NULL)->state) == SHA384_STATE_WORDS * sizeof(uint64_t),
	"and so is the chaining value");

void sha384_save(const struct sha384 *h, uint64_t state[SHA384_STATE_WORDS])
{
	const struct sha384_ctx *ctx = (const struct sha384_ctx *)(const void *)h->state;
	memcpy(state, ctx->state, sizeof(ctx->state));
}

void sha384_restore(struct sha384 *h, const uint64_t state[SHA384_STATE_WORDS], uint64_t size,
	const uint8_t *tail)
{
	struct sha384_ctx *ctx = library384(h);
	memset(h, 0, sizeof(*h));
	memcpy(ctx->state, state, sizeof(ctx->state));
	ctx->count_low = size / SHA384_BLOCK;
	ctx->index = (unsigned)(size % SHA384_BLOCK);
	memcpy(ctx->block, tail, ctx->index);
}
