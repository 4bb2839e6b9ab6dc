/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* migmem compare: no byte more than before, or the reason is in the change that brings it. */
#define _GNU_SOURCE
#include "migmem/compare.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/options.h"
#include "migmem/figures.h"

static const char *const role_names[] = {"src", "dst"};

/* --- the figures of a run ---------------------------------------------------------------------- */

static void set(json_t *figures, const char *name, const json_t *value)
{
	if (json_is_integer(value))
		json_object_set(figures, name, (json_t *)(uintptr_t)value);
}

static void role_figures(json_t *figures, const char *name, const json_t *role)
{
	static const struct {
		const char *field, *text;
	} fields[] = {
		{"stack_peak", "stack, painted"},
		{"heap_peak", "heap, extent"},
		{"heap_requested_peak", "heap, requested"},
		{"shared_peak", "shared memory, extent"},
		{"private_copies", "private copies"},
	};
	static const char *const counters[] = {"session_size", "record_size", "bignum_peak"};
	const json_t *usage;
	const char *tag;

	for (size_t i = 0; i < COUNT_OF(fields); i++) {
		AUTO_TEXT text = tool_text("%s: %s", name, fields[i].text);
		set(figures, text, json_object_get(role, fields[i].field));
	}
	for (size_t i = 0; i < COUNT_OF(counters); i++) {
		AUTO_TEXT text = tool_text("%s: %s", name, counters[i]);
		set(figures, text,
			json_object_get(json_object_get(role, "counters"), counters[i]));
	}
	json_object_foreach((json_t *)(uintptr_t)json_object_get(role, "by_tag"), tag, usage)
	{
		AUTO_TEXT text = tool_text("%s: heap of %s", name, tag);
		set(figures, text, json_object_get(usage, "extent"));
	}
}

json_t *run_figures(const json_t *run)
{
	json_t *figures = json_object();
	const json_t *program = run_role(run, "dst");	/* both roles are the same */

	for (size_t i = 0; i < COUNT_OF(role_names); i++)
		role_figures(figures, role_names[i], run_role(run, role_names[i]));
	set(figures, "stack, static bound", json_object_get(program, "stack_static_bound"));
	set(figures, "static data", json_object_get(program, "static_data"));
	set(figures, "not given back", json_object_get(run, "leaked"));
	set(figures, "not wiped", json_object_get(run, "residue"));
	set(figures, "growth after the first round", json_object_get(run, "growth"));
	return figures;
}

json_t *variable_figures(const json_t *run)
{
	json_t *figures = json_object();
	const json_t *bytes;
	const char *name;

	json_object_foreach((json_t *)(uintptr_t)json_object_get(
				    run_role(run, "dst"), "static_symbols"), name, bytes)
	{
		AUTO_TEXT text = tool_text("variable %s", name);
		set(figures, text, bytes);
	}
	return figures;
}

bool figure_is_compilers(const char *name)
{
	return strstr(name, "stack, ") != NULL || strcmp(name, "static data") == 0 ||
	       strncmp(name, "variable ", 9) == 0;
}

/* --- conditions -------------------------------------------------------------------------------- */

const char *result_roles(const json_t *result)
{
	const char *roles = text_in(json_object_get(result, "config"), "roles");

	/* Results that are older than the option. */
	return roles[0] != '\0' ? roles : "apart";
}

bool same_conditions(const json_t *a, const json_t *b, const char **differ)
{
	static const char *const field[] = {
		"policy", "policy_bytes", "policies", "transport", "target", "hold"};

	for (size_t i = 0; i < COUNT_OF(field); i++) {
		const json_t *x = json_object_get(json_object_get(a, "config"), field[i]);
		const json_t *y = json_object_get(json_object_get(b, "config"), field[i]);
		if (x == NULL || !json_equal(x, y)) {
			*differ = field[i];
			return false;
		}
	}
	*differ = has_init_tdinfo(a) != has_init_tdinfo(b) ? "init_tdinfo" : "roles";
	return has_init_tdinfo(a) == has_init_tdinfo(b) &&
	       strcmp(result_roles(a), result_roles(b)) == 0;
}

