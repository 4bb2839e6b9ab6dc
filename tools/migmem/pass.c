/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define _GNU_SOURCE
#include "migmem/pass.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "migmem/relay.h"

const char *const role_name[ROLE_COUNT] = {"src", "dst"};
static const char *const host_name[ROLE_COUNT] = {"a", "b"};
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

struct migration_td *pass_td(const struct pass *p, enum role role, size_t session)
{
	return &p->td[role][session % p->n[role]];
}

int64_t counter_of(const json_t *counters, const char *name)
{
	return json_integer_value(json_object_get(counters, name));
}

/* A path of this pass, e.g. FOLDER/0-a.sock. */
static char *own_path(const struct pass *p, const char *format, const char *name)
{
	AUTO_TEXT own = tool_text(format, name);
	AUTO_TEXT numbered = tool_text("%zu-%s", p->number, own);
	return stage_path(p->stage, numbered);
}

static char *unix_of(const char *path)
{
	return tool_text("unix:%s", path);
}

/* --- starting the processes ---------------------------------------------------------------- */

#define ARGS_MAX (40 + 2 * OPTION_LIST_MAX)

struct arguments {
	const char *item[ARGS_MAX + 1];
	size_t n;
};

static void add(struct arguments *a, const char *option, const char *value)
{
	if (value == NULL || a->n + 2 > ARGS_MAX)
		return;
	a->item[a->n++] = option;
	a->item[a->n++] = value;
}

static int start_platform(struct pass *p, enum role role)
{
	AUTO_TEXT name = tool_text("%zu-host-%s", p->number, host_name[role]);
	AUTO_TEXT socket_path = own_path(p, "%s.sock", host_name[role]);
	AUTO_TEXT vsock_path = own_path(p, "vsock-%s", host_name[role]);
	AUTO_TEXT listen = unix_of(socket_path);
	AUTO_TEXT vsock = unix_of(vsock_path);
	AUTO_TEXT pki = tool_text("%s/hosts/%s", p->m->pki, host_name[role]);
	struct arguments a = {{p->m->tdhost, "platform"}, 2};

	add(&a, "--listen", listen);
	add(&a, "--vsock", vsock);
	add(&a, "--pki", pki);
	for (size_t i = 0; i < p->o->faults.n; i++)
		add(&a, "--fault", p->o->faults.item[i]);
	return stage_start(p->stage, name, a.item) != NULL ? TOOL_OK : TOOL_REJECT;
}

int pass_connect_platform(struct pass *p, enum role role)
{
	AUTO_TEXT name = tool_text("host %s", host_name[role]);
	AUTO_TEXT path = own_path(p, "%s.sock", host_name[role]);

	client_close(&p->platform[role]);
	return client_connect(
		p->stage, name, path, true, stage_now() + pass_limit(p), &p->platform[role]);
}

static int start_relay(struct pass *p)
{
	AUTO_TEXT source = own_path(p, "vsock-%s", host_name[ROLE_SRC]);
	AUTO_TEXT destination = own_path(p, "vsock-%s", host_name[ROLE_DST]);

	return relay_start(p->stage, source, destination, p->o->sessions);
}

/*
 * Regions that surely hold the sessions, for those the user did not size; up to this many the
 * Migration TD's own defaults do.
 */
