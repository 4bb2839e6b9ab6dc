/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The start-up: steps that both kinds of policy share, and those of each kind. */
#ifndef CORE_START_H
#define CORE_START_H

#include "core/td.h"

/* RTMRs the start-up extends (policy spec 3.3). */
#define RTMR_ISSUER_CHAIN 1
#define RTMR_POLICY 2

/* One step, and what the console calls it when it fails. */
struct start_step {
	enum status (*run)(struct migtd *td);
	const char *what;
};

/* What differs between the kinds: measurements and the own policy (policy spec 2.9 and 3.9). */
struct start_kind {
	const struct start_step *steps;
	size_t count;
};

extern const struct start_kind start_v1;
extern const struct start_kind start_v2;

/* A tagged event: logged, and its RTMR extended. */
enum status start_measure(struct migtd *td, unsigned rtmr, enum event_tag tag,
	const uint8_t *measured, size_t measured_size, const uint8_t *data, size_t data_size)
	MUST_CHECK;
/* The own TDINFO as it is now, into td->tdinfo; refuses a debug TD. */
enum status start_check_tdinfo(struct migtd *td) MUST_CHECK;

#endif