bool has_init_tdinfo(const json_t *result)
{
	return json_is_true(json_object_get(json_object_get(result, "config"), "init_tdinfo"));
}

static const json_t *find_sweep(const json_t *baseline, const char *policy, const char *policies,
	const char *roles, const char *transport, bool init_tdinfo)
{
	const json_t *sweep;
	size_t i;

	json_array_foreach(json_object_get(baseline, "sweeps"), i, sweep)
	{
		const json_t *config = json_object_get(sweep, "config");
		if (strcmp(text_in(config, "policy"), policy) == 0 &&
			strcmp(text_in(config, "policies"), policies) == 0 &&
			strcmp(result_roles(sweep), roles) == 0 &&
			strcmp(text_in(config, "transport"), transport) == 0 &&
			has_init_tdinfo(sweep) == init_tdinfo)
			return sweep;
	}
	return NULL;
}

const json_t *baseline_sweep(const json_t *baseline, const char *policy, const char *policies,
	const char *roles, const char *transport)
{
	return find_sweep(baseline, policy, policies, roles, transport, false);
}

/* The result itself, or the sweep of a baseline that was made like `other`. */
static const json_t *counterpart(const json_t *result, const json_t *other)
{
	const json_t *config = json_object_get(other, "config");

	if (strcmp(text_in(result, "schema"), BASELINE_SCHEMA) != 0)
		return result;
	return find_sweep(result, text_in(config, "policy"), text_in(config, "policies"),
		result_roles(other), text_in(config, "transport"), has_init_tdinfo(other));
}

/* --- the difference ---------------------------------------------------------------------------- */

struct comparison {
	uint64_t tolerance;
	uint64_t compilers;	/* the same, of what depends on the compiler */
	bool exact;
	size_t figures, grown, smaller;
};

static void tell(struct comparison *c, const char *where, const char *name, int64_t was, int64_t is)
{
	const uint64_t let = figure_is_compilers(name) ? c->compilers : c->tolerance;
	const int64_t change = is - was;
	const bool counts = (uint64_t)llabs(change) > let;

	c->figures++;
	if (change == 0)
		return;
	if (c->grown + c->smaller == 0)
		printf("%-62s %10s %10s %10s\n", "bytes", "old", "new", "change");
	AUTO_TEXT what = tool_text("%s%s", where, name);
	printf("%-62s %10" PRId64 " %10" PRId64 " %+10" PRId64 "%s\n", what, was, is, change,
		change < 0 ? "  smaller"
		: counts   ? "  grown"
			   : "  grown, let pass");
	c->grown += counts && change > 0;
	c->smaller += counts && change < 0;
}

/* A figure that only one side has counts as 0 on the other. */
static void compare_figures(
	struct comparison *c, const char *where, const json_t *before, const json_t *after)
{
	const json_t *value;
	const char *name;

	json_object_foreach((json_t *)(uintptr_t)before, name, value)
		tell(c, where, name, json_integer_value(value),
			json_integer_value(json_object_get(after, name)));
	json_object_foreach((json_t *)(uintptr_t)after, name, value)
		if (json_object_get(before, name) == NULL)
			tell(c, where, name, 0, json_integer_value(value));
}

static json_t *equation_figures(const json_t *sweep)
{
	static const char *const field[] = {"fixed", "per_session"};
	json_t *figures = json_object();

	for (size_t q = 0; q < QUANTITY_COUNT; q++)
		for (size_t i = 0; i < COUNT_OF(field); i++) {
			AUTO_TEXT name = tool_text("%s, %s", quantity_name[q], field[i]);
			set(figures, name,
				json_object_get(json_object_get(json_object_get(sweep, "equations"),
							quantity_name[q]), field[i]));
		}
	return figures;
}

