/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Policies of version 1 made from collateral, held against the published ones. */
#include "temp.h"

#include "pki/pki.h"
#include "policy/policy.h"

static char *pki, *bundle;

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
	bundle = tool_text("%s/collateral.json", pki);
	return pki_generate(&options, pki);
}

static int remove_hierarchy(void **state)
{
	free(pki);
	free(bundle);
	return temp_remove(state);
}

static void published_production_policy_comes_of_its_collateral(void **state)
{
	AUTO_TEXT collateral =
		shared_path("vectors/attestation/bundles/collateral_production_fmspc.json");
	AUTO_TEXT published = shared_path("vectors/policy/config/policy_production_fmspc.json");
	const struct policy_v1_options options = {0};
	AUTO_BLOB expected = {0};
	AUTO_BLOB policy = {0};

	(void)state;
	read_into(published, &expected);
	assert_int_equal(policy_v1_compose(&options, collateral, &policy), TOOL_OK);
	assert_int_equal(policy.size, expected.size);
	assert_memory_equal(policy.data, expected.data, expected.size);
}

static void stored_answers_of_the_service_are_enough(void **state)
{
	AUTO_TEXT sample = shared_path("vectors/attestation/pcs_raw/tcbInfo_50806f000000.json");
	AUTO_TEXT folder = shared_path("vectors/attestation/pcs_raw");
	const struct policy_v1_options options = {.pre_production = true};
	AUTO_BLOB policy = {0};

	(void)state;
	(void)sample;
	assert_int_equal(policy_v1_compose(&options, folder, &policy), TOOL_OK);
	AUTO_JSON tree = json_read_text("policy", &policy);
	assert_string_equal(json_string_value(json_object_get(tree, "id")),
		"B87BFE45-9CC7-46F9-8F2C-A6CB55BF7101");
	assert_string_equal(
		json_string_value(json_object_get(
			json_array_get(json_object_get(tree, "policy"), 0), "fmspc")),
		"50806F000000");
}

static size_t platforms_of(const json_t *policy)
{
	const json_t *block;
	size_t i, n = 0;

	json_array_foreach(json_object_get(policy, "policy"), i, block)
		n += json_object_get(block, "fmspc") != NULL;
	return n;
}

static void policy_has_exactly_the_size_asked_for(void **state)
{
	struct policy_v1_options options = {.size = POLICY_V1_SIZE_DEFAULT};
	AUTO_BLOB all = {0};
	AUTO_TEXT folder = temp_path("sized");
	AUTO_TEXT path = tool_text("%s/policy.json", folder);
	AUTO_BLOB policy = {0};

	(void)state;
	assert_int_equal(policy_v1_generate(&options, pki, folder), TOOL_OK);
	read_into(path, &policy);
	assert_int_equal(policy.size, 48893);
	AUTO_JSON tree = json_read_text("policy", &policy);
	assert_int_equal(platforms_of(tree), 25);
	options.size = 0;
	assert_int_equal(policy_v1_compose(&options, bundle, &all), TOOL_OK);
	/* Around the size at which no platform has to go, where padding must switch on and off. */
	for (size_t size = all.size - 40; size < all.size + 40; size++) {
		AUTO_BLOB sized = {0};
		options.size = size;
		assert_int_equal(policy_v1_compose(&options, bundle, &sized), TOOL_OK);
		assert_int_equal(sized.size, size);
		AUTO_JSON document = json_read_text("sized", &sized);
		assert_non_null(document);
	}
}

static void too_small_a_size_is_refused_without_output(void **state)
{
	const struct policy_v1_options options = {.size = 3000};
	AUTO_TEXT folder = temp_path("small");

	(void)state;
	tool_quiet = true;
	assert_int_equal(policy_v1_generate(&options, pki, folder), TOOL_USAGE);
	tool_quiet = false;
	assert_int_not_equal(access(folder, F_OK), 0);
}

