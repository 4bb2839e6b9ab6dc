/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* One round: user TDs, requests, barriers, release, results, keys. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "migmem/pass.h"
#include "migmem/phases.h"
#include "migmem/progress.h"
#include "migmem/relay.h"

/* Results come this much after the Migration TDs' own time limits at the latest. */
#define GRACE_MS 15000
/* Behind this phase nobody queues any more. */
#define QUEUES_END "attest"

/* --- user TDs and requests ----------------------------------------------------------------- */

/* The initial MigTD of the user TD is the one that it is bound to. */
static int add_init_tdinfo(struct pass *p, enum side side, pid_t pid, json_t *creation)
{
	AUTO_JSON answer = NULL;
	const json_t *migtd;
	size_t i;

	TOOL_TRY(target_of(p->o)->ask(p, side, json_pack("{s:s}", "do", "migtds"), &answer));
	json_array_foreach(json_object_get(answer, "migtds"), i, migtd)
		if (counter_of(migtd, "pid") == (int64_t)pid)
			json_object_set(creation, "init_tdinfo", json_object_get(migtd, "tdinfo"));
	return json_object_get(creation, "init_tdinfo") != NULL ? TOOL_OK :
		tool_fail(TOOL_REJECT, "%s: does not know its Migration TD", p->platform[side].name);
}

static int create_user_td(struct pass *p, enum side side, size_t i, uint64_t until)
{
	const pid_t pid = pass_td(p, side, i)->child->pid;
	AUTO_JSON creation = json_pack("{s:s, s:I, s:b}", "do", "td-create", "migtd_pid",
		(json_int_t)pid, "incoming", role_at(p->o, side, i) == ROLE_DST);

	if (p->o->init_tdinfo)
		TOOL_TRY(add_init_tdinfo(p, side, pid, creation));
	for (;;) {
		AUTO_JSON answer = NULL;
		TOOL_TRY(target_of(p->o)->ask(p, side, json_incref(creation), &answer));
		if (json_is_true(json_object_get(answer, "ok"))) {
			p->user_td[side][i] = counter_of(answer, "td");
			return TOOL_OK;
		}
		if (!json_is_true(json_object_get(answer, "retry")) || pass_now(p) >= until)
			return tool_fail(TOOL_REJECT, "%s: user TD %zu: %s", p->platform[side].name,
				i + 1, json_string_value(json_object_get(answer, "error")));
		TOOL_TRY(target_of(p->o)->wait(p));
	}
}

static int create_user_tds(struct pass *p)
{
	const uint64_t until = pass_now(p) + pass_limit(p);

	for (enum side side = 0; side < SIDE_COUNT; side++) {
		TOOL_TRY(target_of(p->o)->connect(p, side));
		for (size_t i = 0; i < p->o->sessions; i++) {
			if (!p->o->brief)
				progress_show("  user TD %zu of %" PRIu64 " on host %s", i + 1,
					p->o->sessions, host_name[side]);
			TOOL_TRY(create_user_td(p, side, i, until));
		}
	}
	progress_clear();
	return TOOL_OK;
}

static int set_hold(struct pass *p, const char *command)
{
	for (enum side side = 0; side < SIDE_COUNT; side++)
		for (size_t i = 0; i < p->n[side]; i++) {
			AUTO_JSON answer = NULL;
			TOOL_TRY(pass_control(p, &p->td[side][i], command, &answer));
		}
	return TOOL_OK;
}

static int hold_after(struct pass *p, const char *phase)
{
	AUTO_TEXT command = tool_text("hold %s", phase);
	return set_hold(p, command);
}

static int request_migration(struct pass *p, enum side side, size_t i)
{
	AUTO_JSON answer = NULL;
	const uint32_t port = side == SIDE_A ? relay_port_a(i) : relay_port_b(i);

	TOOL_TRY(target_of(p->o)->ask(p, side,
		json_pack("{s:s, s:I, s:I}", "do", "premig", "td", p->user_td[side][i], "port",
			(json_int_t)port),
		&answer));
	if (json_is_true(json_object_get(answer, "ok")))
		return TOOL_OK;
	return tool_fail(TOOL_REJECT, "%s: refused premig: %s", p->platform[side].name,
		json_string_value(json_object_get(answer, "error")));
}

