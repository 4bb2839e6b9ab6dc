/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The programs as a user meets them: exit codes, one error line, no half-written output. */
#include "program.h"

#include <sys/stat.h>

#define P(name) AUTO_TEXT name = temp_path(#name)

static void write_text(const char *path, const char *text)
{
	assert_int_equal(file_write_text(path, text), TOOL_OK);
}

/* A hierarchy made once by the first test that asks. */
static const char *hierarchy(void)
{
	static char *folder;
	AUTO_RUN r = {0};

	if (folder == NULL) {
		folder = temp_path("hierarchy");
		assert_int_equal(run(&r, "pki", "--out", folder, "--platforms", "4", NULL), 0);
		assert_int_equal(r.errors.size, 0);
	}
	return folder;
}

static char *in_hierarchy(const char *name)
{
	return tool_text("%s/%s", hierarchy(), name);
}

static void signing_and_verifying_round_trips(void **state)
{
	P(input);
	P(output);
	P(raw);
	P(again);
	AUTO_TEXT key = in_hierarchy("policy/leaf.key");
	AUTO_TEXT public = in_hierarchy("policy/leaf.pub");
	AUTO_RUN r = {0};
	AUTO_BLOB one = {0};

	(void)state;
	write_text(input, "{\"b\":1,\"a\":[\"x\"]}");
	assert_int_equal(run(&r, "json-sign", "--sign", "--private-key", key, "-n",
				 "tdIdentity", "-i", input, "-o", output, NULL),
		0);
	assert_int_equal(run(&r, "json-sign", "--verify", "--public-key", public, "-n",
				 "tdIdentity", "-i", output, NULL),
		0);
	/* A detached signature verifies, and finalizing with it gives a document that verifies. */
	assert_int_equal(run(&r, "json-sign", "--sign", "--detach", "--private-key", key, "-n",
				 "tdIdentity", "-i", input, "-o", raw, NULL),
		0);
	assert_int_equal(run(&r, "json-sign", "--verify", "--detach", "--public-key", public,
				 "-n", "tdIdentity", "-i", input, "--signature", raw, NULL),
		0);
	assert_int_equal(run(&r, "json-sign", "--finalize", "-n", "tdIdentity", "-i", input,
				 "--signature", raw, "-o", again, NULL),
		0);
	assert_int_equal(run(&r, "json-sign", "--verify", "--public-key", public, "-n",
				 "tdIdentity", "-i", again, NULL),
		0);
	read_into(again, &one);
	assert_memory_equal(
		one.data, "{\"tdIdentity\":{\"b\":1,\"a\":[\"x\"]},\"signature\":\"30", 46);
	/* Another member name is not that document. */
	assert_int_equal(run(&r, "json-sign", "--verify", "--public-key", public, "-n",
				 "policyData", "-i", again, NULL),
		1);
	assert_one_line_naming(&r, again);
}

static void wrong_key_rejects_with_1(void **state)
{
	P(input);
	P(signed_text);
	AUTO_TEXT key = in_hierarchy("policy/leaf.key");
	AUTO_TEXT other = in_hierarchy("identity/leaf.pub");
	AUTO_RUN r = {0};

	(void)state;
	write_text(input, "{}");
	assert_int_equal(run(&r, "json-sign", "--sign", "--private-key", key, "-n", "x", "-i",
				 input, "-o", signed_text, NULL),
		0);
	assert_int_equal(run(&r, "json-sign", "--verify", "--public-key", other, "-n", "x",
				 "-i", signed_text, NULL),
		1);
	assert_one_line_naming(&r, "does not verify");
}

static void keys_of_another_curve_are_refused(void **state)
{
	P(input);
	P(output);
	AUTO_TEXT key = in_hierarchy("root.key");
	AUTO_RUN r = {0};

	(void)state;
	write_text(input, "{}");
	assert_int_equal(run(&r, "json-sign", "--sign", "--private-key", key, "-n", "x", "-i",
				 input, "-o", output, NULL),
		2);
	assert_one_line_naming(&r, "P-384");
}

