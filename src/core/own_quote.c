/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "core/own_quote.h"

#define TEE_TCB_SVN_OFFSET 264 /* in the TDREPORT: TEE_TCB_INFO at 256, SVN at its offset 8 */
#define TEE_TCB_SVN_SIZE 16

static const char tag_requester[8] = {'M', 'i', 'g', 'T', 'D', 'R', 'e', 'q'};
static const char tag_responder[8] = {'M', 'i', 'g', 'T', 'D', 'R', 's', 'p'};

enum status own_quote_request(struct migtd *td, struct get_quote *q, const uint8_t *bound,
	uint8_t tee_tcb_svn[16])
{
	struct tdcall_scratch *scratch = td->tdcall;

	memset(scratch->reportdata, 0, sizeof(scratch->reportdata));
	if (bound != NULL)
		memcpy(scratch->reportdata, bound, SHA384_SIZE);
	TRY(tdg_mr_report(&td->tdx, scratch->report, scratch->reportdata));
	memcpy(tee_tcb_svn, scratch->report + TEE_TCB_SVN_OFFSET, TEE_TCB_SVN_SIZE);
	return get_quote_start(q, &td->quoting, scratch->report);
}

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

/* Asked in the wrong form: try again at once.  Busy: pause and try again, or give up. */
static enum status try_again(struct session *s, enum status why)
{
	get_quote_end(&s->quote, &s->td->quoting);
	if (why == ERR_GET_QUOTE_FORM) {
		s->quote_ms = 0;
		s->wait = SESSION_WAIT_NONE;
		return STATUS_PENDING;
	}
	if (why != ERR_GET_QUOTE_BUSY || s->quote_try + 1 >= GET_QUOTE_TRIES)
		return why;
	s->quote_try++;
	s->quote_ms = own_quote_pause_ms(s->quote_try);
	return STATUS_PENDING;
}

/* Sessions leave the reference its pages: without it none of them could judge its peer. */
static bool has_pages(const struct migtd *td)
{
	const uint32_t kept = td->reference.quote.buffer == NULL ? GET_QUOTE_PAGES : 0;

	return shared_room(&td->shared, SHARED_GET_QUOTE) >= GET_QUOTE_PAGES + kept;
}

static enum status start(struct session *s)
{
	uint8_t bound[SHA384_SIZE];
	enum status status;

	if (!has_pages(s->td))
		return ERR_OUT_OF_RESOURCE;
	report_data_of(s->is_source, spdm_th1(&s->stage.spdm), bound);
	status = own_quote_request(s->td, &s->quote, bound, s->stage.exchange.tee_tcb_svn);
	if (status == ERR_GET_QUOTE_BUSY)
		return try_again(s, status);
	TRY(status);
	s->quote_ms = GET_QUOTE_WAIT_MS;
	return STATUS_PENDING;
}

enum status own_quote_step(struct session *s)
{
	enum status status;

	s->wait = SESSION_WAIT_QUOTE;
	if (s->quote.buffer == NULL) {
		if (s->quote_ms > 0)
			return STATUS_PENDING;
		TRY(start(s));
	}
	status = get_quote_poll(&s->quote, &s->td->quoting);
	if (status == STATUS_PENDING && s->quote_ms == 0) {
		get_quote_end(&s->quote, &s->td->quoting);
		return ERR_GET_QUOTE_TIMEOUT;
	}
	if (status == ERR_GET_QUOTE_BUSY || status == ERR_GET_QUOTE_FORM)
		return try_again(s, status);
	TRY(status);
	log_text(&s->td->log, LOG_INFO, "Quote generated successfully");
	s->phase = PHASE_ATTEST;
	s->wait = SESSION_WAIT_NONE;
	return STATUS_PENDING;
}
