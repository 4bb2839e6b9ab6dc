/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* `policy generate`: upstream's two forms, and what a generated hierarchy needs. */
#include "policy/policy.h"

#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "common/measure.h"
#include "common/options.h"

/* --- version 2 ----------------------------------------------------------------------------- */

static int add_images(const struct option_list *images, const struct option_list *mrtds,
	struct policy_options *options)
{
	if (images->n + mrtds->n > POLICY_IMAGES_MAX)
		return tool_fail(TOOL_USAGE, "more than %d images", POLICY_IMAGES_MAX);
	for (size_t i = 0; i < images->n; i++)
		TOOL_TRY(image_mrtd(images->item[i], options->mrtd[options->images++]));
	for (size_t i = 0; i < mrtds->n; i++)
		if (!hex_read(mrtds->item[i], options->mrtd[options->images++], DIGEST_SHA384_SIZE))
			return tool_fail(TOOL_USAGE, "--mrtd: '%s' is not 96 hexadecimal digits",
				mrtds->item[i]);
	return TOOL_OK;
}

static int generate_hierarchy_v2(int argc, char **argv)
{
	const char *out = NULL;
	bool json = false;
	struct option_list images = {0}, mrtds = {0};
	uint64_t size = POLICY_SIZE_DEFAULT, svn = 1;
	struct policy_options options = {.salt = ""};
	const struct option_spec specs[] = {
		{"pki", 0, OPTION_TEXT, &options.pki, "DIR", "folder that 'migtd-tool pki' made",
			true},
		{"image", 0, OPTION_LIST, &images, "FILE",
			"Migration TD whose peers this policy accepts", false},
		{"mrtd", 0, OPTION_LIST, &mrtds, "HEX", "the same by its MRTD", false},
		{"out", 'o', OPTION_TEXT, &out, "DIR", "folder for the policy and its parts", true},
		{"size", 0, OPTION_SIZE, &size, "BYTES",
			"exact size of policy.json (172021); 0 = as it comes", false},
		{"svn", 0, OPTION_NUMBER, &svn, "N", "policySvn (1)", false},
		{"salt", 0, OPTION_TEXT, &options.salt, "TEXT", "other texts make other policies",
			false},
		{"json", 0, OPTION_FLAG, &json, NULL, "tell what was written as JSON", false},
	};

	TOOL_TRY(options_parse(argc, argv,
		"migtd-tool policy generate --pki DIR --image FILE --out DIR [options]\n\n"
		"A signed policy v2 of the public template's shape",
		specs, COUNT_OF(specs), NULL));
	if (svn > UINT32_MAX)
		return tool_fail(TOOL_USAGE, "--svn: does not fit 32 bits");
	options.svn = (uint32_t)svn;
	options.size = size;
	TOOL_TRY(add_images(&images, &mrtds, &options));
	TOOL_TRY(policy_generate(&options, out));
	AUTO_TEXT path = tool_text("%s/policy.json", out);
	AUTO_BLOB policy = {0};
	TOOL_TRY(file_read(path, &policy));
	print_written(path, policy.size, json);
	return TOOL_OK;
}

static int generate_v2(int argc, char **argv)
{
	const char *data = NULL, *collaterals = NULL, *servtd = NULL, *out = NULL;
	bool json = false;
	const struct option_spec specs[] = {
		{"policy-data", 0, OPTION_TEXT, &data, "FILE", "base object", true},
		{"collaterals", 0, OPTION_TEXT, &collaterals, "FILE", "collateral bundle", true},
		{"servtd-collateral", 0, OPTION_TEXT, &servtd, "FILE", "from 'servtd-collateral'",
			true},
		{"output", 'o', OPTION_TEXT, &out, "FILE", "unsigned policyData, canonical", true},
		{"json", 0, OPTION_FLAG, &json, NULL, "tell what was written as JSON", false},
	};
	AUTO_NAMED data_text = {0};
	AUTO_NAMED collaterals_text = {0};
	AUTO_NAMED servtd_text = {0};
	AUTO_BLOB result = {0};

	TOOL_TRY(options_parse(argc, argv,
		"migtd-tool policy generate v2 --policy-data FILE --collaterals FILE "
		"--servtd-collateral FILE -o FILE",
		specs, COUNT_OF(specs), NULL));
	TOOL_TRY(named_text_read(data, &data_text));
	TOOL_TRY(named_text_read(collaterals, &collaterals_text));
	TOOL_TRY(named_text_read(servtd, &servtd_text));
	TOOL_TRY(policy_data_compose(&data_text, &collaterals_text, &servtd_text, &result));
	TOOL_TRY(file_write(out, result.data, result.size));
	print_written(out, result.size, json);
	return TOOL_OK;
}

