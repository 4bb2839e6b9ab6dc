/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A block list, judged for both sides: whatever it says, what no policy may allow is refused. */
#include "fuzz.h"

#include "policy/policy.h"

static const struct policy_facts good = {
	.platform_known = true,
	.tcb_date = {.n = 10, .text = "2025-09-01"},
	.tcb_status = TCB_CONFIGURATION_NEEDED,
	.tcb_evaluation_number = 15,
	.fmspc = {0x10, 0xc0, 0x6f, 0, 0, 0},
	.pck_crl_number = 3,
	.root_crl_number = 4,
	.migtd_known = true,
	.isvsvn = 7,
	.migtd_status = TCB_UP_TO_DATE,
	.migtd_date = {.n = 10, .text = "2025-01-01"},
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct policy_own own;
	const struct policy_record peer = {0};
	struct policy_facts facts = good;
	struct policy_reason reason;

	own.policy = bytes;
	own.policy_size = n;
	own.index.common.end = own.index.forward.end = own.index.backward.end = (uint32_t)n;
	const enum status source = policy_evaluate(&own, true, &peer, &facts, &good, &reason);
	HOLDS(source == policy_evaluate(&own, false, &peer, &facts, &good, &reason));
	if (source == STATUS_OK)
		ACCEPTED();
	facts.migtd_status = TCB_REVOKED;
	HOLDS(policy_evaluate(&own, true, &peer, &facts, &good, &reason) != STATUS_OK);
	facts = good;
	facts.tcb_status = TCB_REVOKED;
	HOLDS(policy_evaluate(&own, true, &peer, &facts, &good, &reason) != STATUS_OK);
	facts = good;
	facts.migtd_known = false;
	HOLDS(policy_evaluate(&own, true, &peer, &facts, &good, &reason) != STATUS_OK);
	return 0;
}
