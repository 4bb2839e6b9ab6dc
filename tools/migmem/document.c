/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "migmem/document.h"

#include <inttypes.h>
#include <string.h>

#include "common/options.h"
#include "migmem/compare.h"
#include "migmem/figures.h"
#include "migmem/goals.h"
#include "migmem/html.h"
#include "migmem/markdown.h"
#include "migmem/seed.h"
#include "migmem/sizing.h"

/* --- the goals --------------------------------------------------------------------------------- */

#define NO_GOAL (-1)

struct goal {
	const char *what;
	int64_t seed;		/* NO_GOAL: not stated */
	int64_t must, stretch;	/* NO_GOAL: none */
	int64_t here;
	bool more;		/* more is better */
};

static char *goal_text(int64_t value, bool more)
{
	AUTO_TEXT number = grouped_decimal(value);

	return value == NO_GOAL ? tool_text("–") : tool_text("%s %s", more ? "≥" : "≤", number);
}

static const char *verdict_of(const struct goal *g)
{
	const bool must = g->must == NO_GOAL || (g->more ? g->here >= g->must : g->here <= g->must);
	const bool stretch =
		g->stretch != NO_GOAL && (g->more ? g->here >= g->stretch : g->here <= g->stretch);

	if (stretch)
		return "stretch reached";
	if (!must)
		return "**missed**";
	return g->must == NO_GOAL ? "**stretch missed**"
	       : g->stretch == NO_GOAL ? "reached"
				       : "reached, stretch missed";
}

static void write_goal(struct blob *to, const struct goal *g)
{
	AUTO_TEXT seed = g->seed == NO_GOAL ? tool_text("not stated") : grouped_decimal(g->seed);
	AUTO_TEXT must = goal_text(g->must, g->more);
	AUTO_TEXT stretch = goal_text(g->stretch, g->more);
	AUTO_TEXT here = grouped_decimal(g->here);

	blob_format(to, "| %s | %s | %s | %s | %s | %s |\n", g->what, seed, must, stretch, here,
		verdict_of(g));
}

/* All that was measured, of the sweeps that are there. */
struct measured {
	struct equation distinct[QUANTITY_COUNT], same[QUANTITY_COUNT], raw[QUANTITY_COUNT],
		all[QUANTITY_COUNT], vsock[QUANTITY_COUNT];
	bool has_raw;
	int64_t growth;
};

static int64_t most_growth(const json_t *baseline)
{
	const json_t *sweep, *run;
	int64_t most = 0;
	size_t i;

	json_array_foreach(json_object_get(baseline, "sweeps"), i, sweep)
		for (size_t k = 0; (run = result_run(sweep, k)) != NULL; k++)
			if (number_in(run, "growth", NULL) > most)
				most = number_in(run, "growth", NULL);
	return most;
}

static int read_measured(const char *name, const json_t *baseline, struct measured *m)
{
	const json_t *distinct = baseline_sweep(baseline, "v2", "distinct", "apart", "vsock");
	const json_t *same = baseline_sweep(baseline, "v2", "same", "apart", "vsock");
	const json_t *raw = baseline_sweep(baseline, "v2", "distinct", "apart", "vmcall-raw");

	*m = (struct measured){.has_raw = raw != NULL, .growth = most_growth(baseline)};
	if (distinct == NULL || same == NULL)
		return tool_fail(TOOL_USAGE,
			"%s: sweeps with policy v2 over vsock are needed, --policies same and "
			"distinct",
			name);
	TOOL_TRY(equations_read(name, distinct, m->distinct));
	TOOL_TRY(equations_read(name, same, m->same));
	if (raw != NULL)
		TOOL_TRY(equations_read(name, raw, m->raw));
	TOOL_TRY(sizing_of(name, baseline, "vsock", m->vsock));
	return sizing_of(name, baseline, NULL, m->all);
}

