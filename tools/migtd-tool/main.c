/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "common/json_text.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{"pki", command_pki,
		"generate the certificates, keys and collateral of an emulated platform"},
	{"policy", command_policy, "generate, verify, explain or compare policies, v1 and v2"},
	{"json-sign", command_json_sign, "sign, finalize or verify a signed JSON document"},
	{"servtd-collateral", command_servtd_collateral,
		"compose the servtdCollateral of a policy"},
	{"collateral", command_collateral, "compose a collateral bundle from files, or check one"},
	{"quote", command_quote, "verify a TDX quote, or show its fields"},
	{"tdreport", command_tdreport, "show the fields of a TDREPORT"},
	{"eventlog", command_eventlog, "show an event log, replay it to the RTMRs, or make the own one"},
	{"hash", command_hash, "predict SERVTD_INFO_HASH and SERVTD_HASH of a Migration TD"},
	{"enroll", command_enroll, "write a configuration volume"},
};

void print_written(const char *path, size_t n, bool json)
{
	if (!json)
		return;
	AUTO_JSON result = json_pack("{s:s, s:I}", "written", path, "bytes", (json_int_t)n);
	AUTO_TEXT text = json_compact(result);
	puts(text);
}

static void print_help(FILE *to)
{
	fprintf(to, "Usage: migtd-tool COMMAND [options]\n\nOffline tools for Migration TDs:\n\n");
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		fprintf(to, "  %-20s %s\n", commands[i].name, commands[i].help);
	fprintf(to, "\nmigtd-tool COMMAND --help tells the options of one.\n");
}

int main(int argc, char **argv)
{
	tool_name = "migtd-tool";
	if (argc < 2) {
		print_help(stderr);
		return TOOL_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
		print_help(stdout);
		return TOOL_OK;
	}
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	return tool_fail(TOOL_USAGE, "unknown command '%s'; see --help", argv[1]);
}
