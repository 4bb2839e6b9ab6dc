/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define _GNU_SOURCE
#include "migmem/sweep.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "migmem/options.h"
#include "migmem/report_page.h"
#include "migmem/run.h"
#include "migmem/seed.h"

#define SIZES_MAX 64
/* The largest that a Migration TD takes from its peer. */
#define POLICY_SIZE_MOST (512u * 1024)

struct sweep {
	int64_t sessions[SIZES_MAX];
	size_t n;
	json_t *runs;		/* of those sizes, as many as were finished */
	int64_t policy_sizes[SIZES_MAX];
	size_t policies;
	json_t *by_policy_size;	/* runs with the least sessions */
	bool show_progress;
	uint64_t begun;
	struct equation equation[QUANTITY_COUNT];
	bool passed;
};

/* "1,2,4": different numbers. */
static int read_list(
	const char *option, const char *text, uint64_t most, int64_t *values, size_t *n)
{
	AUTO_TEXT copy = tool_text("%s", text);

	*n = 0;
	for (char *rest = copy, *one; (one = strsep(&rest, ",")) != NULL;) {
		uint64_t value;
		if (*n == SIZES_MAX || !number_read(one, true, most, &value))
			return tool_fail(TOOL_USAGE,
				"--%s: '%s' in '%s' is not a number, or too many", option, one,
				text);
		for (size_t i = 0; i < *n; i++)
			if (values[i] == (int64_t)value)
				return tool_fail(
					TOOL_USAGE, "--%s: %s stands there twice", option, one);
		values[(*n)++] = (int64_t)value;
	}
	return TOOL_OK;
}

static int read_sizes(const char *text, struct sweep *s)
{
	TOOL_TRY(read_list("sessions", text, INT32_MAX, s->sessions, &s->n));
	if (s->n < 2)
		return tool_fail(
			TOOL_USAGE, "--sessions: an equation needs two different numbers or more");
	return TOOL_OK;
}

/* --- runs ------------------------------------------------------------------------------------ */

/* A line on the terminal, rewritten before each run. */
static void show_progress(const struct sweep *s, const struct run_options *o)
{
	const size_t done = json_array_size(s->runs) + json_array_size(s->by_policy_size);
	const size_t all = s->n + s->policies;

	if (!s->show_progress)
		return;
	fprintf(stderr, "\r\033[K[%zu of %zu, %" PRIu64 " s] %" PRIu64 " sessions%s", done + 1, all,
		(stage_now() - s->begun) / 1000, o->sessions, o->brief ? "" : "\n");
	if (done == all)
		fputs("\r\033[K", stderr);
}

static int run_one(const struct run_options *o, struct sweep *s, json_t *runs)
{
	struct run_result r;

	show_progress(s, o);
	const int code = run_execute(o, &r);
	if (code == TOOL_OK) {
		const bool passed = run_passed(o, &r);
		s->passed = s->passed && passed;
		json_array_append_new(runs, report_json(o, &r, passed));
	}
	run_release(&r);
	return code;
}

/* --- equations ------------------------------------------------------------------------------- */

static void fit_all(struct sweep *s)
{
	for (size_t q = 0; q < QUANTITY_COUNT; q++) {
		int64_t bytes[SIZES_MAX];
		for (size_t i = 0; i < s->n; i++)
			bytes[i] = worst_peak(json_array_get(s->runs, i), q);
		s->equation[q] = equation_fit(s->sessions, bytes, s->n);
	}
}

/* Upstream's way of writing: 0x12_0000. */
static char *grouped(int64_t value)
{
	if (value < 0)
		return tool_text("-0x%" PRIx64, (uint64_t)-value);
	if (value < 0x10000)
		return tool_text("0x%" PRIx64, (uint64_t)value);
	return tool_text(
		"0x%" PRIx64 "_%04" PRIx64, (uint64_t)value >> 16, (uint64_t)value & 0xffff);
}

static const char *const title[QUANTITY_COUNT] = {
	"Stack Size", "Heap Size", "Shared Memory Size"};

