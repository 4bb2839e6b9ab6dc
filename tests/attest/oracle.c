/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/rand.h>

#include "crypto/crypto.h"
#include "oracle.h"

static void need(int ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "OpenSSL cannot %s\n", what);
		abort();
	}
}

EVP_PKEY *oracle_key(const char *curve)
{
	EVP_PKEY *key = EVP_EC_gen(curve);
	need(key != NULL, "generate a key");
	return key;
}

static void set_name(X509_NAME *name, const char *cn)
{
	const struct {
		const char *type;
		const char *value;
	} parts[] = {{"CN", cn}, {"O", "Intel Corporation"}, {"L", "Santa Clara"}, {"ST", "CA"},
		{"C", "US"}};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		need(X509_NAME_add_entry_by_txt(name, parts[i].type, MBSTRING_ASC,
			(const unsigned char *)parts[i].value, -1, -1, 0), "make a name");
}

static void add_extension(X509 *cert, X509V3_CTX *ctx, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, ctx, nid, value);
	need(e != NULL && X509_add_ext(cert, e, -1), "add an extension");
	X509_EXTENSION_free(e);
}

size_t oracle_issue(const struct oracle_certificate *what, uint8_t *der, size_t room)
{
	X509 *cert = X509_new();
	X509V3_CTX ctx;
	uint8_t *to = der;

	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), what->serial);
	set_name(X509_get_subject_name(cert), what->subject_cn);
	set_name(X509_get_issuer_name(cert), what->issuer_cn);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600L * 24 * 365 * 30);
	X509_set_pubkey(cert, what->key);
	if (!what->bare) {
		X509V3_set_ctx_nodb(&ctx);
		X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
		add_extension(cert, &ctx, NID_subject_key_identifier, "hash");
		add_extension(cert, &ctx, NID_authority_key_identifier, "keyid:always");
		add_extension(cert, &ctx, NID_crl_distribution_points, "URI:https://example.com/crl");
		add_extension(cert, &ctx, NID_key_usage, what->is_ca ?
			"critical,keyCertSign,cRLSign" : "critical,digitalSignature");
		add_extension(cert, &ctx, NID_basic_constraints, what->is_ca ?
			"critical,CA:TRUE,pathlen:1" : "critical,CA:FALSE");
	}
	need(X509_sign(cert, what->signer, what->md) > 0, "sign a certificate");
	const int n = i2d_X509(cert, NULL);
	need(n > 0 && (size_t)n <= room && i2d_X509(cert, &to) == n, "encode a certificate");
	X509_free(cert);
	return (size_t)n;
}

bool oracle_parses_certificate(const uint8_t *der, size_t n)
{
	const uint8_t *at = der;
	X509 *cert = d2i_X509(NULL, &at, (long)n);
	bool same = cert != NULL && at == der + n;

	if (same) {
		uint8_t *again = NULL;
		/* Encodes anew, not from the cached signed bytes. */
		const int size = i2d_X509(cert, &again);
		same = size == (int)n && memcmp(again, der, n) == 0;
		OPENSSL_free(again);
	}
	X509_free(cert);
	return same;
}

bool oracle_verifies(const uint8_t *der, size_t n, EVP_PKEY *signer)
{
	const uint8_t *at = der;
	X509 *cert = d2i_X509(NULL, &at, (long)n);
	const bool verdict = cert != NULL && at == der + n && X509_verify(cert, signer) == 1;

	X509_free(cert);
	return verdict;
}

static void random_bytes(void *ctx, uint8_t *to, size_t n)
{
	(void)ctx;
	need(RAND_bytes(to, (int)n) == 1, "draw random bytes");
}

void oracle_start_crypto(void)
{
	static _Alignas(16) uint8_t arena[CRYPTO_ARENA_SIZE];
	crypto_init(arena, sizeof(arena), random_bytes, NULL);
}
