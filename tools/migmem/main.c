/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* migmem: the multi-session memory consumption test. */
#include <stdio.h>
#include <string.h>

#include "migmem/options.h"
#include "migmem/run.h"
#include "migmem/sweep.h"

static int command_run(int argc, char **argv)
{
	struct run_options o = run_defaults;
	struct option_spec specs[1 + RUN_SPECS_MAX] = {
		{"sessions", 'n', OPTION_NUMBER, &o.sessions, "N",
			"sessions held at the same moment (2)", false},
	};
	struct run_result r;

	TOOL_TRY(options_parse(argc, argv, "migmem run --sessions N [options]", specs,
		1 + run_specs(&o, specs + 1), NULL));
	TOOL_TRY(run_check(&o));
	int code = run_execute(&o, &r);
	const bool judged = code != TOOL_USAGE && r.sessions != NULL;
	const bool passed = judged && run_passed(&o, &r) && code == TOOL_OK;
	if (r.complete)
		report_print(o.tables, &o, &r);
	if (judged) {
		const int written = report_write(&o, &r, passed);
		code = written != TOOL_OK ? written : passed ? TOOL_OK : TOOL_REJECT;
		fprintf(o.tables, "%s\n", code == TOOL_OK ? "PASSED" : "FAILED");
	}
	run_release(&r);
	return code;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
		const char *help;
	} commands[] = {
		{"run", command_run, "one measured run of N sessions at once"},
		{"sweep", command_sweep, "runs of several sizes, and the equations that fit them"},
		{"fits-in", command_fits_in,
			"how many sessions fit in a memory, and what runs out first"},
		{"compare", command_compare,
			"whether a newer result needs more memory than an older one"},
		{"baseline", command_baseline, "what of sweeps is kept for later comparison"},
		{"document", command_document, "MEMORY.md of a baseline"},
		{"header", command_header, "a C header that sizes regions by the equations"},
		{"report", command_report,
			"report.html and report.md of a result on file"},
		{"selftest", command_selftest, "proof that the measurement can fail"},
	};
	const bool help = argc > 1 && strcmp(argv[1], "--help") == 0;

	tool_name = "migmem";
	for (size_t i = 0; i < COUNT_OF(commands) && argc > 1; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	if (argc > 1 && !help)
		return tool_fail(TOOL_USAGE, "unknown command '%s'; see --help", argv[1]);
	fprintf(help ? stdout : stderr,
		"Usage: migmem COMMAND [options]\n\nHow much memory a Migration TD "
		"needs for many sessions at once.\n\n");
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		fprintf(help ? stdout : stderr, "  %-10s %s\n", commands[i].name, commands[i].help);
	return help ? TOOL_OK : TOOL_USAGE;
}