static void document_goals(struct blob *to, const json_t *baseline, const struct measured *m)
{
	const struct equation *shared = m->has_raw ? m->raw : m->distinct;
	const struct goal goals[] = {
		{"Stack, painted", SEED_STACK, GOAL_STACK, GOAL_STACK_STRETCH,
			m->distinct[QUANTITY_STACK].envelope_fixed, false},
		{"Stack, bound from the call graph", NO_GOAL, GOAL_STACK, GOAL_STACK_STRETCH,
			sizing_stack(baseline), false},
		{"Heap, fixed part", SEED_HEAP_FIXED, GOAL_HEAP_FIXED,
			GOAL_HEAP_FIXED_STRETCH,
			m->distinct[QUANTITY_HEAP].envelope_fixed, false},
		{"Heap, per session, different peer policies", SEED_HEAP_PER_SESSION,
			GOAL_HEAP_PER_SESSION,
			NO_GOAL, m->distinct[QUANTITY_HEAP].envelope_per_session, false},
		{"Heap, per session, equal policies", SEED_HEAP_PER_SESSION, NO_GOAL,
			GOAL_HEAP_PER_SESSION_STRETCH,
			m->same[QUANTITY_HEAP].envelope_per_session, false},
		{m->has_raw ? "Shared memory, fixed part, vmcall-raw"
			    : "Shared memory, fixed part, vsock",
			SEED_SHARED_FIXED, GOAL_SHARED_FIXED, NO_GOAL, shared[QUANTITY_SHARED].envelope_fixed,
			false},
		{m->has_raw ? "Shared memory, per session, vmcall-raw"
			    : "Shared memory, per session, vsock",
			SEED_SHARED_PER_SESSION, GOAL_SHARED_PER_SESSION,
			GOAL_SHARED_PER_SESSION_STRETCH,
			shared[QUANTITY_SHARED].envelope_per_session, false},
		{"Everything else writable", NO_GOAL, TD_STATIC_BYTES, NO_GOAL,
			sizing_static(baseline), false},
		{"Sessions at once in a TD of 32 MiB, vsock", SEED_SESSIONS,
			GOAL_SESSIONS, GOAL_SESSIONS_STRETCH,
			sessions_in_td(m->vsock, 32 << 20), true},
		{"Sessions at once in a TD of 32 MiB, vmcall-raw", SEED_SESSIONS,
			GOAL_SESSIONS, GOAL_SESSIONS_STRETCH,
			sessions_in_td(m->all, 32 << 20), true},
		{"Growth from round 2 on", NO_GOAL, 0, NO_GOAL, m->growth, false},
	};

	blob_add_text(to, "| Bytes | Seed document | Must reach | Stretch | Here | |\n"
			  "|---|---:|---:|---:|---:|---|\n");
	for (size_t i = 0; i < COUNT_OF(goals); i++)
		write_goal(to, &goals[i]);
	AUTO_TEXT volume = grouped_decimal(TD_VOLUME_BYTES);
	AUTO_TEXT data = grouped_decimal(TD_STATIC_BYTES);
	blob_format(to,
		"\nThe seed document deduced its shared memory and needs the same again as private "
		"shadow; here\nthe private copies are in the heap. Work per pre-migration is told by "
		"`make bench`. Sessions in\n32 MiB: by the larger equation of each quantity over that "
		"transport, with 1 MiB of text, a full\nconfiguration volume of %s bytes and %s bytes "
		"of static data set aside; `migmem fits-in 32M --prove`\nsays the same and runs them.\n",
		volume, data);
	if (!m->has_raw)
		blob_add_text(to, "The goals for shared memory are for vmcall-raw; what stands here "
				  "was measured on vsock.\n");
}

/* --- the document ------------------------------------------------------------------------------ */

static const char head[] =
	"# Memory\n\n"
	"Written by `make memory` from `tests/memory/baseline.json`; not edited by hand. `make test` "
	"measures\nagain and fails when a figure has grown or this file no longer fits.\n\n"
	"n is the number of sessions held at the same moment; SPDM; policies of 172,021 bytes (v2) "
	"and\n48,893 bytes (v1). Every figure is an extent, not requested bytes; the larger of source "
	"and\ndestination; the worst of all phases, with a barrier after each.\n\n"
	"## Goals\n\n";

static const char method[] =
	"\n## Method\n\n"
	"- `migmem sweep --target inproc --hold all --rounds 2`: all sessions stop after each phase until every one "
	"of them is\n  there (or queued for a work slot or quote buffer); two rounds in the same Migration TDs, and "
	"what the second needs\n  more is the growth. Regions are sized for n, so that tables which "
	"grow with what a region could\n  hold are counted.\n"
	"- Different policies: one pass has the measured source against n destinations with policies "
	"of their\n  own, another n sources against the measured destination.\n"
	"- Stack: painted before the core runs; a guard page lies below. The static bound is the "
	"longest way\n  through the compiler's call graph and the disassembled archives "
	"(`tools/stack_bound`), recursion and\n  calls through pointers resolved or refused.\n"
	"- Heap and shared memory: the core's own accounts; `tests/e2e/observer_test.py` reads the "
	"same from\n  outside, `migmem selftest` plants faults that must be seen.\n"
	"- The two lines: least squares with the furthest point off it, and the lowest line that no "
	"point lies\n  above. The second, the larger of all sweeps, is in `ports/sizing.h`, which the "
	"build asserts on.\n"
	"- Growth on purpose: `make memory`, and commit what it changed with the reason.\n";

static int write_document(const char *name, const json_t *baseline, struct blob *to)
{
	struct measured m;

	TOOL_TRY(read_measured(name, baseline, &m));
	blob_add_text(to, head);
	document_goals(to, baseline, &m);
	document_equations(to, baseline);
	document_points(to, baseline);
	document_pools(to, baseline);
	document_stack(to, baseline);
	document_static(to, baseline);
	document_limits(to, baseline);
	blob_add_text(to, method);
	return TOOL_OK;
}

int command_document(int argc, char **argv)
{
	const char *output = NULL;
	struct option_list files = {0};
	const struct option_spec specs[] = {
		{"output", 'o', OPTION_TEXT, &output, "FILE", "MEMORY.md to write", true},
	};
	AUTO_BLOB text = {0};

	TOOL_TRY(options_parse(argc, argv, "migmem document BASELINE.json -o FILE", specs,
		COUNT_OF(specs), &files));
	if (files.n != 1)
		return tool_fail(TOOL_USAGE, "one result of 'migmem baseline' is needed");
	AUTO_JSON baseline = json_read_file(files.item[0]);
	if (baseline == NULL ||
		json_member(files.item[0], baseline, "sweeps", JSON_ARRAY) == NULL)
		return TOOL_USAGE;
	TOOL_TRY(write_document(files.item[0], baseline, &text));
	return file_write(output, text.data, text.size);
}
