/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include <stdio.h>
#include <stdlib.h>

#include <time.h>

#include <openssl/pem.h>
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

static void set_name(X509_NAME *name, const char *cn, bool reversed)
{
	const struct {
		const char *type;
		const char *value;
	} parts[] = {{"CN", cn}, {"O", "Intel Corporation"}, {"L", "Santa Clara"}, {"ST", "CA"},
		{"C", "US"}};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		need(X509_NAME_add_entry_by_txt(name, parts[i].type, MBSTRING_ASC,
			(const unsigned char *)parts[i].value, -1, reversed ? 0 : -1, 0),
			"make a name");
}

static void add_extension(X509 *cert, X509V3_CTX *ctx, int nid, const char *value, int without)
{
	if (nid == without)
		return;
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, ctx, nid, value);
	need(e != NULL && X509_add_ext(cert, e, -1), "add an extension");
	X509_EXTENSION_free(e);
}

static void add_sgx_extension(X509 *cert, const uint8_t *value, size_t n)
{
	ASN1_OBJECT *oid = OBJ_txt2obj("1.2.840.113741.1.13.1", 1);
	ASN1_OCTET_STRING *content = ASN1_OCTET_STRING_new();

	ASN1_OCTET_STRING_set(content, value, (int)n);
	X509_EXTENSION *e = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, content);
	need(e != NULL && X509_add_ext(cert, e, -1), "add the SGX extension");
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(content);
	ASN1_OBJECT_free(oid);
}

static void add_extensions(X509 *cert, const struct oracle_certificate *what)
{
	X509V3_CTX ctx;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	add_extension(cert, &ctx, NID_subject_key_identifier, "hash", what->without);
	/* No issuer at hand: whose key it names nobody compares. */
	add_extension(cert, &ctx, NID_authority_key_identifier, "keyid", what->without);
	add_extension(cert, &ctx, NID_crl_distribution_points, "URI:https://example.com/crl",
		what->without);
	add_extension(cert, &ctx, NID_key_usage, what->is_ca ? "critical,keyCertSign,cRLSign" :
		"critical,digitalSignature", what->without);
	add_extension(cert, &ctx, NID_basic_constraints, what->is_ca ?
		"critical,CA:TRUE,pathlen:1" : "critical,CA:FALSE", what->without);
	if (what->sgx != NULL)
		add_sgx_extension(cert, what->sgx, what->sgx_n);
}

size_t oracle_issue(const struct oracle_certificate *what, uint8_t *der, size_t room)
{
	X509 *cert = X509_new();
	uint8_t *to = der;

	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), what->serial);
	if (what->serial_n > 0) {
		BIGNUM *all_ones = BN_new();
		for (size_t i = 0; i < 8 * what->serial_n; i++)
			BN_set_bit(all_ones, (int)i);
		BN_to_ASN1_INTEGER(all_ones, X509_get_serialNumber(cert));
		BN_free(all_ones);
	}
	set_name(X509_get_subject_name(cert), what->subject_cn, false);
	set_name(X509_get_issuer_name(cert), what->issuer_cn, what->issuer_reversed);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600L * 24 * 365 * 30);
	X509_set_pubkey(cert, what->key);
	if (!what->bare)
		add_extensions(cert, what);
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

/* An authority key identifier with the SHA-1 of the signer's key, as certificates of it have. */
static void add_key_identifier(X509_CRL *crl, EVP_PKEY *identified, const char *issuer_cn)
{
	X509 *issuer = X509_new();
	X509V3_CTX ctx;

	set_name(X509_get_subject_name(issuer), issuer_cn, false);
	X509_set_pubkey(issuer, identified);
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, issuer, NULL, NULL, 0);
	add_extension(issuer, &ctx, NID_subject_key_identifier, "hash", 0);
	X509V3_set_ctx(&ctx, issuer, NULL, NULL, crl, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, NID_authority_key_identifier,
		"keyid:always");
	need(e != NULL && X509_CRL_add_ext(crl, e, -1), "add a key identifier");
	X509_EXTENSION_free(e);
	X509_free(issuer);
}

static void add_revoked(X509_CRL *crl, uint64_t serial, bool with_reason)
{
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_INTEGER *number = ASN1_INTEGER_new();
	ASN1_TIME *date = ASN1_TIME_adj(NULL, time(NULL), 0, 0);

	ASN1_INTEGER_set_uint64(number, serial);
	X509_REVOKED_set_serialNumber(entry, number);
	X509_REVOKED_set_revocationDate(entry, date);
	if (with_reason) {
		ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();
		ASN1_ENUMERATED_set(reason, CRL_REASON_KEY_COMPROMISE);
		X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason, 0, 0);
		ASN1_ENUMERATED_free(reason);
	}
	need(X509_CRL_add0_revoked(crl, entry), "revoke");
	ASN1_INTEGER_free(number);
	ASN1_TIME_free(date);
}

