/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "reference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <openssl/asn1.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define COMPONENTS 16
#define PLATFORMS_MAX 64
#define SIGNATURE_SIZE 64
#define QE_REPORT_SIZE 384

struct platform {
	const char *fmspc;
	json_t *tcb_info;	/* the body */
};

struct reference {
	json_t *bundle;
	X509 *root, *ca, *signing;
	X509_CRL *root_crl, *pck_crl;
	json_t *qe_identity;
	struct platform platform[PLATFORMS_MAX];
	size_t platform_count;
	/* accepted last */
	X509 *pck;
	uint8_t qe_report[QE_REPORT_SIZE + SIGNATURE_SIZE];
	bool qe_report_known;
};

/* --- signatures and certificates ------------------------------------------------------------ */

static bool verify_rs(EVP_PKEY *key, const uint8_t *from, size_t n, const uint8_t rs[SIGNATURE_SIZE])
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t *der = NULL;

	ECDSA_SIG_set0(sig, BN_bin2bn(rs, 32, NULL), BN_bin2bn(rs + 32, 32, NULL));
	const int size = i2d_ECDSA_SIG(sig, &der);
	const bool good = size > 0 &&
		EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
		EVP_DigestVerify(ctx, der, (size_t)size, from, n) == 1;
	OPENSSL_free(der);
	EVP_MD_CTX_free(ctx);
	ECDSA_SIG_free(sig);
	return good;
}

static EVP_PKEY *key_of_point(const uint8_t point[64])
{
	uint8_t encoded[65] = {0x04};
	char group[] = "prime256v1";
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;

	memcpy(encoded + 1, point, 64);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, encoded,
			sizeof(encoded)),
		OSSL_PARAM_construct_end(),
	};
	if (EVP_PKEY_fromdata_init(ctx) != 1 ||
		EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static bool cn_contains(const X509_NAME *name, const char *text)
{
	char cn[128];
	return X509_NAME_get_text_by_NID(name, NID_commonName, cn, sizeof(cn)) > 0 &&
		strstr(cn, text) != NULL;
}

static bool certificate_is(X509 *cert, const char *cn, bool is_ca)
{
	static const int needed[] = {NID_subject_key_identifier, NID_authority_key_identifier,
		NID_key_usage, NID_basic_constraints, NID_crl_distribution_points};

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		if (X509_get_ext_by_NID(cert, needed[i], -1) < 0)
			return false;
	}
	return cn_contains(X509_get_subject_name(cert), cn) &&
		(X509_check_ca(cert) == 1) == is_ca;
}

static bool issued(X509 *cert, X509 *issuer)
{
	return X509_NAME_cmp(X509_get_issuer_name(cert), X509_get_subject_name(issuer)) == 0 &&
		X509_verify(cert, X509_get0_pubkey(issuer)) == 1;
}

/* Reads exactly `count` certificates. */
static bool read_chain(const void *text, size_t n, X509 **cert, size_t count)
{
	BIO *bio = BIO_new_mem_buf(text, (int)n);
	size_t got = 0;

	memset(cert, 0, count * sizeof(*cert));
	while (got < count && (cert[got] = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		got++;
	BIO_free(bio);
	return got == count;
}

static void free_chain(X509 **cert, size_t count)
{
	for (size_t i = 0; i < count; i++)
		X509_free(cert[i]);
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text != NULL ? text : "";
}

static X509_CRL *read_crl(const char *text, X509 *issuer)
{
	BIO *bio = BIO_new_mem_buf(text, -1);
	X509_CRL *crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);

	BIO_free(bio);
	if (crl != NULL && (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(issuer)) != 0 ||
		X509_CRL_get_ext_by_NID(crl, NID_crl_number, -1) < 0 ||
		X509_CRL_verify(crl, X509_get0_pubkey(issuer)) != 1)) {
		X509_CRL_free(crl);
		crl = NULL;
	}
	return crl;
}

