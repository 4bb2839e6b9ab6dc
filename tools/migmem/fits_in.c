/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* migmem fits-in: how many sessions a memory holds, what ends first, and the proof by running it. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../ports/sizing.h"
#include "migmem/document.h"
#include "migmem/options.h"
#include "migmem/run.h"

/*
 * A heap region sets one record aside for each session, used or not; only distinct policies use
 * them, so only their equations size a region.
 */
int sizing_read(const char *path, json_t **sweep, struct equation e[QUANTITY_COUNT])
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

/* What the build was made with (MEMORY.md), for a policy of the usual size. */
static void sizing_committed(struct equation e[QUANTITY_COUNT], int64_t *other)
{
	e[QUANTITY_STACK] = (struct equation){.envelope_fixed = MIGTD_STACK_FIXED};
	e[QUANTITY_HEAP] = (struct equation){.envelope_fixed = MIGTD_HEAP_FIXED,
		.envelope_per_session = MIGTD_HEAP_PER_SESSION};
	e[QUANTITY_SHARED] = (struct equation){.envelope_fixed = MIGTD_SHARED_FIXED,
		.envelope_per_session = MIGTD_SHARED_PER_SESSION};
	*other = MIGTD_STATIC_BYTES + MIGTD_PAGES(POLICY_SIZE_DEFAULT) + 4096;
}

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

/* --- counting ---------------------------------------------------------------------------------- */

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

/* --- the proof --------------------------------------------------------------------------------- */

#define OUT_OF_RESOURCE 3

struct proof {
	struct run_options options;
	FILE *nowhere;
};

static uint64_t pages(int64_t bytes)
{
	return ((uint64_t)bytes + 4095) / 4096 * 4096;
}

/* Sessions that finished, and those that were refused for want of memory by at least one side. */
static void count(const struct run_result *r, size_t *finished, size_t *refused, const char **why)
{
	*finished = *refused = 0;
	for (size_t i = 0; i < r->n; i++) {
		const struct session_result *s = &r->sessions[i];
		const bool src = s->status[ROLE_SRC] == OUT_OF_RESOURCE;
		const bool dst = s->status[ROLE_DST] == OUT_OF_RESOURCE;
		*finished += s->status[ROLE_SRC] == 0 && s->status[ROLE_DST] == 0 && s->msk_match;
		*refused += src || dst;
		if (src || dst)
			*why = s->reason[src ? ROLE_SRC : ROLE_DST];
	}
}

static int prove_fit(struct proof *p, int64_t n)
{
	struct run_result r;

	p->options.sessions = (uint64_t)n;
	TOOL_TRY(run_check(&p->options));
	p->options.out = p->nowhere;
	int code = run_execute(&p->options, &r);
	if (code == TOOL_OK && !run_passed(&p->options, &r))
		code = tool_fail(TOOL_REJECT, "%" PRId64 " sessions do not run in it", n);
	run_release(&r);
	return code;
}

static int prove_refusal(struct proof *p, int64_t n)
{
	size_t finished, refused;
	const char *why = NULL;
	struct run_result r;

	p->options.sessions = (uint64_t)n + 1;
	TOOL_TRY(run_check(&p->options));
	p->options.out = p->nowhere;
	int code = run_execute(&p->options, &r);
	if (code == TOOL_OK) {
		count(&r, &finished, &refused, &why);
		printf("of %" PRId64 " sessions %zu finish and %zu %s refused with OutOfResource "
		       "(3)%s%s\n",
			n + 1, finished, refused, refused == 1 ? "is" : "are",
			why != NULL ? ": " : "", why != NULL ? why : "");
		if ((int64_t)finished != n || refused != 1 || r.leaked != 0 || r.residue != 0)
			code = tool_fail(TOOL_REJECT, "that is not what the equations say");
	}
	run_release(&r);
	return code;
}

