/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "temp.h"

#include "common/measure.h"
#include "pki/pki.h"
#include "policy/policy.h"

static char *pki;

static int make_hierarchy(void **state)
{
	const struct pki_options options = {
		.platforms = 32,
		.host_count = 2,
		.hosts = {{.name = "a"}, {.name = "b"}},
	};

	if (temp_make(state) != 0)
		return 1;
	pki = temp_path("pki");
	return pki_generate(&options, pki);
}

static int remove_hierarchy(void **state)
{
	free(pki);
	return temp_remove(state);
}

static void generate(size_t size, const char *salt, const char *folder)
{
	struct policy_options options = {
		.pki = pki,
		.images = 1,
		.size = size,
		.svn = 3,
		.salt = salt,
	};
	AUTO_TEXT path = temp_path(folder);

	memset(options.mrtd[0], 0x5a, sizeof(options.mrtd[0]));
	assert_int_equal(policy_generate(&options, path), TOOL_OK);
}

static void read_part(const char *folder, const char *name, struct blob *b)
{
	AUTO_TEXT path = tool_text("%s/%s/%s", temp_folder, folder, name);
	read_into(path, b);
}

static void policy_has_exactly_the_size_asked_for(void **state)
{
	static const size_t sizes[] = {POLICY_SIZE_DEFAULT, 171000, 200001};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		struct named_text policy = {.name = "policy"}, chain = {.name = "chain"};
		generate(sizes[i], "", "sized");
		read_part("sized", "policy.json", &policy.text);
		read_part("sized", "policy_issuer_chain.pem", &chain.text);
		assert_int_equal(policy.text.size, sizes[i]);
		assert_int_equal(policy_verify(&policy, &chain), TOOL_OK);
		cleanup_blob(&policy.text);
		cleanup_blob(&chain.text);
	}
}

static void too_small_a_size_is_refused_without_output(void **state)
{
	struct policy_options options = {.pki = pki, .images = 1, .size = 1000, .salt = ""};
	AUTO_TEXT path = temp_path("refused");

	(void)state;
	assert_int_equal(policy_generate(&options, path), TOOL_USAGE);
	assert_int_not_equal(access(path, F_OK), 0);
}

static void salts_make_policies_that_differ_early(void **state)
{
	AUTO_BLOB one = {0};
	AUTO_BLOB two = {0};
	size_t at = 0;

	(void)state;
	generate(POLICY_SIZE_DEFAULT, "one", "one");
	generate(POLICY_SIZE_DEFAULT, "two", "two");
	read_part("one", "policy.json", &one);
	read_part("two", "policy.json", &two);
	while (at < one.size && one.data[at] == two.data[at])
		at++;
	assert_true(at < 64);
}

static void launch_values_are_those_of_the_leaf_and_the_svn(void **state)
{
	AUTO_BLOB pem = {0};
	X509 *chain[3];
	size_t n;
	uint8_t *point = NULL, expected[DIGEST_SHA384_SIZE], mrowner[48], config[48];

	(void)state;
	generate(0, "", "launch");
	AUTO_TEXT path = tool_text("%s/launch/launch.json", temp_folder);
	AUTO_JSON launch = json_read_file(path);
	assert_int_equal(json_member_hex(path, launch, "mrowner", mrowner, 48), TOOL_OK);
	assert_int_equal(json_member_hex(path, launch, "mrownerconfig", config, 48), TOOL_OK);
	read_part("launch", "policy_issuer_chain.pem", &pem);
	assert_int_equal(certificates_read("chain", &pem, chain, 3, &n), TOOL_OK);
	const size_t size = EVP_PKEY_get1_encoded_public_key(X509_get0_pubkey(chain[0]), &point);
	assert_int_equal(size, 97);
	digest_sha384(point, size, expected);
	OPENSSL_free(point);
	assert_memory_equal(mrowner, expected, 48);
	assert_memory_equal(config, ((uint8_t[48]){3}), 48);
	for (size_t i = 0; i < n; i++)
		X509_free(chain[i]);
}

