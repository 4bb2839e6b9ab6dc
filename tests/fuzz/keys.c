/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/param_build.h>
#include <openssl/sha.h>

#include "keys.h"

static void need(int ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "OpenSSL cannot %s\n", what);
		abort();
	}
}

static void public_point(const BIGNUM *scalar, uint8_t point[65])
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	EC_POINT *p = EC_POINT_new(group);

	need(EC_POINT_mul(group, p, scalar, NULL, NULL, NULL) == 1 &&
		EC_POINT_point2oct(group, p, POINT_CONVERSION_UNCOMPRESSED, point, 65, NULL) == 65,
		"compute a public key");
	EC_POINT_free(p);
	EC_GROUP_free(group);
}

EVP_PKEY *fuzz_key(int number)
{
	uint8_t text[] = "a key of the fuzzing world: 0", digest[SHA256_DIGEST_LENGTH], point[65];
	EVP_PKEY *key = NULL;

	text[sizeof(text) - 2] = (uint8_t)('0' + number);
	SHA256(text, sizeof(text), digest);
	/* Below the order of the curve, which begins with 32 ones. */
	digest[0] &= 0x7f;
	BIGNUM *scalar = BN_bin2bn(digest, sizeof(digest), NULL);
	public_point(scalar, point);

	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	need(OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) &&
		OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, scalar) &&
		OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point,
		sizeof(point)), "describe a key");
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	need(EVP_PKEY_fromdata_init(ctx) == 1 &&
		EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) == 1, "make a key");
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	BN_free(scalar);
	return key;
}

void fuzz_sign(EVP_PKEY *key, const uint8_t *from, size_t n, uint8_t rs[64])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[80];
	size_t size = sizeof(der);
	const uint8_t *at = der;

	need(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
		EVP_DigestSign(ctx, der, &size, from, n) == 1, "sign");
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)size);
	need(sig != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(sig), rs, 32) == 32 &&
		BN_bn2binpad(ECDSA_SIG_get0_s(sig), rs + 32, 32) == 32, "split a signature");
	ECDSA_SIG_free(sig);
	EVP_MD_CTX_free(ctx);
}
