/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Calendar dates of certificates and of collateral; all in UTC. */
#ifndef ATTEST_DATE_H
#define ATTEST_DATE_H

#include "migtd/base.h"

struct date {
	uint16_t year;
	uint8_t month, day, hour, minute, second;
};

/* The next n decimal digits of text as a number; clears *ok when one is none. */
uint32_t date_digits(const uint8_t *text, size_t n, bool *ok);

/* A day of the Gregorian calendar and a time of that day, without leap seconds. */
bool date_is_real(const struct date *d);

/* Seconds since 1970-01-01T00:00:00Z. */
int64_t date_seconds(const struct date *d);

/* "YYYY-MM-DDThh:mm:ssZ", a real date, from 1900 on. */
bool date_parse(const uint8_t *text, size_t n, int64_t *seconds);

/*
 * Zero seconds is what a missing date turns into: nothing is issued or expires then (attestation
 * spec 3.3).
 */
bool date_is_given(int64_t seconds);

#endif
