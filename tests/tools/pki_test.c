/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "temp.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/ecdsa.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "pki/pki.h"

static char *made; /* a hierarchy with revoked b, out-of-date b */

static int make_hierarchy(void **state)
{
	const struct pki_options options = {
		.platforms = 20,
		.host_count = 2,
		.hosts = {{.name = "a"}, {.name = "b", .tcb_status = "OutOfDate", .revoked = true}},
	};

	if (temp_make(state) != 0)
		return 1;
	made = temp_path("pki");
	return pki_generate(&options, made);
}

static int remove_hierarchy(void **state)
{
	free(made);
	return temp_remove(state);
}

static char *in_made(const char *name)
{
	return tool_text("%s/%s", made, name);
}

struct chain {
	X509 *c[4];
	size_t n;
};

static void read_chain(const char *name, struct chain *chain)
{
	AUTO_TEXT path = in_made(name);
	AUTO_BLOB pem = {0};

	read_into(path, &pem);
	assert_int_equal(certificates_read(path, &pem, chain->c, 4, &chain->n), TOOL_OK);
	assert_int_equal(chain->n, 3);
}

static void free_chain(struct chain *chain)
{
	for (size_t i = 0; i < chain->n; i++)
		X509_free(chain->c[i]);
}

/* OpenSSL's own path validation; with a CRL it also checks revocation of the leaf. */
static int openssl_verdict(const struct chain *chain, X509_CRL *crl)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *untrusted = sk_X509_new_null();

	assert_int_equal(X509_STORE_add_cert(store, chain->c[chain->n - 1]), 1);
	for (size_t i = 1; i + 1 < chain->n; i++)
		sk_X509_push(untrusted, chain->c[i]);
	if (crl != NULL) {
		assert_int_equal(X509_STORE_add_crl(store, crl), 1);
		X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
	}
	assert_int_equal(X509_STORE_CTX_init(ctx, store, chain->c[0], untrusted), 1);
	X509_verify_cert(ctx);
	const int error = X509_STORE_CTX_get_error(ctx);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	sk_X509_free(untrusted);
	return error;
}

static json_t *read_bundle(void)
{
	AUTO_TEXT path = in_made("collateral.json");
	json_t *bundle = json_read_file(path);

	assert_non_null(bundle);
	return bundle;
}

static X509_CRL *bundle_crl(const json_t *bundle, const char *member)
{
	const char *pem = json_string_value(json_object_get(bundle, member));
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509_CRL *crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);

	BIO_free(bio);
	assert_non_null(crl);
	return crl;
}

static void every_chain_is_valid_for_openssl(void **state)
{
	static const char *const names[] = {"hosts/a/pck_chain.pem", "hosts/b/pck_chain.pem",
		"policy/chain.pem", "identity/chain.pem", "mapping/chain.pem"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct chain chain = {0};
		read_chain(names[i], &chain);
		assert_int_equal(openssl_verdict(&chain, NULL), X509_V_OK);
		free_chain(&chain);
	}
}

static void every_sgx_certificate_has_the_five_extensions_and_its_name(void **state)
{
	static const int nids[] = {NID_authority_key_identifier, NID_crl_distribution_points,
		NID_subject_key_identifier, NID_key_usage, NID_basic_constraints};
	static const char *const names[] = {
		"Intel SGX PCK Certificate", "Intel SGX PCK Platform CA", "Intel SGX Root CA"};
	struct chain chain = {0};

	(void)state;
	read_chain("hosts/a/pck_chain.pem", &chain);
	for (size_t i = 0; i < chain.n; i++) {
		char cn[64];
		for (size_t e = 0; e < COUNT_OF(nids); e++) {
			const int at = X509_get_ext_by_NID(chain.c[i], nids[e], -1);
			assert_true(at >= 0);
			const int critical =
				X509_EXTENSION_get_critical(X509_get_ext(chain.c[i], at));
			assert_int_equal(critical, e >= 3);
		}
		X509_NAME_get_text_by_NID(
			X509_get_subject_name(chain.c[i]), NID_commonName, cn, sizeof(cn));
		assert_string_equal(cn, names[i]);
		assert_int_equal(X509_check_ca(chain.c[i]), i > 0);
	}
	assert_int_equal(X509_get_pathlen(chain.c[1]), 0);
	assert_int_equal(X509_get_pathlen(chain.c[2]), 1);
	free_chain(&chain);
}

