/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Proof that the measurement can fail: runs that must not pass, results that the verdict must
 * notice, and changes of memory that the figures must show.
 */
#include <inttypes.h>
#include <stdio.h>

#include "migmem/options.h"
#include "migmem/pass.h"
#include "migmem/planted.h"
#include "migmem/sweep.h"

/* Runs that wait in vain are cut short. */
#define WAIT_SECONDS 10

struct selftest {
	struct run_options options; /* what every run starts from */
	FILE *nowhere;
	size_t wrong;
};

static void tell(struct selftest *t, bool ok, const char *what)
{
	/* A run that was interrupted failed for another reason than the one looked for. */
	ok = ok && !stage_interrupted();
	printf("%-12s %s\n", ok ? "ok" : "NOT NOTICED", what);
	fflush(stdout);
	t->wrong += !ok;
}

/* A quiet run; its verdict, and the result when it is wanted. */
static bool passes(struct selftest *t, struct run_options *o, struct run_result *keep)
{
	struct run_result r;

	if (stage_interrupted() || run_check(o) != TOOL_OK)
		return false;
	o->out = t->nowhere;
	const bool passed = run_execute(o, &r) == TOOL_OK && run_passed(o, &r);
	if (keep != NULL)
		*keep = r;
	else
		run_release(&r);
	return passed;
}

static int64_t heap_of(const struct run_result *r, enum side side)
{
	return counter_of(r->td[side].counters, "heap_extent_peak");
}

/* --- runs ---------------------------------------------------------------------------------- */

static void runs_that_must_fail(struct selftest *t)
{
	static const struct {
		const char *fault, *heap, *what;
	} cases[] = {
		{"quote-garbage", NULL, "quotes that are garbage"},
		{"quote-truncated", NULL, "quotes that are cut off"},
		{"quote-replay", NULL, "a quote of another session, replayed"},
		{"vsock-reset-after=3000", NULL, "connections that break"},
		{"debug-attributes", NULL, "Migration TDs that can be debugged"},
		{NULL, "64K", "a heap that is too small"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct run_options o = t->options;
		if (cases[i].fault != NULL)
			o.faults = (struct option_list){{cases[i].fault}, 1};
		o.heap = cases[i].heap;
		o.wait_seconds = WAIT_SECONDS;
		tool_quiet = true;
		const bool passed = passes(t, &o, NULL);
		tool_quiet = false;
		tell(t, !passed, cases[i].what);
	}
}

/* --- results ------------------------------------------------------------------------------- */

static void spoil_status(struct run_result *r)
{
	r->sessions[0].status[ROLE_DST] = 6;
}

static void spoil_key(struct run_result *r)
{
	r->sessions[r->n - 1].msk_match = false;
}

static void spoil_isolation(struct run_result *r)
{
	r->sessions[0].key_shared = true;
}

static void spoil_leak(struct run_result *r)
{
	r->leaked = 1;
}

static void spoil_residue(struct run_result *r)
{
	r->residue = 1;
}

static void spoil_growth(struct run_result *r)
{
	r->growth = 16;
}

static void spoil_log(struct run_result *r)
{
	r->td[SIDE_A].msk_lines--;
}

static void spoil_overlap(struct run_result *r)
{
	json_object_set_new(r->td[SIDE_B].counters, "sessions_peak", json_integer(1));
}

/* Each takes the good result, spoils one thing and looks at the verdict. */
static void results_that_must_be_noticed(struct selftest *t)
{
	static const struct {
		void (*spoil)(struct run_result *r);
		const char *what;
	} cases[] = {
		{spoil_status, "a session that failed on one side"},
		{spoil_key, "keys that differ between the hosts"},
		{spoil_isolation, "two sessions with one key"},
		{spoil_leak, "one byte that was not given back"},
		{spoil_residue, "one byte that was not wiped"},
		{spoil_growth, "memory that grows after the first round"},
		{spoil_log, "a key exchange that was not logged"},
		{spoil_overlap, "sessions that were not alive at once"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct run_options o = t->options;
		struct run_result r = {0};
		const bool good = passes(t, &o, &r);
		bool noticed = false;
		if (good) {
			cases[i].spoil(&r);
			tool_quiet = true;
			noticed = !run_passed(&o, &r);
			tool_quiet = false;
		}
		run_release(&r);
		tell(t, noticed, cases[i].what);
	}
}

/* --- figures ------------------------------------------------------------------------------- */

static void figures_that_must_move(struct selftest *t)
{
	struct run_options more = t->options, distinct = t->options, base = t->options;
	struct run_result r[3] = {0};

	more.sessions++;
	distinct.policies = "distinct";
	const bool good = passes(t, &base, &r[0]);
	tell(t,
		good && passes(t, &more, &r[1]) &&
			heap_of(&r[1], SIDE_A) > heap_of(&r[0], SIDE_A) &&
			heap_of(&r[1], SIDE_B) > heap_of(&r[0], SIDE_B),
		"one session more, in the heap");
	tell(t,
		good && passes(t, &distinct, &r[2]) &&
			heap_of(&r[2], SIDE_A) > heap_of(&r[0], SIDE_A) &&
			heap_of(&r[2], SIDE_B) > heap_of(&r[0], SIDE_B),
		"other policies, in the heap");
	for (size_t i = 0; i < COUNT_OF(r); i++)
		run_release(&r[i]);
}

int command_selftest(int argc, char **argv)
{
	struct selftest t = {.options = run_defaults};
	const char *planted = NULL;
	struct option_spec specs[2 + RUN_SPECS_MAX] = {
		{"sessions", 'n', OPTION_NUMBER, &t.options.sessions, "N",
			"sessions of each run (2)", false},
		{"planted", 0, OPTION_TEXT, &planted, "DIR",
			"Migration TDs with planted faults, from a build tree", false},
	};

	TOOL_TRY(options_parse(argc, argv, "migmem selftest [options]", specs,
		2 + run_specs(&t.options, specs + 2), NULL));
	TOOL_TRY(run_check(&t.options));
	if (t.options.sessions < 2)
		return tool_fail(TOOL_USAGE, "--sessions: the selftest needs two or more");
	t.nowhere = fopen("/dev/null", "w");
	if (t.nowhere == NULL)
		return tool_fail(TOOL_USAGE, "/dev/null cannot be written");
	struct run_options o = t.options;
	tell(&t, passes(&t, &o, NULL), "a run with nothing wrong passes");
	runs_that_must_fail(&t);
	results_that_must_be_noticed(&t);
	figures_that_must_move(&t);
	t.options.out = t.nowhere;
	if (planted != NULL) {
		tool_quiet = true;
		t.wrong += planted_faults(&t.options, planted);
		tool_quiet = false;
	}
	fclose(t.nowhere);
	printf("%s\n", t.wrong == 0 ? "PASSED" : "FAILED");
	return t.wrong == 0 ? TOOL_OK : TOOL_REJECT;
}
