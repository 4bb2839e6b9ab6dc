/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The target "inproc": both hosts and every Migration TD in this process, one step after the
 * other, on a clock that moves on when nobody can go on before.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/core.h"
#include "common/measure.h"
#include "migmem/inproc_host.h"
#include "migmem/inproc_td.h"
#include "migmem/pass.h"
#include "migmem/td_stack.h"

/* The clock begins here: a time of 0 stands for none. */
#define CLOCK_BEGIN 1000
/*
 * Turns between two looks at how far everybody is; not by time, which no run has twice.  A look
 * takes as long as there are sessions.
 */
#define TURNS_PER_WAIT 64
#define TURNS_PER_SESSION 1

struct member {
	struct inproc_td *td;
	struct inproc_link *link;
	const char *name;
	FILE *log;
};

struct world {
	uint64_t clock;
	uint8_t mrtd[48];
	struct vsock_switch *vsock;
	struct inproc_host *host[SIDE_COUNT];
	FILE *hosts_log;
	struct member **member;
	size_t n;
	size_t *turn;		/* in which order they step */
	bool shuffled;
	struct seeded order;
};

/* --- a run --------------------------------------------------------------------------------- */

static int begin(const struct run_options *o)
{
	fprintf(o->out, "in process: a virtual clock, and all randomness from seed %" PRIu64
			", keys too; nothing here is secret\n", o->seed);
	if (!td_stack_is_own)
		fprintf(o->out, "under a sanitizer Migration TDs have no stack of their own: it is "
				"not measured\n");
	seeded_openssl_begin(o->seed);
	return TOOL_OK;
}

static void end(void)
{
	seeded_openssl_end();
}

/* --- hosts and Migration TDs --------------------------------------------------------------- */

static FILE *open_log(const struct child *c)
{
	FILE *to = fopen(c->log, "w");

	if (to == NULL)
		tool_fail(TOOL_REJECT, "%s: cannot be written", c->log);
	return to;
}

static int connect_host(struct pass *p, enum side side)
{
	struct client *c = &p->platform[side];

	json_decref(c->events);
	free(c->name);
	*c = (struct client){.stage = p->stage, .fd = -1, .events = json_array()};
	c->name = tool_text("host %s", host_name[side]);
	inproc_host_connect(p->world->host[side], c->events);
	return TOOL_OK;
}

static int start_hosts(struct pass *p)
{
	struct world *w = p->world = tool_alloc(sizeof(*w));
	AUTO_TEXT name = tool_text("%zu-hosts", p->number);
	AUTO_TEXT order = tool_text("order %zu", p->number);

	w->clock = CLOCK_BEGIN;
	w->shuffled = p->o->seed != 0;
	seeded_init(&w->order, p->o->seed, order);
	TOOL_TRY(image_mrtd(p->m->migtd, w->mrtd));
	w->hosts_log = open_log(stage_part(p->stage, name, 0));
	w->vsock = vsock_switch_create();
	if (w->hosts_log == NULL || w->vsock == NULL)
		return TOOL_REJECT;
	inproc_host_log(w->hosts_log);
	for (enum side side = 0; side < SIDE_COUNT; side++) {
		AUTO_TEXT pki = tool_text("%s/hosts/%s", p->m->pki, host_name[side]);
		TOOL_TRY(inproc_host_open(
			pki, &p->o->faults, &w->clock, w->vsock, side, &w->host[side]));
		TOOL_TRY(connect_host(p, side));
	}
	return TOOL_OK;
}

static bool execute_tdcall(void *ctx, uint64_t *registers)
{
	const struct member *m = ctx;

	return inproc_link_tdcall(m->link, registers);
}

static int read_size(const char *option, const char *text, uint64_t *size)
{
	if (text == NULL)
		return TOOL_OK;
	if (!number_read(text, true, 1ull << 40, size) || *size == 0 || *size % 4096 != 0)
		return tool_fail(TOOL_USAGE, "--%s: '%s' is not a multiple of 4096 bytes", option,
			text);
	return TOOL_OK;
}

