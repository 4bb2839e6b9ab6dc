/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "core/own_quote.h"

#include "core/td.h"
#include "mem/copy_once.h"

#define TEE_TCB_SVN_OFFSET 264 /* in the TDREPORT: TEE_TCB_INFO at 256, SVN at its offset 8 */
#define TEE_TCB_SVN_SIZE 16

/* Bytes of two quotes that are compared at a time. */
#define COMPARE_SIZE 256

static const char tag_requester[8] = {'M', 'i', 'g', 'T', 'D', 'R', 'e', 'q'};
static const char tag_responder[8] = {'M', 'i', 'g', 'T', 'D', 'R', 's', 'p'};

/* --- TDREPORT and REPORTDATA --------------------------------------------------------------- */

static enum status make_report(struct migtd *td, const uint8_t *bound, uint8_t tee_tcb_svn[16])
{
	struct tdcall_scratch *scratch = td->tdcall;

	memset(scratch->reportdata, 0, sizeof(scratch->reportdata));
	if (bound != NULL)
		memcpy(scratch->reportdata, bound, SHA384_SIZE);
	TRY(tdg_mr_report(&td->tdx, scratch->report, scratch->reportdata));
	memcpy(tee_tcb_svn, scratch->report + TEE_TCB_SVN_OFFSET, TEE_TCB_SVN_SIZE);
	return STATUS_OK;
}

enum status own_quote_request(struct migtd *td, struct get_quote *q, const uint8_t *bound,
	uint8_t tee_tcb_svn[16])
{
	TRY(make_report(td, bound, tee_tcb_svn));
	return get_quote_start(q, &td->quoting, td->tdcall->report);
}

enum status own_tee_tcb_svn(struct migtd *td, uint8_t tee_tcb_svn[16])
{
	return make_report(td, NULL, tee_tcb_svn);
}

_Static_assert(1000u << (GET_QUOTE_TRIES - 2) <= UINT16_MAX, "the longest pause, in a session's clock");

uint32_t own_quote_pause_ms(unsigned tries)
{
	return 1000u << (tries - 1);
}

void report_data_of(bool is_source, const uint8_t th1[SHA384_SIZE], uint8_t bound[SHA384_SIZE])
{
	struct sha384 h;

	sha384_init(&h);
	sha384_update(&h, (const uint8_t *)(is_source ? tag_requester : tag_responder),
		sizeof(tag_requester));
	sha384_update(&h, th1, SHA384_SIZE);
	sha384_final(&h, bound);
}

static void bound_of(const struct session *s, uint8_t bound[SHA384_SIZE])
{
	report_data_of(s->is_source, spdm_th1(&s->stage.spdm), bound);
}

/* --- what is sent -------------------------------------------------------------------------- */

static void read_buffer(const struct own_quote *q, uint32_t offset, uint8_t *to, size_t n)
{
	copy_once(to, q->request.buffer + q->request.quote_offset + offset, n);
}

/* A field of a quote, and the n bytes from `offset` of which a copy is at hand. */
struct overlay {
	uint8_t *to;
	uint32_t offset;
	size_t n;
};

static bool touches(const struct overlay *o, uint32_t at, size_t size)
{
	return at < o->offset + o->n && o->offset < at + size;
}

static void lay_over(const struct overlay *o, uint32_t at, const uint8_t *field, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (at + i >= o->offset && at + i - o->offset < o->n)
			o->to[at + i - o->offset] = field[i];
}

/* Another session's quote, with the two fields of this one. */
static void read_shared(const struct session *s, const struct own_quote *q, uint32_t offset,
	uint8_t *to, size_t n)
{
	const struct overlay o = {to, offset, n};

	read_buffer(q, offset, to, n);
	if (touches(&o, q->places.report_data, REPORTDATA_SIZE)) {
		uint8_t report_data[REPORTDATA_SIZE] = {0};

		bound_of(s, report_data);
		lay_over(&o, q->places.report_data, report_data, sizeof(report_data));
	}
	lay_over(&o, q->places.signature, s->stage.exchange.quote_signature, P256_SIGNATURE_SIZE);
}

uint32_t own_quote_size(const struct session *s)
{
	return s->quote != NULL ? s->quote->request.quote_size : 0;
}

void own_quote_read(const struct session *s, uint32_t offset, uint8_t *to, size_t n)
{
	if (s->quote_is_shared)
		read_shared(s, s->quote, offset, to, n);
	else
		read_buffer(s->quote, offset, to, n);
}

/* --- one buffer for many ------------------------------------------------------------------- */

static void find_places(struct own_quote *q)
{
	const size_t n = q->request.quote_size;
	uint8_t head[QUOTE_HEAD_SIZE];

	if (n < sizeof(head))
		return;
	read_buffer(q, 0, head, sizeof(head));
	if (quote_find_places(&q->places, head, n) != STATUS_OK)
		q->places = (struct quote_places){0};
}

/* Would sending `other` with the session's fields send its own quote? */
static bool serves(const struct session *s, const struct own_quote *own,
	const struct own_quote *other)
{
	const uint32_t size = own->request.quote_size;
	uint8_t wanted[COMPARE_SIZE], found[COMPARE_SIZE];

	if (other == own || other->senders == 0 || other->places.signature == 0 ||
		other->request.quote_size != size)
		return false;
	for (uint32_t at = 0; at < size; at += COMPARE_SIZE) {
		const size_t n = size - at < COMPARE_SIZE ? size - at : COMPARE_SIZE;

		read_buffer(own, at, wanted, n);
		read_shared(s, other, at, found, n);
		if (memcmp(wanted, found, n) != 0)
			return false;
	}
	return true;
}

