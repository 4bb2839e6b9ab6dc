/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The checks of a peer that the verdicts under both kinds of policy have. */
#ifndef CORE_VERDICT_H
#define CORE_VERDICT_H

#include "core/td.h"

/* The quoted TD must not be one that its VMM can debug. */
enum status verdict_check_not_debug(const struct quote_result *result) MUST_CHECK;
/* The event log must replay to the quoted RTMRs. */
enum status verdict_check_event_log(struct work_slot *slot) MUST_CHECK;
/* The quote must have been made for this very session and role. */
enum status verdict_check_binding(const struct session *s) MUST_CHECK;
/* Puts td->reason into the log and its place into the session. */
void verdict_tell_reason(struct session *s);

#endif
