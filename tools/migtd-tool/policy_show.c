/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* `policy show` and `policy diff`: what a policy means, and where two differ. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "common/options.h"
#include "policy/summary.h"

static int read_summary(const char *path, json_t **summary)
{
	AUTO_BLOB text = {0};

	TOOL_TRY(file_read(path, &text));
	return policy_summary(path, &text, summary);
}

static void print_value(const json_t *value)
{
	AUTO_TEXT text = json_compact(value);

	puts(json_is_string(value) ? json_string_value(value) : text);
}

static void print_tree(const json_t *tree, int depth)
{
	const char *name;
	const json_t *element;
	json_t *value;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)tree, name, value)
	{
		printf("%*s%s", depth * 2, "", name);
		if (json_is_object(value) && json_object_size(value) > 0) {
			putchar('\n');
			print_tree(value, depth + 1);
		} else if (json_is_array(value)) {
			putchar('\n');
			json_array_foreach(value, i, element)
			{
				printf("%*s", depth * 2 + 2, "");
				print_value(element);
			}
		} else {
			printf(": ");
			print_value(value);
		}
	}
}

int policy_show_command(int argc, char **argv)
{
	bool json = false;
	struct option_list files = {0};
	const struct option_spec specs[] = {
		{"json", 0, OPTION_FLAG, &json, NULL, "print one JSON object", false},
	};
	AUTO_JSON summary = NULL;

	TOOL_TRY(options_parse(argc, argv,
		"migtd-tool policy show FILE [--json]\n\n"
		"What a policy v1, signed policy v2 or unsigned policyData means; nothing is\n"
		"verified",
		specs, COUNT_OF(specs), &files));
	if (files.n != 1)
		return tool_fail(TOOL_USAGE, "one file is needed; see --help");
	TOOL_TRY(read_summary(files.item[0], &summary));
	if (json)
		print_fields(summary, true);
	else
		print_tree(summary, 0);
	return TOOL_OK;
}

/* "- PATH: VALUE" for each. */
static void print_side(char sign, const json_t *values)
{
	const char *path;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)values, path, value)
	{
		printf("%c %s: ", sign, path);
		print_value(value);
	}
}

static void print_changes(const json_t *difference)
{
	const char *path;
	json_t *change;

	print_side('-', json_object_get(difference, "removed"));
	print_side('+', json_object_get(difference, "added"));
	json_object_foreach(json_object_get(difference, "changed"), path, change)
	{
		printf("~ %s\n    ", path);
		print_value(json_object_get(change, "from"));
		printf("    ");
		print_value(json_object_get(change, "to"));
	}
}

int policy_diff_command(int argc, char **argv)
{
	bool json = false;
	struct option_list files = {0};
	const struct option_spec specs[] = {
		{"json", 0, OPTION_FLAG, &json, NULL, "print one JSON object", false},
	};
	AUTO_JSON from = NULL;
	AUTO_JSON to = NULL;

	TOOL_TRY(options_parse(argc, argv,
		"migtd-tool policy diff FILE FILE [--json]\n\n"
		"Differences in meaning: rules, SVNs, collateral, mappings, signers.  Exit status\n"
		"1 when there are some",
		specs, COUNT_OF(specs), &files));
	if (files.n != 2)
		return tool_fail(TOOL_USAGE, "two files are needed; see --help");
	TOOL_TRY(read_summary(files.item[0], &from));
	TOOL_TRY(read_summary(files.item[1], &to));
	AUTO_JSON difference = policy_compare(from, to);
	if (json)
		print_fields(difference, true);
	else
		print_changes(difference);
	return json_is_true(json_object_get(difference, "equal")) ? TOOL_OK : TOOL_REJECT;
}
