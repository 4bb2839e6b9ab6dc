/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "judge_x509.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define SGX_OID "1.2.840.113741.1.13.1"

/* --- certificates --------------------------------------------------------------------------- */

STACK_OF(X509) *judge_chain(const void *text, size_t n)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	BIO *bio = BIO_new_mem_buf(text, (int)n);
	X509 *x;

	while ((x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		sk_X509_push(chain, x);
	BIO_free(bio);
	ERR_clear_error();
	return chain;
}

bool judge_point(const X509 *x, uint8_t point[65])
{
	EVP_PKEY *key = X509_get0_pubkey(x);
	char curve[32];
	size_t n;

	return key != NULL && EVP_PKEY_get_group_name(key, curve, sizeof(curve), &n) == 1 &&
		strcmp(curve, "prime256v1") == 0 &&
		EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, 65, &n) == 1 &&
		n == 65;
}

bool judge_has_extensions(const X509 *x)
{
	static const int required[] = {NID_authority_key_identifier, NID_crl_distribution_points,
		NID_subject_key_identifier, NID_key_usage, NID_basic_constraints};

	for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
		if (X509_get_ext_by_NID(x, required[i], -1) < 0)
			return false;
	}
	return true;
}

bool judge_certificate(const X509 *x)
{
	uint8_t point[65];

	return judge_has_extensions(x) && judge_point(x, point);
}

/* The first value of an attribute, or NULL. */
static const ASN1_STRING *attribute(const X509_NAME *name, int nid)
{
	const int at = X509_NAME_get_index_by_NID(name, nid, -1);
	return at < 0 ? NULL : X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
}

/* CN, C, O, L and ST are the same. */
static bool names_match(const X509_NAME *a, const X509_NAME *b)
{
	static const int nids[] = {NID_commonName, NID_countryName, NID_organizationName,
		NID_localityName, NID_stateOrProvinceName};

	for (size_t i = 0; i < sizeof(nids) / sizeof(nids[0]); i++) {
		const ASN1_STRING *left = attribute(a, nids[i]), *right = attribute(b, nids[i]);
		if ((left == NULL) != (right == NULL))
			return false;
		if (left != NULL && (ASN1_STRING_length(left) != ASN1_STRING_length(right) ||
			memcmp(ASN1_STRING_get0_data(left), ASN1_STRING_get0_data(right),
			(size_t)ASN1_STRING_length(left)) != 0))
			return false;
	}
	return true;
}

bool judge_cn_has(const X509_NAME *name, const char *text)
{
	const ASN1_STRING *cn = attribute(name, NID_commonName);
	char copy[256];

	if (cn == NULL || ASN1_STRING_length(cn) >= (int)sizeof(copy))
		return false;
	memcpy(copy, ASN1_STRING_get0_data(cn), (size_t)ASN1_STRING_length(cn));
	copy[ASN1_STRING_length(cn)] = '\0';
	return strstr(copy, text) != NULL;
}

bool judge_self_issued(const X509 *x)
{
	return names_match(X509_get_subject_name(x), X509_get_issuer_name(x));
}

bool judge_issued(X509 *x, const X509 *issuer)
{
	const bool verdict = names_match(X509_get_issuer_name(x),
		X509_get_subject_name(issuer)) && X509_verify(x, X509_get0_pubkey(issuer)) == 1;

	ERR_clear_error();
	return verdict;
}

bool judge_root(X509 *x, const uint8_t *point)
{
	uint8_t own[65];

	return judge_certificate(x) && judge_point(x, own) && memcmp(own, point, 65) == 0 &&
		judge_cn_has(X509_get_subject_name(x), "SGX Root CA") && judge_issued(x, x);
}

/* --- SGX extension -------------------------------------------------------------------------- */