static void print_seed_equations(FILE *to)
{
	fprintf(to, "Seed document (shared memory deduced there):\n");
	for (size_t q = 0; q < QUANTITY_COUNT; q++) {
		AUTO_TEXT fixed = grouped(seed_equation[q].fixed);
		AUTO_TEXT per_session = grouped(seed_equation[q].per_session);
		fprintf(to, "  %s = %s + %s * session_num\n", title[q], fixed, per_session);
	}
}

/* Whether the size of the policy matters. */
static void print_policy_sizes(FILE *to, const struct sweep *s)
{
	const json_t *run;
	size_t i;

	if (json_array_size(s->by_policy_size) == 0)
		return;
	fprintf(to, "\n%-12s %12s %12s %12s\n", "policy", "stack", "heap", "shared");
	json_array_foreach(s->by_policy_size, i, run)
		fprintf(to, "%-12" JSON_INTEGER_FORMAT " %12" PRId64 " %12" PRId64 " %12" PRId64 "\n",
			json_integer_value(json_object_get(
				json_object_get(run, "config"), "policy_bytes")),
			worst_peak(run, QUANTITY_STACK), worst_peak(run, QUANTITY_HEAP),
			worst_peak(run, QUANTITY_SHARED));
}

static void print_equations(FILE *to, const struct sweep *s)
{
	fprintf(to, "\n%-10s %12s %12s %12s\n", "sessions", "stack", "heap", "shared");
	for (size_t i = 0; i < s->n; i++) {
		fprintf(to, "%-10" PRId64, s->sessions[i]);
		for (size_t q = 0; q < QUANTITY_COUNT; q++)
			fprintf(to, " %12" PRId64, worst_peak(json_array_get(s->runs, i), q));
		fprintf(to, "\n");
	}
	fprintf(to, "\nMeasured, the larger of source and destination, the worst of all phases:\n");
	for (size_t q = 0; q < QUANTITY_COUNT; q++) {
		const struct equation *e = &s->equation[q];
		AUTO_TEXT fixed = grouped(e->fixed);
		AUTO_TEXT per_session = grouped(e->per_session);
		fprintf(to,
			"  %s = %s + %s * session_num (%" PRId64 " + %" PRId64 " n +- %" PRId64
			")\n",
			title[q], fixed, per_session, e->fixed, e->per_session, e->max_residual);
	}
	for (size_t q = 0; q < QUANTITY_COUNT; q++) {
		const struct equation *e = &s->equation[q];
		if (e->max_residual != 0)
			fprintf(to, "  %s <= %" PRId64 " + %" PRId64 " n (no point lies above)\n",
				title[q], e->envelope_fixed, e->envelope_per_session);
	}
	print_seed_equations(to);
	print_policy_sizes(to, s);
}

