/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The verdict on a peer under policy v2 (verdict_v1.c: under v1): every check of an attestation, in
 * the order in which upstream reports them (SPDM spec 3.4, policy spec 2.11 and 2.14).  Nothing
 * here waits, and nothing passes by default: the one way to STATUS_OK leads through all of it.
 */
#include "core/verdict.h"

#include "core/own_quote.h"
#include "measure/tdinfo.h"

enum status verdict_check_event_log(struct work_slot *slot)
{
	TRY(event_log_reader_end(&slot->event_log));
	if (memcmp(slot->event_log.rtmr, slot->result.bytes + RESULT_RTMR0,
		    sizeof(slot->event_log.rtmr)) != 0)
		return ERR_EVENT_LOG_RTMR;
	return STATUS_OK;
}

/* It must name the policy that was received. */
static enum status check_measured_policy(
	const struct work_slot *slot, const struct policy_record *peer)
{
	const struct event_digests *events = &slot->event_log.digests;
	const uint8_t *policy = event_digest(events, EVENT_POLICY);
	const uint8_t *signer = event_digest(events, EVENT_POLICY_SIGNER);

	if (policy == NULL || !ct_equal(policy, peer->policy_digest, SHA384_SIZE))
		return ERR_EVENT_LOG_POLICY;
	/* Upstream does not compare the chain; every genuine sender satisfies this. */
	if (signer == NULL || !ct_equal(signer, peer->chain_digest, SHA384_SIZE))
		return ERR_EVENT_LOG_POLICY;
	return STATUS_OK;
}

enum status verdict_check_not_debug(const struct quote_result *result)
{
	return (result->bytes[RESULT_TD_ATTRIBUTES] & TDINFO_ATTRIBUTE_DEBUG) == 0 ? STATUS_OK :
		ERR_DEBUG_TD;
}

enum status verdict_check_binding(const struct session *s)
{
	uint8_t bound[SHA384_SIZE];

	report_data_of(!s->is_source, spdm_th1(&s->stage.spdm), bound);
	return ct_equal(bound, s->slot->result.bytes + RESULT_REPORTDATA, SHA384_SIZE) ?
		STATUS_OK :
		ERR_REPORT_DATA;
}

static void line_value(struct line *line, const struct reason_text *value)
{
	line_text_n(line, value->text, value->n);
	if (value->cut)
		line_text(line, LINE_CUT);
}

/* What the own policy demands and what the peer has, on lines of their own: both may be long. */
void verdict_tell_reason(struct session *s)
{
	const struct policy_reason *why = &s->td->reason;
	struct line line;

	s->refused = why->place;
	line_begin_request(&line, &s->td->log, LOG_ERROR, s->request_id);
	line_text(&line, "own policy refuses the peer: ");
	line_text(&line, why->place.block);
	line_text(&line, "[");
	line_dec(&line, why->place.index);
	line_text(&line, "] ");
	line_text(&line, why->place.property);
	line_text(&line, " is ");
	line_value(&line, &why->actual);
	line_end(&line);
	line_begin_request(&line, &s->td->log, LOG_ERROR, s->request_id);
	line_text(&line, "own policy demands ");
	if (why->operation != NULL) {
		line_text(&line, why->operation);
		line_text(&line, " ");
	}
	line_value(&line, &why->expected);
	line_end(&line);
}

static enum status check_policy(struct session *s)
{
	struct migtd *td = s->td;
	struct work_slot *slot = s->slot;
	struct policy_facts facts;

	TRY(policy_facts_of(td->own, s->peer, &slot->result, &facts));
	if (!local_reference_fresh(td, s->stage.exchange.tee_tcb_svn))
		return ERR_TIMEOUT;
	enum status status = policy_evaluate(
		td->own, s->is_source, s->peer, &facts, &td->reference.facts, &td->reason);
	if (status == STATUS_OK && !s->is_source)
		status = policy_check_initial(td->own, &slot->result, slot->init_tdinfo,
			slot->servtd_ext, &td->reason);
	if (status != STATUS_OK)
		verdict_tell_reason(s);
	return status;
}

enum status verdict(struct session *s)
{
	struct migtd *td = s->td;
	struct work_slot *slot = s->slot;

	if (!ct_equal(slot->policy_hash, s->peer->blob_digest, SHA384_SIZE))
		return ERR_POLICY_HASH;
	TRY(verify_quote(&td->own->collateral, td->scratch, slot->quote, slot->quote_size,
		&slot->result));
	TRY(verdict_check_not_debug(&slot->result));
	TRY(s->peer->format);
	TRY(verdict_check_event_log(slot));
	TRY(s->peer->signature);
	TRY(s->peer->chain);
	TRY(check_measured_policy(slot, s->peer));
	TRY(check_policy(s));
	return verdict_check_binding(s);
}