/* Lines through different points are not compared. */
static void compare_equations(struct comparison *c, const json_t *before, const json_t *after)
{
	const json_t *a = json_object_get(json_object_get(before, "config"), "sessions");
	const json_t *b = json_object_get(json_object_get(after, "config"), "sessions");

	if (!result_is_sweep(before) || !result_is_sweep(after) || !json_equal(a, b))
		return;
	AUTO_JSON was = equation_figures(before);
	AUTO_JSON is = equation_figures(after);
	compare_figures(c, "equation: ", was, is);
}

/* Runs of as many sessions; returns how many pairs there were. */
static size_t compare_runs(struct comparison *c, const json_t *before, const json_t *after)
{
	const json_t *a, *b;
	size_t pairs = 0;

	for (size_t i = 0; (a = result_run(before, i)) != NULL; i++)
		for (size_t k = 0; (b = result_run(after, k)) != NULL; k++) {
			if (run_sessions(a) != run_sessions(b))
				continue;
			AUTO_TEXT where = tool_text("%" PRId64 " sessions, ", run_sessions(a));
			AUTO_JSON was = run_figures(a);
			AUTO_JSON is = run_figures(b);
			compare_figures(c, where, was, is);
			pairs++;
		}
	return pairs;
}

/* The same in all runs of a program: the first one's. */
static void compare_variables(struct comparison *c, const json_t *before, const json_t *after)
{
	AUTO_JSON was = variable_figures(result_run(before, 0));
	AUTO_JSON is = variable_figures(result_run(after, 0));

	compare_figures(c, "", was, is);
}

int command_compare(int argc, char **argv)
{
	struct comparison c = {0};
	struct option_list files = {0};
	const struct option_spec specs[] = {
		{"tolerance", 0, OPTION_SIZE, &c.tolerance, "BYTES", "growth that is let pass (0)",
			false},
		{"compilers", 0, OPTION_SIZE, &c.compilers, "BYTES",
			"the same, of stack and static data, which compilers lay out (0)", false},
		{"exact", 0, OPTION_FLAG, &c.exact, NULL,
			"what has become smaller is a failure, too", false},
	};
	const char *differ = NULL;

	TOOL_TRY(options_parse(argc, argv, "migmem compare OLD.json NEW.json [options]", specs,
		COUNT_OF(specs), &files));
	if (files.n != 2)
		return tool_fail(TOOL_USAGE, "two result files are needed");
	AUTO_JSON old_result = json_read_file(files.item[0]);
	AUTO_JSON new_result = json_read_file(files.item[1]);
	if (old_result == NULL || new_result == NULL)
		return TOOL_USAGE;
	const json_t *before = counterpart(old_result, new_result);
	for (size_t i = 0; i < 2; i++) {
		const json_t *result = i == 0 ? before : new_result;
		if (result != NULL && json_object_get(result, "config") == NULL)
			return tool_fail(TOOL_USAGE, "%s: no result of migmem: member config is missing",
				files.item[i]);
	}
	if (before == NULL || !same_conditions(before, new_result, &differ))
		return tool_fail(TOOL_USAGE, "%s and %s differ in config.%s", files.item[0],
			files.item[1], differ != NULL ? differ : "policies, config.roles or config.transport");
	compare_equations(&c, before, new_result);
	if (compare_runs(&c, before, new_result) == 0)
		return tool_fail(TOOL_USAGE, "%s and %s differ in config.sessions: no number of "
					     "sessions is in both",
			files.item[0], files.item[1]);
	compare_variables(&c, before, new_result);
	const bool ok = c.grown == 0 && (!c.exact || c.smaller == 0);
	printf("%zu figures: %zu grown, %zu smaller\n", c.figures, c.grown, c.smaller);
	return ok ? TOOL_OK : TOOL_REJECT;
}
