/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * AES-256-GCM (SP 800-38D) with a 96-bit IV.  The library's context, 4.4 KB of round keys and
 * hash tables, lies in the bignum arena for the time of one call.
 */
#include "crypto/library.h"

#include "crypto/aes_key.h"
#include "crypto/internal.h"

_Static_assert(sizeof(struct gcm_aes256_ctx) + 2 * ARENA_ALIGN <= (unsigned)ARENA_GCM, "reserved");

/* In the library's generic form. */
static void encrypt_blocks(const void *aes, size_t n, uint8_t *to, const uint8_t *from)
{
	aes256_encrypt(aes, n, to, from);
}

static struct gcm_aes256_ctx *context_begin(const uint8_t key[AES256_KEY_SIZE],
	const uint8_t iv[GCM_IV_SIZE], const uint8_t *aad, size_t aad_size)
{
	arena_begin(ARENA_GCM);
	struct gcm_aes256_ctx *gcm = arena_take(sizeof(*gcm));
	aes256_expand_key(&gcm->cipher, key);
	gcm_set_key(&gcm->key, &gcm->cipher, encrypt_blocks);
	nettle_gcm_aes256_set_iv(gcm, GCM_IV_SIZE, iv);
	if (aad_size > 0)
		nettle_gcm_aes256_update(gcm, aad_size, aad);
	return gcm;
}

static NOINLINE void seal(const uint8_t key[AES256_KEY_SIZE], const uint8_t iv[GCM_IV_SIZE],
	const uint8_t *aad, size_t aad_size, const uint8_t *plain, size_t n, uint8_t *cipher,
	uint8_t tag[GCM_TAG_SIZE])
{
	struct gcm_aes256_ctx *gcm = context_begin(key, iv, aad, aad_size);
	if (n > 0)
		nettle_gcm_aes256_encrypt(gcm, n, cipher, plain);
	nettle_gcm_aes256_digest(gcm, GCM_TAG_SIZE, tag);
	arena_give(gcm, sizeof(*gcm));
}

void aes256gcm_seal(const uint8_t key[AES256_KEY_SIZE], const uint8_t iv[GCM_IV_SIZE],
	const uint8_t *aad, size_t aad_size, const uint8_t *plain, size_t n, uint8_t *cipher,
	uint8_t tag[GCM_TAG_SIZE])
{
	seal(key, iv, aad, aad_size, plain, n, cipher, tag);
	wipe_after_hash();
	crypto_state->count.aead_bytes += n;
}

static NOINLINE bool open(const uint8_t key[AES256_KEY_SIZE], const uint8_t iv[GCM_IV_SIZE],
	const uint8_t *aad, size_t aad_size, const uint8_t *cipher, size_t n,
	const uint8_t tag[GCM_TAG_SIZE], uint8_t *plain)
{
	struct gcm_aes256_ctx *gcm = context_begin(key, iv, aad, aad_size);
	uint8_t expected[GCM_TAG_SIZE];
	if (n > 0)
		nettle_gcm_aes256_decrypt(gcm, n, plain, cipher);
	nettle_gcm_aes256_digest(gcm, GCM_TAG_SIZE, expected);
	arena_give(gcm, sizeof(*gcm));
	return ct_equal(expected, tag, GCM_TAG_SIZE);
}

enum status aes256gcm_open(const uint8_t key[AES256_KEY_SIZE], const uint8_t iv[GCM_IV_SIZE],
	const uint8_t *aad, size_t aad_size, const uint8_t *cipher, size_t n,
	const uint8_t tag[GCM_TAG_SIZE], uint8_t *plain)
{
	const bool good = open(key, iv, aad, aad_size, cipher, n, tag, plain);
	wipe_after_hash();
	crypto_state->count.aead_bytes += n;
	if (!good) {
		wipe(plain, n);
		return ERR_CRYPTO_TAG;
	}
	return STATUS_OK;
}
