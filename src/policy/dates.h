/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Dates as policies write them: texts that compare by their bytes. */
#ifndef POLICY_DATES_H
#define POLICY_DATES_H

#include "policy/policy.h"

/* Unix seconds as YYYY-MM-DDThh:mm:ssZ; ERR_POLICY_TCB past the year 9999. */
enum status policy_date_of(uint64_t seconds, struct policy_date *date) MUST_CHECK;

/* ERR_POLICY_LIMIT unless it is at most POLICY_DATE_MAX characters out of "-.0123456789:TZ". */
enum status policy_date_pack(const uint8_t *text, size_t n, struct packed_date *packed) MUST_CHECK;
void policy_date_unpack(const struct packed_date *packed, struct policy_date *date);

#endif
