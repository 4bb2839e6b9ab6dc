/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "curves.h"

#include <openssl/ecdh.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>

struct curve curves[2];
struct curve *const p384 = &curves[0];
BN_CTX *bn;

int curves_setup(void **state)
{
	static const int ids[2] = {NID_secp384r1, NID_X9_62_prime256v1};
	crypto_setup(state);
	bn = BN_CTX_new();
	for (unsigned i = 0; i < 2; i++) {
		curves[i].bytes = i == 0 ? P384_BYTES : P256_BYTES;
		curves[i].group = EC_GROUP_new_by_curve_name(ids[i]);
		curves[i].p = BN_new();
		curves[i].n = BN_new();
		EC_GROUP_get_curve(curves[i].group, curves[i].p, NULL, NULL, bn);
		EC_GROUP_get_order(curves[i].group, curves[i].n, bn);
	}
	curves[0].verify = p384_verify;
	curves[0].point_valid = p384_point_valid;
	curves[1].verify = p256_verify;
	curves[1].point_valid = p256_point_valid;
	return 0;
}

int curves_teardown(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		EC_GROUP_free(curves[i].group);
		BN_free(curves[i].p);
		BN_free(curves[i].n);
	}
	BN_CTX_free(bn);
	return 0;
}

/* --- conversions --------------------------------------------------------------------------- */

BIGNUM *number(const uint8_t *bytes, size_t n)
{
	return BN_bin2bn(bytes, (int)n, NULL);
}

void number_out(uint8_t *to, const BIGNUM *a, size_t n)
{
	assert_int_equal(BN_bn2binpad(a, to, (int)n), (int)n);
}

void point_out(const struct curve *c, uint8_t *to, const EC_POINT *point)
{
	uint8_t encoded[1 + 2 * P384_BYTES];
	assert_int_equal(EC_POINT_point2oct(c->group, point, POINT_CONVERSION_UNCOMPRESSED, encoded,
		sizeof(encoded), bn), 1 + 2 * c->bytes);
	memcpy(to, encoded + 1, 2 * c->bytes);
}

EC_POINT *point_in(const struct curve *c, const uint8_t *bytes)
{
	uint8_t encoded[1 + 2 * P384_BYTES] = {4};
	EC_POINT *point = EC_POINT_new(c->group);
	memcpy(encoded + 1, bytes, 2 * c->bytes);
	if (EC_POINT_oct2point(c->group, point, encoded, 1 + 2 * c->bytes, bn) == 1)
		return point;
	EC_POINT_free(point);
	return NULL;
}

void public_of(const struct curve *c, const BIGNUM *d, uint8_t *to)
{
	EC_POINT *q = EC_POINT_new(c->group);
	assert_int_equal(EC_POINT_mul(c->group, q, d, NULL, NULL, bn), 1);
	point_out(c, to, q);
	EC_POINT_free(q);
}

BIGNUM *random_scalar(const struct curve *c)
{
	uint8_t wide[64];
	test_random_fill(&test_random, wide, sizeof(wide));
	BIGNUM *d = number(wide, sizeof(wide)), *below = BN_dup(c->n);
	BN_sub_word(below, 1);
	BN_mod(d, d, below, bn);
	BN_add_word(d, 1);
	BN_free(below);
	return d;
}

bool openssl_verifies(const struct curve *c, const uint8_t *point, const uint8_t *digest,
	const uint8_t *signature)
{
	EC_POINT *q = point_in(c, point);
	if (q == NULL)
		return false;
	EC_KEY *key = EC_KEY_new();
	ECDSA_SIG *sig = ECDSA_SIG_new();
	EC_KEY_set_group(key, c->group);
	assert_int_equal(EC_KEY_set_public_key(key, q), 1);
	ECDSA_SIG_set0(sig, number(signature, c->bytes), number(signature + c->bytes, c->bytes));
	const int verdict = ECDSA_do_verify(digest, (int)c->bytes, sig, key);
	ECDSA_SIG_free(sig);
	EC_KEY_free(key);
	EC_POINT_free(q);
	return verdict == 1;
}

void openssl_signs(const struct curve *c, const BIGNUM *d, const uint8_t *digest,
	uint8_t *signature)
{
	EC_KEY *key = EC_KEY_new();
	EC_KEY_set_group(key, c->group);
	assert_int_equal(EC_KEY_set_private_key(key, d), 1);
	ECDSA_SIG *sig = ECDSA_do_sign(digest, (int)c->bytes, key);
	assert_non_null(sig);
	number_out(signature, ECDSA_SIG_get0_r(sig), c->bytes);
	number_out(signature + c->bytes, ECDSA_SIG_get0_s(sig), c->bytes);
	ECDSA_SIG_free(sig);
	EC_KEY_free(key);
}

struct signed_digest random_signed(const struct curve *c)
{
	struct signed_digest s;
	BIGNUM *d = random_scalar(c);
	test_random_fill(&test_random, s.digest, c->bytes);
	public_of(c, d, s.point);
	openssl_signs(c, d, s.digest, s.signature);
	BN_free(d);
	return s;
}

enum status verify(const struct curve *c, const struct signed_digest *s)
{
	return c->verify(s->point, s->digest, s->signature);
}