static void crl_revokes_exactly_the_host_that_was_named(void **state)
{
	AUTO_JSON bundle = read_bundle();
	X509_CRL *crl = bundle_crl(bundle, "pckCrl"), *root_crl = bundle_crl(bundle, "rootCaCrl");
	struct chain a = {0}, b = {0};
	long number = -1;

	(void)state;
	read_chain("hosts/a/pck_chain.pem", &a);
	read_chain("hosts/b/pck_chain.pem", &b);
	assert_int_equal(openssl_verdict(&a, crl), X509_V_OK);
	assert_int_equal(openssl_verdict(&b, crl), X509_V_ERR_CERT_REVOKED);
	assert_int_equal(X509_CRL_verify(root_crl, X509_get0_pubkey(a.c[2])), 1);
	ASN1_INTEGER *n = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
	number = ASN1_INTEGER_get(n);
	ASN1_INTEGER_free(n);
	assert_int_equal(number, 1);
	assert_true(X509_CRL_get_ext_by_NID(root_crl, NID_authority_key_identifier, -1) >= 0);
	free_chain(&a);
	free_chain(&b);
	X509_CRL_free(crl);
	X509_CRL_free(root_crl);
}

/* Content of the next element; moves on behind it. */
static const uint8_t *element(const uint8_t **at, long left, int *tag, long *size)
{
	int class;
	const uint8_t *p = *at;
	const int flags = ASN1_get_object(&p, size, tag, &class, left);

	assert_int_equal(flags & 0x80, 0);
	*at = p + *size;
	return p;
}

static size_t count_members(const uint8_t *at, long size)
{
	size_t n = 0;
	int tag;
	long s;

	for (const uint8_t *end = at + size; at < end; n++) {
		element(&at, end - at, &tag, &s);
		assert_int_equal(tag, V_ASN1_SEQUENCE);
	}
	return n;
}

static void sgx_extension_has_seven_members_and_eighteen_tcb_ones(void **state)
{
	struct chain chain = {0};
	ASN1_OBJECT *oid = OBJ_txt2obj("1.2.840.113741.1.13.1", 1);
	int tag;
	long size, inner, value_size;

	(void)state;
	read_chain("hosts/b/pck_chain.pem", &chain);
	const int index = X509_get_ext_by_OBJ(chain.c[0], oid, -1);
	assert_true(index >= 0);
	X509_EXTENSION *extension = X509_get_ext(chain.c[0], index);
	assert_int_equal(X509_EXTENSION_get_critical(extension), 0);
	const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(extension);
	const uint8_t *at = ASN1_STRING_get0_data(value);
	const uint8_t *members = element(&at, ASN1_STRING_length(value), &tag, &size);
	assert_int_equal(tag, V_ASN1_SEQUENCE);
	assert_int_equal(count_members(members, size), 7);
	for (const uint8_t *m = members; m < members + size;) {
		const uint8_t *pair = element(&m, members + size - m, &tag, &inner), *pair_end = m;
		const uint8_t *start = pair;
		element(&pair, pair_end - pair, &tag, &value_size);
		assert_int_equal(tag, V_ASN1_OBJECT);
		ASN1_OBJECT *id = d2i_ASN1_OBJECT(NULL, &start, pair - start);
		char text[64];
		OBJ_obj2txt(text, sizeof(text), id, 1);
		ASN1_OBJECT_free(id);
		const uint8_t *content = element(&pair, pair_end - pair, &tag, &value_size);
		assert_ptr_equal(pair, pair_end);
		if (strcmp(text, "1.2.840.113741.1.13.1.2") == 0)
			assert_int_equal(count_members(content, value_size), 18);
		if (strcmp(text, "1.2.840.113741.1.13.1.4") == 0)
			assert_memory_equal(content, "\x10\x80\x6f\x00\x00\x00", value_size);
	}
	ASN1_OBJECT_free(oid);
	free_chain(&chain);
}

