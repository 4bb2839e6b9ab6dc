/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "common/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>

void cleanup_key(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
	*key = NULL;
}

void cleanup_certificate(X509 **certificate)
{
	X509_free(*certificate);
	*certificate = NULL;
}

void openssl_died(const char *what)
{
	char reason[256] = "";

	ERR_error_string_n(ERR_peek_last_error(), reason, sizeof(reason));
	exit(tool_fail(TOOL_USAGE, "%s failed: %s", what, reason));
}

static void digest(const EVP_MD *md, const void *from, size_t n, uint8_t *to)
{
	if (EVP_Digest(from, n, to, NULL, md, NULL) != 1)
		openssl_died("digest");
}

void digest_sha256(const void *from, size_t n, uint8_t to[DIGEST_SHA256_SIZE])
{
	digest(EVP_sha256(), from, n, to);
}

void digest_sha384(const void *from, size_t n, uint8_t to[DIGEST_SHA384_SIZE])
{
	digest(EVP_sha384(), from, n, to);
}

void rtmr_measure(uint8_t rtmr[DIGEST_SHA384_SIZE], const void *from, size_t n)
{
	uint8_t both[2 * DIGEST_SHA384_SIZE];

	memcpy(both, rtmr, DIGEST_SHA384_SIZE);
	digest_sha384(from, n, both + DIGEST_SHA384_SIZE);
	digest_sha384(both, sizeof(both), rtmr);
}

static EVP_PKEY *generate(const char *curve)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve);

	if (key == NULL)
		openssl_died("key generation");
	return key;
}

EVP_PKEY *key_generate_p256(void)
{
	return generate("P-256");
}

EVP_PKEY *key_generate_p384(void)
{
	return generate("P-384");
}

bool key_is_p384(const EVP_PKEY *key)
{
	char group[32] = "";

	return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
	       EVP_PKEY_get_utf8_string_param(
		       key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group), NULL) == 1 &&
	       strcmp(group, "secp384r1") == 0;
}

void key_point(const EVP_PKEY *key, uint8_t *point, size_t n)
{
	size_t size = 0;

	/* The encoded form is uncompressed unless a key was loaded from a compressed one. */
	if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, n, &size) != 1 ||
		size != n)
		openssl_died("public key encoding");
}

/* --- files --------------------------------------------------------------------------------- */

/* Asks for no password: an encrypted key is an error, not a prompt. */
static int no_password(char *to, int size, int writing, void *data)
{
	(void)to;
	(void)size;
	(void)writing;
	(void)data;
	return -1;
}

static EVP_PKEY *read_key(const char *path, bool private_key)
{
	AUTO_BLOB pem = {0};
	EVP_PKEY *key = NULL;

	if (file_read(path, &pem) != TOOL_OK)
		return NULL;
	BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.size);
	if (bio == NULL)
		openssl_died("BIO_new");
	key = private_key ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL)
			  : PEM_read_bio_PUBKEY(bio, NULL, no_password, NULL);
	BIO_free(bio);
	OPENSSL_cleanse(pem.data, pem.size);
	ERR_clear_error();
	if (key == NULL)
		tool_fail(TOOL_USAGE, "%s: no %s key in PEM", path,
			private_key ? "unencrypted private" : "public");
	return key;
}

EVP_PKEY *key_read_private(const char *path)
{
	return read_key(path, true);
}

EVP_PKEY *key_read_public(const char *path)
{
	return read_key(path, false);
}

/* Appends what was written to a memory BIO and frees it. */
static void take_bio(BIO *bio, bool written, struct blob *to)
{
	char *text = NULL;
	const long n = BIO_get_mem_data(bio, &text);

	if (!written || n < 0)
		openssl_died("PEM encoding");
	blob_add(to, text, (size_t)n);
	OPENSSL_cleanse(text, (size_t)n);
	BIO_free(bio);
}

static BIO *memory_bio(void)
{
	BIO *bio = BIO_new(BIO_s_mem());

	if (bio == NULL)
		openssl_died("BIO_new");
	return bio;
}