static bool is_revoked(X509_CRL *crl, const X509 *cert)
{
	X509_REVOKED *entry;
	return X509_CRL_get0_by_serial(crl, &entry, X509_get0_serialNumber(cert)) != 0;
}

/* --- collateral ----------------------------------------------------------------------------- */

static bool hex_bytes(const char *text, uint8_t *to, size_t n)
{
	long size = 0;
	uint8_t *bytes = OPENSSL_hexstr2buf(text, &size);
	const bool good = bytes != NULL && size == (long)n;

	if (good)
		memcpy(to, bytes, n);
	OPENSSL_free(bytes);
	return good;
}

static bool open_root(struct reference *r)
{
	const char *text = text_of(r->bundle, "rootCa");
	X509 *pair[2];

	if (!read_chain(text, strlen(text), &r->root, 1) ||
		!certificate_is(r->root, "SGX Root CA", true) || !issued(r->root, r->root))
		return false;
	r->root_crl = read_crl(text_of(r->bundle, "rootCaCrl"), r->root);
	text = text_of(r->bundle, "pckCrlIssuerChain");
	if (r->root_crl == NULL || !read_chain(text, strlen(text), pair, 2))
		return false;
	r->ca = pair[0];
	const bool same = X509_cmp(pair[1], r->root) == 0;
	X509_free(pair[1]);
	if (!same || !certificate_is(r->ca, "CA", true) || !issued(r->ca, r->root))
		return false;
	r->pck_crl = read_crl(text_of(r->bundle, "pckCrl"), r->ca);
	return r->pck_crl != NULL;
}

/* The chain of a signed document; the signing certificate accepted last is known. */
static bool check_signing_chain(struct reference *r, const char *text)
{
	X509 *pair[2];
	bool good = read_chain(text, strlen(text), pair, 2) && X509_cmp(pair[1], r->root) == 0;

	if (good && (r->signing == NULL || X509_cmp(pair[0], r->signing) != 0)) {
		good = certificate_is(pair[0], "SGX TCB Signing", false) &&
			issued(pair[0], r->root) && !is_revoked(r->root_crl, pair[0]);
		X509_free(r->signing);
		r->signing = good ? X509_dup(pair[0]) : NULL;
	}
	free_chain(pair, 2);
	return good;
}

/* {"NAME":{...},"signature":"..."}: the body, parsed, once its signature is verified. */
static json_t *read_document(struct reference *r, const char *text, const char *name)
{
	json_t *document = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	json_t *body = json_object_get(document, name);
	const char *begin = strchr(text + 1, '{'), *end = strstr(text, ",\"signature\"");
	uint8_t rs[SIGNATURE_SIZE];

	if (body == NULL || begin == NULL || end == NULL ||
		!hex_bytes(text_of(document, "signature"), rs, sizeof(rs)) ||
		!verify_rs(X509_get0_pubkey(r->signing), (const uint8_t *)begin,
		(size_t)(end - begin), rs))
		body = NULL;
	json_incref(body);
	json_decref(document);
	return body;
}

static bool open_documents(struct reference *r)
{
	json_t *entry;
	size_t i;

	if (!check_signing_chain(r, text_of(r->bundle, "qeIdentityIssuerChain")))
		return false;
	r->qe_identity = read_document(r, text_of(r->bundle, "qeIdentity"), "enclaveIdentity");
	if (r->qe_identity == NULL || strcmp(text_of(r->qe_identity, "id"), "TD_QE") != 0)
		return false;
	json_array_foreach(json_object_get(r->bundle, "platforms"), i, entry) {
		struct platform *p = &r->platform[r->platform_count];
		if (r->platform_count == PLATFORMS_MAX ||
			!check_signing_chain(r, text_of(entry, "tcbInfoIssuerChain")))
			return false;
		p->fmspc = text_of(entry, "fmspc");
		p->tcb_info = read_document(r, text_of(entry, "tcbInfo"), "tcbInfo");
		if (p->tcb_info == NULL || strcmp(text_of(p->tcb_info, "id"), "TDX") != 0)
			return false;
		r->platform_count++;
	}
	return true;
}