/* r || s over the verbatim inner object, with OpenSSL's ECDSA. */
static bool inner_signature_ok(const char *document, const char *member, EVP_PKEY *key)
{
	AUTO_BLOB text = {0};
	struct json_span body;
	uint8_t raw[64], *der = NULL;

	blob_add_text(&text, document);
	AUTO_JSON tree = json_read_text("document", &text);
	assert_true(json_verbatim(&text, member, &body));
	assert_true(
		hex_read(json_string_value(json_object_get(tree, "signature")), raw, sizeof(raw)));
	ECDSA_SIG *pair = ECDSA_SIG_new();
	ECDSA_SIG_set0(pair, BN_bin2bn(raw, 32, NULL), BN_bin2bn(raw + 32, 32, NULL));
	const int n = i2d_ECDSA_SIG(pair, &der);
	const bool ok = key_verify_der(key, body.at, body.size, der, (size_t)n);
	OPENSSL_free(der);
	ECDSA_SIG_free(pair);
	return ok;
}

static void tcb_infos_are_signed_distinct_and_name_their_platform(void **state)
{
	AUTO_JSON bundle = read_bundle();
	const json_t *platforms = json_object_get(bundle, "platforms"), *platform;
	AUTO_BLOB pem = {0};
	X509 *chain[2];
	size_t n, i;

	(void)state;
	blob_add_text(&pem, json_string_value(json_object_get(bundle, "qeIdentityIssuerChain")));
	assert_int_equal(certificates_read("chain", &pem, chain, 2, &n), TOOL_OK);
	EVP_PKEY *key = X509_get0_pubkey(chain[0]);
	assert_int_equal(json_array_size(platforms), 20);
	json_array_foreach(platforms, i, platform)
	{
		const char *fmspc = json_string_value(json_object_get(platform, "fmspc"));
		const char *info = json_string_value(json_object_get(platform, "tcbInfo"));
		AUTO_JSON tree = json_loads(info, 0, NULL);
		const json_t *body = json_object_get(tree, "tcbInfo");
		assert_string_equal(json_string_value(json_object_get(body, "fmspc")), fmspc);
		assert_true(inner_signature_ok(info, "tcbInfo", key));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(fmspc,
				json_string_value(
					json_object_get(json_array_get(platforms, j), "fmspc")));
		const char *status = json_string_value(json_object_get(
			json_array_get(json_object_get(body, "tcbLevels"), 0), "tcbStatus"));
		assert_string_equal(status, i == 1 ? "OutOfDate" : "UpToDate");
	}
	assert_true(inner_signature_ok(
		json_string_value(json_object_get(bundle, "qeIdentity")), "enclaveIdentity", key));
	X509_free(chain[0]);
	X509_free(chain[1]);
}

static void single_pem_items_of_the_bundle_end_without_newline(void **state)
{
	static const char *const names[] = {"rootCa", "rootCaCrl", "pckCrl"};
	AUTO_JSON bundle = read_bundle();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const json_t *item = json_object_get(bundle, names[i]);
		assert_int_equal(json_string_value(item)[json_string_length(item) - 1], '-');
	}
}

static void a_folder_in_use_is_left_alone(void **state)
{
	const struct pki_options options = {
		.platforms = 1, .host_count = 1, .hosts = {{.name = "a"}}};
	AUTO_TEXT path = in_made("root.pem");
	AUTO_BLOB before = {0};
	AUTO_BLOB after = {0};

	(void)state;
	read_into(path, &before);
	assert_int_equal(pki_generate(&options, made), TOOL_USAGE);
	read_into(path, &after);
	assert_memory_equal(before.data, after.data, before.size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_chain_is_valid_for_openssl),
		cmocka_unit_test(every_sgx_certificate_has_the_five_extensions_and_its_name),
		cmocka_unit_test(crl_revokes_exactly_the_host_that_was_named),
		cmocka_unit_test(sgx_extension_has_seven_members_and_eighteen_tcb_ones),
		cmocka_unit_test(tcb_infos_are_signed_distinct_and_name_their_platform),
		cmocka_unit_test(single_pem_items_of_the_bundle_end_without_newline),
		cmocka_unit_test(a_folder_in_use_is_left_alone),
	};

	return cmocka_run_group_tests(tests, make_hierarchy, remove_hierarchy);
}
