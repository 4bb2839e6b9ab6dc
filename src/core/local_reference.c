/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "core/local_reference.h"

#include "core/own_quote.h"
#include "measure/tdinfo.h"

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

	if (valid_for(td, tee_tcb_svn, LOCAL_REFERENCE_MARGIN_MS))
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

/* Verifies the finished quote exactly as a peer's and derives the facts. */
static enum status take(struct migtd *td)
{
	struct local_reference *ref = &td->reference;
	struct quote_result result;
	struct policy_facts facts;
	const size_t n = ref->quote.quote_size;

	memcpy(ref->copy, ref->quote.buffer + ref->quote.quote_offset, n);
	TRY(verify_quote(&td->own->collateral, td->scratch, ref->copy, n, &result));
	if (!is_own(td, &result))
		return ERR_GET_QUOTE;
	TRY(policy_facts_of(td->own, &td->own->record, &result, &facts));
	ref->facts = facts;
	memcpy(ref->tee_tcb_svn, ref->next_tee_tcb_svn, sizeof(ref->tee_tcb_svn));
	ref->made_at = td->now;
	ref->valid = true;
	return STATUS_OK;
}

static void finish(struct migtd *td, enum status status)
{
	struct local_reference *ref = &td->reference;

	get_quote_end(&ref->quote, &td->quoting);
	if (status == ERR_GET_QUOTE_FORM) {
		ref->retry_at = td->now;
		return;
	}
	if (status == ERR_GET_QUOTE_BUSY && ref->tries + 1 < GET_QUOTE_TRIES) {
		ref->tries++;
		ref->retry_at = td->now + own_quote_pause_ms(ref->tries);
		return;
	}
	ref->wanted = false;
	ref->failure = status;
}

bool local_reference_step(struct migtd *td)
{
	struct local_reference *ref = &td->reference;
	enum status status;

	if (!ref->wanted)
		return false;
	if (ref->quote.buffer == NULL) {
		if (td->now < ref->retry_at)
			return false;
		status = own_quote_request(td, &ref->quote, NULL, ref->next_tee_tcb_svn);
		if (status != STATUS_OK) {
			finish(td, status);
			return !ref->wanted;
		}
		ref->deadline = td->now + GET_QUOTE_WAIT_MS;
	}
	status = get_quote_poll(&ref->quote, &td->quoting);
	if (status == STATUS_PENDING && td->now < ref->deadline)
		return false;
	if (status == STATUS_PENDING)
		status = ERR_GET_QUOTE_TIMEOUT;
	finish(td, status == STATUS_OK ? take(td) : status);
	return !ref->wanted;
}
