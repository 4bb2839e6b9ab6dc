/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Start-up with policy v1 (policy spec 3.9): policy and root CA are measured with their bytes as
 * event data, so that the own log holds the whole policy; it is generated from there as it is sent.
 */
#include "core/start.h"

static enum status measure_policy(struct migtd *td)
{
	const struct migtd_config *c = &td->config;

	sha384(c->policy, c->policy_size, td->v1->policy_digest);
	return start_measure(td, RTMR_POLICY, EVENT_TAG_POLICY, c->policy, c->policy_size, c->policy,
		c->policy_size);
}

static enum status measure_root_ca(struct migtd *td)
{
	const struct migtd_config *c = &td->config;

	return start_measure(td, RTMR_POLICY, EVENT_TAG_ROOT_CA, c->root_ca, c->root_ca_size,
		c->root_ca, c->root_ca_size);
}

static enum status open_root_ca(struct migtd *td)
{
	const struct migtd_config *c = &td->config;

	return trust_anchor_open(&td->v1->anchor, c->root_ca, c->root_ca_size);
}

static enum status open_policy(struct migtd *td)
{
	return policy_v1_open(&td->v1->policy, td->config.policy, td->config.policy_size);
}

/* How large quotes are is known when the first has come. */
static void warn_of_size(const struct migtd *td)
{
	struct line line;

	if (attest_size_check(&td->event_log, QUOTE_SIZE_MAX) == STATUS_OK)
		return;
	line_begin(&line, &td->log, LOG_WARN);
	line_text(&line, "policy and root CA leave ");
	line_dec(&line, ATTEST_VARIABLE_MAX - event_log_size(&td->event_log));
	line_text(&line, " bytes for a quote, which may have ");
	line_dec(&line, QUOTE_SIZE_MAX);
	line_end(&line);
}

/* Classified as a peer's; a message must have room for it. */
static enum status check_event_log(struct migtd *td)
{
	TRY(attest_size_check(&td->event_log, 0));
	warn_of_size(td);
	return event_log_digests(&td->event_log, &td->v1->events);
}

static const struct start_step steps_v1[] = {
	{measure_policy, "measuring the policy"},
	{measure_root_ca, "measuring the root CA"},
	{open_root_ca, "root CA"},
	{open_policy, "own policy"},
	{check_event_log, "own event log"},
	{start_check_tdinfo, "own TDINFO (ATTRIBUTES)"},
};

const struct start_kind start_v1 = {steps_v1, ARRAY_SIZE(steps_v1)};