struct reference *reference_open(const uint8_t *bundle, size_t n)
{
	struct reference *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->bundle = json_loadb((const char *)bundle, n, JSON_REJECT_DUPLICATES, NULL);
	if (r->bundle != NULL && open_root(r) && open_documents(r))
		return r;
	reference_close(r);
	return NULL;
}

void reference_forget(struct reference *r)
{
	X509_free(r->pck);
	r->pck = NULL;
	r->qe_report_known = false;
}

void reference_close(struct reference *r)
{
	reference_forget(r);
	for (size_t i = 0; i < r->platform_count; i++)
		json_decref(r->platform[i].tcb_info);
	json_decref(r->qe_identity);
	X509_CRL_free(r->root_crl);
	X509_CRL_free(r->pck_crl);
	X509_free(r->root);
	X509_free(r->ca);
	X509_free(r->signing);
	json_decref(r->bundle);
	free(r);
}

/* --- SGX extension -------------------------------------------------------------------------- */

struct pck_facts {
	uint8_t fmspc[6], pceid[2];
	unsigned component[COMPONENTS], pcesvn;
	unsigned found;
};

static unsigned number_at(const uint8_t *at, long n)
{
	unsigned value = 0;
	while (n-- > 0)
		value = value << 8 | *at++;
	return value;
}

/* One SEQUENCE OF SEQUENCE {OID, value}; the TCB member holds another one. */
static bool read_members(const uint8_t *at, long n, struct pck_facts *f)
{
	const uint8_t *const end = at + n;
	long size;
	int tag, class;

	while (at < end) {
		if (ASN1_get_object(&at, &size, &tag, &class, end - at) & 0x80)
			return false;
		const uint8_t *const next = at + size;
		if (ASN1_get_object(&at, &size, &tag, &class, next - at) & 0x80 ||
			tag != V_ASN1_OBJECT || size < 10)
			return false;
		const uint8_t *const oid = at;
		const long oid_n = size;
		at += size;
		if (ASN1_get_object(&at, &size, &tag, &class, next - at) & 0x80)
			return false;
		if (oid_n == 10 && oid[9] == 2 && !read_members(at, size, f))
			return false;
		if (oid_n == 10 && oid[9] == 3 && size == 2)
			memcpy(f->pceid, at, 2);
		if (oid_n == 10 && oid[9] == 4 && size == 6)
			memcpy(f->fmspc, at, 6);
		if (oid_n == 11 && oid[10] >= 1 && oid[10] <= COMPONENTS)
			f->component[oid[10] - 1] = number_at(at, size);
		if (oid_n == 11 && oid[10] == 17)
			f->pcesvn = number_at(at, size);
		f->found++;
		at = next;
	}
	return true;
}

static bool read_sgx_extension(X509 *pck, struct pck_facts *f)
{
	ASN1_OBJECT *oid = OBJ_txt2obj("1.2.840.113741.1.13.1", 1);
	const int place = X509_get_ext_by_OBJ(pck, oid, -1);
	long size;
	int tag, class;

	ASN1_OBJECT_free(oid);
	*f = (struct pck_facts){.found = 0};
	if (place < 0)
		return false;
	const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(X509_get_ext(pck, place));
	const uint8_t *at = ASN1_STRING_get0_data(value);
	if (ASN1_get_object(&at, &size, &tag, &class, ASN1_STRING_length(value)) & 0x80)
		return false;
	return read_members(at, size, f) && (f->found == 7 + 18 || f->found == 5 + 18);
}

/* --- levels --------------------------------------------------------------------------------- */