static int read_start(const struct pass *p, const struct td_start *from, struct inproc_td_start *s)
{
	*s = (struct inproc_td_start){
		.sizes = TD_SIZES_DEFAULT,
		.policy = from->launch->policy,
		.chain = from->launch->chain,
		.root_ca = from->launch->root_ca,
		.raw = p->o->raw,
		.rx_pages = p->o->rx_pages,
		.cid = from->cid,
		.timeout_ms = from->timeout_s * 1000,
		.clock = &p->world->clock,
		.log_level = p->o->log_level,
		.tdcall = execute_tdcall,
	};
	AUTO_TEXT random = tool_text("%zu %s", p->number, from->name);
	seeded_init(&s->random, p->o->seed, random);
	TOOL_TRY(read_size("memory", from->memory, &s->sizes.memory));
	TOOL_TRY(read_size("stack", from->stack, &s->sizes.stack));
	TOOL_TRY(read_size("heap", from->heap, &s->sizes.heap));
	TOOL_TRY(read_size("shared", from->shared, &s->sizes.shared));
	if (from->sessions_max != NULL &&
		(!number_read(from->sessions_max, false, UINT32_MAX, &s->sessions_max) ||
			s->sessions_max == 0))
		return tool_fail(TOOL_USAGE, "--sessions-max: '%s' is not a number from 1",
			from->sessions_max);
	return TOOL_OK;
}

static int attach(struct pass *p, enum side side, struct member *m, const struct td_start *start,
	const struct inproc_td_start *s, pid_t id)
{
	const struct launch *l = start->launch;
	struct packet_attach launch = {
		.kind = PACKET_ATTACH, .version = 1, .ram_size = s->sizes.memory, .cid = start->cid};
	const char *refusal;

	snprintf(launch.name, sizeof(launch.name), "%s", start->name);
	if ((l->mrowner != NULL && !hex_read(l->mrowner, launch.mrowner, sizeof(launch.mrowner))) ||
		(l->mrownerconfig != NULL && !hex_read(l->mrownerconfig, launch.mrownerconfig,
						     sizeof(launch.mrownerconfig))))
		return tool_fail(TOOL_USAGE, "%s: its launch values are malformed", start->name);
	m->link = inproc_host_attach(p->world->host[side], &launch, id, inproc_td_memory(m->td),
		p->world->mrtd, inproc_td_interrupt, m->td, &refusal);
	if (m->link == NULL)
		return tool_fail(TOOL_REJECT, "%s: the host refuses it: %s", start->name, refusal);
	return TOOL_OK;
}

static struct member *add_member(struct world *w)
{
	struct member *m = tool_alloc(sizeof(*m));

	w->member = realloc(w->member, (w->n + 1) * sizeof(struct member *));
	w->turn = realloc(w->turn, (w->n + 1) * sizeof(*w->turn));
	if (w->member == NULL || w->turn == NULL)
		exit(tool_fail(TOOL_USAGE, "out of memory"));
	w->turn[w->n] = w->n;
	w->member[w->n++] = m;
	return m;
}

static int start_td(struct pass *p, enum side side, struct migration_td *td,
	const struct td_start *start)
{
	struct world *w = p->world;
	AUTO_TEXT name = tool_text("%zu-%s", p->number, start->name);
	struct inproc_td_start s;

	TOOL_TRY(read_start(p, start, &s));
	struct member *m = add_member(w);
	td->member = w->n - 1;
	td->child = stage_part(p->stage, name, (pid_t)w->n);
	m->name = td->child->name;
	s.log = m->log = open_log(td->child);
	s.ctx = m;
	if (m->log == NULL)
		return TOOL_REJECT;
	TOOL_TRY(inproc_td_create(&s, &m->td));
	TOOL_TRY(attach(p, side, m, start, &s, td->child->pid));
	const char *why = inproc_td_begin(m->td);
	fflush(m->log);
	if (why == NULL)
		return TOOL_OK;
	AUTO_TEXT line = child_log_line(td->child, "ERROR");
	return tool_fail(TOOL_REJECT, "%s did not start: %s", name, line != NULL ? line : why);
}

