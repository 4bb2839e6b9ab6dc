/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * P-384 and P-256 over hogweed.  Numbers are little-endian limbs on our stack, in the structures
 * that hogweed's headers declare; its allocating constructors are not used.
 *
 * hogweed 3.8.1 was traced with scalar and nonce marked secret: all its branches on them are
 * assertions on carries that are always zero.  Ours are the verdicts on validity.
 */
#include "crypto/library.h"

#include "crypto/internal.h"

_Static_assert(GMP_NUMB_BITS == 64 && sizeof(mp_limb_t) == 8, "limbs are full 64-bit words");

#define P384_LIMBS 6
#define P256_LIMBS 4
#define LIMBS_MAX P384_LIMBS

/*
 * Nonces and scalars are drawn until one is in [1, n-1].  A draw misses with a chance of 2^-190:
 * two misses are a broken source.
 */
#define DRAWS_MAX 2

struct curve {
	const struct ecc_curve *(*library)(void);
	size_t limbs;
	mp_limb_t p[LIMBS_MAX];	/* the field's prime */
	mp_limb_t n[LIMBS_MAX];	/* the order of the base point */
	size_t verify_arena;
};

static const struct curve p384 = {
	.library = nettle_get_secp_384r1,
	.limbs = P384_LIMBS,
	.p = {0x00000000ffffffff, 0xffffffff00000000, 0xfffffffffffffffe, 0xffffffffffffffff,
		0xffffffffffffffff, 0xffffffffffffffff},
	.n = {0xecec196accc52973, 0x581a0db248b0a77a, 0xc7634d81f4372ddf, 0xffffffffffffffff,
		0xffffffffffffffff, 0xffffffffffffffff},
	.verify_arena = ARENA_P384_VERIFY,
};

static const struct curve p256 = {
	.library = nettle_get_secp_256r1,
	.limbs = P256_LIMBS,
	.p = {0xffffffffffffffff, 0x00000000ffffffff, 0x0000000000000000, 0xffffffff00000001},
	.n = {0xf3b9cac2fc632551, 0xbce6faada7179e84, 0xffffffffffffffff, 0xffffffff00000000},
	.verify_arena = ARENA_P256_VERIFY,
};

/* --- limbs --------------------------------------------------------------------------------- */

static void limbs_from_bytes(mp_limb_t *to, const uint8_t *from, size_t limbs)
{
	for (size_t i = 0; i < limbs; i++) {
		mp_limb_t limb;
		memcpy(&limb, from + 8 * (limbs - 1 - i), sizeof(limb));
		to[i] = __builtin_bswap64(limb);
	}
}

static void limbs_to_bytes(uint8_t *to, const mp_limb_t *from, size_t limbs)
{
	for (size_t i = 0; i < limbs; i++) {
		const mp_limb_t limb = __builtin_bswap64(from[limbs - 1 - i]);
		memcpy(to + 8 * i, &limb, sizeof(limb));
	}
}

/* a < b, in constant time: the borrow of a - b. */
static bool limbs_below(const mp_limb_t *a, const mp_limb_t *b, size_t limbs)
{
	mp_limb_t borrow = 0;
	for (size_t i = 0; i < limbs; i++) {
		const mp_limb_t difference = a[i] - b[i] - borrow;
		borrow = ((~a[i] & b[i]) | (~(a[i] ^ b[i]) & difference)) >> 63;
	}
	return borrow != 0;
}

static bool limbs_zero(const mp_limb_t *a, size_t limbs)
{
	mp_limb_t any = 0;
	for (size_t i = 0; i < limbs; i++)
		any |= a[i];
	return any == 0;
}

/* 0 < a < n: what a scalar, a nonce, and both halves of a signature must satisfy. */
static bool scalar_valid(const struct curve *c, const mp_limb_t *a)
{
	const bool zero = limbs_zero(a, c->limbs);
	const bool below = limbs_below(a, c->n, c->limbs);
	return !zero & below;
}

/* --- points -------------------------------------------------------------------------------- */