static void input_that_is_not_canonical_is_not_signed(void **state)
{
	static const char *const cases[] = {
		"{\"a\":1}\n", "{ \"a\":1}", "{\"a\":1e2}", "{\"a\":\"\\/\"}"};
	AUTO_TEXT key = in_hierarchy("policy/leaf.key");
	P(loose);
	P(never);
	AUTO_RUN r = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		write_text(loose, cases[i]);
		assert_int_equal(run(&r, "json-sign", "--sign", "--private-key", key, "-n",
					 "x", "-i", loose, "-o", never, NULL),
			1);
		assert_one_line_naming(&r, "not canonical");
		assert_int_not_equal(access(never, F_OK), 0);
	}
}

static void published_template_signatures_verify_with_their_leaf_key(void **state)
{
	AUTO_TEXT chain = shared_path(TEMPLATES "policy_issuer_chain.pem");
	AUTO_TEXT policy = shared_path(TEMPLATES "policy_v2_signed.json");
	AUTO_RUN r = {0};

	(void)state;
	assert_int_equal(run(&r, "policy", "verify", "-p", policy, "-c", chain, NULL), 0);
	AUTO_TEXT other = in_hierarchy("policy/chain.pem");
	assert_int_equal(run(&r, "policy", "verify", "-p", policy, "-c", other, NULL), 1);
	assert_one_line_naming(&r, policy);
}

static void missing_files_and_broken_json_exit_2_and_are_named(void **state)
{
	P(absent);
	P(broken);
	P(never);
	AUTO_TEXT chain = in_hierarchy("policy/chain.pem");
	AUTO_RUN r = {0};

	(void)state;
	write_text(broken, "{\"policyData\":");
	assert_int_equal(run(&r, "policy", "verify", "-p", absent, "-c", chain, NULL), 2);
	assert_one_line_naming(&r, absent);
	assert_int_equal(run(&r, "policy", "verify", "-p", broken, "-c", chain, NULL), 2);
	assert_one_line_naming(&r, broken);
	assert_int_equal(
		run(&r, "enroll", "--policy", absent, "--root-ca", absent, "-o", never, NULL),
		2);
	assert_one_line_naming(&r, absent);
	assert_int_equal(run(&r, "hash", "-m", broken, "--mrtd", "00", NULL), 2);
	assert_one_line_naming(&r, broken);
	assert_int_equal(run(&r, "policy", "generate", "--pki", absent, "--mrtd", "00", "-o",
				 never, NULL),
		2);
	assert_one_line_naming(&r, "--mrtd");
	assert_int_not_equal(access(never, F_OK), 0);
}

static void unwritable_output_exits_2_and_leaves_nothing(void **state)
{
	P(policy);
	AUTO_TEXT in_a_file = tool_text("%s/policy/volume.fv", temp_folder);
	AUTO_RUN r = {0};

	(void)state;
	write_text(policy, "{}");
	assert_int_equal(run(&r, "enroll", "--policy", policy, "--root-ca", policy, "-o",
				 in_a_file, NULL),
		2);
	assert_one_line_naming(&r, in_a_file);
	assert_int_equal(run(&r, "pki", "--out", in_a_file, NULL), 2);
	assert_one_line_naming(&r, in_a_file);
}

static void wrong_usage_exits_2_with_a_hint(void **state)
{
	AUTO_RUN r = {0};

	(void)state;
	assert_int_equal(run(&r, "no-such-command", NULL), 2);
	assert_one_line_naming(&r, "no-such-command");
	assert_int_equal(run(&r, "pki", NULL), 2);
	assert_one_line_naming(&r, "--out");
	assert_int_equal(run(&r, "pki", "--out", NULL), 2);
	assert_one_line_naming(&r, "--out");
	assert_int_equal(run(&r, "pki", "--nonsense", NULL), 2);
	assert_one_line_naming(&r, "--nonsense");
	assert_int_equal(run(&r, "pki", "--out", "x", "--platforms", "1", NULL), 2);
	assert_one_line_naming(&r, "platforms");
	assert_int_equal(run(&r, "pki", "--out", "x", "--hosts", "a,../b", NULL), 2);
	assert_one_line_naming(&r, "../b");
	assert_int_equal(run(&r, "json-sign", "-n", "x", "-i", "x", NULL), 2);
	assert_one_line_naming(&r, "--sign");
}