static void stop(struct pass *p)
{
	struct world *w = p->world;

	if (w == NULL)
		return;
	for (enum side side = 0; side < SIDE_COUNT; side++)
		inproc_host_close(w->host[side]);
	for (size_t i = 0; i < w->n; i++) {
		inproc_td_destroy(w->member[i]->td);
		inproc_link_free(w->member[i]->link);
		if (w->member[i]->log != NULL)
			fclose(w->member[i]->log);
		free(w->member[i]);
	}
	vsock_switch_destroy(w->vsock);
	inproc_host_log(NULL);
	if (w->hosts_log != NULL)
		fclose(w->hosts_log);
	free(w->member);
	free(w->turn);
	free(w);
	p->world = NULL;
	/* The last Migration TD's cryptographic state is gone with its memory. */
	core_begin();
}

/* --- time ---------------------------------------------------------------------------------- */

static void shuffle_turns(struct world *w)
{
	for (size_t i = w->n; w->shuffled && i > 1; i--) {
		const size_t j = seeded_below(&w->order, i), swap = w->turn[i - 1];
		w->turn[i - 1] = w->turn[j];
		w->turn[j] = swap;
	}
}

/* Everybody who can go on does so once; *any is false when nobody could. */
static int take_turns(struct world *w, bool *any)
{
	*any = false;
	shuffle_turns(w);
	for (size_t i = 0; i < w->n; i++) {
		const struct member *m = w->member[w->turn[i]];
		if (inproc_td_next(m->td) > w->clock)
			continue;
		*any = true;
		const char *why = inproc_td_round(m->td);
		if (why != NULL)
			return tool_fail(TOOL_REJECT, "%s: %s", m->name, why);
	}
	for (enum side side = 0; side < SIDE_COUNT; side++)
		*any |= inproc_host_step(w->host[side]);
	*any |= vsock_switch_step(w->vsock);
	return TOOL_OK;
}

static void move_clock(struct world *w)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < w->n; i++)
		if (inproc_td_next(w->member[i]->td) < next)
			next = inproc_td_next(w->member[i]->td);
	for (enum side side = 0; side < SIDE_COUNT; side++)
		if (inproc_host_next(w->host[side]) < next)
			next = inproc_host_next(w->host[side]);
	if (next != UINT64_MAX && next > w->clock)
		w->clock = next;
}

static bool has_results(const struct pass *p)
{
	return json_array_size(p->platform[SIDE_A].events) +
		       json_array_size(p->platform[SIDE_B].events) >
	       0;
}

static int wait_a_little(struct pass *p)
{
	const size_t most = TURNS_PER_WAIT + TURNS_PER_SESSION * p->o->sessions;
	struct world *w = p->world;
	bool any = true;
	size_t turns = 0;

	while (any && turns < most && !has_results(p)) {
		TOOL_TRY(stage_wait(p->stage, NULL, 0, 0, NULL));
		TOOL_TRY(take_turns(w, &any));
		turns += any;
	}
	/* Whoever waits has seen the world standing still before time goes by. */
	if (turns == 0)
		move_clock(w);
	return TOOL_OK;
}

static uint64_t now(const struct pass *p)
{
	return p->world->clock;
}

/* --- requests ------------------------------------------------------------------------------ */

static int ask(struct pass *p, enum side side, json_t *request, json_t **answer)
{
	*answer = inproc_host_ask(p->world->host[side], request);
	json_decref(request);
	return *answer != NULL ? TOOL_OK : tool_fail(TOOL_USAGE, "out of memory");
}

static int control(struct pass *p, struct migration_td *td, const char *line, json_t **answer)
{
	const struct member *m = p->world->member[td->member];

	*answer = inproc_td_control(m->td, line);
	if (json_is_true(json_object_get(*answer, "ok")))
		return TOOL_OK;
	json_decref(*answer);
	*answer = NULL;
	return tool_fail(TOOL_REJECT, "%s: refused %s", m->name, line);
}

/* Events are there already; what was said so far can be read. */
static int drain(struct pass *p, enum side side)
{
	(void)side;
	fflush(p->world->hosts_log);
	for (size_t i = 0; i < p->world->n; i++)
		fflush(p->world->member[i]->log);
	return TOOL_OK;
}

const struct target target_inproc = {
	.name = "inproc",
	.begin = begin,
	.end = end,
	.start_hosts = start_hosts,
	.start_td = start_td,
	.connect = connect_host,
	.ask = ask,
	.control = control,
	.drain = drain,
	.wait = wait_a_little,
	.now = now,
	.stop = stop,
};