int key_write_private(const char *path, const EVP_PKEY *key)
{
	AUTO_BLOB pem = {0};
	BIO *bio = memory_bio();

	take_bio(
		bio, PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1, &pem);
	const int code = file_write_secret(path, pem.data, pem.size);
	OPENSSL_cleanse(pem.data, pem.size);
	return code;
}

int key_write_public(const char *path, const EVP_PKEY *key)
{
	AUTO_BLOB pem = {0};
	BIO *bio = memory_bio();

	take_bio(bio, PEM_write_bio_PUBKEY(bio, key) == 1, &pem);
	return file_write(path, pem.data, pem.size);
}

/* --- signatures ---------------------------------------------------------------------------- */

static const EVP_MD *digest_of(const EVP_PKEY *key)
{
	return key_is_p384(key) ? EVP_sha384() : EVP_sha256();
}

void key_sign_der(EVP_PKEY *key, const void *from, size_t n, struct blob *signature)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[256];
	size_t size = sizeof(der);

	if (ctx == NULL || EVP_DigestSignInit(ctx, NULL, digest_of(key), NULL, key) != 1 ||
		EVP_DigestSign(ctx, der, &size, from, n) != 1)
		openssl_died("signing");
	EVP_MD_CTX_free(ctx);
	blob_add(signature, der, size);
}

bool key_verify_der(EVP_PKEY *key, const void *from, size_t n, const void *signature, size_t size)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (ctx == NULL)
		openssl_died("EVP_MD_CTX_new");
	const bool ok = EVP_DigestVerifyInit(ctx, NULL, digest_of(key), NULL, key) == 1 &&
			EVP_DigestVerify(ctx, signature, size, from, n) == 1;
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return ok;
}

void key_sign_raw(EVP_PKEY *key, const void *from, size_t n, uint8_t signature[64])
{
	AUTO_BLOB der = {0};

	key_sign_der(key, from, n, &der);
	const uint8_t *at = der.data;
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)der.size);
	if (pair == NULL || BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, 32) != 32 ||
		BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + 32, 32) != 32)
		openssl_died("signature encoding");
	ECDSA_SIG_free(pair);
}

/* --- certificates -------------------------------------------------------------------------- */

void certificate_pem(const X509 *certificate, struct blob *pem)
{
	BIO *bio = memory_bio();

	take_bio(bio, PEM_write_bio_X509(bio, certificate) == 1, pem);
}

void crl_pem(const X509_CRL *crl, struct blob *pem)
{
	BIO *bio = memory_bio();

	take_bio(bio, PEM_write_bio_X509_CRL(bio, crl) == 1, pem);
}

void certificate_der(const X509 *certificate, struct blob *der)
{
	uint8_t *encoded = NULL;
	const int n = i2d_X509(certificate, &encoded);

	if (n < 0)
		openssl_died("DER encoding");
	blob_add(der, encoded, (size_t)n);
	OPENSSL_free(encoded);
}

int certificates_read(
	const char *name, const struct blob *pem, X509 **certificates, size_t most, size_t *n)
{
	BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->size);
	X509 *certificate;
	int code = TOOL_OK;

	if (bio == NULL)
		openssl_died("BIO_new");
	for (*n = 0; (certificate = PEM_read_bio_X509(bio, NULL, no_password, NULL)) != NULL;) {
		if (*n == most) {
			X509_free(certificate);
			code = tool_fail(TOOL_REJECT, "%s: more than %zu certificates", name, most);
			break;
		}
		certificates[(*n)++] = certificate;
	}
	const unsigned long error = ERR_peek_last_error();
	if (code == TOOL_OK && (*n == 0 || ERR_GET_REASON(error) != PEM_R_NO_START_LINE))
		code = tool_fail(
			TOOL_REJECT, "%s: certificate %zu is missing or malformed", name, *n);
	ERR_clear_error();
	BIO_free(bio);
	return code;
}
