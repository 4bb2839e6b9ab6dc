/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define _GNU_SOURCE
#include "migmem/sweep.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "migmem/options.h"
#include "migmem/run.h"

#define SIZES_MAX 64

struct sweep {
	int64_t sessions[SIZES_MAX];
	size_t n;
	json_t *runs;
	struct equation equation[QUANTITY_COUNT];
	bool passed;
};

/* "1,2,4": different numbers, at least two of them. */
static int read_sizes(const char *text, struct sweep *s)
{
	AUTO_TEXT copy = tool_text("%s", text);

	for (char *rest = copy, *one; (one = strsep(&rest, ",")) != NULL;) {
		uint64_t value;
		if (s->n == SIZES_MAX || !number_read(one, false, INT32_MAX, &value))
			return tool_fail(TOOL_USAGE,
				"--sessions: '%s' in '%s' is not a number, or too many", one, text);
		for (size_t i = 0; i < s->n; i++)
			if (s->sessions[i] == (int64_t)value)
				return tool_fail(
					TOOL_USAGE, "--sessions: %s stands there twice", one);
		s->sessions[s->n++] = (int64_t)value;
	}
	if (s->n < 2)
		return tool_fail(
			TOOL_USAGE, "--sessions: an equation needs two different numbers or more");
	return TOOL_OK;
}

static int run_one(const struct run_options *o, struct sweep *s)
{
	struct run_result r;
	int code = run_execute(o, &r);

	if (code == TOOL_OK) {
		const bool passed = run_passed(o, &r);
		s->passed = s->passed && passed;
		json_array_append_new(s->runs, report_json(o, &r, passed));
	}
	run_release(&r);
	return code;
}

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

static void print_equations(FILE *to, const struct sweep *s)
{
	static const char *const title[QUANTITY_COUNT] = {
		"Stack Size", "Heap Size", "Shared Memory Size"};

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
			"  %s = %s + %s * session_num   (%" PRId64 " + %" PRId64
			" n, off by at most %" PRId64 " in %zu runs)\n",
			title[q], fixed, per_session, e->fixed, e->per_session, e->max_residual,
			e->n);
	}
}

static json_t *sweep_json(const struct sweep *s)
{
	const json_t *first = json_array_get(s->runs, 0);
	json_t *equations = json_object(),
	       *config = json_deep_copy(json_object_get(first, "config"));
	json_t *sizes = json_array();

	for (size_t q = 0; q < QUANTITY_COUNT; q++) {
		const struct equation *e = &s->equation[q];
		json_object_set_new(equations, quantity_name[q],
			json_pack("{s:I, s:I, s:I, s:I}", "fixed", (json_int_t)e->fixed,
				"per_session", (json_int_t)e->per_session, "max_residual",
				(json_int_t)e->max_residual, "n", (json_int_t)e->n));
	}
	for (size_t i = 0; i < s->n; i++)
		json_array_append_new(sizes, json_integer(s->sessions[i]));
	json_object_set_new(config, "sessions", sizes);
	/* clang-format off */
	return json_pack("{s:s, s:O, s:O, s:o, s:o, s:O, s:b}",
		"schema", "migmem-1",
		"git", json_object_get(first, "git"),
		"compiler", json_object_get(first, "compiler"),
		"config", config,
		"equations", equations,
		"runs", s->runs,
		"passed", s->passed);
	/* clang-format on */
}

static int write_sweep(const struct run_options *o, const struct sweep *s)
{
	AUTO_JSON result = sweep_json(s);

	if (result == NULL)
		return tool_fail(TOOL_USAGE, "out of memory");
	AUTO_TEXT text = json_dumps(result, JSON_INDENT(2));
	TOOL_TRY(report_json_text(o, text));
	if (o->report != NULL) {
		AUTO_TEXT path = tool_text("%s/sweep.json", o->report);
		TOOL_TRY(file_write_text(path, text));
	}
	return TOOL_OK;
}

static int sweep_all(struct run_options *o, struct sweep *s)
{
	const char *report = o->report;
	int code = TOOL_OK;

	for (size_t i = 0; i < s->n; i++) {
		o->sessions = (uint64_t)s->sessions[i];
		TOOL_TRY(run_check(o));
	}
	for (size_t i = 0; i < s->n && code == TOOL_OK; i++) {
		AUTO_TEXT own =
			report != NULL ? tool_text("%s/%" PRId64, report, s->sessions[i]) : NULL;
		o->sessions = (uint64_t)s->sessions[i];
		o->report = own;
		code = run_one(o, s);
	}
	o->report = report;
	return code;
}

int command_sweep(int argc, char **argv)
{
	struct run_options o = run_defaults;
	const char *sizes = "1,2,4,8";
	struct option_spec specs[1 + RUN_SPECS_MAX] = {
		{"sessions", 'n', OPTION_TEXT, &sizes, "N,N,...", "numbers of sessions (1,2,4,8)",
			false},
	};
	struct sweep s = {.passed = true};

	TOOL_TRY(options_parse(argc, argv, "migmem sweep --sessions N,N,... [options]", specs,
		1 + run_specs(&o, specs + 1), NULL));
	TOOL_TRY(read_sizes(sizes, &s));
	s.runs = json_array();
	int code = sweep_all(&o, &s);
	if (code == TOOL_OK) {
		fit_all(&s);
		print_equations(o.out, &s);
		code = write_sweep(&o, &s);
		if (code == TOOL_OK && !s.passed)
			code = TOOL_REJECT;
		fprintf(o.out, "%s\n", code == TOOL_OK ? "PASSED" : "FAILED");
	}
	json_decref(s.runs);
	return code;
}
