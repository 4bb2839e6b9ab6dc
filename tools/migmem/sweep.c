/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define _GNU_SOURCE
#include "migmem/sweep.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "migmem/goals.h"
#include "migmem/markdown.h"
#include "migmem/options.h"
#include "migmem/report_page.h"
#include "migmem/run.h"
#include "migmem/seed.h"
#include "tdx/get_quote.h"

#define SIZES_MAX 64
/* The largest that a Migration TD takes from its peer. */
#define POLICY_SIZE_MOST (512u * 1024)

/* Runs that differ in nothing but the size of something that comes from outside. */
enum input { INPUT_POLICY, INPUT_QUOTE, INPUT_COUNT };
static const struct {
	const char *option, *member;
} inputs[INPUT_COUNT] = {
	{"policy-sizes", "policy_sizes"},
	{"quote-sizes", "quote_sizes"},
};

struct variation {
	int64_t sizes[SIZES_MAX];
	size_t n;
	json_t *runs;		/* as many as were finished */
};

struct sweep {
	int64_t sessions[SIZES_MAX];
	size_t n;
	json_t *runs;		/* of those sizes, as many as were finished */
	struct variation by[INPUT_COUNT];
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
		if (!number_read(one, true, INT64_MAX, &value))
			return tool_fail(TOOL_USAGE, "--%s: '%s' in '%s' is not a number", option,
				one, text);
		if (value > most)
			return tool_fail(TOOL_USAGE, "--%s: %s is more than %" PRIu64, option, one,
				most);
		if (*n == SIZES_MAX)
			return tool_fail(TOOL_USAGE, "--%s: more than %d numbers", option,
				SIZES_MAX);
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
	size_t done = json_array_size(s->runs), all = s->n;

	for (size_t i = 0; i < INPUT_COUNT; i++) {
		done += json_array_size(s->by[i].runs);
		all += s->by[i].n;
	}
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

/* The figures by which runs of a variation are told apart. */
static json_t *variation_json(const struct variation *v)
{
	json_t *list = json_array();
	const json_t *run;
	size_t i;

	json_array_foreach(v->runs, i, run)
	{
		const json_t *config = json_object_get(run, "config");
		const json_t *facts = json_object_get(run, "facts");
		json_t *one = json_pack("{s:O, s:O, s:O, s:O}", "policy_bytes",
			json_object_get(config, "policy_bytes"), "quote_bytes",
			json_object_get(facts, "quote_bytes"), "event_log_bytes",
			json_object_get(facts, "event_log_bytes"), "sessions",
			json_object_get(config, "sessions"));
		for (size_t q = 0; q < QUANTITY_COUNT; q++)
			json_object_set_new(
				one, quantity_peak[q], json_integer(worst_peak(run, q)));
		json_array_append_new(list, one);
	}
	return list;
}

/* Whether the sizes of inputs matter. */
static void print_variations(FILE *to, const struct sweep *s)
{
	AUTO_JSON lists = json_object();

	for (size_t i = 0; i < INPUT_COUNT; i++)
		json_object_set_new(lists, inputs[i].member, variation_json(&s->by[i]));
	AUTO_TEXT lines = input_sizes_text(lists);
	fputs(lines, to);
}

static void print_equations(FILE *to, const struct run_options *o, const struct sweep *s)
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
	if (!o->brief)
		print_seed_equations(to);
	fputc('\n', to);
	goals_print(to, s->equation, !o->v1 && o->distinct);
	print_variations(to, s);
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
	return json_pack("{s:s, s:O, s:O, s:o, s:o, s:o, s:o, s:O, s:b, s:b}",
		"schema", "migmem-1",
		"git", json_object_get(first, "git"),
		"compiler", json_object_get(first, "compiler"),
		"config", config,
		"equations", equations,
		inputs[INPUT_POLICY].member, variation_json(&s->by[INPUT_POLICY]),
		inputs[INPUT_QUOTE].member, variation_json(&s->by[INPUT_QUOTE]),
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

/* With the second number of sessions, so that a Migration TD has several of what varies. */
static int vary_inputs(struct run_options o, struct sweep *s)
{
	const uint64_t policy = o.policy_size, quote = o.quote_size;

	o.sessions = (uint64_t)s->sessions[1];
	for (size_t i = 0; i < INPUT_COUNT; i++)
		for (size_t k = 0; k < s->by[i].n; k++) {
			const uint64_t size = (uint64_t)s->by[i].sizes[k];
			o.policy_size = i == INPUT_POLICY ? size : policy;
			o.quote_size = i == INPUT_QUOTE ? size : quote;
			TOOL_TRY(run_one(&o, s, s->by[i].runs));
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
	if (code == TOOL_OK)
		code = vary_inputs(*o, s);
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
	print_equations(o->tables, o, s);
	const int written = write_sweep(o, s, complete);
	if (code == TOOL_OK)
		code = written;
	if (code == TOOL_OK && !s->passed)
		code = TOOL_REJECT;
	fprintf(o->tables, "%s\n", code == TOOL_OK ? "PASSED" : "FAILED");
	return code;
}

static int read_variations(const char *const text[INPUT_COUNT], struct sweep *s)
{
	for (size_t i = 0; i < INPUT_COUNT; i++) {
		const uint64_t most = i == INPUT_POLICY ? POLICY_SIZE_MOST : QUOTE_SIZE_MAX;
		s->by[i].runs = json_array();
		if (text[i] != NULL)
			TOOL_TRY(read_list(
				inputs[i].option, text[i], most, s->by[i].sizes, &s->by[i].n));
	}
	return TOOL_OK;
}

int command_sweep(int argc, char **argv)
{
	struct run_options o = run_defaults;
	const char *sizes = "1,2,4,8", *varied[INPUT_COUNT] = {NULL};
	struct option_spec specs[3 + RUN_SPECS_MAX] = {
		{"sessions", 'n', OPTION_TEXT, &sizes, "N,N,...", "numbers of sessions (1,2,4,8)",
			false},
		{inputs[INPUT_POLICY].option, 0, OPTION_TEXT, &varied[INPUT_POLICY], "BYTES,...",
			"more runs, with policies of these sizes", false},
		{inputs[INPUT_QUOTE].option, 0, OPTION_TEXT, &varied[INPUT_QUOTE], "BYTES,...",
			"more runs, with quotes of these sizes", false},
	};
	struct sweep s = {.passed = true, .show_progress = isatty(STDERR_FILENO) == 1};

	TOOL_TRY(options_parse(argc, argv, "migmem sweep --sessions N,N,... [options]", specs,
		3 + run_specs(&o, specs + 3), NULL));
	TOOL_TRY(read_sizes(sizes, &s));
	TOOL_TRY(check_all(&o, &s));
	int code = read_variations(varied, &s);
	s.runs = json_array();
	if (code == TOOL_OK)
		code = tell_all(&o, &s, sweep_all(&o, &s));
	json_decref(s.runs);
	for (size_t i = 0; i < INPUT_COUNT; i++)
		json_decref(s.by[i].runs);
	return code;
}
