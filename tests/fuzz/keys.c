/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/param_build.h>

#include "keys.h"

static void need(int ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "OpenSSL cannot %s\n", what);
		abort();
	}
}

#define POINT_MAX 97

struct curve {
	int nid;
	const char *name;
	const EVP_MD *(*hash)(void);
};

static const struct curve p256 = {NID_X9_62_prime256v1, "P-256", EVP_sha256};
static const struct curve p384 = {NID_secp384r1, "P-384", EVP_sha384};

/* Returns its size. */
static size_t public_point(const struct curve *curve, const BIGNUM *scalar, uint8_t point[POINT_MAX])
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(curve->nid);
	EC_POINT *p = EC_POINT_new(group);

	need(EC_POINT_mul(group, p, scalar, NULL, NULL, NULL) == 1, "compute a public key");
	const size_t n = EC_POINT_point2oct(group, p, POINT_CONVERSION_UNCOMPRESSED, point,
		POINT_MAX, NULL);
	need(n > 0, "write a public key");
	EC_POINT_free(p);
	EC_GROUP_free(group);
	return n;
}

static EVP_PKEY *derive(const struct curve *curve, int number)
{
	uint8_t text[] = "a key of the fuzzing world: 0", digest[EVP_MAX_MD_SIZE], point[POINT_MAX];
	EVP_PKEY *key = NULL;
	unsigned n;

	text[sizeof(text) - 2] = (uint8_t)('0' + number);
	need(EVP_Digest(text, sizeof(text), digest, &n, curve->hash(), NULL), "hash");
	/* Below the order of the curve, which begins with 32 ones. */
	digest[0] &= 0x7f;
	BIGNUM *scalar = BN_bin2bn(digest, (int)n, NULL);
	const size_t point_n = public_point(curve, scalar, point);

	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	need(OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, curve->name, 0) &&
		OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, scalar) &&
		OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, point_n),
		"describe a key");
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

EVP_PKEY *fuzz_key(int number)
{
	return derive(&p256, number);
}

EVP_PKEY *fuzz_key_p384(int number)
{
	return derive(&p384, number);
}

/* The DER of a signature; its size. */
static size_t sign(EVP_PKEY *key, const EVP_MD *hash, const uint8_t *from, size_t n,
	uint8_t der[FUZZ_DER_MAX])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t size = FUZZ_DER_MAX;

	need(EVP_DigestSignInit(ctx, NULL, hash, NULL, key) == 1 &&
		EVP_DigestSign(ctx, der, &size, from, n) == 1, "sign");
	EVP_MD_CTX_free(ctx);
	return size;
}

void fuzz_sign(EVP_PKEY *key, const uint8_t *from, size_t n, uint8_t rs[64])
{
	uint8_t der[FUZZ_DER_MAX];
	const uint8_t *at = der;

	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)sign(key, EVP_sha256(), from, n, der));
	need(sig != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(sig), rs, 32) == 32 &&
		BN_bn2binpad(ECDSA_SIG_get0_s(sig), rs + 32, 32) == 32, "split a signature");
	ECDSA_SIG_free(sig);
}

void fuzz_sign_hex(EVP_PKEY *key, const uint8_t *from, size_t n, char hex[2 * FUZZ_DER_MAX + 1])
{
	uint8_t der[FUZZ_DER_MAX];
	const size_t size = sign(key, EVP_sha384(), from, n, der);

	for (size_t i = 0; i < size; i++)
		snprintf(hex + 2 * i, 3, "%02X", der[i]);
}
