/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "core/local_reference.h"

#include "core/td.h"
#include "measure/tdinfo.h"
#include "mem/copy_once.h"

static bool valid_for(const struct migtd *td, const uint8_t tee_tcb_svn[16], uint64_t margin)
{
	const struct local_reference *ref = &td->reference;

	return ref->valid && td->now - ref->made_at + margin <= LOCAL_REFERENCE_MS &&
	       memcmp(ref->tee_tcb_svn, tee_tcb_svn, sizeof(ref->tee_tcb_svn)) == 0;
}

bool local_reference_fresh(const struct migtd *td, const uint8_t tee_tcb_svn[16])
{
	return valid_for(td, tee_tcb_svn, 0);
}

enum status local_reference_ready(struct migtd *td, const uint8_t tee_tcb_svn[16], bool waited)
{
	struct local_reference *ref = &td->reference;

	if (valid_for(td, tee_tcb_svn,
		    td->v1 != NULL ? LOCAL_REFERENCE_MARGIN_V1_MS : LOCAL_REFERENCE_MARGIN_MS))
		return STATUS_OK;
	if (!ref->wanted) {
		/* Those who waited for an attempt that failed are told so; a newcomer starts one. */
		if (waited && ref->failure != STATUS_OK)
			return ref->failure;
		ref->wanted = true;
		ref->tries = 0;
		ref->retry_at = td->now;
		(void)local_reference_step(td);
	}
	return ref->wanted || ref->failure == STATUS_OK ? STATUS_PENDING : ref->failure;
}

/* The quote must be about this very TD and the TDREPORT it was asked with. */
static bool is_own(const struct migtd *td, const struct quote_result *result)
{
	static const uint8_t zero[REPORTDATA_SIZE];
	const uint8_t *b = result->bytes;

	return memcmp(b + RESULT_TEE_TCB_SVN, td->reference.next_tee_tcb_svn, 16) == 0 &&
	       memcmp(b + RESULT_TD_ATTRIBUTES, td->tdinfo + TDINFO_ATTRIBUTES, 8) == 0 &&
	       memcmp(b + RESULT_XFAM, td->tdinfo + TDINFO_XFAM, 8) == 0 &&
	       memcmp(b + RESULT_MRTD, td->tdinfo + TDINFO_MRTD, 4 * SHA384_SIZE) == 0 &&
	       memcmp(b + RESULT_RTMR0, td->tdinfo + TDINFO_RTMR0, 4 * SHA384_SIZE) == 0 &&
	       memcmp(b + RESULT_REPORTDATA, zero, sizeof(zero)) == 0;
}

/* A verified result of the own quote becomes the reference; the old one stays until here. */
static void succeed(struct migtd *td)
{
	struct local_reference *ref = &td->reference;

	memcpy(ref->tee_tcb_svn, ref->next_tee_tcb_svn, sizeof(ref->tee_tcb_svn));
	ref->made_at = td->now;
	ref->valid = true;
}

/* Policy v2: verifies the quote exactly as a peer's and derives the facts. */
static enum status take_v2(struct migtd *td)
{
	struct local_reference *ref = &td->reference;
	struct quote_result result;
	struct policy_facts facts;

	TRY(verify_quote(&td->own->collateral, td->scratch, ref->copy, ref->copy_size, &result));
	if (!is_own(td, &result))
		return ERR_GET_QUOTE;
	TRY(policy_facts_of(td->own, &td->own->record, &result, &facts));
	ref->facts = facts;
	succeed(td);
	return STATUS_OK;
}

/* Policy v1: the same, as soon as its collateral is there. */
static enum status take_v1(struct migtd *td)
{
	struct local_reference *ref = &td->reference;
	struct quote_result result;

	collateral_fetch_clock(&ref->fetch, td->now - ref->fetch_ms);
	ref->fetch_ms = td->now;
	TRY(collateral_fetch_step(td, &ref->fetch, ref->copy, ref->copy_size));
	TRY(collateral_fetch_verify(td, &ref->fetch, ref->copy, ref->copy_size, &result));
	if (!is_own(td, &result))
		return ERR_GET_QUOTE;
	ref->result = result;
	succeed(td);
	return STATUS_OK;
}

/* The quote is there: its pages go back before collateral is waited for. */
static enum status take(struct migtd *td)
{
	struct local_reference *ref = &td->reference;

	ref->copy_size = ref->quote.quote_size;
	copy_once(ref->copy, ref->quote.buffer + ref->quote.quote_offset, ref->copy_size);
	get_quote_end(&ref->quote, &td->quoting);
	if (td->v1 == NULL)
		return take_v2(td);
	ref->fetching = true;
	ref->fetch_ms = td->now;
	return take_v1(td);
}

/* The attempt is over, unless the quote may be asked for once more. */
static void finish(struct migtd *td, enum status status)
{
	struct local_reference *ref = &td->reference;
	const bool quoting = !ref->fetching;

	get_quote_end(&ref->quote, &td->quoting);
	collateral_fetch_end(td, &ref->fetch);
	ref->fetching = false;
	if (quoting && status == ERR_GET_QUOTE_FORM) {
		ref->retry_at = td->now;
		return;
	}
	if (quoting && status == ERR_GET_QUOTE_BUSY && ref->tries + 1 < GET_QUOTE_TRIES) {
		ref->tries++;
		ref->retry_at = td->now + own_quote_pause_ms(ref->tries);
		return;
	}
	ref->wanted = false;
	ref->failure = status;
}

/* Asks for the quote, or looks whether it has come. */
static enum status quote_step(struct migtd *td)
{
	struct local_reference *ref = &td->reference;
	enum status status;

	if (ref->quote.buffer == NULL) {
		if (td->now < ref->retry_at)
			return STATUS_PENDING;
		TRY(own_quote_request(td, &ref->quote, NULL, ref->next_tee_tcb_svn));
		ref->deadline = td->now + GET_QUOTE_WAIT_MS;
	}
	status = get_quote_poll(&ref->quote, &td->quoting);
	if (status == STATUS_PENDING && td->now >= ref->deadline)
		return ERR_GET_QUOTE_TIMEOUT;
	TRY(status);
	return take(td);
}

bool local_reference_step(struct migtd *td)
{
	struct local_reference *ref = &td->reference;

	if (!ref->wanted)
		return false;
	const enum status status = ref->fetching ? take_v1(td) : quote_step(td);
	if (status != STATUS_PENDING)
		finish(td, status);
	return !ref->wanted;
}