#define DEFAULT_REGIONS_HOLD 64
#define ROOMY_FIXED (512u * 1024)
#define ROOMY_HEAP_PER_SESSION 8192u
#define ROOMY_SHARED_PER_SESSION 16384u
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
	struct migration_td *td = &p->td[role][i];
	const struct launch *l = &p->m->launches[p->first_launch[role] + i];
	AUTO_TEXT plain = tool_text("migtd-%s", role_name[role]);
	AUTO_TEXT numbered = tool_text("migtd-%s-%zu", role_name[role], i);
	const char *name = p->n[role] == 1 ? plain : numbered;
	AUTO_TEXT child_name = tool_text("%zu-%s", p->number, name);
	AUTO_TEXT platform_path = own_path(p, "%s.sock", host_name[role]);
	AUTO_TEXT control_path = own_path(p, "%s.control", name);
	AUTO_TEXT platform = unix_of(platform_path);
	AUTO_TEXT control = unix_of(control_path);
	AUTO_TEXT cid = tool_text("%" PRIu64, p->n[role] == 1 ? first_cid[role] : 100 + i);
	AUTO_TEXT timeout = tool_text("%" PRIu64, pass_limit(p) / 1000);
	struct arguments a = {{p->m->migtd}, 1};

	if (!p->o->v1)
		a.item[a.n++] = "--policy-v2";
	add(&a, "--platform", platform);
	add(&a, "--name", name);
	add(&a, "--policy", l->policy);
	add(&a, "--policy-issuer-chain", l->chain);
	add(&a, "--root-ca", l->root_ca);
	add(&a, "--mrowner", l->mrowner);
	add(&a, "--mrownerconfig", l->mrownerconfig);
	add(&a, "--cid", cid);
	add(&a, "--control", control);
	add(&a, "--timeout", timeout);
	add(&a, "-l", p->o->log_level);
	const uint64_t sessions = p->measured[role] ? p->o->sessions : 1;
	AUTO_TEXT heap = roomy(p->o->heap, sessions, ROOMY_HEAP_PER_SESSION, ROOMY_FIXED);
	AUTO_TEXT shared = roomy(p->o->shared, sessions, ROOMY_SHARED_PER_SESSION, ROOMY_FIXED);
	AUTO_TEXT memory = roomy(p->o->memory, sessions,
		ROOMY_HEAP_PER_SESSION + ROOMY_SHARED_PER_SESSION, ROOMY_REST);
	if (p->measured[role]) {
		add(&a, "--memory", memory);
		add(&a, "--stack", p->o->stack);
		add(&a, "--heap", heap);
		add(&a, "--shared", shared);
		add(&a, "--sessions-max", p->o->sessions_max);
	}
	td->child = stage_start(p->stage, child_name, a.item);
	if (td->child == NULL)
		return TOOL_REJECT;
	return client_connect(
		p->stage, name, control_path, false, stage_now() + pass_limit(p), &td->control);
}

static int64_t in_use(const json_t *counters)
{
	return counter_of(counters, "heap_used") + counter_of(counters, "shared_used");
}

static int start_all(struct pass *p)
{
	for (enum role role = 0; role < ROLE_COUNT; role++) {
		TOOL_TRY(start_platform(p, role));
		TOOL_TRY(pass_connect_platform(p, role));
	}
	TOOL_TRY(start_relay(p));
	for (enum role role = 0; role < ROLE_COUNT; role++)
		for (size_t i = 0; i < p->n[role]; i++) {
			struct migration_td *td = &p->td[role][i];
			AUTO_JSON counters = NULL;
			TOOL_TRY(start_td(p, role, i));
			TOOL_TRY(control_request(p->stage, &td->control, "counters", &counters));
			td->base = in_use(counters);
			for (size_t s = 0; s < p->o->sessions; s++)
				td->sessions += pass_td(p, role, s) == td;
		}
	return TOOL_OK;
}

/* --- ends ---------------------------------------------------------------------------------- */

/* Waits until every session is gone; what is in use then beyond the base has leaked. */
static int measure_leak(struct pass *p, struct migration_td *td)
{
	const uint64_t until = stage_now() + pass_limit(p);

	for (;;) {
		AUTO_JSON counters = NULL;
		TOOL_TRY(control_request(p->stage, &td->control, "counters", &counters));
		const int64_t live = counter_of(counters, "sessions_live");
		if (live == 0) {
			p->result->leaked += llabs(in_use(counters) - td->base);
			return TOOL_OK;
		}
		if (stage_now() >= until)
			return tool_fail(TOOL_REJECT, "%s: %" PRId64 " sessions did not end",
				td->child->name, live);
		TOOL_TRY(stage_wait(p->stage, NULL, 0, 5, NULL));
	}
}

static int finish_role(struct pass *p, enum role role)
{
	struct role_result *r = &p->result->role[role];
	const struct migration_td *td = &p->td[role][0];

	r->msk_lines = child_log_count(td->child, "MSK exchange completed");
	return control_request(p->stage, &p->td[role][0].control, "counters", &r->counters);
}

static int extent_of_measured(struct pass *p, int64_t *extent)
{
	*extent = 0;
	for (enum role role = 0; role < ROLE_COUNT; role++) {
		AUTO_JSON counters = NULL;
		if (!p->measured[role])
			continue;
		TOOL_TRY(control_request(p->stage, &p->td[role][0].control, "counters", &counters));
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
	for (enum role role = 0; role < ROLE_COUNT; role++) {
		for (size_t i = 0; p->td[role] != NULL && i < p->n[role]; i++)
			client_close(&p->td[role][i].control);
		client_close(&p->platform[role]);
		free(p->td[role]);
		free(p->user_td[role]);
	}
}
