/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "common/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_help(const char *usage, const struct option_spec *specs, size_t n)
{
	printf("Usage: %s\n\n", usage);
	for (size_t i = 0; i < n; i++) {
		const struct option_spec *s = &specs[i];
		AUTO_TEXT left = tool_text("--%s%s%s", s->name, s->argument != NULL ? " " : "",
			s->argument != NULL ? s->argument : "");
		if (s->letter != 0)
			printf("  -%c, %-29s ", s->letter, left);
		else
			printf("      %-29s ", left);
		printf("%s%s\n", strlen(left) > 29 ? "\n                                    " : "",
			s->help);
	}
	printf("      %-29s %s\n", "--help", "this text");
	printf("\nExit status: 0 accepted or done, 1 rejected, 2 wrong usage or unreadable "
	       "input.\n");
}

static int set(const struct option_spec *s, const char *value)
{
	struct option_list *list = s->value;

	switch (s->kind) {
	case OPTION_FLAG:
		*(bool *)s->value = true;
		break;
	case OPTION_TEXT:
		*(const char **)s->value = value;
		break;
	case OPTION_LIST:
		if (list->n == OPTION_LIST_MAX)
			return tool_fail(TOOL_USAGE, "--%s: given more than %d times", s->name,
				OPTION_LIST_MAX);
		list->item[list->n++] = value;
		break;
	case OPTION_NUMBER:
	case OPTION_SIZE:
		if (!number_read(value, s->kind == OPTION_SIZE, UINT64_MAX, s->value))
			return tool_fail(TOOL_USAGE, "--%s: '%s' is not a number", s->name, value);
		break;
	}
	return TOOL_OK;
}

static const struct option_spec *find(
	const struct option_spec *specs, size_t n, const char *given, size_t size)
{
	for (size_t i = 0; i < n; i++) {
		const bool short_form = size == 2 && given[0] == '-' && specs[i].letter != 0 &&
					given[1] == specs[i].letter;
		const bool long_form = size > 2 && memcmp(given, "--", 2) == 0 &&
				       strlen(specs[i].name) == size - 2 &&
				       memcmp(specs[i].name, given + 2, size - 2) == 0;
		if (short_form || long_form)
			return &specs[i];
	}
	return NULL;
}

int options_parse(int argc, char **argv, const char *usage, const struct option_spec *specs,
	size_t n, struct option_list *others)
{
	uint64_t seen = 0;

	for (int i = 1; i < argc; i++) {
		const char *given = argv[i], *equals = strchr(given, '=');
		const size_t size = equals != NULL ? (size_t)(equals - given) : strlen(given);
		if (strcmp(given, "--help") == 0) {
			print_help(usage, specs, n);
			exit(TOOL_OK);
		}
		if (given[0] != '-' || given[1] == '\0') {
			if (others == NULL || others->n == OPTION_LIST_MAX)
				return tool_fail(
					TOOL_USAGE, "'%s' is not an option; see --help", given);
			others->item[others->n++] = given;
			continue;
		}
		const struct option_spec *s = find(specs, n, given, size);
		if (s == NULL)
			return tool_fail(TOOL_USAGE, "unknown option %s; see --help", given);
		if (s->kind == OPTION_FLAG && equals != NULL)
			return tool_fail(TOOL_USAGE, "--%s takes no value", s->name);
		if (s->kind != OPTION_FLAG && equals == NULL && i + 1 == argc)
			return tool_fail(
				TOOL_USAGE, "--%s needs a value: %s", s->name, s->argument);
		if (s->kind != OPTION_LIST && (seen >> (s - specs) & 1) != 0)
			return tool_fail(TOOL_USAGE, "--%s is given twice", s->name);
		seen |= 1ull << (s - specs);
		const char *value = s->kind == OPTION_FLAG ? NULL
				    : equals != NULL       ? equals + 1
							   : argv[++i];
		TOOL_TRY(set(s, value));
	}
	for (size_t i = 0; i < n; i++)
		if (specs[i].needed && (seen >> i & 1) == 0)
			return tool_fail(TOOL_USAGE, "--%s is needed; see --help", specs[i].name);
	return TOOL_OK;
}
