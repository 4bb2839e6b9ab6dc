/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Every primitive of the Migration TD.  Only this folder includes the crypto library.
 *
 * Running hashes are the only library state a session may keep; everything else is built per use
 * on the stack or in the bignum arena and wiped.  Points are x || y, signatures r || s, all
 * big-endian; secrets are handled in constant time and their stack is wiped after use.  For AES
 * that rests on AES-NI and PCLMULQDQ, which every processor with TDX has.
 *
 * One thread, one operation at a time.  An operation takes at most 4.2 KB of stack.  What a port
 * must supply to the library is listed in ports/symbols.txt.
 */
#ifndef CRYPTO_CRYPTO_H
#define CRYPTO_CRYPTO_H

#include "migtd/base.h"

#define SHA256_SIZE 32
#define SHA384_SIZE 48
#define P256_POINT_SIZE 64
#define P256_SIGNATURE_SIZE 64
#define P384_SCALAR_SIZE 48
#define P384_POINT_SIZE 96
#define P384_SIGNATURE_SIZE 96
#define AES256_KEY_SIZE 32
#define GCM_IV_SIZE 12
#define GCM_TAG_SIZE 16

/*
 * Bytes the bignum arena needs, with its bookkeeping: the worst operation, AES-256-GCM, takes 4416
 * of them.
 */
#define CRYPTO_ARENA_SIZE 8192

/* Source of randomness; must fill all n bytes or not return. */
typedef void crypto_random_fn(void *ctx, uint8_t *to, size_t n);

struct crypto;

/*
 * Hands over the bignum arena (16-byte aligned, CRYPTO_ARENA_SIZE or more) and the randomness, and
 * sets the counters to zero.  To be called before anything else here but hashes.  All state lies
 * in the arena; it is selected until another is, so that one process can run several Migration TDs.
 */
struct crypto *crypto_init(uint8_t *arena, size_t size, crypto_random_fn *random, void *random_ctx);
/* Everything here works with this state from now on.  Never during an operation. */
void crypto_select(struct crypto *crypto);
void crypto_random(uint8_t *to, size_t n);

/* High-water mark of the bignum arena in bytes since crypto_init(); in use now (0 between calls). */
size_t crypto_arena_peak(void);
size_t crypto_arena_used(void);

/* Operations begun, and bytes hashed (HMAC's included), sealed or opened, since crypto_init(). */
struct crypto_counters {
	uint64_t p256_verify;
	uint64_t p384_verify;
	uint64_t p384_sign;
	uint64_t p384_generate;
	uint64_t p384_ecdh;
	uint64_t sha384_bytes;
	uint64_t aead_bytes;
};
const struct crypto_counters *crypto_counters(void);

/* --- hashes -------------------------------------------------------------------------------- */

struct sha256 {
	uint64_t state[14];
};

struct sha384 {
	uint64_t state[27];
};

void sha256_init(struct sha256 *h);
void sha256_update(struct sha256 *h, const uint8_t *from, size_t n);
void sha256_final(struct sha256 *h, uint8_t digest[SHA256_SIZE]);

void sha384_init(struct sha384 *h);
void sha384_update(struct sha384 *h, const uint8_t *from, size_t n);
/* Ends the hash and wipes it. */
void sha384_final(struct sha384 *h, uint8_t digest[SHA384_SIZE]);
/* The digest so far; the running hash goes on. */
void sha384_peek(const struct sha384 *h, uint8_t digest[SHA384_SIZE]);
void sha384(const uint8_t *from, size_t n, uint8_t digest[SHA384_SIZE]);

/*
 * A running hash reduced to its chaining value, for those who have the last bytes at hand anyway:
 * several hashes of one stream then share them.
 */
#define SHA384_BLOCK 128
#define SHA384_STATE_WORDS 8
void sha384_save(const struct sha384 *h, uint64_t state[SHA384_STATE_WORDS]);
/* The hash of `size` bytes so far, the last size % SHA384_BLOCK of which are at `tail`. */
void sha384_restore(struct sha384 *h, const uint64_t state[SHA384_STATE_WORDS], uint64_t size,
	const uint8_t *tail);

void hmac_sha384(const uint8_t *key, size_t key_size, const uint8_t *from, size_t n,
	uint8_t mac[SHA384_SIZE]);
void hkdf_sha384_extract(const uint8_t *salt, size_t salt_size, const uint8_t *ikm, size_t n,
	uint8_t prk[SHA384_SIZE]);
/* out_size at most SHA384_SIZE. */
void hkdf_sha384_expand(const uint8_t prk[SHA384_SIZE], const uint8_t *info, size_t info_size,
	uint8_t *out, size_t out_size);

/* --- elliptic curves ----------------------------------------------------------------------- */

/* True if the point is on the curve, with both coordinates below p. */
bool p384_point_valid(const uint8_t point[P384_POINT_SIZE]);
bool p256_point_valid(const uint8_t point[P256_POINT_SIZE]);

/* ERR_CRYPTO when the source of randomness is stuck. */
enum status p384_generate(uint8_t scalar[P384_SCALAR_SIZE], uint8_t point[P384_POINT_SIZE])
	MUST_CHECK;
/*
 * z is the x-coordinate of the shared point.  ERR_CRYPTO_POINT for an invalid peer point,
 * ERR_CRYPTO for a scalar outside [1, n-1]; z is zero then.
 */
enum status p384_ecdh(const uint8_t scalar[P384_SCALAR_SIZE], const uint8_t peer[P384_POINT_SIZE],
	uint8_t z[P384_SCALAR_SIZE]) MUST_CHECK;
/*
 * The nonce is drawn from both randomness and the scalar and digest, so that a stuck source does
 * not give the scalar away.  ERR_CRYPTO for a scalar outside [1, n-1].
 */
enum status p384_sign(const uint8_t scalar[P384_SCALAR_SIZE], const uint8_t digest[SHA384_SIZE],
	uint8_t signature[P384_SIGNATURE_SIZE]) MUST_CHECK;
/* ERR_CRYPTO_POINT or ERR_CRYPTO_SIGNATURE; r or s outside [1, n-1] is a bad signature. */
enum status p384_verify(const uint8_t point[P384_POINT_SIZE], const uint8_t digest[SHA384_SIZE],
	const uint8_t signature[P384_SIGNATURE_SIZE]) MUST_CHECK;
enum status p256_verify(const uint8_t point[P256_POINT_SIZE], const uint8_t digest[SHA256_SIZE],
	const uint8_t signature[P256_SIGNATURE_SIZE]) MUST_CHECK;

/* --- AES-256-GCM --------------------------------------------------------------------------- */

void aes256gcm_seal(const uint8_t key[AES256_KEY_SIZE], const uint8_t iv[GCM_IV_SIZE],
	const uint8_t *aad, size_t aad_size, const uint8_t *plain, size_t n, uint8_t *cipher,
	uint8_t tag[GCM_TAG_SIZE]);
/* ERR_CRYPTO_TAG leaves `plain` zeroed.  cipher and plain may be the same buffer. */
enum status aes256gcm_open(const uint8_t key[AES256_KEY_SIZE], const uint8_t iv[GCM_IV_SIZE],
	const uint8_t *aad, size_t aad_size, const uint8_t *cipher, size_t n,
	const uint8_t tag[GCM_TAG_SIZE], uint8_t *plain) MUST_CHECK;

/* --- constant time ------------------------------------------------------------------------- */

bool ct_equal(const uint8_t *a, const uint8_t *b, size_t n);
/* Zeroes memory in a way the compiler keeps. */
void wipe(void *at, size_t n);

#endif
