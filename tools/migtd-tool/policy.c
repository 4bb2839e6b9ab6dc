/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "policy/policy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "common/options.h"
#include "policy/check.h"

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

/* Version 1 has no signature: its form is all there is. */
static int verify_v1(const struct named_text *policy, bool json)
{
	const enum status status = policy_v1_form(&policy->text);

	if (strstr((const char *)policy->text.data, "\"policyData\"") != NULL)
		return tool_fail(TOOL_USAGE, "%s: is a policy v2: --cert-chain is needed",
			policy->name);
	if (status == ERR_JSON || status == ERR_JSON_DEPTH)
		return tool_fail(TOOL_USAGE, "%s: %s", policy->name, status_text(status));
	if (json)
		printf("{\"accepted\":%s}\n", status == STATUS_OK ? "true" : "false");
	else if (status == STATUS_OK)
		puts("Policy is well-formed.");
	if (status == STATUS_OK)
		return TOOL_OK;
	return tool_fail(TOOL_REJECT, "%s: %s", policy->name, status_text(status));
}

static int verify(int argc, char **argv)
{
	const char *policy = NULL, *chain = NULL;
	bool json = false;
	const struct option_spec specs[] = {
		{"policy", 'p', OPTION_TEXT, &policy, "FILE", "policy, signed when it is v2", true},
		{"cert-chain", 'c', OPTION_TEXT, &chain, "FILE",
			"its issuer chain, PEM, leaf first (policy v2)", false},
		{"json", 0, OPTION_FLAG, &json, NULL, "print {\"accepted\":true,\"mrowner\":...}",
			false},
	};
	AUTO_NAMED policy_text = {0};
	AUTO_NAMED chain_text = {0};
	uint8_t mrowner[DIGEST_SHA384_SIZE];

	TOOL_TRY(options_parse(argc, argv,
		"migtd-tool policy verify --policy FILE [--cert-chain FILE]", specs, COUNT_OF(specs),
		NULL));
	TOOL_TRY(read_named(policy, &policy_text));
	if (chain == NULL)
		return verify_v1(&policy_text, json);
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
	} commands[] = {
		{"generate", policy_generate_command},
		{"verify", verify},
		{"check", policy_check_command},
		{"show", policy_show_command},
		{"diff", policy_diff_command},
	};
	const bool help = argc > 1 && strcmp(argv[1], "--help") == 0;

	for (size_t i = 0; i < COUNT_OF(commands) && argc > 1; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	fprintf(help ? stdout : stderr,
		"Usage: migtd-tool policy generate|verify|check|show|diff [options]\n\n"
		"  generate   a policy from collateral: v1, v2, or v2 for a generated hierarchy\n"
		"  verify     signature, issuer chain and nested signatures; of v1 the form\n"
		"  check      would this peer be accepted, and if not, why?\n"
		"  show       what a policy means, v1 or v2\n"
		"  diff       where two policies differ in meaning\n");
	return help ? TOOL_OK : TOOL_USAGE;
}
