/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "quote/quote.h"

#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "common/json_text.h"
#include "common/options.h"

void print_fields(const json_t *fields, bool json)
{
	const char *name;
	json_t *value;

	if (json) {
		AUTO_TEXT text = json_compact(fields);
		puts(text);
		return;
	}
	json_object_foreach((json_t *)(uintptr_t)fields, name, value)
	{
		AUTO_TEXT text = json_compact(value);
		if (json_is_string(value))
			printf("%-24s %s\n", name, json_string_value(value));
		else if (!json_is_null(value))
			printf("%-24s %s\n", name, text);
	}
}

static int verify(int argc, char **argv)
{
	const char *quote_path = NULL, *collateral = NULL, *root = NULL;
	bool json = false;
	const struct option_spec specs[] = {
		{"quote", 'q', OPTION_TEXT, &quote_path, "FILE", "TDX quote, version 4 or 5", true},
		{"collateral", 'c', OPTION_TEXT, &collateral, "FILE",
			"bundle, packed collateral, or a folder of the service's answers", true},
		{"root", 'r', OPTION_TEXT, &root, "FILE",
			"trusted root certificate, PEM or DER (the collateral's own)", false},
		{"json", 0, OPTION_FLAG, &json, NULL, "print the verdict as JSON", false},
	};
	AUTO_BLOB quote = {0};
	AUTO_BLOB bundle = {0};
	struct quote_verdict v;

	TOOL_TRY(options_parse(argc, argv,
		"migtd-tool quote verify --quote FILE --collateral FILE [--root FILE] [--json]",
		specs, COUNT_OF(specs), NULL));
	TOOL_TRY(quote_read(quote_path, &quote));
	TOOL_TRY(collateral_read(collateral, root, &bundle));
	quote_judge(&bundle, &quote, &v);
	AUTO_JSON verdict = quote_verdict_json(&v, &bundle, &quote);
	print_fields(verdict, json);
	if (v.status == STATUS_OK)
		return TOOL_OK;
	if (v.status == ERR_QUOTE_FORMAT)
		return quote_tell_fault(quote_path, &quote);
	return tool_fail(TOOL_REJECT, "%s: rejected at %s: %s", quote_path, v.stage,
		status_text(v.status));
}

/* Both "show" commands: one file, its fields. */
static int show(int argc, char **argv, const char *usage,
	int (*fields_of)(const char *name, const struct blob *file, json_t **fields))
{
	bool json = false;
	struct option_list files = {0};
	const struct option_spec specs[] = {
		{"json", 0, OPTION_FLAG, &json, NULL, "print one JSON object", false},
	};
	AUTO_BLOB file = {0};
	AUTO_JSON fields = NULL;

	TOOL_TRY(options_parse(argc, argv, usage, specs, COUNT_OF(specs), &files));
	if (files.n != 1)
		return tool_fail(TOOL_USAGE, "one file is needed; see --help");
	TOOL_TRY(file_read(files.item[0], &file));
	const int code = fields_of(files.item[0], &file, &fields);
	if (fields != NULL)
		print_fields(fields, json);
	return code;
}

int command_quote(int argc, char **argv)
{
	const bool help = argc > 1 && strcmp(argv[1], "--help") == 0;

	if (argc > 1 && strcmp(argv[1], "verify") == 0)
		return verify(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "show") == 0)
		return show(argc - 1, argv + 1, "migtd-tool quote show FILE [--json]", quote_fields);
	fprintf(help ? stdout : stderr,
		"Usage: migtd-tool quote verify|show [options]\n\n"
		"  verify     judge a TDX quote as a Migration TD would\n"
		"  show       tell the fields of a quote, nothing verified\n");
	return help ? TOOL_OK : TOOL_USAGE;
}

int command_tdreport(int argc, char **argv)
{
	const bool help = argc > 1 && strcmp(argv[1], "--help") == 0;

	if (argc > 1 && strcmp(argv[1], "show") == 0)
		return show(argc - 1, argv + 1, "migtd-tool tdreport show FILE [--json]",
			tdreport_fields);
	fprintf(help ? stdout : stderr,
		"Usage: migtd-tool tdreport show FILE [--json]\n\n"
		"  show       tell the fields of a TDREPORT and whether its hashes hold\n");
	return help ? TOOL_OK : TOOL_USAGE;
}
