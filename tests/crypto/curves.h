/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* P-384 and P-256 by OpenSSL, as the other opinion. */
#ifndef TESTS_CRYPTO_CURVES_H
#define TESTS_CRYPTO_CURVES_H

#include <openssl/bn.h>
#include <openssl/ec.h>

#include "support.h"

enum { P384_BYTES = 48, P256_BYTES = 32 };

/* One curve as both sides see it. */
struct curve {
	size_t bytes;
	EC_GROUP *group;
	BIGNUM *p, *n;
	enum status (*verify)(const uint8_t *point, const uint8_t *digest,
		const uint8_t *signature);
	bool (*point_valid)(const uint8_t *point);
};

/* A key, a digest and a valid signature of either curve. */
struct signed_digest {
	uint8_t point[2 * P384_BYTES], digest[P384_BYTES], signature[2 * P384_BYTES];
};

extern struct curve curves[2];
extern struct curve *const p384;
extern BN_CTX *bn;

/* Setup and teardown of a group of tests. */
int curves_setup(void **state);
int curves_teardown(void **state);

BIGNUM *number(const uint8_t *bytes, size_t n);
void number_out(uint8_t *to, const BIGNUM *a, size_t n);
void point_out(const struct curve *c, uint8_t *to, const EC_POINT *point);
/* NULL when OpenSSL does not take it for a point of the curve. */
EC_POINT *point_in(const struct curve *c, const uint8_t *bytes);
/* d * G */
void public_of(const struct curve *c, const BIGNUM *d, uint8_t *to);
BIGNUM *random_scalar(const struct curve *c);

bool openssl_verifies(const struct curve *c, const uint8_t *point, const uint8_t *digest,
	const uint8_t *signature);
void openssl_signs(const struct curve *c, const BIGNUM *d, const uint8_t *digest,
	uint8_t *signature);
struct signed_digest random_signed(const struct curve *c);
/* By the core. */
enum status verify(const struct curve *c, const struct signed_digest *s);

#endif