/* The point's x and y into q; false unless both are below p and it lies on the curve. */
static bool point_load(const struct curve *c, mp_limb_t *q, const uint8_t *bytes)
{
	mp_limb_t x[LIMBS_MAX], y[LIMBS_MAX];
	limbs_from_bytes(x, bytes, c->limbs);
	limbs_from_bytes(y, bytes + 8 * c->limbs, c->limbs);
	if (!limbs_below(x, c->p, c->limbs) || !limbs_below(y, c->p, c->limbs))
		return false;

	mpz_t x_view, y_view;
	struct ecc_point point = {.ecc = c->library(), .p = q};
	return ecc_point_set(&point, mpz_roinit_n(x_view, x, (mp_size_t)c->limbs),
		mpz_roinit_n(y_view, y, (mp_size_t)c->limbs)) == 1;
}

bool p384_point_valid(const uint8_t point[P384_POINT_SIZE])
{
	mp_limb_t q[2 * P384_LIMBS];
	arena_begin(ARENA_P384_POINT);
	return point_load(&p384, q, point);
}

bool p256_point_valid(const uint8_t point[P256_POINT_SIZE])
{
	mp_limb_t q[2 * P256_LIMBS];
	arena_begin(ARENA_P256_POINT);
	return point_load(&p256, q, point);
}

/* --- P-384 with secrets -------------------------------------------------------------------- */

static NOINLINE enum status generate(uint8_t *scalar, uint8_t *point)
{
	mp_limb_t d[P384_LIMBS], q[2 * P384_LIMBS];
	struct ecc_scalar secret = {.ecc = p384.library(), .p = d};
	struct ecc_point result = {.ecc = p384.library(), .p = q};

	unsigned draws = 0;
	do {
		if (draws++ == DRAWS_MAX)
			return ERR_CRYPTO;
		crypto_random(scalar, P384_SCALAR_SIZE);
		limbs_from_bytes(d, scalar, P384_LIMBS);
	} while (!scalar_valid(&p384, d));

	ecc_point_mul_g(&result, &secret);
	limbs_to_bytes(point, q, P384_LIMBS);
	limbs_to_bytes(point + P384_SCALAR_SIZE, q + P384_LIMBS, P384_LIMBS);
	return STATUS_OK;
}

enum status p384_generate(uint8_t scalar[P384_SCALAR_SIZE], uint8_t point[P384_POINT_SIZE])
{
	arena_begin(ARENA_P384_GENERATE);
	crypto_state->count.p384_generate++;
	const enum status status = generate(scalar, point);
	wipe_after_curve();
	if (status != STATUS_OK) {
		wipe(scalar, P384_SCALAR_SIZE);
		wipe(point, P384_POINT_SIZE);
	}
	return status;
}

static NOINLINE enum status ecdh(const uint8_t *scalar, const uint8_t *peer, uint8_t *z)
{
	mp_limb_t d[P384_LIMBS], q[2 * P384_LIMBS], shared[2 * P384_LIMBS];
	const struct ecc_scalar secret = {.ecc = p384.library(), .p = d};
	const struct ecc_point theirs = {.ecc = p384.library(), .p = q};
	struct ecc_point result = {.ecc = p384.library(), .p = shared};

	if (!point_load(&p384, q, peer))
		return ERR_CRYPTO_POINT;
	limbs_from_bytes(d, scalar, P384_LIMBS);
	if (!scalar_valid(&p384, d))
		return ERR_CRYPTO;
	/* Prime order and cofactor 1: the product of these is never the point at infinity. */
	ecc_point_mul(&result, &secret, &theirs);
	limbs_to_bytes(z, shared, P384_LIMBS);
	return STATUS_OK;
}

enum status p384_ecdh(const uint8_t scalar[P384_SCALAR_SIZE], const uint8_t peer[P384_POINT_SIZE],
	uint8_t z[P384_SCALAR_SIZE])
{
	arena_begin(ARENA_P384_ECDH);
	crypto_state->count.p384_ecdh++;
	const enum status status = ecdh(scalar, peer, z);
	wipe_after_curve();
	if (status != STATUS_OK)
		wipe(z, P384_SCALAR_SIZE);
	return status;
}

/*
 * A nonce is HMAC(random, scalar | digest): uniform if the source is good, and still a secret
 * that differs from message to message if the source fails.
 */
