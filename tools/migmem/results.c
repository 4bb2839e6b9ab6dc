/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What is made of results on file: fits-in, compare, header. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/options.h"
#include "migmem/sweep.h"

/*
 * A heap region sets one record aside for each session, used or not; only distinct policies use
 * them, so only their equations size a region.
 */
static int read_sizing(const char *path, json_t **sweep, struct equation e[QUANTITY_COUNT])
{
	*sweep = json_read_file(path);
	if (*sweep == NULL)
		return TOOL_USAGE;
	TOOL_TRY(equations_read(path, *sweep, e));
	const char *policies =
		json_string_value(json_object_get(json_object_get(*sweep, "config"), "policies"));
	if (policies == NULL || strcmp(policies, "distinct") != 0)
		return tool_fail(TOOL_USAGE,
			"%s: only a sweep with --policies distinct tells what sessions "
			"need at worst",
			path);
	if (!json_is_true(json_object_get(*sweep, "passed")))
		return tool_fail(TOOL_REJECT, "%s: the sweep did not pass", path);
	return TOOL_OK;
}

/* --- fits-in ------------------------------------------------------------------------------- */

/* Bytes of the last run's roles that do not depend on the number of sessions. */
static int64_t other_bytes(const json_t *sweep)
{
	static const char *const role_names[] = {"src", "dst"};
	const json_t *runs = json_object_get(sweep, "runs");
	const json_t *roles =
		json_object_get(json_array_get(runs, json_array_size(runs) - 1), "roles");
	int64_t worst = 0;

	for (size_t i = 0; i < COUNT_OF(role_names); i++) {
		const json_t *role = json_object_get(roles, role_names[i]);
		const int64_t bytes = json_integer_value(json_object_get(role, "static_data")) +
				      json_integer_value(json_object_get(role, "config_bytes"));
		if (bytes > worst)
			worst = bytes;
	}
	return worst;
}

/* Most sessions whose need, by one equation, stays within `room`; -1 = without limit. */
static int64_t sessions_in(const struct equation *e, int64_t room)
{
	const int64_t left = room - equation_bytes(e, 0);

	if (left < 0)
		return 0;
	return e->envelope_per_session > 0 ? left / e->envelope_per_session : -1;
}

struct limit {
	const char *what;
	int64_t sessions;
};

static void consider(struct limit *least, const char *what, int64_t sessions)
{
	if (sessions >= 0 && (least->sessions < 0 || sessions < least->sessions))
		*least = (struct limit){what, sessions};
}

int command_fits_in(int argc, char **argv)
{
	const char *from = NULL;
	uint64_t size = 0, heap = 0, shared = 0;
	bool json = false;
	struct option_list others = {0};
	const struct option_spec specs[] = {
		{"from", 0, OPTION_TEXT, &from, "FILE",
			"from 'migmem sweep --policies distinct --json'", true},
		{"heap", 0, OPTION_SIZE, &heap, "SIZE", "of the heap region (as much as is left)",
			false},
		{"shared", 0, OPTION_SIZE, &shared, "SIZE", "of the shared region (the same)",
			false},
		{"json", 0, OPTION_FLAG, &json, NULL, "print {\"sessions\":N,\"first\":...}",
			false},
	};
	struct equation e[QUANTITY_COUNT];
	struct limit least = {"nothing", -1};

	TOOL_TRY(options_parse(argc, argv, "migmem fits-in SIZE --from FILE [options]", specs,
		COUNT_OF(specs), &others));
	if (others.n != 1 || !number_read(others.item[0], true, INT64_MAX, &size))
		return tool_fail(TOOL_USAGE, "one SIZE is needed, e.g. 32M");
	AUTO_JSON sweep = NULL;
	TOOL_TRY(read_sizing(from, &sweep, e));
	/* All of it together, then each region that has a size of its own. */
	const int64_t other = other_bytes(sweep);
	struct equation total = {.envelope_fixed = other};
	for (size_t q = 0; q < QUANTITY_COUNT; q++) {
		total.envelope_fixed += e[q].envelope_fixed;
		total.envelope_per_session += e[q].envelope_per_session;
	}
	consider(&least, "memory", sessions_in(&total, (int64_t)size));
	if (heap != 0)
		consider(&least, "heap", sessions_in(&e[QUANTITY_HEAP], (int64_t)heap));
	if (shared != 0)
		consider(
			&least, "shared memory", sessions_in(&e[QUANTITY_SHARED], (int64_t)shared));
	if (json)
		printf("{\"sessions\":%" PRId64 ",\"first\":\"%s\"}\n", least.sessions, least.what);
	else
		printf("%" PRId64 " sessions fit in %" PRIu64 " bytes; %s runs out first\n"
		       "(%" PRId64 " + %" PRId64 " a session, of it %" PRId64
		       " static data and configuration; "
		       "text not counted)\n",
			least.sessions, size, least.what, total.envelope_fixed, total.envelope_per_session, other);
	return least.sessions != 0 ? TOOL_OK : TOOL_REJECT;
}

/* --- compare ------------------------------------------------------------------------------- */

