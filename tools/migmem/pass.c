/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define _GNU_SOURCE
#include "migmem/pass.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "migmem/sizing.h"

const char *const role_name[ROLE_COUNT] = {"src", "dst"};
const char *const host_name[SIDE_COUNT] = {"a", "b"};
/* The seed document's CIDs; further Migration TDs of a side count on from 100 and 10100. */
static const uint64_t first_cid[SIDE_COUNT] = {23, 21};

#define LIMIT_MS 60000
#define LIMIT_MS_PER_SESSION 1000
/* The longest that a Migration TD takes as its time limit. */
#define TIMEOUT_MOST_S 3600

uint64_t pass_limit(const struct pass *p)
{
	if (p->o->wait_seconds != 0)
		return p->o->wait_seconds * 1000;
	return LIMIT_MS + LIMIT_MS_PER_SESSION * p->o->sessions;
}

const struct target *target_of(const struct run_options *o)
{
	const bool inproc = strcmp(o->target, target_inproc.name) == 0;

	return inproc ? &target_inproc : &target_processes;
}

uint64_t pass_now(const struct pass *p)
{
	return target_of(p->o)->now(p);
}

int pass_control(struct pass *p, struct migration_td *td, const char *line, json_t **answer)
{
	return target_of(p->o)->control(p, td, line, answer);
}

struct migration_td *pass_td(const struct pass *p, enum side side, size_t session)
{
	return &p->td[side][session % p->n[side]];
}

int64_t counter_of(const json_t *counters, const char *name)
{
	return json_integer_value(json_object_get(counters, name));
}

/* --- starting ------------------------------------------------------------------------------ */

static int start_td(struct pass *p, enum side side, size_t i)
{
	AUTO_TEXT plain = tool_text("migtd-%s", side_name(p->o, side));
	AUTO_TEXT numbered = tool_text("migtd-%s-%zu", side_name(p->o, side), i);
	struct td_start start = {
		.launch = &p->m->launches[p->first_launch[side] + i],
		.name = p->n[side] == 1 ? plain : numbered,
		.cid = p->n[side] == 1 ? first_cid[side] : 100 + i,
		.timeout_s = pass_limit(p) / 1000,
	};
	if (start.timeout_s > TIMEOUT_MOST_S)
		start.timeout_s = TIMEOUT_MOST_S;
	struct regions r = {0};

	if (p->measured[side]) {
		regions_choose(p->o, &r);
		start.memory = r.memory;
		start.stack = p->o->stack;
		start.heap = r.heap;
		start.shared = r.shared;
		start.sessions_max = r.sessions_max;
	}
	const int code = target_of(p->o)->start_td(p, side, &p->td[side][i], &start);
	regions_release(&r);
	return code;
}

static int64_t in_use(const json_t *counters)
{
	return counter_of(counters, "heap_used") + counter_of(counters, "shared_used");
}

static int start_all(struct pass *p)
{
	TOOL_TRY(target_of(p->o)->start_hosts(p));
	for (enum side side = 0; side < SIDE_COUNT; side++)
		for (size_t i = 0; i < p->n[side]; i++) {
			struct migration_td *td = &p->td[side][i];
			AUTO_JSON counters = NULL;
			TOOL_TRY(start_td(p, side, i));
			TOOL_TRY(pass_control(p, td, "counters", &counters));
			td->base = in_use(counters);
			td->base_shared = counter_of(counters, "shared_used");
			for (size_t s = 0; s < p->o->sessions; s++)
				td->sessions += pass_td(p, side, s) == td;
		}
	return TOOL_OK;
}

/* --- ends ---------------------------------------------------------------------------------- */

#define REPORTS_MS 2000

/* Waits until every session is gone; what is in use then beyond the base has leaked. */
static int measure_leak(struct pass *p, struct migration_td *td)
{
	const uint64_t until = pass_now(p) + pass_limit(p);
	/* The VMM takes the last reports after the sessions' ends. */
	const uint64_t reports_until = pass_now(p) + REPORTS_MS;

	for (;;) {
		AUTO_JSON counters = NULL;
		TOOL_TRY(pass_control(p, td, "counters", &counters));
		const int64_t live = counter_of(counters, "sessions_live");
		const bool reported = counter_of(counters, "shared_abandoned") == 0;
		if (live == 0 && (reported || pass_now(p) >= reports_until)) {
			p->result->leaked += llabs(in_use(counters) - td->base);
			p->result->leaked_shared +=
				llabs(counter_of(counters, "shared_used") - td->base_shared);
			p->result->residue += counter_of(counters, "residue");
			return TOOL_OK;
		}
		if (pass_now(p) >= until)
			return tool_fail(TOOL_REJECT, "%s: %" PRId64 " sessions did not end",
				td->child->name, live);
		TOOL_TRY(target_of(p->o)->wait(p));
	}
}

static int finish_side(struct pass *p, enum side side)
{
	struct td_result *r = &p->result->td[side];
	const struct migration_td *td = &p->td[side][0];

	r->msk_lines = child_log_count(td->child, "MSK exchange completed");
	return pass_control(p, &p->td[side][0], "counters", &r->counters);
}

static int extent_of_measured(struct pass *p, int64_t *extent)
{
	*extent = 0;
	for (enum side side = 0; side < SIDE_COUNT; side++) {
		AUTO_JSON counters = NULL;
		if (!p->measured[side])
			continue;
		TOOL_TRY(pass_control(p, &p->td[side][0], "counters", &counters));
		*extent += counter_of(counters, "heap_extent_peak") +
			   counter_of(counters, "shared_extent_peak") +
			   counter_of(counters, "stack_peak");
	}
	return TOOL_OK;
}

int pass_execute(struct pass *p)
{
	int64_t last_extent = 0;

	for (enum side side = 0; side < SIDE_COUNT; side++) {
		p->td[side] = tool_alloc(p->n[side] * sizeof(*p->td[side]));
		p->user_td[side] = tool_alloc(p->o->sessions * sizeof(*p->user_td[side]));
	}
	TOOL_TRY(start_all(p));
	for (size_t round = 0; round < p->o->rounds; round++) {
		TOOL_TRY(round_execute(p, round));
		for (enum side side = 0; side < SIDE_COUNT; side++)
			for (size_t i = 0; i < p->n[side]; i++)
				TOOL_TRY(measure_leak(p, &p->td[side][i]));
		TOOL_TRY(extent_of_measured(p, &last_extent));
		if (round == 0)
			p->first_extent = last_extent;
	}
	p->result->growth += last_extent - p->first_extent;
	for (enum side side = 0; side < SIDE_COUNT; side++)
		if (p->measured[side])
			TOOL_TRY(finish_side(p, side));
	return TOOL_OK;
}

void pass_release(struct pass *p)
{
	target_of(p->o)->stop(p);
	for (enum side side = 0; side < SIDE_COUNT; side++) {
		for (size_t i = 0; p->td[side] != NULL && i < p->n[side]; i++)
			client_close(&p->td[side][i].control);
		client_close(&p->platform[side]);
		free(p->td[side]);
		free(p->user_td[side]);
	}
}