static void mapping_names_the_image_and_the_chain(void **state)
{
	AUTO_BLOB mapping = {0};
	AUTO_BLOB chain = {0};
	uint8_t tdinfo[TDINFO_SIZE] = {0};

	(void)state;
	generate(0, "", "mapping");
	read_part("mapping", "tcb_mapping_signed.json", &mapping);
	read_part("mapping", "policy_issuer_chain.pem", &chain);
	rtmrs_predict(&(struct measured_files){.issuer_chain = &chain}, tdinfo);
	AUTO_TEXT rtmr1 = hex_upper(tdinfo + TDINFO_RTMR0 + 48, 48);
	AUTO_TEXT rtmr0 = hex_upper(tdinfo + TDINFO_RTMR0, 48);
	assert_non_null(strstr((const char *)mapping.data, rtmr1));
	assert_non_null(strstr((const char *)mapping.data, rtmr0));
	assert_non_null(strstr((const char *)mapping.data, "\"mrtd\":\"5A5A5A5A"));
}

static void every_flipped_byte_of_a_small_policy_is_noticed(void **state)
{
	struct named_text policy = {.name = "policy"}, chain = {.name = "chain"};

	(void)state;
	generate(0, "", "flip");
	read_part("flip", "policy.json", &policy.text);
	read_part("flip", "policy_issuer_chain.pem", &chain.text);
	/* Every byte near the ends, where the structure is; elsewhere the signature covers all
	 * alike. */
	for (size_t i = 0; i < policy.text.size;
		i += i < 200 || i + 260 > policy.text.size ? 1 : 4999) {
		/* Either case of a digit of the signature is the same signature. */
		const uint8_t flip = policy.text.data[i] >= 'A' ? 0x02 : 0x01;
		policy.text.data[i] ^= flip;
		assert_int_not_equal(policy_verify(&policy, &chain), TOOL_OK);
		policy.text.data[i] ^= flip;
	}
	assert_int_equal(policy_verify(&policy, &chain), TOOL_OK);
	cleanup_blob(&policy.text);
	cleanup_blob(&chain.text);
}

/* --- published documents ------------------------------------------------------------------- */