/* The same seed gives the same order (an LCG is random enough for an order). */
static void shuffle(size_t *order, size_t n, uint64_t seed)
{
	uint64_t x = seed;

	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (size_t i = n; seed != 0 && i > 1; i--) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		const size_t j = (size_t)((x >> 33) % i), swap = order[i - 1];
		order[i - 1] = order[j];
		order[j] = swap;
	}
}

/* --- results that come in ------------------------------------------------------------------ */

static void take_result(struct pass *p, enum side side, const json_t *event)
{
	const json_int_t td = counter_of(event, "td");
	const char *reason = json_string_value(json_object_get(event, "reason"));

	for (size_t i = 0; i < p->o->sessions; i++) {
		struct session_result *s = &p->sessions[i];
		const enum role role = role_at(p->o, side, i);
		if (p->user_td[side][i] != td)
			continue;
		s->status[role] = (int)counter_of(event, "status");
		s->ms = pass_now(p) - s->started;
		if (s->status[role] != 0 && reason != NULL)
			s->reason[role] = tool_text("%s", reason);
		return;
	}
}

static int take_results(struct pass *p)
{
	for (enum side side = 0; side < SIDE_COUNT; side++) {
		struct client *c = &p->platform[side];
		const json_t *event;
		size_t i;
		TOOL_TRY(target_of(p->o)->drain(p, side));
		json_array_foreach(c->events, i,
			event) if (strcmp(json_string_value(json_object_get(event, "event")),
					   "premig-done") == 0) take_result(p, side, event);
		json_array_clear(c->events);
	}
	return TOOL_OK;
}

/* Sessions whose result of that role has come; with `only_failed` those that failed. */
static size_t count_results(const struct pass *p, enum role role, bool only_failed)
{
	size_t n = 0;

	for (size_t i = 0; i < p->o->sessions; i++)
		n += only_failed ? p->sessions[i].status[role] > 0
				 : p->sessions[i].status[role] >= 0;
	return n;
}

static int wait_a_little(struct pass *p)
{
	TOOL_TRY(target_of(p->o)->wait(p));
	return take_results(p);
}

/* Where the sessions are that a wait was in vain for: not held after `phase`, or still there. */
static void name_stuck(struct pass *p, enum side side, const char *phase)
{
	for (size_t i = 0; i < p->n[side]; i++) {
		struct migration_td *td = &p->td[side][i];
		AUTO_JSON answer = NULL;
		const json_t *s;
		size_t k;
		if (pass_control(p, td, "sessions", &answer) != TOOL_OK)
			return;
		json_array_foreach(json_object_get(answer, "sessions"), k,
			s) if (phase == NULL ||
			       (!json_is_true(json_object_get(s, "held")) &&
				       !json_is_true(json_object_get(s, "queued"))))
			tool_warn("%s: request %" JSON_INTEGER_FORMAT " is in %s%s%s",
				td->child->name, (json_int_t)counter_of(s, "request_id"),
				json_string_value(json_object_get(s, "phase")),
				phase != NULL ? ", not held after " : "",
				phase != NULL ? phase : "");
	}
}

static int collect_results(struct pass *p)
{
	const uint64_t until = pass_now(p) + pass_limit(p) + GRACE_MS;
	const size_t n = p->o->sessions;

	TOOL_TRY(take_results(p));
	for (;;) {
		const size_t src = count_results(p, ROLE_SRC, false);
		const size_t dst = count_results(p, ROLE_DST, false);
		if (src == n && dst == n)
			return TOOL_OK;
		if (pass_now(p) >= until) {
			name_stuck(p, SIDE_A, NULL);
			name_stuck(p, SIDE_B, NULL);
			return tool_fail(TOOL_REJECT,
				"no result of %zu source and %zu destination sessions "
				"within %" PRIu64 " s",
				n - src, n - dst, (pass_limit(p) + GRACE_MS) / 1000);
		}
		if (!p->o->brief)
			progress_show("  %zu source and %zu destination sessions of %zu have ended",
				src, dst, n);
		TOOL_TRY(wait_a_little(p));
	}
}

