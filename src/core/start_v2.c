/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Start-up with policy v2: issuer chain, the policy's signatures, owner, policy. */
#include "core/start.h"

static const uint8_t policy_version[] = {'2', '.', '0'};

static enum status measure_chain(struct migtd *td)
{
	const struct migtd_config *c = &td->config;

	return start_measure(td, RTMR_ISSUER_CHAIN, EVENT_TAG_ISSUER_CHAIN, c->issuer_chain,
		c->issuer_chain_size, c->issuer_chain, c->issuer_chain_size);
}

static enum status open_policy(struct migtd *td)
{
	const struct migtd_config *c = &td->config;

	return policy_own_open(td->own, td->scratch, c->policy, c->policy_size, c->issuer_chain,
		c->issuer_chain_size);
}

static enum status check_own_tdinfo(struct migtd *td)
{
	TRY(start_check_tdinfo(td));
	return policy_own_check_tdinfo(td->own, td->tdinfo);
}

static enum status measure_policy(struct migtd *td)
{
	const struct migtd_config *c = &td->config;

	return start_measure(td, RTMR_POLICY, EVENT_TAG_POLICY, c->policy, c->policy_size,
		policy_version, sizeof(policy_version));
}

static const struct start_step steps_v2[] = {
	{measure_chain, "measuring the policy issuer chain"},
	{open_policy, "own policy"},
	{check_own_tdinfo, "own TDINFO (MROWNER, MROWNERCONFIG, ATTRIBUTES)"},
	{measure_policy, "measuring the policy"},
};

const struct start_kind start_v2 = {steps_v2, ARRAY_SIZE(steps_v2)};
