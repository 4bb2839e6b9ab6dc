/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Measurements to SVN (policy spec 2.6). */
#ifndef POLICY_MAPPING_H
#define POLICY_MAPPING_H

#include "policy/policy.h"

struct measurements {
	const uint8_t *mrtd;	/* 48 bytes */
	const uint8_t *rtmr;	/* RTMR0, RTMR1, ... in a row */
	bool has_rtmr23;	/* RTMR2 and RTMR3 may be compared */
};

/* First mapping that matches; false when none does. */
bool policy_svn_of(const struct policy_record *record, const struct measurements *m,
	uint16_t *svn);

#endif