static json_int_t integer_of(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static bool hex_equals(const json_t *object, const char *name, const uint8_t *bytes, size_t n)
{
	uint8_t expected[64];
	return hex_bytes(text_of(object, name), expected, n) && memcmp(expected, bytes, n) == 0;
}

/* Every component from `first` on reaches the level's. */
static bool reaches(const json_t *components, const unsigned *have, size_t first)
{
	if (json_array_size(components) != COMPONENTS)
		return false;
	for (size_t i = first; i < COMPONENTS; i++) {
		if (have[i] < (unsigned)integer_of(json_array_get(components, i), "svn"))
			return false;
	}
	return true;
}

static const json_t *find_level(const json_t *info, const struct pck_facts *f, const uint8_t *svn)
{
	unsigned tdx[COMPONENTS];
	json_t *level;
	size_t i;

	for (i = 0; i < COMPONENTS; i++)
		tdx[i] = svn[i];
	json_array_foreach(json_object_get(info, "tcbLevels"), i, level) {
		const json_t *tcb = json_object_get(level, "tcb");
		if (reaches(json_object_get(tcb, "sgxtcbcomponents"), f->component, 0) &&
			f->pcesvn >= (unsigned)integer_of(tcb, "pcesvn") &&
			reaches(json_object_get(tcb, "tdxtcbcomponents"), tdx, svn[1] > 0 ? 2 : 0))
			return level;
	}
	return NULL;
}

static const json_t *svn_level(const json_t *owner, unsigned isvsvn)
{
	json_t *level;
	size_t i;

	json_array_foreach(json_object_get(owner, "tcbLevels"), i, level) {
		if (integer_of(json_object_get(level, "tcb"), "isvsvn") <= (json_int_t)isvsvn)
			return level;
	}
	return NULL;
}

/* MRSIGNERSEAM and the attributes of the TDX module, and that its SVN is known. */
static bool module_is_known(const json_t *info, const uint8_t *body)
{
	const json_t *module = json_object_get(info, "tdxModule");
	json_t *identity;
	char id[8];
	size_t i;

	if (body[1] > 0) {
		module = NULL;
		snprintf(id, sizeof(id), "TDX_%02X", body[1]);
		json_array_foreach(json_object_get(info, "tdxModuleIdentities"), i, identity) {
			if (strcmp(text_of(identity, "id"), id) == 0)
				module = identity;
		}
	}
	return module != NULL && hex_equals(module, "mrsigner", body + 64, 48) &&
		hex_equals(module, "attributes", body + 112, 8) &&
		(body[1] == 0 || svn_level(module, body[0]) != NULL);
}

static bool masked(const json_t *identity, const char *name, const char *mask_name,
	const uint8_t *report, size_t n)
{
	uint8_t value[16], mask[16];

	if (!hex_bytes(text_of(identity, name), value, n) ||
		!hex_bytes(text_of(identity, mask_name), mask, n))
		return false;
	for (size_t i = 0; i < n; i++) {
		if ((report[i] & mask[i]) != value[i])
			return false;
	}
	return true;
}

/* --- quote ---------------------------------------------------------------------------------- */

struct parts {
	size_t signed_n, chain_n;
	const uint8_t *body, *signature, *key, *qe_report, *auth;
	size_t auth_n;
	const char *chain;
};

static unsigned u16(const uint8_t *at)
{
	return at[0] | (unsigned)at[1] << 8;
}

static size_t u32(const uint8_t *at)
{
	return u16(at) | (size_t)u16(at + 2) << 16;
}

static bool take_apart(const uint8_t *q, size_t n, struct parts *p)
{
	const unsigned version = u16(q);
	size_t at = version == 4 ? 48 + 584 : 54 + u32(q + 50);

	if (n < 1020 || at + 4 + 134 + 450 > n || u16(q + 2) != 2 || u32(q + 4) != 0x81)
		return false;
	p->body = q + (version == 4 ? 48 : 54);
	p->signed_n = at;
	if (u32(q + at) > n - at - 4)
		return false;
	at += 4;
	p->signature = q + at;
	p->key = q + at + 64;
	p->qe_report = q + at + 134;
	p->auth_n = u16(q + at + 134 + 448);
	p->auth = q + at + 134 + 450;
	at += 134 + 450 + p->auth_n;
	if (at + 6 > n || u16(q + at) != 5 || u32(q + at + 2) > n - at - 6)
		return false;
	p->chain = (const char *)q + at + 6;
	p->chain_n = u32(q + at + 2);
	return true;
}

static bool check_pck_chain(struct reference *r, X509 **cert)
{
	if (X509_cmp(cert[2], r->root) != 0 || !certificate_is(cert[1], "CA", true) ||
		!certificate_is(cert[0], "SGX PCK Certificate", false))
		return false;
	if (X509_cmp(cert[1], r->ca) != 0 && !issued(cert[1], r->root))
		return false;
	if (r->pck == NULL || X509_cmp(cert[0], r->pck) != 0) {
		if (!issued(cert[0], cert[1]))
			return false;
		X509_free(r->pck);
		r->pck = cert[0];
		X509_up_ref(r->pck);
	}
	return !is_revoked(r->root_crl, cert[1]) && !is_revoked(r->pck_crl, cert[0]);
}

static bool check_quoting_enclave(struct reference *r, const struct parts *p, X509 *pck)
{
	uint8_t bound[64 + 256], digest[32];
	const uint8_t *report = p->qe_report;
	const size_t n = sizeof(r->qe_report);

	if (!r->qe_report_known || memcmp(report, r->qe_report, n) != 0) {
		if (!verify_rs(X509_get0_pubkey(pck), report, QE_REPORT_SIZE,
			report + QE_REPORT_SIZE))
			return false;
		memcpy(r->qe_report, report, n);
		r->qe_report_known = true;
	}
	if (p->auth_n > 256)
		return false;
	memcpy(bound, p->key, 64);
	memcpy(bound + 64, p->auth, p->auth_n);
	SHA256(bound, 64 + p->auth_n, digest);
	return memcmp(digest, report + 320, sizeof(digest)) == 0 &&
		masked(r->qe_identity, "miscselect", "miscselectMask", report + 16, 4) &&
		masked(r->qe_identity, "attributes", "attributesMask", report + 48, 16) &&
		hex_equals(r->qe_identity, "mrsigner", report + 128, 32) &&
		integer_of(r->qe_identity, "isvprodid") == u16(report + 256) &&
		svn_level(r->qe_identity, u16(report + 258)) != NULL;
}

static bool check_signature(const struct parts *p, const uint8_t *quote)
{
	EVP_PKEY *key = key_of_point(p->key);
	const bool good = key != NULL && verify_rs(key, quote, p->signed_n, p->signature);

	EVP_PKEY_free(key);
	return good;
}

static const json_t *judge_level(const struct reference *r, const struct parts *p, X509 *pck)
{
	struct pck_facts facts;
	char fmspc[13];

	if (!read_sgx_extension(pck, &facts))
		return NULL;
	for (size_t i = 0; i < 6; i++)
		snprintf(fmspc + 2 * i, 3, "%02X", facts.fmspc[i]);
	for (size_t i = 0; i < r->platform_count; i++) {
		const json_t *info = r->platform[i].tcb_info;
		if (strcmp(r->platform[i].fmspc, fmspc) != 0)
			continue;
		if (!hex_equals(info, "fmspc", facts.fmspc, 6) ||
			!hex_equals(info, "pceId", facts.pceid, 2) || !module_is_known(info, p->body))
			return NULL;
		return find_level(info, &facts, p->body);
	}
	return NULL;
}

const char *reference_verify(struct reference *r, const uint8_t *quote, size_t n)
{
	const json_t *level = NULL;
	struct parts p;
	X509 *cert[3];

	if (!take_apart(quote, n, &p))
		return NULL;
	if (read_chain(p.chain, p.chain_n, cert, 3) && check_pck_chain(r, cert) &&
		check_quoting_enclave(r, &p, cert[0]) && check_signature(&p, quote))
		level = judge_level(r, &p, cert[0]);
	free_chain(cert, 3);
	const char *status = level != NULL ? text_of(level, "tcbStatus") : NULL;
	return status != NULL && strcmp(status, "Revoked") != 0 ? status : NULL;
}