/* Every number that must not grow, by name. */
static json_t *figures_of(const json_t *result)
{
	json_t *figures = json_object();
	const json_t *equations = json_object_get(result, "equations");
	static const char *const field[] = {"fixed", "per_session"};

	for (size_t q = 0; q < QUANTITY_COUNT; q++) {
		const json_t *e = json_object_get(equations, quantity_name[q]);
		for (size_t i = 0; e != NULL && i < COUNT_OF(field); i++) {
			AUTO_TEXT name = tool_text("%s %s", quantity_name[q], field[i]);
			json_object_set(figures, name, json_object_get(e, field[i]));
		}
		if (e == NULL && json_object_get(result, "roles") != NULL)
			json_object_set_new(
				figures, quantity_peak[q], json_integer(worst_peak(result, q)));
	}
	return figures;
}

/* Figures of runs under other conditions say nothing about each other. */
static bool same_config(const char *old_name, const char *new_name, const json_t *old_result,
	const json_t *new_result)
{
	static const char *const field[] = {
		"sessions", "policy", "policy_bytes", "policies", "transport", "target", "hold"};

	for (size_t i = 0; i < COUNT_OF(field); i++) {
		const json_t *a = json_object_get(json_object_get(old_result, "config"), field[i]);
		const json_t *b = json_object_get(json_object_get(new_result, "config"), field[i]);
		if (a == NULL || !json_equal(a, b)) {
			tool_fail(TOOL_USAGE, "%s and %s differ in config.%s", old_name, new_name,
				field[i]);
			return false;
		}
	}
	return true;
}

int command_compare(int argc, char **argv)
{
	uint64_t tolerance = 0;
	struct option_list files = {0};
	const struct option_spec specs[] = {
		{"tolerance", 0, OPTION_SIZE, &tolerance, "BYTES", "growth that is let pass (0)",
			false},
	};
	const char *name;
	const json_t *value;
	bool grown = false;

	TOOL_TRY(options_parse(argc, argv, "migmem compare OLD.json NEW.json [options]", specs,
		COUNT_OF(specs), &files));
	if (files.n != 2)
		return tool_fail(TOOL_USAGE, "two result files are needed");
	AUTO_JSON old_result = json_read_file(files.item[0]);
	AUTO_JSON new_result = json_read_file(files.item[1]);
	if (old_result == NULL || new_result == NULL ||
		!same_config(files.item[0], files.item[1], old_result, new_result))
		return TOOL_USAGE;
	AUTO_JSON before = figures_of(old_result);
	AUTO_JSON after = figures_of(new_result);
	if (json_object_size(before) == 0 || json_object_size(before) != json_object_size(after))
		return tool_fail(TOOL_USAGE, "%s and %s are not results of the same kind",
			files.item[0], files.item[1]);
	printf("%-20s %12s %12s %12s\n", "bytes", "old", "new", "change");
	json_object_foreach(before, name, value)
	{
		const int64_t was = json_integer_value(value);
		const int64_t is = json_integer_value(json_object_get(after, name));
		const bool worse = is - was > (int64_t)tolerance;
		printf("%-20s %12" PRId64 " %12" PRId64 " %+12" PRId64 "%s\n", name, was, is,
			is - was, worse ? "  grown" : "");
		grown = grown || worse;
	}
	return grown ? TOOL_REJECT : TOOL_OK;
}

/* --- header -------------------------------------------------------------------------------- */

static void write_macros(const struct equation e[QUANTITY_COUNT], struct blob *out)
{
	static const char *const macro[QUANTITY_COUNT] = {"STACK", "HEAP", "SHARED"};

	for (size_t q = 0; q < QUANTITY_COUNT; q++) {
		blob_format(out, "#define MIGTD_%s_FIXED %" PRId64 "u\n", macro[q],
			e[q].fixed + e[q].max_residual);
		blob_format(out, "#define MIGTD_%s_PER_SESSION %" PRId64 "u\n", macro[q],
			e[q].per_session > 0 ? e[q].per_session : 0);
	}
	blob_add_text(out,
		"\n/* Whole pages. */\n#define MIGTD_PAGES(bytes) (((bytes) + 4095u) / 4096u * "
		"4096u)\n");
	for (size_t q = 0; q < QUANTITY_COUNT; q++)
		blob_format(out,
			"#define MIGTD_%s_SIZE(sessions) \\\n\tMIGTD_PAGES(MIGTD_%s_FIXED + "
			"MIGTD_%s_PER_SESSION * (sessions))\n",
			macro[q], macro[q], macro[q]);
}

int command_header(int argc, char **argv)
{
	const char *output = NULL;
	struct option_list files = {0};
	const struct option_spec specs[] = {
		{"output", 'o', OPTION_TEXT, &output, "FILE", "header to write", true},
	};
	struct equation e[QUANTITY_COUNT];
	AUTO_BLOB out = {0};

	TOOL_TRY(options_parse(
		argc, argv, "migmem header FILE.json -o sizing.h", specs, COUNT_OF(specs), &files));
	if (files.n != 1)
		return tool_fail(TOOL_USAGE, "one result of 'migmem sweep --json' is needed");
	AUTO_JSON sweep = NULL;
	TOOL_TRY(read_sizing(files.item[0], &sweep, e));
	blob_format(&out,
		"/* SPDX-License-Identifier: BSD-2-Clause-Patent */\n"
		"/* Measured sizes of a Migration TD's regions; written by 'migmem header', "
		"revision %s. */\n"
		"#ifndef MIGTD_SIZING_H\n#define MIGTD_SIZING_H\n\n",
		json_string_value(json_object_get(sweep, "git")));
	write_macros(e, &out);
	blob_add_text(&out, "\n#endif\n");
	return file_write(output, out.data, out.size);
}
