/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What the verdicts under both kinds of policy share. */
#ifndef CORE_VERDICT_H
#define CORE_VERDICT_H

#include "core/peer_checks.h"
#include "core/td.h"

/* Steps of verdict_v2.def and verdict_v1.def alike; the others stand with their verdict. */
enum status verdict_check_not_debug(struct session *s) MUST_CHECK;
enum status verdict_check_event_log(struct session *s) MUST_CHECK;
/* The quote must have been made for this very session and role. */
enum status verdict_check_binding(struct session *s) MUST_CHECK;
/* Puts td->reason into the log and its place into the session. */
void verdict_tell_reason(struct session *s);

#endif