/* --- barriers ------------------------------------------------------------------------------ */

struct muster {
	size_t held, queued, missing;
};

static int muster_side(struct pass *p, enum side side, struct muster *m)
{
	*m = (struct muster){0};
	for (size_t i = 0; i < p->n[side]; i++) {
		struct migration_td *td = &p->td[side][i];
		AUTO_JSON counters = NULL;
		TOOL_TRY(pass_control(p, td, "counters", &counters));
		const size_t held = (size_t)counter_of(counters, "held");
		const size_t queued = (size_t)counter_of(counters, "queued");
		m->held += held;
		m->queued += queued;
		m->missing += td->sessions > held + queued ? td->sessions - held - queued : 0;
	}
	return TOOL_OK;
}

static int trigger_all(struct pass *p, size_t round)
{
	size_t *order = tool_alloc(p->o->sessions * sizeof(*order));
	int code = TOOL_OK;

	shuffle(order, p->o->sessions, p->o->seed != 0 ? p->o->seed + round : 0);
	for (size_t i = 0; i < p->o->sessions && code == TOOL_OK; i++) {
		struct session_result *s = &p->sessions[order[i]];
		s->started = pass_now(p);
		if (!p->o->brief)
			progress_show("  pre-migration %zu of %" PRIu64 " requested", i + 1,
				p->o->sessions);
		code = request_migration(p, side_of(p->o, ROLE_SRC, order[i]), order[i]);
		if (code == TOOL_OK)
			code = request_migration(p, side_of(p->o, ROLE_DST, order[i]), order[i]);
	}
	progress_clear();
	free(order);
	return code;
}

/* *reached is false when a session ended before it got there. */
static int wait_barrier(struct pass *p, const char *phase, bool *reached)
{
	const uint64_t until = pass_now(p) + pass_limit(p);
	const char *const name[] = {side_name(p->o, SIDE_A), side_name(p->o, SIDE_B)};
	struct muster m[SIDE_COUNT];

	*reached = false;
	for (;;) {
		for (enum side side = 0; side < SIDE_COUNT; side++)
			TOOL_TRY(muster_side(p, side, &m[side]));
		if (m[SIDE_A].missing == 0 && m[SIDE_B].missing == 0)
			break;
		TOOL_TRY(take_results(p));
		if (count_results(p, ROLE_SRC, false) +
				count_results(p, ROLE_DST, false) !=
			0)
			return TOOL_OK;
		if (pass_now(p) >= until) {
			for (enum side side = 0; side < SIDE_COUNT; side++)
				name_stuck(p, side, phase);
			return tool_fail(TOOL_REJECT,
				"barrier after %s not reached within %" PRIu64 " s: %zu "
				"sessions of %s and %zu of %s are missing",
				phase, pass_limit(p) / 1000, m[SIDE_A].missing, name[SIDE_A],
				m[SIDE_B].missing, name[SIDE_B]);
		}
		if (!p->o->brief)
			progress_show("  before the barrier after %s: %zu of %s, %zu of %s", phase,
				m[SIDE_A].missing, name[SIDE_A], m[SIDE_B].missing, name[SIDE_B]);
		TOOL_TRY(wait_a_little(p));
	}
	*reached = true;
	progress_clear();
	fprintf(p->o->out,
		"  barrier after %s: %s %zu held, %zu queued; %s %zu held, %zu queued\n", phase,
		name[SIDE_A], m[SIDE_A].held, m[SIDE_A].queued, name[SIDE_B], m[SIDE_B].held,
		m[SIDE_B].queued);
	fflush(p->o->out);
	return TOOL_OK;
}