static void add_crl_extensions(X509_CRL *crl, const struct oracle_crl *what)
{
	if (what->number != NULL) {
		ASN1_INTEGER *number = s2i_ASN1_INTEGER(NULL, what->number);
		need(number != NULL && X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, 0),
			"number a CRL");
		ASN1_INTEGER_free(number);
	}
	if (what->identified != NULL)
		add_key_identifier(crl, what->identified, what->issuer_cn);
	if (what->critical) {
		ISSUING_DIST_POINT *point = ISSUING_DIST_POINT_new();
		point->onlyuser = 0xff;
		X509_CRL_add1_ext_i2d(crl, NID_issuing_distribution_point, point, 1, 0);
		ISSUING_DIST_POINT_free(point);
	}
}

size_t oracle_crl(const struct oracle_crl *what, uint8_t *der, size_t room)
{
	X509_CRL *crl = X509_CRL_new();
	X509_NAME *name = X509_NAME_new();
	ASN1_TIME *now = ASN1_TIME_adj(NULL, time(NULL), 0, 0);
	ASN1_TIME *later = ASN1_TIME_adj(NULL, time(NULL), 30, 0);
	uint8_t *to = der;

	set_name(name, what->issuer_cn, false);
	X509_CRL_set_version(crl, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(crl, name);
	X509_CRL_set1_lastUpdate(crl, now);
	X509_CRL_set1_nextUpdate(crl, later);
	for (size_t i = 0; i < what->serial_count; i++)
		add_revoked(crl, what->serials[i], what->with_reasons && i % 2 == 0);
	add_crl_extensions(crl, what);
	need(X509_CRL_sign(crl, what->signer, EVP_sha256()) > 0, "sign a CRL");
	const int n = i2d_X509_CRL(crl, NULL);
	need(n > 0 && (size_t)n <= room && i2d_X509_CRL(crl, &to) == n, "encode a CRL");
	ASN1_TIME_free(now);
	ASN1_TIME_free(later);
	X509_NAME_free(name);
	X509_CRL_free(crl);
	return (size_t)n;
}

bool oracle_crl_verifies(const uint8_t *der, size_t n, EVP_PKEY *signer)
{
	const uint8_t *at = der;
	X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)n);
	const bool verdict = crl != NULL && at == der + n && X509_CRL_verify(crl, signer) == 1;

	X509_CRL_free(crl);
	return verdict;
}

uint64_t oracle_crl_number(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509_CRL *crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);
	uint64_t number = 0;

	need(crl != NULL, "read a CRL");
	ASN1_INTEGER *value = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
	need(value != NULL && ASN1_INTEGER_get_uint64(&number, value), "read a CRL number");
	ASN1_INTEGER_free(value);
	X509_CRL_free(crl);
	BIO_free(bio);
	return number;
}

size_t oracle_name(const char *cn, uint8_t *der, size_t room)
{
	X509_NAME *name = X509_NAME_new();
	uint8_t *to = der;

	set_name(name, cn, false);
	const int n = i2d_X509_NAME(name, NULL);
	need(n > 0 && (size_t)n <= room && i2d_X509_NAME(name, &to) == n, "encode a name");
	X509_NAME_free(name);
	return (size_t)n;
}

size_t oracle_pem(const char *label, const uint8_t *der, size_t n, bool newline, char *to,
	size_t room)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;

	need(PEM_write_bio(bio, label, "", der, (long)n) > 0, "write PEM");
	size_t size = (size_t)BIO_get_mem_data(bio, &text);
	size -= newline ? 0 : 1;
	need(size < room, "fit PEM");
	memcpy(to, text, size);
	to[size] = '\0';
	BIO_free(bio);
	return size;
}

static uint64_t state = 0x9e3779b97f4a7c15;

void oracle_seed(void)
{
	const char *text = getenv("TEST_SEED");

	state = text != NULL ? strtoull(text, NULL, 0) : 20261127;
	printf("# seed %llu (TEST_SEED)\n", (unsigned long long)state);
	state = state * 2 + 1;
}

uint32_t oracle_random(uint32_t below)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((state >> 33) % below);
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