/* Keys come to lie there. */
static void forget_signature(struct session *s)
{
	memset(s->stage.exchange.quote_signature, 0, P256_SIGNATURE_SIZE);
}

static struct own_quote *find_other(struct session *s)
{
	struct own_quotes *quotes = &s->td->quotes;
	const struct own_quote *own = s->quote;

	if (own->places.signature == 0)
		return NULL;
	read_buffer(own, own->places.signature, s->stage.exchange.quote_signature,
		P256_SIGNATURE_SIZE);
	for (unsigned i = 0; i < ARRAY_SIZE(quotes->quote); i++)
		if (serves(s, own, &quotes->quote[i]))
			return &quotes->quote[i];
	forget_signature(s);
	return NULL;
}

/* The session's quote has come: it keeps it where it is, or uses another buffer from now on. */
static void arrived(struct session *s)
{
	struct own_quote *q = s->quote;

	find_places(q);
	struct own_quote *other = find_other(s);
	if (other != NULL) {
		own_quote_end(s);	/* its own buffer */
		s->quote = q = other;
		s->quote_is_shared = true;
	}
	q->asker = NULL;
	q->senders++;
}

/* --- buffers ------------------------------------------------------------------------------- */

/* Sessions leave the reference a buffer: without it none of them could judge its peer. */
static struct own_quote *find_free(struct migtd *td)
{
	const uint32_t kept = td->reference.quote.buffer == NULL ? 1 : 0;

	if (quote_service_free(&td->quoting) <= kept)
		return NULL;
	for (unsigned i = 0; i < ARRAY_SIZE(td->quotes.quote); i++) {
		struct own_quote *q = &td->quotes.quote[i];

		if (q->asker == NULL && q->senders == 0)
			return q;
	}
	return NULL;
}

static enum status take(struct session *s)
{
	struct own_quote *q = find_free(s->td);
	const enum status status = slot_queue_pass(&s->td->quotes.queue, s, q != NULL);

	if (status == STATUS_PENDING)
		s->wait = SESSION_WAIT_SLOT;
	TRY(status);
	q->asker = s;
	q->request.framed_failed = s->quote_framed_failed;
	s->quote = q;
	return STATUS_OK;
}

void own_quote_end(struct session *s)
{
	struct migtd *td = s->td;
	struct own_quote *q = s->quote;

	slot_queue_leave(&td->quotes.queue, s);
	if (q == NULL)
		return;
	if (s->quote_is_shared)
		forget_signature(s);
	s->quote = NULL;
	s->quote_is_shared = false;
	if (q->asker == s)
		q->asker = NULL;
	else
		q->senders--;
	if (q->senders > 0)
		return;
	s->quote_framed_failed = q->request.framed_failed;
	get_quote_end(&q->request, &td->quoting);
	*q = (struct own_quote){.asker = NULL};
	slot_queue_wake(&td->quotes.queue);
}

void own_quotes_poll(struct migtd *td)
{
	quote_service_reclaim(&td->quoting);
	slot_queue_wake(&td->quotes.queue);
	for (unsigned i = 0; i < ARRAY_SIZE(td->quotes.quote); i++) {
		const struct own_quote *q = &td->quotes.quote[i];

		if (q->asker != NULL && get_quote_answered(&q->request))
			session_run(q->asker);
	}
}

/* --- asking -------------------------------------------------------------------------------- */

static enum status start(struct session *s)
{
	uint8_t bound[SHA384_SIZE];

	bound_of(s, bound);
	s->quote_ms = GET_QUOTE_WAIT_MS;
	return own_quote_request(s->td, &s->quote->request, bound, s->stage.exchange.tee_tcb_svn);
}

/* The quote, or one more look at it. */
static enum status attempt(struct session *s)
{
	struct get_quote *q = &s->quote->request;

	if (q->buffer == NULL)
		TRY(start(s));
	const enum status status = get_quote_poll(q, &s->td->quoting);
	if (status != ERR_GET_QUOTE_FORM)
		return status;
	/* Asked in the wrong form: in the other one at once, and no third time. */
	get_quote_end(q, &s->td->quoting);
	TRY(start(s));
	return get_quote_poll(q, &s->td->quoting);
}

/* Busy: the buffer is for others while this one pauses. */
static enum status pause(struct session *s)
{
	own_quote_end(s);
	if (s->quote_try + 1 >= GET_QUOTE_TRIES)
		return ERR_GET_QUOTE_BUSY;
	s->quote_try++;
	s->quote_ms = (uint16_t)own_quote_pause_ms(s->quote_try);
	return STATUS_PENDING;
}

enum status own_quote_step(struct session *s)
{
	if (s->quote != NULL && s->quote->asker != s)
		return STATUS_OK;
	s->wait = SESSION_WAIT_QUOTE;
	if (s->quote == NULL) {
		if (s->quote_ms > 0)
			return STATUS_PENDING;
		TRY(take(s));
	}
	const enum status status = attempt(s);
	if (status == ERR_GET_QUOTE_BUSY)
		return pause(s);
	if (status == STATUS_PENDING && s->quote_ms == 0)
		return ERR_GET_QUOTE_TIMEOUT;
	TRY(status);
	arrived(s);
	log_text(&s->td->log, LOG_INFO, "Quote generated successfully");
	return STATUS_OK;
}

bool own_quote_awaited(const struct session *s)
{
	return s->wait == SESSION_WAIT_QUOTE || s->queue == &s->td->quotes.queue;
}
