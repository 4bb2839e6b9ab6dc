/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The verdict on a peer: every check of an attestation, in the order in which upstream reports
 * them (SPDM spec 3.4, policy spec 2.11 and 2.14).  Nothing here waits, and nothing passes by
 * default: the one way to STATUS_OK leads through all of it.
 */
#include "core/td.h"
#include "core/own_quote.h"
#include "measure/tdinfo.h"

/* The event log must replay to the quoted RTMRs and name the policy that was received. */
static enum status check_event_log(struct work_slot *slot)
{
	TRY(event_log_reader_end(&slot->event_log));
	if (memcmp(slot->event_log.rtmr, slot->result.bytes + RESULT_RTMR0,
		    sizeof(slot->event_log.rtmr)) != 0)
		return ERR_EVENT_LOG_RTMR;
	return STATUS_OK;
}

static enum status check_measured_policy(
	const struct work_slot *slot, const struct policy_record *peer)
{
	const struct event_log_reader *log = &slot->event_log;

	if (!log->has_policy || !ct_equal(log->policy_digest, peer->policy_digest, SHA384_SIZE))
		return ERR_EVENT_LOG_POLICY;
	/* Upstream does not compare the chain; every genuine sender satisfies this. */
	if (!log->has_chain || !ct_equal(log->chain_digest, peer->chain_digest, SHA384_SIZE))
		return ERR_EVENT_LOG_POLICY;
	return STATUS_OK;
}

static enum status check_not_debug(const struct quote_result *result)
{
	return (result->bytes[RESULT_TD_ATTRIBUTES] & TDINFO_ATTRIBUTE_DEBUG) == 0 ? STATUS_OK :
		ERR_DEBUG_TD;
}

static enum status check_binding(const struct session *s)
{
	uint8_t bound[SHA384_SIZE];

	report_data_of(!s->is_source, spdm_th1(&s->stage.spdm), bound);
	return ct_equal(bound, s->slot->result.bytes + RESULT_REPORTDATA, SHA384_SIZE) ?
		STATUS_OK :
		ERR_REPORT_DATA;
}

static enum status check_policy(struct session *s)
{
	struct migtd *td = s->td;
	struct work_slot *slot = s->slot;
	struct policy_facts facts;

	TRY(policy_facts_of(td->own, s->peer, &slot->result, &facts));
	if (!local_reference_fresh(td, s->stage.exchange.tee_tcb_svn))
		return ERR_TIMEOUT;
	TRY(policy_evaluate(td->own, s->is_source, s->peer, &facts, &td->reference.facts,
		&s->reason));
	s->reason = (struct policy_reason){0};
	if (s->is_source)
		return STATUS_OK;
	return policy_check_initial(
		td->own, &slot->result, slot->init_tdinfo, slot->servtd_ext);
}

enum status verdict(struct session *s)
{
	struct migtd *td = s->td;
	struct work_slot *slot = s->slot;

	if (!ct_equal(slot->policy_hash, s->peer->blob_digest, SHA384_SIZE))
		return ERR_POLICY_HASH;
	TRY(verify_quote(&td->own->collateral, td->scratch, slot->quote, slot->quote_size,
		&slot->result));
	TRY(check_not_debug(&slot->result));
	TRY(s->peer->format);
	TRY(check_event_log(slot));
	TRY(s->peer->signature);
	TRY(s->peer->chain);
	TRY(check_measured_policy(slot, s->peer));
	TRY(check_policy(s));
	return check_binding(s);
}