static void published_policies_and_their_nested_signatures_verify(void **state)
{
	static const char *const files[][2] = {
		{TEMPLATES "policy_v2_signed.json", TEMPLATES "policy_issuer_chain.pem"},
		{"vectors/policy/src/policy/test/policy_v2/policy_v2.json",
			"vectors/policy/src/policy/test/policy_v2/cert_chain/"
			"policy_issuer_chain.pem"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		AUTO_TEXT policy_path = shared_path(files[i][0]);
		AUTO_TEXT chain_path = shared_path(files[i][1]);
		struct named_text policy = {.name = policy_path}, chain = {.name = chain_path};
		read_into(policy_path, &policy.text);
		read_into(chain_path, &chain.text);
		assert_int_equal(policy_verify(&policy, &chain), TOOL_OK);
		policy.text.data[policy.text.size / 2] ^= 1;
		assert_int_not_equal(policy_verify(&policy, &chain), TOOL_OK);
		cleanup_blob(&policy.text);
		cleanup_blob(&chain.text);
	}
}

static void mrowner_of_the_template_chain_is_the_published_one(void **state)
{
	AUTO_TEXT path = shared_path(TEMPLATES "policy_issuer_chain.pem");
	struct named_text chain = {.name = path};
	uint8_t mrowner[DIGEST_SHA384_SIZE];

	(void)state;
	read_into(path, &chain.text);
	assert_int_equal(policy_mrowner(&chain, mrowner), TOOL_OK);
	AUTO_TEXT hex = hex_lower(mrowner, sizeof(mrowner));
	assert_string_equal(hex,
		"bcdc571fdc9720a5660f42e0030a56cfdf4c336879851a6d9d5c7ce276b33ca74415d0"
		"f25fa0d478af4d34306f343110");
	cleanup_blob(&chain.text);
}

static void composing_the_template_from_its_parts_gives_the_template(void **state)
{
	AUTO_TEXT whole_path = shared_path(TEMPLATES "policy_v2.json");
	AUTO_TEXT servtd_path = shared_path(TEMPLATES "servtd_collateral.json");
	struct named_text base = {.name = "base"}, servtd = {.name = "servtd"},
			  bundle = {.name = "bundle"};
	AUTO_BLOB whole = {0};
	AUTO_BLOB out = {0};
	struct json_span collaterals;

	(void)state;
	read_into(whole_path, &whole);
	read_into(servtd_path, &servtd.text);
	assert_true(json_verbatim(&whole, "collaterals", &collaterals));
	blob_add(&bundle.text, collaterals.at, collaterals.size);
	AUTO_JSON tree = json_read_file(whole_path);
	json_object_del(tree, "collaterals");
	json_object_del(tree, "servtdCollateral");
	AUTO_TEXT base_text = json_dumps(tree, JSON_INDENT(2)); /* composition must compact it */
	blob_add_text(&base.text, base_text);
	assert_int_equal(policy_data_compose(&base, &bundle, &servtd, &out), TOOL_OK);
	assert_int_equal(out.size, whole.size);
	assert_memory_equal(out.data, whole.data, whole.size);
	cleanup_blob(&base.text);
	cleanup_blob(&servtd.text);
	cleanup_blob(&bundle.text);
}

static void composing_the_template_servtd_collateral_gives_it_back(void **state)
{
	static const char *const names[] = {TEMPLATES "td_identity_signed.json",
		TEMPLATES "policy_issuer_chain.pem", TEMPLATES "tcb_mapping_signed.json",
		TEMPLATES "policy_issuer_chain.pem"};
	struct named_text part[4] = {0};
	AUTO_TEXT expected_path = shared_path(TEMPLATES "servtd_collateral.json");
	AUTO_BLOB expected = {0};
	AUTO_BLOB out = {0};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		AUTO_TEXT path = shared_path(names[i]);
		part[i].name = names[i];
		read_into(path, &part[i].text);
	}
	read_into(expected_path, &expected);
	assert_int_equal(
		servtd_collateral_compose(&part[0], &part[1], &part[2], &part[3], &out), TOOL_OK);
	assert_int_equal(out.size, expected.size);
	assert_memory_equal(out.data, expected.data, expected.size);
	for (size_t i = 0; i < 4; i++)
		cleanup_blob(&part[i].text);
}

/* --- canonical form ------------------------------------------------------------------------ */

static void canonical_form_is_that_of_the_reference_serialiser(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{" { \"a\" : [ 1 , true,null ] }\n", "{\"a\":[1,true,null]}"},
		{"[18446744073709551615,-9223372036854775808]",
			"[18446744073709551615,-9223372036854775808]"},
		{"[1.0,1e2,-0,0.1,1e-5,1e-7,1.5e300,123456789.25]",
			"[1.0,100.0,-0.0,0.1,0.00001,1e-7,1.5e300,123456789.25]"},
		{"[1e15,1e16,12345678901234567890123]",
			"[1000000000000000.0,1e16,1.2345678901234568e22]"},
		{"\"\\u0041\\/\\u001f\\u0008\\u007f\\n\\\"\\\\\"",
			"\"A/\\u001f\\b\x7f\\n\\\"\\\\\""},
		{"\"\\u00e9\\ud83d\\ude00\"", "\"\xc3\xa9\xf0\x9f\x98\x80\""},
		{"{\"b\":1,\"a\":{}}", "{\"b\":1,\"a\":{}}"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO_BLOB in = {0};
		AUTO_BLOB out = {0};
		blob_add_text(&in, cases[i].in);
		assert_int_equal(json_canonical("case", &in, &out), TOOL_OK);
		assert_string_equal((const char *)out.data, cases[i].out);
	}
}

