/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The verdict on a peer under policy v2 (verdict_v1.c: under v1): every check of an attestation, in
 * the order of verdict_v2.def.  Nothing here waits, and nothing passes by default: the one way to
 * STATUS_OK leads through all of it.
 */
#include "core/verdict.h"

#include "core/own_quote.h"

enum status verdict_check_not_debug(struct session *s)
{
	return peer_check_not_debug(&s->slot->result);
}

enum status verdict_check_event_log(struct session *s)
{
	return peer_check_event_log(&s->slot->event_log, &s->slot->result);
}

enum status verdict_check_binding(struct session *s)
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

	s->refused_block = why->place.block;
	s->refused_property = why->place.property;
	s->refused_index = why->place.index;
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

static enum status verdict_check_policy_hash(struct session *s)
{
	return ct_equal(s->slot->policy_hash, s->peer->blob_digest, SHA384_SIZE) ? STATUS_OK :
		ERR_POLICY_HASH;
}

static enum status verdict_check_quote(struct session *s)
{
	struct migtd *td = s->td;
	struct work_slot *slot = s->slot;

	return verify_quote(&td->own->collateral, td->scratch, slot->quote, slot->quote_size,
		&slot->result);
}

static enum status verdict_check_peer_policy(struct session *s)
{
	return s->peer->format;
}

static enum status verdict_check_peer_signatures(struct session *s)
{
	return s->peer->signature;
}

static enum status verdict_check_peer_chains(struct session *s)
{
	return s->peer->chain;
}

static enum status verdict_check_measured_policy(struct session *s)
{
	return peer_check_measured_policy(&s->slot->event_log.digests, s->peer);
}

static enum status verdict_check_rules(struct session *s)
{
	struct migtd *td = s->td;
	struct policy_facts facts;

	TRY(policy_facts_of(td->own, s->peer, &s->slot->result, &facts));
	if (!local_reference_fresh(td, s->stage.exchange.tee_tcb_svn))
		return ERR_TIMEOUT;
	const enum status status = policy_evaluate(
		td->own, s->is_source, s->peer, &facts, &td->reference.facts, &td->reason);
	if (status != STATUS_OK)
		verdict_tell_reason(s);
	return status;
}

/* A source sends what is checked here. */
static enum status verdict_check_initial(struct session *s)
{
	struct migtd *td = s->td;
	struct work_slot *slot = s->slot;

	if (s->is_source)
		return STATUS_OK;
	const enum status status = policy_check_initial(
		td->own, &slot->result, slot->init_tdinfo, slot->servtd_ext, &td->reason);
	if (status != STATUS_OK)
		verdict_tell_reason(s);
	return status;
}

enum status verdict(struct session *s)
{
#define VERDICT_STEP(NAME, name) TRY(verdict_check_##name(s));
#include "core/verdict_v2.def"
#undef VERDICT_STEP
	return STATUS_OK;
}
