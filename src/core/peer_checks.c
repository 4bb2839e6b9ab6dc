/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "core/peer_checks.h"

#include "measure/tdinfo.h"
#include "policy/policy.h"

enum status peer_check_not_debug(const struct quote_result *result)
{
	return (result->bytes[RESULT_TD_ATTRIBUTES] & TDINFO_ATTRIBUTE_DEBUG) == 0 ? STATUS_OK :
		ERR_DEBUG_TD;
}

enum status peer_check_event_log(struct event_log_reader *log, const struct quote_result *result)
{
	TRY(event_log_reader_end(log));
	if (memcmp(log->rtmr, result->bytes + RESULT_RTMR0, sizeof(log->rtmr)) != 0)
		return ERR_EVENT_LOG_RTMR;
	return STATUS_OK;
}

enum status peer_check_measured_policy(
	const struct event_digests *events, const struct policy_record *peer)
{
	const uint8_t *policy = event_digest(events, EVENT_POLICY);
	const uint8_t *signer = event_digest(events, EVENT_POLICY_SIGNER);

	if (policy == NULL || !ct_equal(policy, peer->policy_digest, SHA384_SIZE))
		return ERR_EVENT_LOG_POLICY;
	/* Upstream does not compare the chain; every genuine sender satisfies this. */
	if (signer == NULL || !ct_equal(signer, peer->chain_digest, SHA384_SIZE))
		return ERR_EVENT_LOG_POLICY;
	return STATUS_OK;
}