static ASN1_SEQUENCE_ANY *sequence(const uint8_t *at, int n)
{
	const uint8_t *end = at + n;
	ASN1_SEQUENCE_ANY *list = d2i_ASN1_SEQUENCE_ANY(NULL, &at, n);

	if (list != NULL && at != end) {
		sk_ASN1_TYPE_pop_free(list, ASN1_TYPE_free);
		return NULL;
	}
	return list;
}

/* A pair {OID, value}: *arc is the last number of an OID right below `base`. */
static ASN1_SEQUENCE_ANY *pair_of(const ASN1_TYPE *member, const char *base, int *arc)
{
	char oid[128];
	const size_t n = strlen(base);

	*arc = 0;
	if (member->type != V_ASN1_SEQUENCE)
		return NULL;
	ASN1_SEQUENCE_ANY *pair = sequence(member->value.sequence->data,
		member->value.sequence->length);
	if (pair != NULL && sk_ASN1_TYPE_num(pair) == 2 &&
		sk_ASN1_TYPE_value(pair, 0)->type == V_ASN1_OBJECT) {
		OBJ_obj2txt(oid, sizeof(oid), sk_ASN1_TYPE_value(pair, 0)->value.object, 1);
		if (strncmp(oid, base, n) == 0 && oid[n] == '.' && strchr(oid + n + 1, '.') == NULL)
			*arc = atoi(oid + n + 1);
	}
	return pair;
}

static bool octets(const ASN1_TYPE *value, uint8_t *to, int n)
{
	if (value->type != V_ASN1_OCTET_STRING || value->value.octet_string->length != n)
		return false;
	if (to != NULL)
		memcpy(to, value->value.octet_string->data, (size_t)n);
	return true;
}

static bool tcb_member(const ASN1_TYPE *value, int arc, struct judge_sgx *sgx)
{
	int64_t number;

	if (arc == 18)
		return octets(value, NULL, 16);
	if (arc < 1 || arc > 18 || value->type != V_ASN1_INTEGER ||
		ASN1_INTEGER_get_int64(&number, value->value.integer) != 1 || number < 0 ||
		number > (arc == 17 ? 65535 : 255))
		return false;
	if (arc == 17)
		sgx->pcesvn = (unsigned)number;
	else
		sgx->components[arc - 1] = (uint8_t)number;
	return true;
}

static bool tcb_value(const ASN1_TYPE *value, struct judge_sgx *sgx)
{
	unsigned seen = 0;
	int arc;

	if (value->type != V_ASN1_SEQUENCE)
		return false;
	ASN1_SEQUENCE_ANY *list = sequence(value->value.sequence->data,
		value->value.sequence->length);
	for (int i = 0; i < sk_ASN1_TYPE_num(list); i++) {
		ASN1_SEQUENCE_ANY *pair = pair_of(sk_ASN1_TYPE_value(list, i), SGX_OID ".2", &arc);
		if (arc > 0 && tcb_member(sk_ASN1_TYPE_value(pair, 1), arc, sgx))
			seen |= 1u << arc;
		sk_ASN1_TYPE_pop_free(pair, ASN1_TYPE_free);
	}
	const bool whole = sk_ASN1_TYPE_num(list) == 18 && seen == (1u << 19) - 2;
	sk_ASN1_TYPE_pop_free(list, ASN1_TYPE_free);
	return whole;
}

static bool member_value(const ASN1_TYPE *value, int arc, struct judge_sgx *sgx)
{
	switch (arc) {
	case 1:
	case 6:
		return octets(value, NULL, 16);
	case 2:
		return tcb_value(value, sgx);
	case 3:
		return octets(value, sgx->pce_id, 2);
	case 4:
		return octets(value, sgx->fmspc, 6);
	case 5:
		return value->type == V_ASN1_ENUMERATED &&
			ASN1_ENUMERATED_get(value->value.enumerated) >= 0 &&
			ASN1_ENUMERATED_get(value->value.enumerated) <= 2;
	case 7:
		return value->type == V_ASN1_SEQUENCE;
	default:
		return false;
	}
}