static void every_command_has_a_help_text(void **state)
{
	static const char *const commands[] = {
		"pki", "policy", "json-sign", "servtd-collateral", "collateral", "quote", "tdreport",
		"eventlog", "hash", "enroll"};
	AUTO_RUN r = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(commands); i++) {
		assert_int_equal(run(&r, commands[i], "--help", NULL), 0);
		assert_non_null(strstr((const char *)r.out.data, commands[i]));
		assert_int_equal(r.errors.size, 0);
	}
}

static void private_keys_are_readable_by_their_owner_only(void **state)
{
	static const char *const keys[] = {"root.key", "policy/leaf.key", "hosts/a/pck.key"};
	struct stat st;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		AUTO_TEXT path = in_hierarchy(keys[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
}

static void hash_of_an_enrolled_volume_is_that_of_its_files(void **state)
{
	P(volume);
	P(manifest);
	P(one);
	P(two);
	P(policy);
	AUTO_TEXT chain = in_hierarchy("policy/chain.pem");
	AUTO_TEXT zero = tool_text("%096d", 0);
	AUTO_TEXT manifest_text =
		tool_text("{\"attributes\":\"%016d\",\"xfam\":\"e71a060000000000\","
			  "\"mrconfigid\":\"%s\",\"mrowner\":\"%s\",\"mrownerconfig\":\"%s\"}",
			0, zero, zero, zero);
	AUTO_RUN r = {0};
	AUTO_BLOB a = {0};
	AUTO_BLOB b = {0};

	(void)state;
	write_text(policy, "{\"some\":\"policy\"}");
	write_text(manifest, manifest_text);
	assert_int_equal(run(&r, "enroll", "--policy", policy, "--policy-issuer-chain", chain,
				 "-o", volume, NULL),
		0);
	assert_int_equal(run(&r, "hash", "-m", manifest, "--image", program, "--policy-v2",
				 "--config", volume, "-o", one, NULL),
		0);
	assert_int_equal(
		run(&r, "hash", "-m", manifest, "--image", program, "--policy-v2", "--policy",
			policy, "--policy-issuer-chain", chain, "-o", two, NULL),
		0);
	read_into(one, &a);
	read_into(two, &b);
	assert_int_equal(a.size, 48);
	assert_memory_equal(a.data, b.data, 48);
	/* An ELF file that is cut short cannot be measured. */
	P(short_elf);
	assert_int_equal(file_write(short_elf, "\177ELF\2\1\1", 7), TOOL_OK);
	assert_int_equal(run(&r, "hash", "-m", manifest, "--image", short_elf, "-t", NULL), 2);
	assert_one_line_naming(&r, short_elf);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signing_and_verifying_round_trips),
		cmocka_unit_test(wrong_key_rejects_with_1),
		cmocka_unit_test(keys_of_another_curve_are_refused),
		cmocka_unit_test(input_that_is_not_canonical_is_not_signed),
		cmocka_unit_test(published_template_signatures_verify_with_their_leaf_key),
		cmocka_unit_test(missing_files_and_broken_json_exit_2_and_are_named),
		cmocka_unit_test(unwritable_output_exits_2_and_leaves_nothing),
		cmocka_unit_test(wrong_usage_exits_2_with_a_hint),
		cmocka_unit_test(every_command_has_a_help_text),
		cmocka_unit_test(private_keys_are_readable_by_their_owner_only),
		cmocka_unit_test(hash_of_an_enrolled_volume_is_that_of_its_files),
	};

	if (argc != 2)
		return 2;
	program = argv[1];
	return cmocka_run_group_tests(tests, temp_make, temp_remove);
}