static void every_host_of_the_hierarchy_is_among_the_platforms_kept(void **state)
{
	const struct policy_v1_options options = {.size = 12000};
	AUTO_BLOB policy = {0};

	(void)state;
	assert_int_equal(policy_v1_compose(&options, bundle, &policy), TOOL_OK);
	for (size_t i = 0; i < 2; i++) {
		struct platform p;
		platform_describe(i, &p);
		AUTO_TEXT fmspc = hex_upper(p.fmspc, sizeof(p.fmspc));
		assert_non_null(strstr((const char *)policy.data, fmspc));
	}
}

static void policies_that_accept_others_leave_out_what_tells_them_apart(void **state)
{
	struct policy_v1_options options = {.salt = "one"};
	AUTO_BLOB strict = {0};
	AUTO_BLOB open = {0};

	(void)state;
	assert_int_equal(policy_v1_compose(&options, bundle, &strict), TOOL_OK);
	options.other_policies = true;
	options.salt = "two";
	assert_int_equal(policy_v1_compose(&options, bundle, &open), TOOL_OK);
	assert_non_null(strstr((const char *)strict.data, "\"RTMR2\""));
	assert_non_null(strstr((const char *)strict.data, "Digest.MigTdPolicy"));
	assert_null(strstr((const char *)open.data, "\"RTMR2\""));
	assert_null(strstr((const char *)open.data, "Digest.MigTdPolicy"));
	assert_non_null(strstr((const char *)open.data, "Digest.MigTdSgxRootKey"));
	/* They differ from the identifier on, which follows `{\n    "id": "`. */
	assert_memory_equal(strict.data, open.data, 13);
	assert_memory_not_equal(strict.data, open.data, 16);
}

/* Each changes one thing in a bundle that is otherwise fine. */
static void collateral_that_says_nothing_useful_is_named(void **state)
{
	static const struct {
		const char *from, *to;
	} changes[] = {
		{"\"platforms\"", "\"platformz\""},
		{"\\\"TD_QE\\\"", "\\\"QE\\\""},
		{"TDX_05", "TDX_04"},
		{"\\\"pcesvn\\\":11", "\\\"pcesvn\\\":-1"},
		{"\\\"pcesvn\\\":11", "\\\"pcesvn\\\":1e1"},
		{"{\\\"svn\\\":4,", "{\\\"svn\\\":256,"},
		{"\\\"sgxtcbcomponents\\\":[{", "\\\"sgxtcbcomponents\\\":[{\\\"svn\\\":0},{"},
		{"\\\"miscselect\\\":\\\"00", "\\\"miscselect\\\":\\\"0x"},
		{"\\\"tcbLevels\\\":[{", "\\\"tcbLevels\\\":[],\\\"old\\\":[{"},
	};
	const struct policy_v1_options options = {0};
	AUTO_TEXT path = temp_path("changed.json");
	AUTO_BLOB text = {0};

	(void)state;
	read_into(bundle, &text);
	for (size_t i = 0; i < COUNT_OF(changes); i++) {
		const char *at = strstr((const char *)text.data, changes[i].from);
		AUTO_BLOB changed = {0};
		AUTO_BLOB policy = {0};
		assert_non_null(at);
		blob_add(&changed, text.data, (size_t)(at - (const char *)text.data));
		blob_add_text(&changed, changes[i].to);
		blob_add_text(&changed, at + strlen(changes[i].from));
		assert_int_equal(file_write(path, changed.data, changed.size), TOOL_OK);
		tool_quiet = true;
		assert_int_equal(policy_v1_compose(&options, path, &policy), TOOL_USAGE);
		tool_quiet = false;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_production_policy_comes_of_its_collateral),
		cmocka_unit_test(stored_answers_of_the_service_are_enough),
		cmocka_unit_test(policy_has_exactly_the_size_asked_for),
		cmocka_unit_test(too_small_a_size_is_refused_without_output),
		cmocka_unit_test(every_host_of_the_hierarchy_is_among_the_platforms_kept),
		cmocka_unit_test(policies_that_accept_others_leave_out_what_tells_them_apart),
		cmocka_unit_test(collateral_that_says_nothing_useful_is_named),
	};

	return cmocka_run_group_tests(tests, make_hierarchy, remove_hierarchy);
}