bool judge_sgx_extension(const X509 *x, struct judge_sgx *sgx)
{
	ASN1_OBJECT *oid = OBJ_txt2obj(SGX_OID, 1);
	const int at = X509_get_ext_by_OBJ(x, oid, -1);
	unsigned seen = 0;
	int arc;

	ASN1_OBJECT_free(oid);
	if (at < 0)
		return false;
	const ASN1_OCTET_STRING *content = X509_EXTENSION_get_data(X509_get_ext(x, at));
	ASN1_SEQUENCE_ANY *list = sequence(ASN1_STRING_get0_data(content),
		ASN1_STRING_length(content));
	for (int i = 0; i < sk_ASN1_TYPE_num(list); i++) {
		ASN1_SEQUENCE_ANY *pair = pair_of(sk_ASN1_TYPE_value(list, i), SGX_OID, &arc);
		if (arc > 0 && member_value(sk_ASN1_TYPE_value(pair, 1), arc, sgx))
			seen |= 1u << arc;
		sk_ASN1_TYPE_pop_free(pair, ASN1_TYPE_free);
	}
	const int n = sk_ASN1_TYPE_num(list);
	sk_ASN1_TYPE_pop_free(list, ASN1_TYPE_free);
	ERR_clear_error();
	return (n == 5 && seen == 0x3e) || (n == 7 && seen == 0xfe);
}

/* --- CRLs ----------------------------------------------------------------------------------- */

X509_CRL *judge_crl(const char *text)
{
	X509_CRL *crl = NULL;

	if (strncmp(text, "-----BEGIN", 10) == 0) {
		BIO *bio = BIO_new_mem_buf(text, -1);
		crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);
		BIO_free(bio);
	} else {
		long n;
		uint8_t *der = OPENSSL_hexstr2buf(text, &n);
		const uint8_t *at = der;
		if (der != NULL)
			crl = d2i_X509_CRL(NULL, &at, n);
		OPENSSL_free(der);
	}
	ERR_clear_error();
	return crl;
}

bool judge_crl_of(X509_CRL *crl, const X509 *issuer)
{
	const bool verdict = crl != NULL &&
		X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(issuer)) == 0 &&
		X509_CRL_get_ext_by_NID(crl, NID_crl_number, -1) >= 0 &&
		X509_CRL_get_ext_by_NID(crl, NID_authority_key_identifier, -1) >= 0 &&
		X509_CRL_verify(crl, X509_get0_pubkey(issuer)) == 1;

	ERR_clear_error();
	return verdict;
}

bool judge_listed(X509_CRL *crl, const X509 *x)
{
	STACK_OF(X509_REVOKED) *list = X509_CRL_get_REVOKED(crl);

	for (int i = 0; i < sk_X509_REVOKED_num(list); i++) {
		if (ASN1_INTEGER_cmp(X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(list, i)),
			X509_get0_serialNumber(x)) == 0)
			return true;
	}
	return false;
}

/* --- signatures ----------------------------------------------------------------------------- */

bool judge_signature(EVP_PKEY *key, const void *from, size_t n, const uint8_t rs[64])
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t *der = NULL;

	ECDSA_SIG_set0(sig, BN_bin2bn(rs, 32, NULL), BN_bin2bn(rs + 32, 32, NULL));
	const int size = i2d_ECDSA_SIG(sig, &der);
	const bool verdict = EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
		EVP_DigestVerify(ctx, der, (size_t)size, from, n) == 1;

	OPENSSL_free(der);
	ECDSA_SIG_free(sig);
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return verdict;
}

bool judge_signature_by_point(const uint8_t xy[64], const void *from, size_t n,
	const uint8_t rs[64])
{
	uint8_t point[65] = {4};
	char curve[] = "prime256v1";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;

	memcpy(point + 1, xy, 64);
	const bool verdict = EVP_PKEY_fromdata_init(ctx) == 1 &&
		EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) == 1 &&
		judge_signature(key, from, n, rs);
	EVP_PKEY_free(key);
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return verdict;
}
