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
	crypto_count.sha384_bytes += n;
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
