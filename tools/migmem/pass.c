/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define _GNU_SOURCE
#include "migmem/pass.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const role_name[ROLE_COUNT] = {"src", "dst"};
const char *const host_name[ROLE_COUNT] = {"a", "b"};
/* The seed document's CIDs; further Migration TDs of a role count on from 100 and 10100. */
static const uint64_t first_cid[ROLE_COUNT] = {23, 21};

#define LIMIT_MS 60000
#define LIMIT_MS_PER_SESSION 1000

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

struct migration_td *pass_td(const struct pass *p, enum role role, size_t session)
{
	return &p->td[role][session % p->n[role]];
}

int64_t counter_of(const json_t *counters, const char *name)
{
	return json_integer_value(json_object_get(counters, name));
}

/* --- starting ------------------------------------------------------------------------------ */

/*
 * Regions that surely hold the sessions, for those the user did not size; up to this many the
 * Migration TD's own defaults do.
 */
#define DEFAULT_REGIONS_HOLD 64
#define ROOMY_FIXED (512u * 1024)
#define ROOMY_HEAP_PER_SESSION 8192u
#define ROOMY_SHARED_PER_SESSION 16384u	/* or what the transport needs, if that is more */
#define ROOMY_REST (32u * 1024 * 1024)

static char *roomy(const char *given, uint64_t sessions, uint64_t per_session, uint64_t fixed)
{
	if (given != NULL)
		return tool_text("%s", given);
	if (sessions <= DEFAULT_REGIONS_HOLD)
		return NULL;
	return tool_text("%" PRIu64, fixed + sessions * per_session);
}

static int start_td(struct pass *p, enum role role, size_t i)
{
	AUTO_TEXT plain = tool_text("migtd-%s", role_name[role]);
	AUTO_TEXT numbered = tool_text("migtd-%s-%zu", role_name[role], i);
	struct td_start start = {
		.launch = &p->m->launches[p->first_launch[role] + i],
		.name = p->n[role] == 1 ? plain : numbered,
		.cid = p->n[role] == 1 ? first_cid[role] : 100 + i,
		.timeout_s = pass_limit(p) / 1000,
	};
	const uint64_t sessions = p->measured[role] ? p->o->sessions : 1;
	AUTO_TEXT heap = roomy(p->o->heap, sessions, ROOMY_HEAP_PER_SESSION, ROOMY_FIXED);
	const uint64_t needed = shared_per_session(p->o);
	const uint64_t shared_each =
		needed > ROOMY_SHARED_PER_SESSION ? needed : ROOMY_SHARED_PER_SESSION;
	AUTO_TEXT shared = roomy(p->o->shared, sessions, shared_each, ROOMY_FIXED);
	AUTO_TEXT memory = roomy(
		p->o->memory, sessions, ROOMY_HEAP_PER_SESSION + shared_each, ROOMY_REST);

	if (p->measured[role]) {
		start.memory = memory;
		start.stack = p->o->stack;
		start.heap = heap;
		start.shared = shared;
		start.sessions_max = p->o->sessions_max;
	}
	return target_of(p->o)->start_td(p, role, &p->td[role][i], &start);
}

static int64_t in_use(const json_t *counters)
{
	return counter_of(counters, "heap_used") + counter_of(counters, "shared_used");
}

static int start_all(struct pass *p)
{
	TOOL_TRY(target_of(p->o)->start_hosts(p));
	for (enum role role = 0; role < ROLE_COUNT; role++)
		for (size_t i = 0; i < p->n[role]; i++) {
			struct migration_td *td = &p->td[role][i];
			AUTO_JSON counters = NULL;
			TOOL_TRY(start_td(p, role, i));
			TOOL_TRY(pass_control(p, td, "counters", &counters));
			td->base = in_use(counters);
			td->base_shared = counter_of(counters, "shared_used");
			for (size_t s = 0; s < p->o->sessions; s++)
				td->sessions += pass_td(p, role, s) == td;
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

static int finish_role(struct pass *p, enum role role)
{
	struct role_result *r = &p->result->role[role];
	const struct migration_td *td = &p->td[role][0];

	r->msk_lines = child_log_count(td->child, "MSK exchange completed");
	return pass_control(p, &p->td[role][0], "counters", &r->counters);
}

static int extent_of_measured(struct pass *p, int64_t *extent)
{
	*extent = 0;
	for (enum role role = 0; role < ROLE_COUNT; role++) {
		AUTO_JSON counters = NULL;
		if (!p->measured[role])
			continue;
		TOOL_TRY(pass_control(p, &p->td[role][0], "counters", &counters));
		*extent += counter_of(counters, "heap_extent_peak") +
			   counter_of(counters, "shared_extent_peak") +
			   counter_of(counters, "stack_peak");
	}
	return TOOL_OK;
}

int pass_execute(struct pass *p)
{
	int64_t last_extent = 0;

	for (enum role role = 0; role < ROLE_COUNT; role++) {
		p->td[role] = tool_alloc(p->n[role] * sizeof(*p->td[role]));
		p->user_td[role] = tool_alloc(p->o->sessions * sizeof(*p->user_td[role]));
	}
	TOOL_TRY(start_all(p));
	for (size_t round = 0; round < p->o->rounds; round++) {
		TOOL_TRY(round_execute(p, round));
		for (enum role role = 0; role < ROLE_COUNT; role++)
			for (size_t i = 0; i < p->n[role]; i++)
				TOOL_TRY(measure_leak(p, &p->td[role][i]));
		TOOL_TRY(extent_of_measured(p, &last_extent));
		if (round == 0)
			p->first_extent = last_extent;
	}
	p->result->growth += last_extent - p->first_extent;
	for (enum role role = 0; role < ROLE_COUNT; role++)
		if (p->measured[role])
			TOOL_TRY(finish_role(p, role));
	return TOOL_OK;
}

void pass_release(struct pass *p)
{
	target_of(p->o)->stop(p);
	for (enum role role = 0; role < ROLE_COUNT; role++) {
		for (size_t i = 0; p->td[role] != NULL && i < p->n[role]; i++)
			client_close(&p->td[role][i].control);
		client_close(&p->platform[role]);
		free(p->td[role]);
		free(p->user_td[role]);
	}
}