/* One point of memory over time; "before" begins the round's list. */
static void add_barrier(struct td_result *r, const char *phase, const json_t *counters)
{
	const bool first = strcmp(phase, "before") == 0;
	json_t *by_tag = json_object();
	const json_t *usage;
	const char *tag;

	json_object_foreach((json_t *)(uintptr_t)json_object_get(counters, "by_tag"), tag, usage)
		json_object_set(by_tag, tag, json_object_get(usage, "used"));
	if (first) {
		json_decref(r->barriers);
		r->barriers = json_array();
	}
	json_array_append_new(r->barriers,
		json_pack("{s:s, s:I, s:I, s:I, s:o}", "phase", phase, "heap",
			counter_of(counters, "heap_used"), "shared",
			counter_of(counters, "shared_used"), "stack",
			counter_of(counters, "stack_peak"), "by_tag", by_tag));
}

/* The same when nobody stands anywhere: before a round and after it. */
static int sample(struct pass *p, const char *moment)
{
	for (enum side side = 0; side < SIDE_COUNT; side++) {
		AUTO_JSON counters = NULL;
		if (!p->measured[side])
			continue;
		TOOL_TRY(pass_control(p, &p->td[side][0], "counters", &counters));
		add_barrier(&p->result->td[side], moment, counters);
	}
	return TOOL_OK;
}

/* What the measured sides hold while everybody stands still. */
static int snapshot(struct pass *p, const char *phase)
{
	for (enum side side = 0; side < SIDE_COUNT; side++) {
		struct td_result *r = &p->result->td[side];
		struct migration_td *td = &p->td[side][0];
		AUTO_JSON answer = NULL;
		if (!p->measured[side])
			continue;
		json_decref(r->at_barrier);
		json_decref(r->sessions);
		r->at_barrier = r->sessions = NULL;
		TOOL_TRY(pass_control(p, td, "counters", &r->at_barrier));
		TOOL_TRY(pass_control(p, td, "sessions", &answer));
		r->sessions = json_incref(json_object_get(answer, "sessions"));
		add_barrier(r, phase, r->at_barrier);
	}
	return TOOL_OK;
}

/*
 * Thousands that are let go in front of the queues for work slots and quote buffers would queue
 * longer than a Migration TD lets them: a lack of time, not of memory.  Clocks stand still while a
 * hold is set, so they stop once more behind the queues.
 */
static int pass_barriers(struct pass *p)
{
	const bool all = strcmp(p->o->hold, "all") == 0;
	bool reached = true, stopped = false;

	/* Who has got past the last phase is gone: nobody can be held there. */
	for (size_t i = 0; i + 1 < phase_count && reached; i++) {
		const bool wanted = all || strcmp(p->o->hold, phase_words[i]) == 0;
		if (!wanted && !(stopped && strcmp(phase_words[i], QUEUES_END) == 0))
			continue;
		/* The first hold was set before anybody started. */
		if (stopped)
			TOOL_TRY(hold_after(p, phase_words[i]));
		TOOL_TRY(wait_barrier(p, phase_words[i], &reached));
		if (reached && wanted)
			TOOL_TRY(snapshot(p, phase_words[i]));
		stopped = true;
	}
	return set_hold(p, "release");
}

/* --- keys ---------------------------------------------------------------------------------- */

/* A blob that one user TD exports, another on the other host imports. */
static int carry(struct pass *p, enum side from, size_t i, size_t k, bool *ok)
{
	const enum side to = from == SIDE_A ? SIDE_B : SIDE_A;
	AUTO_JSON exported = NULL;
	AUTO_JSON imported = NULL;

	*ok = false;
	TOOL_TRY(target_of(p->o)->ask(p, from,
		json_pack("{s:s, s:I}", "do", "export", "td", p->user_td[from][i]), &exported));
	const char *blob = json_string_value(json_object_get(exported, "blob"));
	if (!json_is_true(json_object_get(exported, "ok")) || blob == NULL)
		return TOOL_OK;
	TOOL_TRY(target_of(p->o)->ask(p, to,
		json_pack("{s:s, s:I, s:s}", "do", "import", "td", p->user_td[to][k], "blob", blob),
		&imported));
	*ok = json_is_true(json_object_get(imported, "ok"));
	return TOOL_OK;
}

