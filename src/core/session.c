/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "core/session.h"

#include "core/td.h"

static enum status keep_init_tdinfo(struct session *s, const uint8_t tdinfo[TDINFO_SIZE])
{
	s->init_tdinfo = pool_take(&s->td->heap, &s->td->heap.tdinfos);
	if (s->init_tdinfo == NULL)
		return ERR_OUT_OF_RESOURCE;
	memcpy(s->init_tdinfo, tdinfo, TDINFO_SIZE);
	return STATUS_OK;
}

static void drop_init_tdinfo(struct session *s)
{
	if (s->init_tdinfo != NULL)
		pool_give(&s->td->heap, &s->td->heap.tdinfos, s->init_tdinfo);
	s->init_tdinfo = NULL;
}

enum status session_begin(struct session *s, struct migtd *td,
	const struct migration_request *request)
{
	s->td = td;
	s->request_id = request->request_id;
	s->is_source = request->is_source;
	s->target = request->target;
	link_begin(s, request);
	s->last_ms = td->now;
	s->budget_ms = td->config.timeout_ms;
	s->phase = PHASE_CONNECT;
	return request->has_init_tdinfo ? keep_init_tdinfo(s, request->init_tdinfo) : STATUS_OK;
}

/* What memory the pre-session had becomes the SPDM engine's; the time limit starts anew. */
static void begin_spdm(struct session *s)
{
	wipe(&s->stage, sizeof(s->stage));
	spdm_begin(&s->stage.spdm, s->is_source ? SPDM_REQUESTER : SPDM_RESPONDER,
		&spdm_profile_migtd, &session_owner_ops, s);
	s->in_spdm = true;
	s->phase = PHASE_VERSION;
	s->budget_ms = s->td->config.timeout_ms;
}

static enum status connect_step(struct session *s)
{
	s->wait = SESSION_WAIT_IO;
	if (!link_is_open(s)) {
		if (s->init_tdinfo != NULL)
			TRY(policy_check_init_tdinfo(s->td->own, s->init_tdinfo));
		TRY(link_open(s));
	}
	TRY(link_status(s));
	if (s->td->v1 != NULL)
		begin_spdm(s);
	else
		pre_session_begin(s);
	s->wait = SESSION_WAIT_NONE;
	return STATUS_PENDING;
}

static enum status pre_session_phase_step(struct session *s)
{
	const enum status status = pre_session_step(s);

	if (status == STATUS_PENDING && s->phase == PHASE_VERSION)
		begin_spdm(s);
	return status;
}

/* Phases of the engine as the session's. */
static enum phase spdm_session_phase(const struct session *s)
{
	static const uint8_t phase_of[] = {
		[SPDM_PHASE_VERSION] = PHASE_VERSION,
		[SPDM_PHASE_CAPABILITIES] = PHASE_CAPABILITIES,
		[SPDM_PHASE_ALGORITHMS] = PHASE_ALGORITHMS,
		[SPDM_PHASE_PUB_KEY] = PHASE_PUB_KEY,
		[SPDM_PHASE_KEY_EXCHANGE] = PHASE_KEY_EXCHANGE,
		[SPDM_PHASE_ATTEST] = PHASE_ATTEST,
		[SPDM_PHASE_FINISH] = PHASE_FINISH,
		[SPDM_PHASE_MIGRATION_INFO] = PHASE_MIGRATION_INFO,
		[SPDM_PHASE_END] = PHASE_END,
		[SPDM_PHASE_DONE] = PHASE_END,
	};
	const enum phase phase = phase_of[spdm_phase(&s->stage.spdm)];

	/* A source's quote comes between: TH1 is known, nothing of op 0x03 is read or sent yet. */
	return phase == PHASE_ATTEST && s->phase < PHASE_QUOTE ? PHASE_QUOTE : phase;
}

static enum status spdm_phase_step(struct session *s)
{
	const struct stream io = link_stream(s);
	const enum status status = spdm_step(&s->stage.spdm, &io);

	if (status != STATUS_PENDING)
		return status;
	s->phase = (uint8_t)spdm_session_phase(s);
	switch (s->stage.spdm.wait) {
	case SPDM_WAIT_NONE:
		s->wait = SESSION_WAIT_NONE;
		break;
	case SPDM_WAIT_RX:
	case SPDM_WAIT_TX:
		s->wait = SESSION_WAIT_IO;
		break;
	default: /* SPDM_WAIT_OWNER: attest_ready() has said what for */
		break;
	}
	return STATUS_PENDING;
}

/* All is done; what was said last may still be on its way to the VMM. */
static enum status report_step(struct session *s)
{
	if (!link_unsent(s))
		return STATUS_OK;
	s->wait = SESSION_WAIT_IO;
	return STATUS_PENDING;
}

/*
 * A source needs its quote now.  A destination asks for its own when the peer has passed, and nothing
 * is to be had of it before: here it only sees which reference is the right one.
 */
static enum status quote_step(struct session *s)
{
	if (s->is_source)
		TRY(own_quote_step(s));
	else
		TRY(own_tee_tcb_svn(s->td, s->stage.exchange.tee_tcb_svn));
	s->phase = PHASE_ATTEST;
	s->wait = SESSION_WAIT_NONE;
	return STATUS_PENDING;
}

