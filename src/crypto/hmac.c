/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* HMAC (FIPS 198-1) and HKDF (RFC 5869) over SHA-384. */
#include "crypto/internal.h"

#define BLOCK_SIZE 128u

struct hmac {
	struct sha384 inner;
	struct sha384 outer;
};

static void hmac_init(struct hmac *m, const uint8_t *key, size_t key_size)
{
	uint8_t block[BLOCK_SIZE] = {0};
	if (key_size > BLOCK_SIZE)
		sha384(key, key_size, block);
	else if (key_size > 0)
		memcpy(block, key, key_size);

	for (size_t i = 0; i < BLOCK_SIZE; i++)
		block[i] ^= 0x36;
	sha384_init(&m->inner);
	sha384_update(&m->inner, block, BLOCK_SIZE);

	for (size_t i = 0; i < BLOCK_SIZE; i++)
		block[i] ^= 0x36 ^ 0x5c;
	sha384_init(&m->outer);
	sha384_update(&m->outer, block, BLOCK_SIZE);
}

static void hmac_final(struct hmac *m, uint8_t mac[SHA384_SIZE])
{
	uint8_t digest[SHA384_SIZE];
	sha384_final(&m->inner, digest);
	sha384_update(&m->outer, digest, SHA384_SIZE);
	sha384_final(&m->outer, mac);
}

/* HMAC of a | b. */
static NOINLINE void hmac_of_two(const uint8_t *key, size_t key_size, const uint8_t *a,
	size_t a_size, const uint8_t *b, size_t b_size, uint8_t mac[SHA384_SIZE])
{
	struct hmac m;
	hmac_init(&m, key, key_size);
	sha384_update(&m.inner, a, a_size);
	sha384_update(&m.inner, b, b_size);
	hmac_final(&m, mac);
}

void hmac_sha384(const uint8_t *key, size_t key_size, const uint8_t *from, size_t n,
	uint8_t mac[SHA384_SIZE])
{
	hmac_of_two(key, key_size, from, n, NULL, 0, mac);
	wipe_after_hash();
}

void hkdf_sha384_extract(const uint8_t *salt, size_t salt_size, const uint8_t *ikm, size_t n,
	uint8_t prk[SHA384_SIZE])
{
	/* An absent salt is SHA384_SIZE zeros, which HMAC pads alike. */
	hmac_sha384(salt, salt_size, ikm, n, prk);
}

void hkdf_sha384_expand(const uint8_t prk[SHA384_SIZE], const uint8_t *info, size_t info_size,
	uint8_t *out, size_t out_size)
{
	static const uint8_t first_round = 1;
	uint8_t block[SHA384_SIZE];
	if (out_size > SHA384_SIZE)
		__builtin_trap();
	hmac_of_two(prk, SHA384_SIZE, info, info_size, &first_round, 1, block);
	memcpy(out, block, out_size);
	wipe(block, sizeof(block));
	wipe_after_hash();
}