static void duplicate_names_and_broken_text_have_no_canonical_form(void **state)
{
	static const char *const cases[] = {"{\"a\":1,\"a\":2}", "{\"a\":1", "[1,]", "01",
		"\"\xff\"", "", "[1] 2", "{\"a\" 1}"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO_BLOB in = {0};
		AUTO_BLOB out = {0};
		blob_add_text(&in, cases[i]);
		assert_int_not_equal(json_canonical("case", &in, &out), TOOL_OK);
	}
}

static void verbatim_text_is_found_behind_any_neighbour(void **state)
{
	AUTO_BLOB text = {0};
	struct json_span value;

	(void)state;
	blob_add_text(&text,
		" {\"x}\":[{\"v\":\"]\\\"\"},[]] , \"\\u0076\" : { \"a\" : \"}\" } ,\"n\":-1e5}");
	assert_true(json_verbatim(&text, "v", &value));
	assert_int_equal(value.size, strlen("{ \"a\" : \"}\" }"));
	assert_memory_equal(value.at, "{ \"a\" : \"}\" }", value.size);
	assert_true(json_verbatim(&text, "n", &value));
	assert_memory_equal(value.at, "-1e5", value.size);
	assert_false(json_verbatim(&text, "a", &value));
}

/* Verified with a real key, so that a damaged document that passed would be a forgery. */
static void documents_cut_or_flipped_anywhere_are_refused(void **state)
{
	AUTO_KEY key = key_generate_p384();
	AUTO_BLOB value = {0};
	AUTO_BLOB document = {0};

	(void)state;
	blob_add_text(&value, "{\"a\":[1,-2.5e3,\"\\u00e9\\n\"],\"b\":{\"c\":null}}");
	envelope_sign("tdIdentity", &value, key, &document);
	assert_int_equal(envelope_verify("document", &document, "tdIdentity", key), TOOL_OK);
	tool_quiet = true;
	for (size_t n = 0; n < document.size; n++) {
		AUTO_BLOB cut = {0};
		AUTO_BLOB out = {0};
		blob_add(&cut, document.data, n);
		assert_int_not_equal(envelope_verify("cut", &cut, "tdIdentity", key), TOOL_OK);
		assert_int_not_equal(json_canonical("cut", &cut, &out), TOOL_OK);
	}
	for (size_t i = 0; i < document.size * 8; i++) {
		AUTO_BLOB out = {0};
		const uint8_t bit = (uint8_t)(1 << i % 8);
		document.data[i / 8] ^= bit;
		/* The other case of a hexadecimal digit is the same signature. */
		if (bit != 0x20 || document.data[i / 8] < 'a')
			assert_int_not_equal(
				envelope_verify("flip", &document, "tdIdentity", key), TOOL_OK);
		(void)!json_canonical("flip", &document, &out);
		document.data[i / 8] ^= bit;
	}
	tool_quiet = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policy_has_exactly_the_size_asked_for),
		cmocka_unit_test(too_small_a_size_is_refused_without_output),
		cmocka_unit_test(salts_make_policies_that_differ_early),
		cmocka_unit_test(launch_values_are_those_of_the_leaf_and_the_svn),
		cmocka_unit_test(mapping_names_the_image_and_the_chain),
		cmocka_unit_test(every_flipped_byte_of_a_small_policy_is_noticed),
		cmocka_unit_test(published_policies_and_their_nested_signatures_verify),
		cmocka_unit_test(mrowner_of_the_template_chain_is_the_published_one),
		cmocka_unit_test(composing_the_template_from_its_parts_gives_the_template),
		cmocka_unit_test(composing_the_template_servtd_collateral_gives_it_back),
		cmocka_unit_test(canonical_form_is_that_of_the_reference_serialiser),
		cmocka_unit_test(duplicate_names_and_broken_text_have_no_canonical_form),
		cmocka_unit_test(documents_cut_or_flipped_anywhere_are_refused),
		cmocka_unit_test(verbatim_text_is_found_behind_any_neighbour),
	};

	return cmocka_run_group_tests(tests, make_hierarchy, remove_hierarchy);
}
