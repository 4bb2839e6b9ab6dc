/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "policy/policy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
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
		"  verify     signature, issuer chain and nested signatures of a policy v2\n"
		"  check      would this peer be accepted, and if not, why?\n"
		"  show       what a policy means, v1 or v2\n"
		"  diff       where two policies differ in meaning\n");
	return help ? TOOL_OK : TOOL_USAGE;
}
