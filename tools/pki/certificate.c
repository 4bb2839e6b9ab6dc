/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "pki/pki.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>
#include <openssl/x509v3.h>

/* Dates never decide anything in a TD without a clock; they only must be well-formed. */
#define NOT_BEFORE "20250101000000Z"
#define NOT_AFTER "20491231235959Z"
#define CRL_URL "URI:https://pki.invalid/IntelSGXRootCA.der"

static void need(bool ok, const char *what)
{
	if (!ok)
		openssl_died(what);
}

static void add_name(X509_NAME *name, const char *field, const char *text)
{
	need(X509_NAME_add_entry_by_txt(
		     name, field, MBSTRING_ASC, (const unsigned char *)text, -1, -1, 0) == 1,
		"certificate name");
}

static void set_subject(X509 *certificate, const struct certificate_plan *plan)
{
	const char *const from_country[][2] = {
		{"C", "US"},
		{"ST", "CA"},
		{"L", "Santa Clara"},
		{"O", plan->organisation},
		{"CN", plan->common_name},
	};
	const size_t n = COUNT_OF(from_country);

	/* The SGX hierarchy writes its names the other way round. */
	for (size_t i = 0; i < n; i++) {
		const char *const *part = from_country[plan->sgx_names ? n - 1 - i : i];
		add_name(X509_get_subject_name(certificate), part[0], part[1]);
	}
}

/* 20 bytes, positive, never shortened by DER. */
static void set_serial(X509 *certificate)
{
	uint8_t bytes[20];

	need(RAND_bytes(bytes, sizeof(bytes)) == 1, "random serial");
	bytes[0] = (uint8_t)((bytes[0] & 0x3f) | 0x40);
	BIGNUM *number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	need(number != NULL &&
			BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL,
		"serial number");
	BN_free(number);
}

static void set_time(ASN1_TIME *time, const char *text)
{
	need(ASN1_TIME_set_string_X509(time, text) == 1, "date");
}

static void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, certificate, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, &ctx, nid, value);
	need(extension != NULL && X509_add_ext(certificate, extension, -1) == 1,
		"certificate extension");
	X509_EXTENSION_free(extension);
}

static void add_sgx_extension(X509 *certificate, const struct platform *pck)
{
	AUTO_BLOB der = {0};
	ASN1_OBJECT *oid = OBJ_txt2obj("1.2.840.113741.1.13.1", 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();

	sgx_extension(pck, &der);
	need(oid != NULL && value != NULL &&
			ASN1_OCTET_STRING_set(value, der.data, (int)der.size) == 1,
		"SGX extension");
	X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, value);
	need(extension != NULL && X509_add_ext(certificate, extension, -1) == 1, "SGX extension");
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(oid);
}

static void add_extensions(X509 *certificate, const struct certificate_plan *plan, X509 *issuer)
{
	AUTO_TEXT constraints =
		plan->path_length < 0 ? tool_text("critical,CA:%s", plan->ca ? "TRUE" : "FALSE")
				      : tool_text("critical,CA:TRUE,pathlen:%d", plan->path_length);

	/* The key identifier is that of the issuer, so a self-signed one names itself first. */
	add_extension(certificate, issuer, NID_subject_key_identifier, "hash");
	add_extension(certificate, issuer, NID_authority_key_identifier, "keyid:always");
	if (plan->sgx_names)
		add_extension(certificate, issuer, NID_crl_distribution_points, CRL_URL);
	add_extension(certificate, issuer, NID_key_usage,
		plan->ca ? "critical,keyCertSign,cRLSign"
			 : "critical,digitalSignature,nonRepudiation");
	add_extension(certificate, issuer, NID_basic_constraints, constraints);
	if (plan->pck != NULL)
		add_sgx_extension(certificate, plan->pck);
}

X509 *certificate_make(
	const struct certificate_plan *plan, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key)
{
	X509 *certificate = X509_new();

	need(certificate != NULL && X509_set_version(certificate, X509_VERSION_3) == 1,
		"certificate");
	if (issuer == NULL) {
		issuer = certificate;
		issuer_key = key;
	}
	set_subject(certificate, plan);
	need(X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1, "issuer name");
	set_serial(certificate);
	set_time(X509_getm_notBefore(certificate), NOT_BEFORE);
	set_time(X509_getm_notAfter(certificate), NOT_AFTER);
	need(X509_set_pubkey(certificate, key) == 1, "public key");
	add_extensions(certificate, plan, issuer);
	need(X509_sign(certificate, issuer_key,
		     key_is_p384(issuer_key) ? EVP_sha384() : EVP_sha256()) > 0,
		"certificate signature");
	return certificate;
}

static void add_revoked(X509_CRL *crl, const X509 *certificate, const ASN1_TIME *when)
{
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_INTEGER *serial = ASN1_INTEGER_dup(X509_get0_serialNumber(certificate));
	ASN1_TIME *date = ASN1_STRING_dup(when);

	need(entry != NULL && serial != NULL && date != NULL &&
			X509_REVOKED_set_serialNumber(entry, serial) == 1 &&
			X509_REVOKED_set_revocationDate(entry, date) == 1 &&
			X509_CRL_add0_revoked(crl, entry) == 1,
		"revocation entry");
	ASN1_INTEGER_free(serial);
	ASN1_TIME_free(date);
}

X509_CRL *crl_make(X509 *issuer, EVP_PKEY *issuer_key, uint32_t crl_number, X509 *const *revoked,
	size_t n)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *time = ASN1_TIME_new();
	ASN1_INTEGER *number = ASN1_INTEGER_new();
	X509V3_CTX ctx;

	need(crl != NULL && time != NULL && number != NULL &&
			X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1 &&
			X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer)) == 1,
		"CRL");
	set_time(time, NOT_AFTER);
	need(X509_CRL_set1_nextUpdate(crl, time) == 1, "CRL date");
	set_time(time, NOT_BEFORE);
	need(X509_CRL_set1_lastUpdate(crl, time) == 1, "CRL date");
	for (size_t i = 0; i < n; i++)
		add_revoked(crl, revoked[i], time);
	need(ASN1_INTEGER_set_uint64(number, crl_number) == 1 &&
			X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, 0) == 1,
		"CRL number");
	X509V3_set_ctx(&ctx, issuer, NULL, NULL, crl, 0);
	X509_EXTENSION *extension =
		X509V3_EXT_nconf_nid(NULL, &ctx, NID_authority_key_identifier, "keyid:always");
	need(extension != NULL && X509_CRL_add_ext(crl, extension, -1) == 1, "CRL extension");
	X509_EXTENSION_free(extension);
	X509_CRL_sort(crl);
	need(X509_CRL_sign(crl, issuer_key, EVP_sha256()) > 0, "CRL signature");
	ASN1_INTEGER_free(number);
	ASN1_TIME_free(time);
	return crl;
}
