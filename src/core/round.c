/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The scheduler: one round at a time, on one stack, over any number of sessions. */
#include "core/td.h"

/* Bounds on one round, so that no source of work starves another. */
#define REQUESTS_PER_ROUND 64
#define TURNS_PER_ROUND 256

/* How often clocks are advanced and everything is looked at without an interrupt. */
#define SWEEP_BUSY_MS 20
#define SWEEP_IDLE_MS 500

void session_run(struct session *s)
{
	struct migtd *td = s->td;

	if (s->runnable || s->held)
		return;
	s->runnable = true;
	s->run_next = NULL;
	if (td->run_last != NULL)
		td->run_last->run_next = s;
	else
		td->run_first = s;
	td->run_last = s;
}

static struct session *next_runnable(struct migtd *td)
{
	struct session *s = td->run_first;

	if (s == NULL)
		return NULL;
	td->run_first = s->run_next;
	if (td->run_first == NULL)
		td->run_last = NULL;
	s->run_next = NULL;
	s->runnable = false;
	return s;
}

void session_unrun(struct session *s)
{
	struct migtd *td = s->td;
	struct session *before = NULL;

	if (!s->runnable)
		return;
	for (struct session *at = td->run_first; at != s; at = at->run_next)
		before = at;
	if (before != NULL)
		before->run_next = s->run_next;
	else
		td->run_first = s->run_next;
	if (td->run_last == s)
		td->run_last = before;
	s->runnable = false;
}

static struct session *session_at(struct migtd *td, uint32_t i)
{
	return pool_at(&td->heap, &td->heap.sessions, i);
}

static void hold(struct session *s)
{
	const bool held = s->phase > s->td->hold;

	if (held == s->held)
		return;
	s->held = held;
	if (held) {
		s->td->held++;
		session_unrun(s);
		return;
	}
	s->td->held--;
	s->last_ms = s->td->now;
	session_run(s);
}

static void account(struct migtd *td, enum phase phase)
{
	if (td->heap.used > td->heap_by_phase[phase])
		td->heap_by_phase[phase] = td->heap.used;
	if ((size_t)td->shared.used * PAGE_SIZE > td->shared_by_phase[phase])
		td->shared_by_phase[phase] = (size_t)td->shared.used * PAGE_SIZE;
}

/* True when the session goes on without waiting for anything. */
static bool step(struct session *s)
{
	struct migtd *td = s->td;
	const enum phase phase = s->phase;
	enum status status = session_clock(s, td->now);

	if (status == STATUS_OK)
		status = session_step(s);
	account(td, phase);
	if (status == STATUS_PENDING) {
		hold(s);
		if (s->wait == SESSION_WAIT_NONE)
			session_run(s);
		return s->wait == SESSION_WAIT_NONE;
	}
	if (status == STATUS_OK && s->phase != PHASE_REPORT) {
		s->phase = PHASE_REPORT;
		hold(s);
		session_run(s);
		return true;
	}
	session_finish(s, status);
	return false;
}

/* One packet to its connection, the connection to its session; true when more may wait. */
static bool take_packet(struct migtd *td)
{
	struct vsock_connection *touched = NULL;
	const enum status status = vsock_poll(&td->vsock, &touched);

	if (touched != NULL)
		session_run(session_of_connection(touched));
	return status == STATUS_OK;
}

/* vmcall-raw: looks at every stream, no interrupt says which; a look is one read of its page. */
static void take_completions(struct migtd *td)
{
	vmcall_raw_reclaim(&td->raw);
	for (uint32_t i = 0; i < td->heap.sessions.touched; i++) {
		struct session *s = session_at(td, i);

		if (s != NULL && vmcall_raw_poll(&s->link.raw))
			session_run(s);
	}
}

static bool take_requests(struct migtd *td)
{
	for (unsigned i = 0; i < REQUESTS_PER_ROUND; i++)
		if (!requests_poll(td))
			return false;
	return true;
}

/* Once for each reference: every session may be among them. */
static void run_waiting_for_reference(struct migtd *td)
{
	for (uint32_t i = 0; i < td->heap.sessions.touched; i++) {
		struct session *s = session_at(td, i);

		if (s != NULL && s->wait == SESSION_WAIT_REFERENCE)
			session_run(s);
	}
}

static void take_quotes(struct migtd *td)
{
	own_quotes_poll(td);
	work_slots_run_fetching(&td->source_slots);
	work_slots_run_fetching(&td->destination_slots);
	if (local_reference_step(td))
		run_waiting_for_reference(td);
}

/* Everything that has a clock or may have lost its interrupt. */
static void sweep(struct migtd *td)
{
	for (uint32_t i = 0; i < td->heap.sessions.touched; i++) {
		struct session *s = session_at(td, i);
		enum status status;

		if (s == NULL || s->held)
			continue;
		status = session_clock(s, td->now);
		if (status != STATUS_OK) {
			session_finish(s, status);
			continue;
		}
		session_run(s);
	}
	td->next_sweep =
		td->now + (td->heap.sessions.live > 0 ? SWEEP_BUSY_MS : SWEEP_IDLE_MS);
}

/*
 * A packet, a step, and so on: what a session says after a packet may bring its peer's next one
 * before the VMM is asked in vain.  Sessions that go on by themselves do so once in a round, so that
 * what peers send meanwhile is seen.
 */
static void take_turns(struct migtd *td)
{
	uint32_t gone_on = 0;

	for (unsigned i = 0; i < TURNS_PER_ROUND; i++) {
		if (td->more_packets)
			td->more_packets = take_packet(td);
		struct session *s = next_runnable(td);

		if (s != NULL && step(s))
			gone_on++;
		if (!td->more_packets && (s == NULL || gone_on >= td->heap.sessions.live))
			break;
	}
}

uint64_t migtd_round(struct migtd *td)
{
	const bool raw = td->config.transport == MIGTD_VMCALL_RAW;
	const uint32_t events = td->port.events(td->port.ctx);
	bool due;

	crypto_select(td->crypto);
	td->now = td->port.now_ms(td->port.ctx);
	due = td->now >= td->next_sweep;
	if (due || (events & MIGTD_EVENT_REQUEST) != 0)
		td->more_requests = true;
	if (td->more_requests)
		td->more_requests = take_requests(td);
	if (raw && (due || (events & MIGTD_EVENT_RX) != 0))
		take_completions(td);
	/* No interrupt tells when a full carrier has room again. */
	if (!raw && (due || (events & MIGTD_EVENT_RX) != 0 || vsock_blocked(&td->vsock)))
		td->more_packets = true;
	if (due || (events & MIGTD_EVENT_QUOTE) != 0)
		take_quotes(td);
	if (due)
		sweep(td);
	take_turns(td);
	if (td->run_first != NULL || td->more_requests || td->more_packets)
		return 0;
	if (!raw && vsock_blocked(&td->vsock))
		return td->now + 1;
	return td->next_sweep;
}

void migtd_hold(struct migtd *td, enum phase after)
{
	td->hold = after;
	td->now = td->port.now_ms(td->port.ctx);
	for (uint32_t i = 0; i < td->heap.sessions.touched; i++) {
		struct session *s = session_at(td, i);

		if (s != NULL)
			hold(s);
	}
}