/* Regions of exactly what n sessions need, in a TD of that size. */
static int prove(const struct equation e[QUANTITY_COUNT], uint64_t size, int64_t n,
	const char *migtd, const char *tdhost)
{
	AUTO_TEXT memory = tool_text("%" PRIu64, pages((int64_t)size));
	AUTO_TEXT heap = tool_text("%" PRIu64, pages(equation_bytes(&e[QUANTITY_HEAP], n)));
	AUTO_TEXT shared = tool_text("%" PRIu64, pages(equation_bytes(&e[QUANTITY_SHARED], n)));
	struct proof p = {.options = run_defaults, .nowhere = fopen("/dev/null", "w")};

	if (p.nowhere == NULL)
		return tool_fail(TOOL_USAGE, "/dev/null cannot be written");
	p.options.memory = memory;
	p.options.heap = heap;
	p.options.shared = shared;
	p.options.migtd = migtd;
	p.options.tdhost = tdhost;
	p.options.out = p.nowhere;
	int code = prove_fit(&p, n);
	if (code == TOOL_OK) {
		printf("%" PRId64 " sessions run at once with a heap of %s and a shared region of %s "
		       "bytes\n",
			n, heap, shared);
		fflush(stdout);
		code = prove_refusal(&p, n);
	}
	fclose(p.nowhere);
	printf("%s\n", code == TOOL_OK ? "PROVED" : "NOT PROVED");
	return code;
}

/* --- the command ------------------------------------------------------------------------------- */

static int read_equations(const char *from, struct equation e[QUANTITY_COUNT], int64_t *other)
{
	AUTO_JSON sweep = NULL;

	if (from == NULL) {
		sizing_committed(e, other);
		return TOOL_OK;
	}
	TOOL_TRY(sizing_read(from, &sweep, e));
	*other = other_bytes(sweep);
	return TOOL_OK;
}

static void tell(const struct limit *least, const struct equation *total, uint64_t size,
	int64_t other, bool json)
{
	if (json)
		printf("{\"sessions\":%" PRId64 ",\"first\":\"%s\"}\n", least->sessions,
			least->what);
	else
		printf("%" PRId64 " sessions fit in %" PRIu64 " bytes; %s runs out first\n"
		       "(%" PRId64 " + %" PRId64 " a session, of it %" PRId64
		       " static data and configuration; "
		       "text not counted)\n",
			least->sessions, size, least->what, total->envelope_fixed,
			total->envelope_per_session, other);
	fflush(stdout);
}

int command_fits_in(int argc, char **argv)
{
	const char *from = NULL, *migtd = NULL, *tdhost = NULL;
	uint64_t size = 0, heap = 0, shared = 0;
	bool json = false, proved = false;
	struct option_list others = {0};
	const struct option_spec specs[] = {
		{"from", 0, OPTION_TEXT, &from, "FILE",
			"from 'migmem sweep --policies distinct --json' (MEMORY.md's equations)",
			false},
		{"heap", 0, OPTION_SIZE, &heap, "SIZE", "of the heap region (as much as is left)",
			false},
		{"shared", 0, OPTION_SIZE, &shared, "SIZE", "of the shared region (the same)",
			false},
		{"prove", 0, OPTION_FLAG, &proved, NULL,
			"run so many, then one more, which must be refused alone", false},
		{"migtd", 0, OPTION_TEXT, &migtd, "FILE", "as for 'migmem run'", false},
		{"tdhost", 0, OPTION_TEXT, &tdhost, "FILE", "as for 'migmem run'", false},
		{"json", 0, OPTION_FLAG, &json, NULL, "print {\"sessions\":N,\"first\":...}",
			false},
	};
	struct equation e[QUANTITY_COUNT];
	struct limit least = {"nothing", -1};
	int64_t other;

	TOOL_TRY(options_parse(
		argc, argv, "migmem fits-in SIZE [options]", specs, COUNT_OF(specs), &others));
	if (others.n != 1 || !number_read(others.item[0], true, INT64_MAX, &size))
		return tool_fail(TOOL_USAGE, "one SIZE is needed, e.g. 32M");
	TOOL_TRY(read_equations(from, e, &other));
	/* All of it together, then each region that has a size of its own. */
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
	tell(&least, &total, size, other, json);
	if (least.sessions == 0)
		return TOOL_REJECT;
	return proved ? prove(e, size, least.sessions, migtd, tdhost) : TOOL_OK;
}