static enum status phase_step(struct session *s)
{
	switch (s->phase) {
	case PHASE_CONNECT:
		return connect_step(s);
	case PHASE_HELLO:
	case PHASE_POLICY:
	case PHASE_START:
		return pre_session_phase_step(s);
	case PHASE_QUOTE:
		return quote_step(s);
	case PHASE_REPORT:
		return report_step(s);
	default:
		return spdm_phase_step(s);
	}
}

/*
 * Whatever a session waits for, bytes of its peer come after it: without a link it has failed.  Not
 * so at the very end, when it has heard all and the peer may be gone.
 */
static enum status check_link(struct session *s)
{
	if (s->wait == SESSION_WAIT_NONE || s->phase == PHASE_CONNECT)
		return STATUS_PENDING;
	const enum status status = s->phase == PHASE_REPORT ? link_status(s) : link_check(s);
	/* It is our turn, and all that the peer had to say has been read. */
	if (status == STATUS_OK && own_quote_awaited(s) && link_rx_waiting(s))
		return ERR_SPDM_UNEXPECTED;
	return status == STATUS_OK ? STATUS_PENDING : status;
}

enum status session_step(struct session *s)
{
	const uint8_t phase = s->phase;
	enum status status = phase_step(s);

	/* Who goes on in the same phase at once says more then. */
	if (status != STATUS_PENDING || s->wait != SESSION_WAIT_NONE || s->phase != phase)
		link_flush(s);
	if (status == STATUS_PENDING)
		status = check_link(s);
	if (status == STATUS_PENDING)
		return status;
	/*
	 * Success is the keys exchanged and written, and nothing else: the engine's word alone is
	 * not enough.
	 */
	return status == STATUS_OK && !s->keys_written ? ERR_INTERNAL : status;
}

enum status session_outcome(const struct session *s, enum status status)
{
	const bool last_word = s->is_source || s->phase == PHASE_REPORT;

	return last_word && s->keys_written ? STATUS_OK : status;
}

static uint32_t minus(uint32_t left, uint64_t elapsed)
{
	return elapsed < left ? left - (uint32_t)elapsed : 0;
}

/* At most UINT16_MAX, which is more than any of these clocks may show. */
static uint16_t plus(uint16_t spent, uint64_t elapsed)
{
	return elapsed < (uint64_t)(UINT16_MAX - spent) ? (uint16_t)(spent + elapsed) : UINT16_MAX;
}

_Static_assert(SLOT_QUEUE_MS < UINT16_MAX && WORK_SLOT_PEER_MS < UINT16_MAX &&
	GET_QUOTE_WAIT_MS <= UINT16_MAX, "clocks of 16 bits");

/* Who let the time run out: the own quoting service or the peer. */
static enum status time_out_of(const struct session *s)
{
	switch (s->wait) {
	case SESSION_WAIT_QUOTE:
	case SESSION_WAIT_REFERENCE:
	case SESSION_WAIT_COLLATERAL:
		return ERR_GET_QUOTE_TIMEOUT;
	default:
		return ERR_TIMEOUT;
	}
}

static enum status queue_clock(struct session *s, uint64_t elapsed)
{
	const bool for_quote = s->queue == &s->td->quotes.queue;

	s->queue_ms = plus(s->queue_ms, elapsed);
	if (s->queue_ms <= SLOT_QUEUE_MS)
		return STATUS_OK;
	return for_quote ? ERR_QUOTE_BUFFER_TIMEOUT : ERR_SLOT_TIMEOUT;
}

enum status session_clock(struct session *s, uint64_t now)
{
	const uint64_t elapsed = now - s->last_ms;
	const bool measuring = s->td->hold < PHASE_COUNT;

	s->last_ms = now;
	if (s->held)
		return STATUS_OK;
	if (s->queue != NULL)
		return measuring ? STATUS_OK : queue_clock(s, elapsed);
	s->quote_ms = (uint16_t)minus(s->quote_ms, elapsed);
	if (s->slot != NULL)
		collateral_fetch_clock(&s->slot->fetch, elapsed);
	/* Whoever is waited for may be held, or queue for as long as there are sessions, over there. */
	if (measuring)
		return STATUS_OK;
	if (s->slot != NULL && s->wait == SESSION_WAIT_IO) {
		s->slot_peer_ms = plus(s->slot_peer_ms, elapsed);
		if (s->slot_peer_ms > WORK_SLOT_PEER_MS)
			return ERR_SLOT_HELD;
	}
	s->budget_ms = minus(s->budget_ms, elapsed);
	return s->budget_ms > 0 ? STATUS_OK : time_out_of(s);
}

void session_end(struct session *s, enum status why)
{
	struct migtd *td = s->td;
	const struct stream io = link_stream(s);

	if (s->in_spdm && why != STATUS_OK)
		spdm_abort(&s->stage.spdm, &io, why);
	link_flush(s);
	if (!s->in_spdm && s->phase >= PHASE_POLICY && s->peer == NULL)
		peer_policy_abort(&s->stage.pre.peer);
	if (s->peer != NULL)
		policy_record_drop(&td->store, s->peer);
	own_quote_end(s);
	work_slot_give(session_slots(s), s);
	drop_init_tdinfo(s);
	link_close(s);
}