/*
 * Session by session, both ways; then each session's blob to the next one's user TD, which must
 * not be able to read it: else equal keys would prove nothing.
 */
static int prove_keys(struct pass *p)
{
	for (size_t i = 0; i < p->o->sessions; i++) {
		struct session_result *s = &p->sessions[i];
		bool there = false, back = false;
		if (!p->o->brief)
			progress_show("  keys of session %zu of %" PRIu64 " compared", i + 1,
				p->o->sessions);
		if (s->status[ROLE_SRC] != 0 || s->status[ROLE_DST] != 0)
			continue;
		TOOL_TRY(carry(p, SIDE_A, i, i, &there));
		TOOL_TRY(carry(p, SIDE_B, i, i, &back));
		s->msk_match = there && back;
	}
	progress_clear();
	for (size_t i = 0; i + 1 < p->o->sessions; i++) {
		bool shared = false;
		if (p->sessions[i].msk_match && p->sessions[i + 1].msk_match)
			TOOL_TRY(carry(p, SIDE_A, i, i + 1, &shared));
		p->sessions[i].key_shared = shared;
	}
	return TOOL_OK;
}

/* The Migration TD's own line about a failure, when the platform knew no reason. */
static void find_reasons(struct pass *p)
{
	for (size_t i = 0; i < p->o->sessions; i++)
		for (enum role role = 0; role < ROLE_COUNT; role++) {
			struct session_result *s = &p->sessions[i];
			const enum side side = side_of(p->o, role, i);
			const struct child *c = pass_td(p, side, i)->child;
			AUTO_TEXT request = tool_text(
				"ERROR - [request %" JSON_INTEGER_FORMAT "]", p->user_td[side][i]);
			if (s->status[role] == 0 || s->reason[role] != NULL)
				continue;
			s->reason[role] = child_log_about(c, request);
			if (s->reason[role] == NULL)
				s->reason[role] = child_log_line(c, "failed in");
		}
}

static void reset_sessions(struct pass *p)
{
	for (size_t i = 0; i < p->o->sessions; i++) {
		struct session_result *s = &p->sessions[i];
		free(s->reason[ROLE_SRC]);
		free(s->reason[ROLE_DST]);
		*s = (struct session_result){
			.id = s->id, .measured = s->measured, .status = {-1, -1}};
	}
}

int round_execute(struct pass *p, size_t round)
{
	const bool all = strcmp(p->o->hold, "all") == 0;

	fprintf(p->o->out,
		"round %zu of %" PRIu64 ": %" PRIu64
		" sessions, %zu %s and %zu %s MigTDs%s\n",
		round + 1, p->o->rounds, p->o->sessions, p->n[SIDE_A],
		p->o->both ? "on host a" : "source", p->n[SIDE_B],
		p->o->both ? "on host b" : "destination",
		p->o->both ? ", source and destination at once" : "");
	fflush(p->o->out);
	reset_sessions(p);
	TOOL_TRY(create_user_tds(p));
	TOOL_TRY(sample(p, "before"));
	if (strcmp(p->o->hold, "none") != 0)
		TOOL_TRY(hold_after(p, all ? phase_words[0] : p->o->hold));
	TOOL_TRY(trigger_all(p, round));
	if (strcmp(p->o->hold, "none") != 0)
		TOOL_TRY(pass_barriers(p));
	const int code = collect_results(p);
	progress_clear();
	find_reasons(p);
	TOOL_TRY(code);
	TOOL_TRY(prove_keys(p));
	TOOL_TRY(sample(p, "after"));
	fprintf(p->o->out, "  %zu source and %zu destination sessions completed\n",
		p->o->sessions - count_results(p, ROLE_SRC, true),
		p->o->sessions - count_results(p, ROLE_DST, true));
	fflush(p->o->out);
	return TOOL_OK;
}