/* The figures of one run by which policy sizes are told apart. */
static json_t *policy_size_json(const struct sweep *s)
{
	json_t *list = json_array();
	const json_t *run;
	size_t i;

	json_array_foreach(s->by_policy_size, i, run)
	{
		const json_t *config = json_object_get(run, "config");
		json_t *one = json_pack("{s:O, s:O}", "policy_bytes",
			json_object_get(config, "policy_bytes"), "sessions",
			json_object_get(config, "sessions"));
		for (size_t q = 0; q < QUANTITY_COUNT; q++)
			json_object_set_new(
				one, quantity_peak[q], json_integer(worst_peak(run, q)));
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *sweep_json(const struct sweep *s, bool complete)
{
	const json_t *first = json_array_get(s->runs, 0);
	json_t *equations = json_object(),
	       *config = json_deep_copy(json_object_get(first, "config"));
	json_t *sizes = json_array();

	for (size_t q = 0; q < QUANTITY_COUNT; q++)
		json_object_set_new(
			equations, quantity_name[q], equation_json(&s->equation[q]));
	for (size_t i = 0; i < s->n; i++)
		json_array_append_new(sizes, json_integer(s->sessions[i]));
	json_object_set_new(config, "sessions", sizes);
	/* clang-format off */
	return json_pack("{s:s, s:O, s:O, s:o, s:o, s:o, s:O, s:b, s:b}",
		"schema", "migmem-1",
		"git", json_object_get(first, "git"),
		"compiler", json_object_get(first, "compiler"),
		"config", config,
		"equations", equations,
		"policy_sizes", policy_size_json(s),
		"runs", s->runs,
		"complete", complete,
		"passed", s->passed && complete);
	/* clang-format on */
}

static int write_sweep(const struct run_options *o, const struct sweep *s, bool complete)
{
	AUTO_JSON result = sweep_json(s, complete);

	if (result == NULL)
		return tool_fail(TOOL_USAGE, "out of memory");
	AUTO_TEXT text = json_dumps(result, JSON_INDENT(2));
	TOOL_TRY(report_json_text(o, text));
	if (o->report != NULL) {
		AUTO_TEXT path = tool_text("%s/sweep.json", o->report);
		TOOL_TRY(folder_make(o->report));
		TOOL_TRY(file_write_text(path, text));
		TOOL_TRY(report_page_write(result, o->report));
	}
	return TOOL_OK;
}

static int check_all(struct run_options *o, const struct sweep *s)
{
	for (size_t i = s->n; i > 0; i--) {
		o->sessions = (uint64_t)s->sessions[i - 1];
		TOOL_TRY(run_check(o));
	}
	return TOOL_OK;
}

static int sweep_all(struct run_options *o, struct sweep *s)
{
	const char *report = o->report;
	int code = TOOL_OK;

	s->begun = stage_now();
	for (size_t i = 0; i < s->n && code == TOOL_OK; i++) {
		AUTO_TEXT own =
			report != NULL ? tool_text("%s/%" PRId64, report, s->sessions[i]) : NULL;
		o->sessions = (uint64_t)s->sessions[i];
		o->report = own;
		code = run_one(o, s, s->runs);
	}
	o->report = NULL;
	o->sessions = (uint64_t)s->sessions[0];
	for (size_t i = 0; i < s->policies && code == TOOL_OK; i++) {
		o->policy_size = (uint64_t)s->policy_sizes[i];
		code = run_one(o, s, s->by_policy_size);
	}
	o->report = report;
	show_progress(s, o);
	return code;
}

/* What was finished stays, also when the rest was interrupted or failed. */
static int tell_all(const struct run_options *o, struct sweep *s, int code)
{
	const bool complete = code == TOOL_OK;

	s->n = json_array_size(s->runs);
	if (s->n == 0)
		return code;
	if (!complete)
		tool_warn("the sweep is not complete; the %zu finished runs are kept", s->n);
	fit_all(s);
	print_equations(o->tables, s);
	const int written = write_sweep(o, s, complete);
	if (code == TOOL_OK)
		code = written;
	if (code == TOOL_OK && !s->passed)
		code = TOOL_REJECT;
	fprintf(o->tables, "%s\n", code == TOOL_OK ? "PASSED" : "FAILED");
	return code;
}

int command_sweep(int argc, char **argv)
{
	struct run_options o = run_defaults;
	const char *sizes = "1,2,4,8", *policy_sizes = NULL;
	struct option_spec specs[2 + RUN_SPECS_MAX] = {
		{"sessions", 'n', OPTION_TEXT, &sizes, "N,N,...", "numbers of sessions (1,2,4,8)",
			false},
		{"policy-sizes", 0, OPTION_TEXT, &policy_sizes, "BYTES,...",
			"more runs, with policies of these sizes", false},
	};
	struct sweep s = {.passed = true, .show_progress = isatty(STDERR_FILENO) == 1};

	TOOL_TRY(options_parse(argc, argv, "migmem sweep --sessions N,N,... [options]", specs,
		2 + run_specs(&o, specs + 2), NULL));
	TOOL_TRY(read_sizes(sizes, &s));
	if (policy_sizes != NULL)
		TOOL_TRY(read_list("policy-sizes", policy_sizes, POLICY_SIZE_MOST, s.policy_sizes,
			&s.policies));
	TOOL_TRY(check_all(&o, &s));
	s.runs = json_array();
	s.by_policy_size = json_array();
	const int code = tell_all(&o, &s, sweep_all(&o, &s));
	json_decref(s.runs);
	json_decref(s.by_policy_size);
	return code;
}
