/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "quote_oracle.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_td.h"
#include "host/bytes.h"

char oracle_folder[] = "/tmp/tdhost-pki-XXXXXX";
static EVP_PKEY *root_key;
static X509 *root;

static void extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *extension;
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(extension);
	assert_int_equal(X509_add_ext(cert, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static X509 *certify(EVP_PKEY *key, const char *name, X509 *issuer, EVP_PKEY *by, bool ca)
{
	X509 *cert = X509_new();
	X509_NAME *subject = X509_get_subject_name(cert);

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), rand());
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const void *)name, -1, -1, 0);
	X509_set_issuer_name(cert, issuer ? X509_get_subject_name(issuer) : subject);
	X509_set_pubkey(cert, key);
	extend(cert, issuer ? issuer : cert, NID_basic_constraints,
		ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
	assert_true(X509_sign(cert, by, EVP_sha256()) > 0);
	return cert;
}

static FILE *open_in_pki(const char *name, const char *mode)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", oracle_folder, name);
	file = fopen(path, mode);
	assert_non_null(file);
	return file;
}

void oracle_write_values(const char *svn2)
{
	FILE *file = open_in_pki("platform.json", "w");

	fprintf(file, "{\"fmspc\":\"50806f000000\",\"pceid\":\"0000\",\"pcesvn\":11,"
		      "\"cpusvn\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,255],"
		      "\"tee_tcb_svn\":[5,1,2,0,0,0,0,0,0,0,0,0,0,0,0,0],%s"
		      "\"qe_isvsvn\":4,\"qe_isvprodid\":2,"
		      "\"qe_mrsigner\":\"dc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5\","
		      "\"qe_id\":\"000102030405060708090a0b0c0d0e0f\",\"mrseam\":\"", svn2);
	for (unsigned i = 0; i < 48; i++)
		fprintf(file, "5e");
	fprintf(file, "\"}");
	fclose(file);
}

void oracle_make(void)
{
	EVP_PKEY *ca_key = EVP_EC_gen("P-256");
	EVP_PKEY *pck_key = EVP_EC_gen("P-256");
	X509 *ca;
	X509 *pck;
	FILE *file;

	assert_non_null(mkdtemp(oracle_folder));
	root_key = EVP_EC_gen("P-256");
	root = certify(root_key, "Intel SGX Root CA", NULL, root_key, true);
	ca = certify(ca_key, "Intel SGX PCK Platform CA", root, root_key, true);
	pck = certify(pck_key, "Intel SGX PCK Certificate", ca, ca_key, false);
	file = open_in_pki("pck_chain.pem", "w");
	PEM_write_X509(file, pck);
	PEM_write_X509(file, ca);
	PEM_write_X509(file, root);
	fclose(file);
	file = open_in_pki("pck.key", "w");
	PEM_write_PrivateKey(file, pck_key, NULL, NULL, 0, NULL, NULL);
	fclose(file);
	oracle_write_values("");
	X509_free(pck);
	X509_free(ca);
	EVP_PKEY_free(pck_key);
	EVP_PKEY_free(ca_key);
}


int oracle_remove(void)
{
	static const char *const names[] = {"platform.json", "pck.key", "pck_chain.pem"};
	char path[64];

	for (unsigned i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", oracle_folder, names[i]);
		unlink(path);
	}
	X509_free(root);
	EVP_PKEY_free(root_key);
	return rmdir(oracle_folder);
}

static EVP_PKEY *key_of(const uint8_t xy[64])
{
	uint8_t point[65] = {4};
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM *parameters;
	EVP_PKEY *key = NULL;

	memcpy(point + 1, xy, 64);
	OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
	OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point));
	parameters = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_fromdata_init(ctx);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, parameters), 1);
	OSSL_PARAM_free(parameters);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static bool verifies(EVP_PKEY *key, const uint8_t rs[64], const uint8_t *data, size_t n)
{
	ECDSA_SIG *signature = ECDSA_SIG_new();
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	uint8_t *der = NULL;
	int size;
	bool ok;

	ECDSA_SIG_set0(signature, BN_bin2bn(rs, 32, NULL), BN_bin2bn(rs + 32, 32, NULL));
	size = i2d_ECDSA_SIG(signature, &der);
	ok = EVP_DigestVerifyInit(md, NULL, EVP_sha256(), NULL, key) == 1 &&
	     EVP_DigestVerify(md, der, (size_t)size, data, n) == 1;
	OPENSSL_free(der);
	EVP_MD_CTX_free(md);
	ECDSA_SIG_free(signature);
	return ok;
}

/* The PCK certificate of the chain in a quote, if it leads to our root. */
static X509 *chain_of(const uint8_t *pem, size_t n)
{
	BIO *bio = BIO_new_mem_buf(pem, (int)n);
	X509 *pck = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	X509 *ca = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	X509 *last = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *between = sk_X509_new_null();

	assert_int_equal(X509_cmp(last, root), 0);
	X509_STORE_add_cert(store, root);
	sk_X509_push(between, ca);
	X509_STORE_CTX_init(ctx, store, pck, between);
	assert_int_equal(X509_verify_cert(ctx), 1);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	sk_X509_free(between);
	X509_free(ca);
	X509_free(last);
	BIO_free(bio);
	return pck;
}

size_t oracle_verify(const uint8_t *quote, size_t n)
{
	const uint8_t *auth = quote + n + 4;
	const uint8_t *qe = auth + 134;
	uint32_t outer = load32(auth + 130);
	uint8_t bound[96];
	uint8_t hash[32];
	EVP_PKEY *key = key_of(auth + 64);
	X509 *pck;

	assert_int_equal(load32(quote + n), 134 + outer);
	assert_int_equal(load16(auth + 128), 6);
	assert_true(verifies(key, auth, quote, n));
	EVP_PKEY_free(key);
	/* QE report: the key in it, its signature by the PCK, the chain behind. */
	assert_int_equal(load16(qe + 448), 32);
	memcpy(bound, auth + 64, 64);
	memcpy(bound + 64, qe + 450, 32);
	SHA256(bound, sizeof(bound), hash);
	assert_memory_equal(qe + 320, hash, 32);
	memset(hash, 0, 32);
	assert_memory_equal(qe + 352, hash, 32);
	assert_int_equal(load16(qe + 256), 2);
	assert_int_equal(load16(qe + 258), 4);
	assert_int_equal(load16(qe + 482), 5);
	assert_int_equal(456 + 32 + load32(qe + 484), outer);
	assert_int_equal(qe[outer - 1], 0);
	assert_int_equal(qe[outer - 2], '\n');
	pck = chain_of(qe + 488, load32(qe + 484) - 1);
	assert_true(verifies(X509_get0_pubkey(pck), qe + 384, qe, 384));
	X509_free(pck);
	return n + 4 + 134 + outer;
}
