/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A v1 policy; the first byte says who judges and which events there are. */
#include "fuzz.h"

#include "policy/v1.h"

static struct quote_result local, peer;
static struct event_digests events, peer_events;

static enum status evaluate(const struct policy_v1 *policy, bool is_source)
{
	static struct policy_reason reason;
	const enum status status = policy_v1_evaluate(policy, is_source, &local, &events, &peer,
		&peer_events, &reason);

	/* What was checked once is found again, and every refusal can be told. */
	HOLDS(status != ERR_JSON && status != ERR_JSON_DEPTH && status != ERR_POLICY_FORMAT);
	HOLDS(reason.place.block != NULL && reason.place.property != NULL);
	HOLDS((reason.place.block[0] == 0) == (status == STATUS_OK));
	HOLDS(reason.expected.n <= REASON_TEXT_MAX && reason.actual.n <= REASON_TEXT_MAX);
	return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct policy_v1 policy;

	if (n < 1)
		return 0;
	memset(&peer, bytes[0] & 3, sizeof(peer));
	memset(&peer_events, 0, sizeof(peer_events));
	events.present = (uint8_t)((1u << EVENT_CLASSES) - 1);
	events.svn_size = EVENT_SVN_MAX;
	peer_events.present = bytes[0] >> 2 & events.present;
	peer_events.svn_size = bytes[0] & 8;
	if (policy_v1_open(&policy, bytes + 1, n - 1) != STATUS_OK)
		return 0;
	HOLDS(policy.size <= n - 1 && policy.blocks <= policy.size);
	const enum status source = evaluate(&policy, true);
	HOLDS(source == evaluate(&policy, true));
	/* Between MigTDs that are alike it does not matter who is the source. */
	const enum status destination = evaluate(&policy, false);
	if ((bytes[0] & 3) == 0 && peer_events.present == events.present &&
	    peer_events.svn_size == events.svn_size)
		HOLDS(source == destination);
	return 0;
}
