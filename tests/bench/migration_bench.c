/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * migration-bench run --target inproc --rounds R ...: migmem itself, with Migration TDs that are
 * measured while they run and only then.  What the host does for them is left out: TDCALLs,
 * randomness, the console.
 *
 * The first round warms up, the others are measured; of three or more, the second is not: in it the
 * primitives called are recorded.  Alone it measures CPU time of both roles; under callgrind
 * (--instr-atstart=no --collect-atstart=no) the instructions of the role that BENCH_ROLE names, src
 * or dst, in a dump of that name.  Writes one JSON object to the file that BENCH_JSON names.
 *
 * Linked with --wrap of main and of what migmem calls on the way into a Migration TD and out of it.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <valgrind/callgrind.h>

#include "common/core.h"
#include "measure.h"
#include "migmem/inproc_td.h"
#include "migmem/pass.h"
#include "migmem/td_stack.h"
#include "recorder.h"

#include "../wrapped.h"

#define TDS_MAX 1024

/* What a role's measured Migration TDs did. */
struct account {
	uint64_t sessions;	/* of the rounds measured */
	uint64_t ns;
	uint64_t slices;	/* times the clock was begun and stopped */
	uint64_t calls_out;
	uint64_t recorded;	/* sessions in the trace */
	struct trace *trace;
};

static struct account accounts[ROLE_COUNT];
static enum role counted = ROLE_COUNT;	/* under callgrind */
static bool on_valgrind;	/* asked once: where it is asked, asking is counted */
static struct pass *pass;
static enum { WARMING, RECORDING, MEASURING } stage;
/* In the order in which they were created, which is migmem's own number of them. */
static const struct inproc_td *tds[TDS_MAX];
static size_t n_tds;

/* --- the clock ----------------------------------------------------------------------------- */

static struct account *running;	/* NULL: nobody that is measured */
static uint64_t since;

static uint64_t thread_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* What one begin and stop adds by itself. */
static double slice_ns(void)
{
	const int n = 100000;
	uint64_t sum = 0;

	for (int i = 0; i < n; i++) {
		const uint64_t before = thread_ns();
		sum += thread_ns() - before;
	}
	return (double)sum / n;
}

static void clock_begin(void)
{
	if (running == NULL || stage != MEASURING)
		return;
	if (!on_valgrind)
		since = thread_ns();
	else if (running == &accounts[counted])
		CALLGRIND_TOGGLE_COLLECT;
}

static void clock_stop(void)
{
	if (running == NULL || stage != MEASURING)
		return;
	if (!on_valgrind) {
		running->ns += thread_ns() - since;
		running->slices++;
	} else if (running == &accounts[counted]) {
		CALLGRIND_TOGGLE_COLLECT;
	}
}

/* --- what migmem calls --------------------------------------------------------------------- */

WRAPPED(int, pass_execute, struct pass *p)
{
	pass = p;
	n_tds = 0;
	stage = WARMING;
	const int code = __real_pass_execute(p);
	stage = WARMING;
	return code;
}

WRAPPED(int, round_execute, struct pass *p, size_t round)
{
	if (round > 0)
		stage = round == 1 && p->o->rounds > 2 ? RECORDING : MEASURING;
	for (enum role role = 0; role < ROLE_COUNT; role++) {
		if (p->measured[role] && stage == RECORDING)
			accounts[role].recorded += p->o->sessions;
		if (p->measured[role] && stage == MEASURING)
			accounts[role].sessions += p->o->sessions;
	}
	/* Nothing else is slowed down by being counted. */
	if (on_valgrind && stage == MEASURING)
		CALLGRIND_START_INSTRUMENTATION;
	const int code = __real_round_execute(p, round);
	if (on_valgrind && stage == MEASURING)
		CALLGRIND_STOP_INSTRUMENTATION;
	return code;
}

WRAPPED(int, inproc_td_create, const struct inproc_td_start *start, struct inproc_td **created)
{
	const int code = __real_inproc_td_create(start, created);

	must(n_tds < TDS_MAX, "too many Migration TDs");
	tds[n_tds++] = *created;
	return code;
}

static struct account *account_of(const struct inproc_td *td)
{
	for (enum role role = 0; role < ROLE_COUNT; role++)
		if (pass->measured[role] && tds[pass->td[role][0].member] == td)
			return &accounts[role];
	return NULL;
}

WRAPPED(const char *, inproc_td_round, struct inproc_td *td)
{
	running = account_of(td);
	const char *why = __real_inproc_td_round(td);
	running = NULL;
	return why;
}

struct inner {
	void (*run)(void *);
	void *argument;
};

static void run_measured(void *argument)
{
	const struct inner *inner = argument;

	trace_select(running != NULL && stage == RECORDING ? running->trace : NULL);
	clock_begin();
	inner->run(inner->argument);
	clock_stop();
	trace_select(NULL);
}

WRAPPED(bool, td_stack_run, const struct td_stack *s, void (*run)(void *), void *argument)
{
	struct inner inner = {run, argument};

	return __real_td_stack_run(s, run_measured, &inner);
}

WRAPPED(void, td_stack_leave, void (*run)(void *), void *argument)
{
	clock_stop();
	struct trace *const recording = trace_select(NULL);
	if (running != NULL && stage == MEASURING)
		running->calls_out++;
	__real_td_stack_leave(run, argument);
	trace_select(recording);
	clock_begin();
}

/* --- the report ---------------------------------------------------------------------------- */

static json_t *report_role(enum role role, double slice)
{
	const struct account *a = &accounts[role];
	json_t *of = json_pack("{s:I,s:f,s:f,s:I}", "sessions", (json_int_t)a->sessions, "ns",
		(double)a->ns - slice * (double)a->slices, "calls_out",
		(double)a->calls_out / (double)a->sessions, "recorded", (json_int_t)a->recorded);

	if (role == counted || counted == ROLE_COUNT)
		json_object_set_new(of, "primitives", trace_replay(a->trace, role_name[role]));
	return of;
}

static void report(void)
{
	const char *to = getenv("BENCH_JSON");
	AUTO_JSON all = json_object();

	must(to != NULL, "BENCH_JSON names no file");
	if (on_valgrind) {
		CALLGRIND_START_INSTRUMENTATION;
		CALLGRIND_DUMP_STATS_AT(role_name[counted]);
		CALLGRIND_TOGGLE_COLLECT;
	}
	for (enum role role = 0; role < ROLE_COUNT; role++)
		json_object_set_new(all, role_name[role],
			report_role(role, counted == ROLE_COUNT ? slice_ns() : 0));
	must(json_dump_file(all, to, JSON_INDENT(1)) == 0, "the results cannot be written");
}

WRAPPED(int, main, int argc, char **argv)
{
	const char *role = getenv("BENCH_ROLE");

	on_valgrind = RUNNING_ON_VALGRIND;
	if (on_valgrind) {
		must(role != NULL, "BENCH_ROLE names no role");
		counted = strcmp(role, role_name[ROLE_SRC]) == 0 ? ROLE_SRC : ROLE_DST;
	}
	for (enum role r = 0; r < ROLE_COUNT; r++)
		accounts[r].trace = trace_create();
	const int code = __real_main(argc, argv);
	if (code != TOOL_OK)
		return code;
	must(accounts[ROLE_SRC].sessions > 0 && accounts[ROLE_DST].sessions > 0,
		"nothing was measured: it takes --target inproc and two rounds");
	core_begin();
	report();
	for (enum role r = 0; r < ROLE_COUNT; r++)
		trace_free(accounts[r].trace);
	return TOOL_OK;
}
