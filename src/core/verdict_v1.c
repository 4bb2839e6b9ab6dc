/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The verdict on a peer under policy v1, in the order of verdict_v1.def.  The peer's own policy never
 * comes over: what it is shows in its event log only.
 */
#include "core/verdict.h"

static enum status verdict_check_quote(struct session *s)
{
	struct work_slot *slot = s->slot;

	return collateral_fetch_verify(
		s->td, &slot->fetch, slot->quote, slot->quote_size, &slot->result);
}

static enum status verdict_check_rules(struct session *s)
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
#define VERDICT_STEP(NAME, name) TRY(verdict_check_##name(s));
#include "core/verdict_v1.def"
#undef VERDICT_STEP
	return STATUS_OK;
}