static bool draw_nonce(mp_limb_t *k, const uint8_t *scalar, const uint8_t *digest)
{
	uint8_t random[SHA384_SIZE], input[P384_SCALAR_SIZE + SHA384_SIZE], nonce[SHA384_SIZE];
	crypto_random(random, sizeof(random));
	memcpy(input, scalar, P384_SCALAR_SIZE);
	memcpy(input + P384_SCALAR_SIZE, digest, SHA384_SIZE);
	hmac_sha384(random, sizeof(random), input, sizeof(input), nonce);
	limbs_from_bytes(k, nonce, P384_LIMBS);
	return scalar_valid(&p384, k);
}

static NOINLINE enum status sign(const uint8_t *scalar, const uint8_t *digest, uint8_t *signature)
{
	const struct ecc_curve *library = p384.library();
	mp_limb_t d[P384_LIMBS], k[P384_LIMBS], r[P384_LIMBS], s[P384_LIMBS];
	limbs_from_bytes(d, scalar, P384_LIMBS);
	if (!scalar_valid(&p384, d))
		return ERR_CRYPTO;

	const size_t scratch_size = (size_t)ecc_ecdsa_sign_itch(library) * sizeof(mp_limb_t);
	for (unsigned draws = 0; draws < DRAWS_MAX; draws++) {
		if (!draw_nonce(k, scalar, digest))
			continue;
		mp_limb_t *scratch = arena_take(scratch_size);
		ecc_ecdsa_sign(library, d, k, SHA384_SIZE, digest, r, s, scratch);
		arena_give(scratch, scratch_size);
		if (!scalar_valid(&p384, r) || !scalar_valid(&p384, s))
			continue;
		limbs_to_bytes(signature, r, P384_LIMBS);
		limbs_to_bytes(signature + P384_SCALAR_SIZE, s, P384_LIMBS);
		return STATUS_OK;
	}
	return ERR_CRYPTO;
}

enum status p384_sign(const uint8_t scalar[P384_SCALAR_SIZE], const uint8_t digest[SHA384_SIZE],
	uint8_t signature[P384_SIGNATURE_SIZE])
{
	arena_begin(ARENA_P384_SIGN);
	crypto_state->count.p384_sign++;
	const enum status status = sign(scalar, digest, signature);
	wipe_after_curve();
	if (status != STATUS_OK)
		wipe(signature, P384_SIGNATURE_SIZE);
	return status;
}

/* --- verification: public inputs only ------------------------------------------------------ */

static enum status verify(const struct curve *c, const uint8_t *point, const uint8_t *digest,
	const uint8_t *signature)
{
	const struct ecc_curve *library = c->library();
	const size_t bytes = 8 * c->limbs;
	mp_limb_t q[2 * LIMBS_MAX], r[LIMBS_MAX], s[LIMBS_MAX];
	arena_begin(c->verify_arena);
	if (!point_load(c, q, point))
		return ERR_CRYPTO_POINT;
	limbs_from_bytes(r, signature, c->limbs);
	limbs_from_bytes(s, signature + bytes, c->limbs);
	if (!scalar_valid(c, r) || !scalar_valid(c, s))
		return ERR_CRYPTO_SIGNATURE;

	const size_t scratch_size = (size_t)ecc_ecdsa_verify_itch(library) * sizeof(mp_limb_t);
	mp_limb_t *scratch = arena_take(scratch_size);
	const bool good = ecc_ecdsa_verify(library, q, bytes, digest, r, s, scratch) == 1;
	arena_give(scratch, scratch_size);
	return good ? STATUS_OK : ERR_CRYPTO_SIGNATURE;
}

enum status p384_verify(const uint8_t point[P384_POINT_SIZE], const uint8_t digest[SHA384_SIZE],
	const uint8_t signature[P384_SIGNATURE_SIZE])
{
	crypto_state->count.p384_verify++;
	return verify(&p384, point, digest, signature);
}

enum status p256_verify(const uint8_t point[P256_POINT_SIZE], const uint8_t digest[SHA256_SIZE],
	const uint8_t signature[P256_SIGNATURE_SIZE])
{
	crypto_state->count.p256_verify++;
	return verify(&p256, point, digest, signature);
}
