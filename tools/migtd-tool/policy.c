/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "policy/policy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "common/options.h"
#include "host/bytes.h"
#include "policy/check.h"

/* Version 1 has no signature: its form is all there is. */
static int verify_v1(const struct named_text *policy, bool json)
{
	size_t block;
	const enum status status = policy_v1_form(&policy->text, &block);

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
	if (block == V1_FORM_ROOT)
		return tool_fail(TOOL_REJECT, "%s: %s: its id, or its list of blocks", policy->name,
			status_text(status));
	return tool_fail(TOOL_REJECT, "%s: %s: policy[%zu]", policy->name, status_text(status), block);
}

/*
 * The signatures were verified with OpenSSL; what a Migration TD demands beyond them, at start-up,
 * its own code has to say.
 */
static int check_form(const struct named_text *policy, const struct named_text *chain,
	struct policy_v2_form *form)
{
	const enum status status = policy_v2_form(&policy->text, &chain->text, form);

	if (status == STATUS_OK)
		return TOOL_OK;
	if (form->in_order == policy->text.size)
		return tool_fail(TOOL_REJECT, "%s: no Migration TD starts with it: %s (%s)",
			policy->name, status_text(status), status_name(status));
	const size_t shown = form->in_order < 40 ? form->in_order : 40;
	return tool_fail(TOOL_REJECT, "%s: %s (%s) at byte %zu, behind '%.*s'", policy->name,
		status_text(status), status_name(status), form->in_order, (int)shown,
		(const char *)policy->text.data + form->in_order - shown);
}

/* MROWNER and MROWNERCONFIG of a TD that starts with the policy (policy spec 2.9 step 4). */
static int tell_owner(const struct named_text *chain, uint32_t policy_svn)
{
	uint8_t mrowner[DIGEST_SHA384_SIZE], config[DIGEST_SHA384_SIZE] = {0};

	TOOL_TRY(policy_mrowner(chain, mrowner));
	store32(config, policy_svn);
	AUTO_TEXT owner_hex = hex_lower(mrowner, sizeof(mrowner));
	AUTO_TEXT config_hex = hex_lower(config, sizeof(config));
	printf("{\"accepted\":true,\"mrowner\":\"%s\",\"mrownerconfig\":\"%s\"}\n", owner_hex,
		config_hex);
	return TOOL_OK;
}

static int verify_v2(const struct named_text *policy, const struct named_text *chain, bool json)
{
	struct policy_v2_form form;
	int code = policy_verify(policy, chain);

	if (code == TOOL_OK)
		code = check_form(policy, chain, &form);
	if (json && code == TOOL_REJECT)
		puts("{\"accepted\":false}");
	TOOL_TRY(code);
	if (json)
		return tell_owner(chain, form.policy_svn);
	puts("Policy signature and issuer chain verified successfully.");
	return TOOL_OK;
}

static int verify(int argc, char **argv)
{
	const char *policy = NULL, *chain = NULL;
	bool json = false;
	const struct option_spec specs[] = {
		{"policy", 'p', OPTION_TEXT, &policy, "FILE", "policy, signed when it is v2", true},
		{"cert-chain", 'c', OPTION_TEXT, &chain, "FILE",
			"its issuer chain, PEM, leaf first (policy v2)", false},
		{"json", 0, OPTION_FLAG, &json, NULL, "verdict, and the launch values that go with it", false},
	};
	AUTO_NAMED policy_text = {0};
	AUTO_NAMED chain_text = {0};

	TOOL_TRY(options_parse(argc, argv,
		"migtd-tool policy verify --policy FILE [--cert-chain FILE]", specs, COUNT_OF(specs),
		NULL));
	TOOL_TRY(named_text_read(policy, &policy_text));
	if (chain == NULL)
		return verify_v1(&policy_text, json);
	TOOL_TRY(named_text_read(chain, &chain_text));
	return verify_v2(&policy_text, &chain_text, json);
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
		"  verify     would a Migration TD start with it? (v2: signatures, chains, form; v1: form)\n"
		"  check      would this peer be accepted, and if not, why?\n"
		"  show       what a policy means, v1 or v2\n"
		"  diff       where two policies differ in meaning\n");
	return help ? TOOL_OK : TOOL_USAGE;
}