/* --- version 1 ----------------------------------------------------------------------------- */

/*
 * For a generated hierarchy, whose 32 platforms would leave no room for a quote in the message that
 * carries the policy: that of upstream's pre-production policy.
 */
#define POLICY_V1_SIZE_DEFAULT 48893
#define AS_IT_COMES UINT64_MAX

static int generate_v1_folder(const struct policy_v1_options *options, const char *pki,
	const char *folder, bool json)
{
	AUTO_TEXT path = tool_text("%s/policy.json", folder);
	AUTO_BLOB policy = {0};

	TOOL_TRY(policy_v1_generate(options, pki, folder));
	TOOL_TRY(file_read(path, &policy));
	print_written(path, policy.size, json);
	return TOOL_OK;
}

static int generate_v1(int argc, char **argv)
{
	const char *collaterals = NULL, *pki = NULL, *output = NULL, *out = NULL;
	bool json = false;
	uint64_t size = AS_IT_COMES;
	struct policy_v1_options options = {0};
	const struct option_spec specs[] = {
		{"collaterals", 0, OPTION_TEXT, &collaterals, "FILE|DIR",
			"bundle, or folder with TCB infos and QE identity as served", false},
		{"output", 'o', OPTION_TEXT, &output, "FILE", "policy made of --collaterals", false},
		{"pki", 0, OPTION_TEXT, &pki, "DIR", "folder that 'migtd-tool pki' made", false},
		{"out", 0, OPTION_TEXT, &out, "DIR", "with --pki: for policy.json and root_ca.der",
			false},
		{"pre-production", 0, OPTION_FLAG, &options.pre_production, NULL,
			"take the pre-production identifier", false},
		{"size", 0, OPTION_SIZE, &size, "BYTES",
			"exact, with as many platforms as fit; 0 = all (0; with --pki 48893)", false},
		{"salt", 0, OPTION_TEXT, &options.salt, "TEXT", "another text, another identifier",
			false},
		{"other-policies", 0, OPTION_FLAG, &options.other_policies, NULL,
			"accept peers that run another policy", false},
		{"json", 0, OPTION_FLAG, &json, NULL, "tell what was written as JSON", false},
	};
	AUTO_BLOB policy = {0};

	TOOL_TRY(options_parse(argc, argv,
		"migtd-tool policy generate v1 --collaterals FILE|DIR -o FILE [options]\n"
		"   or: migtd-tool policy generate v1 --pki DIR --out DIR [options]",
		specs, COUNT_OF(specs), NULL));
	if (size == AS_IT_COMES)
		size = pki != NULL ? POLICY_V1_SIZE_DEFAULT : 0;
	options.size = size;
	if (pki != NULL && out != NULL && collaterals == NULL && output == NULL)
		return generate_v1_folder(&options, pki, out, json);
	if (collaterals == NULL || output == NULL || pki != NULL || out != NULL)
		return tool_fail(TOOL_USAGE,
			"--collaterals with --output is needed, or --pki with --out; see --help");
	TOOL_TRY(policy_v1_compose(&options, collaterals, &policy));
	TOOL_TRY(file_write(output, policy.data, policy.size));
	print_written(output, policy.size, json);
	return TOOL_OK;
}

/* --- which one ----------------------------------------------------------------------------- */

static bool names_option(int argc, char **argv, const char *option)
{
	const size_t n = strlen(option);

	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], option, n) == 0 && (argv[i][n] == '\0' || argv[i][n] == '='))
			return true;
	return false;
}

/* Without a version: upstream's v1 generator, or what the README's walk-through needs. */
int policy_generate_command(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "v1") == 0)
		return generate_v1(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "v2") == 0)
		return generate_v2(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "--help") != 0)
		return names_option(argc, argv, "--pki") ? generate_hierarchy_v2(argc, argv)
							 : generate_v1(argc, argv);
	fprintf(argc > 1 ? stdout : stderr,
		"Usage: migtd-tool policy generate [v1|v2] [options]\n\n"
		"  v1         from a collateral bundle or stored answers of the service\n"
		"  v2         unsigned, from base object, collaterals and servtdCollateral\n"
		"  --pki DIR  without a version: signed, v2, for a generated hierarchy\n\n"
		"--help after any of these tells its options.\n");
	return argc > 1 ? TOOL_OK : TOOL_USAGE;
}
