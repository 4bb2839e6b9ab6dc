/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The verdict on a peer under policy v1, in upstream's order (SPDM spec 3.4, policy spec 1.7).  The
 * peer's own policy never comes over: what it is shows in its event log only.
 */
#include "core/verdict.h"

static enum status verify(struct session *s)
{
	struct work_slot *slot = s->slot;

	return collateral_fetch_verify(
		s->td, &slot->fetch, slot->quote, slot->quote_size, &slot->result);
}

static enum status check_policy(struct session *s)
{
	struct migtd *td = s->td;
	struct work_slot *slot = s->slot;

	if (!local_reference_fresh(td, s->stage.exchange.tee_tcb_svn))
		return ERR_TIMEOUT;
	const enum status status = policy_v1_evaluate(&td->v1->policy, s->is_source,
		&td->reference.result, &td->v1->events, &slot->result, &slot->event_log.digests,
		&td->reason);
	if (status != STATUS_OK)
		verdict_tell_reason(s);
	return status;
}

enum status verdict_v1(struct session *s)
{
	struct work_slot *slot = s->slot;

	TRY(verify(s));
	TRY(verdict_check_not_debug(&slot->result));
	TRY(verdict_check_binding(s));
	TRY(verdict_check_event_log(slot));
	return check_policy(s);
}
