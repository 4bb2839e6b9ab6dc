/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "policy/policy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "common/measure.h"
#include "common/options.h"

static void cleanup_named(struct named_text *t)
{
	cleanup_blob(&t->text);
}

#define AUTO_NAMED CLEANUP(cleanup_named) struct named_text

static int read_named(const char *path, struct named_text *t)
{
	t->name = path;
	return file_read(path, &t->text);
}

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

static int generate(int argc, char **argv)
{
	const char *out = NULL;
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
	};

	TOOL_TRY(options_parse(argc, argv,
		"migtd-tool policy generate --pki DIR --image FILE --out DIR "
		"[options]",
		specs, COUNT_OF(specs), NULL));
	if (svn > UINT32_MAX)
		return tool_fail(TOOL_USAGE, "--svn: does not fit 32 bits");
	options.svn = (uint32_t)svn;
	options.size = size;
	TOOL_TRY(add_images(&images, &mrtds, &options));
	return policy_generate(&options, out);
}

static int compose(int argc, char **argv)
{
	const char *data = NULL, *collaterals = NULL, *servtd = NULL, *out = NULL;
	const struct option_spec specs[] = {
		{"policy-data", 0, OPTION_TEXT, &data, "FILE", "base object", true},
		{"collaterals", 0, OPTION_TEXT, &collaterals, "FILE", "collateral bundle", true},
		{"servtd-collateral", 0, OPTION_TEXT, &servtd, "FILE", "from 'servtd-collateral'",
			true},
		{"output", 'o', OPTION_TEXT, &out, "FILE", "unsigned policyData, canonical", true},
	};
	AUTO_NAMED data_text = {0};
	AUTO_NAMED collaterals_text = {0};
	AUTO_NAMED servtd_text = {0};
	AUTO_BLOB result = {0};

	TOOL_TRY(options_parse(argc, argv,
		"migtd-tool policy v2 --policy-data FILE --collaterals FILE "
		"--servtd-collateral FILE -o FILE",
		specs, COUNT_OF(specs), NULL));
	TOOL_TRY(read_named(data, &data_text));
	TOOL_TRY(read_named(collaterals, &collaterals_text));
	TOOL_TRY(read_named(servtd, &servtd_text));
	TOOL_TRY(policy_data_compose(&data_text, &collaterals_text, &servtd_text, &result));
	return file_write(out, result.data, result.size);
}

static int verify(int argc, char **argv)
{
	const char *policy = NULL, *chain = NULL;
	bool json = false;
	const struct option_spec specs[] = {
		{"policy", 'p', OPTION_TEXT, &policy, "FILE", "signed policy", true},
		{"cert-chain", 'c', OPTION_TEXT, &chain, "FILE",
			"its issuer chain, PEM, leaf first", true},
		{"json", 0, OPTION_FLAG, &json, NULL, "print {\"accepted\":true,\"mrowner\":...}",
			false},
	};
	AUTO_NAMED policy_text = {0};
	AUTO_NAMED chain_text = {0};
	uint8_t mrowner[DIGEST_SHA384_SIZE];

	TOOL_TRY(options_parse(argc, argv,
		"migtd-tool policy verify --policy FILE --cert-chain FILE", specs, COUNT_OF(specs),
		NULL));
	TOOL_TRY(read_named(policy, &policy_text));
	TOOL_TRY(read_named(chain, &chain_text));
	const int code = policy_verify(&policy_text, &chain_text);
	if (json && code == TOOL_REJECT)
		puts("{\"accepted\":false}");
	TOOL_TRY(code);
	TOOL_TRY(policy_mrowner(&chain_text, mrowner));
	AUTO_TEXT hex = hex_lower(mrowner, sizeof(mrowner));
	if (json)
		printf("{\"accepted\":true,\"mrowner\":\"%s\"}\n", hex);
	else
		puts("Policy signature and issuer chain verified successfully.");
	return TOOL_OK;
}

int command_policy(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} commands[] = {{"generate", generate}, {"v2", compose}, {"verify", verify}};
	const bool help = argc > 1 && strcmp(argv[1], "--help") == 0;

	for (size_t i = 0; i < COUNT_OF(commands) && argc > 1; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	fprintf(help ? stdout : stderr,
		"Usage: migtd-tool policy generate|v2|verify [options]\n\n"
		"  generate   a signed policy in the public template's shape for a generated "
		"hierarchy\n"
		"  v2         compose an unsigned policyData from its parts\n"
		"  verify     signature, issuer chain and nested signatures of a policy\n");
	return help ? TOOL_OK : TOOL_USAGE;
}
