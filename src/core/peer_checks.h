/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Checks of a peer that need no session: of a verdict's parts, and offline. */
#ifndef CORE_PEER_CHECKS_H
#define CORE_PEER_CHECKS_H

#include "attest/attest.h"
#include "measure/event_log.h"

struct policy_record;

/* ERR_DEBUG_TD: the quoted TD is one that its VMM can debug. */
enum status peer_check_not_debug(const struct quote_result *result) MUST_CHECK;
/* Ends the log, which must replay to the quoted RTMRs: else ERR_EVENT_LOG_RTMR. */
enum status peer_check_event_log(
	struct event_log_reader *log, const struct quote_result *result) MUST_CHECK;
/* ERR_EVENT_LOG_POLICY: the log names another policy, or issuer chain, than the one received. */
enum status peer_check_measured_policy(
	const struct event_digests *events, const struct policy_record *peer) MUST_CHECK;

#endif
