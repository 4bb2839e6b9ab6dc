/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "attest/date.h"

uint32_t date_digits(const uint8_t *text, size_t n, bool *ok)
{
	uint32_t value = 0;
	for (size_t i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			*ok = false;
		value = value * 10 + (uint32_t)(text[i] & 0x0f);
	}
	return value;
}

static bool is_leap(uint32_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

bool date_is_real(const struct date *d)
{
	static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (d->month < 1 || d->month > 12 || d->day < 1)
		return false;
	const unsigned last = days[d->month - 1] + (d->month == 2 && is_leap(d->year) ? 1u : 0u);
	return d->day <= last && d->hour < 24 && d->minute < 60 && d->second < 60;
}

int64_t date_seconds(const struct date *d)
{
	/* Years that begin in March put the leap day last. */
	const int64_t year = d->month > 2 ? d->year : d->year - 1;
	const int64_t month = (d->month + 9) % 12;
	const int64_t days = 365 * year + year / 4 - year / 100 + year / 400 +
		(153 * month + 2) / 5 + d->day - 1;
	const int64_t days_to_1970 = 719468;

	return (days - days_to_1970) * 86400 + d->hour * 3600 + d->minute * 60 + d->second;
}

bool date_is_given(int64_t seconds)
{
	return seconds != 0;
}

bool date_parse(const uint8_t *text, size_t n, int64_t *seconds)
{
	bool ok = n == 20;
	if (!ok)
		return false;
	const struct date d = {
		.year = (uint16_t)date_digits(text, 4, &ok),
		.month = (uint8_t)date_digits(text + 5, 2, &ok),
		.day = (uint8_t)date_digits(text + 8, 2, &ok),
		.hour = (uint8_t)date_digits(text + 11, 2, &ok),
		.minute = (uint8_t)date_digits(text + 14, 2, &ok),
		.second = (uint8_t)date_digits(text + 17, 2, &ok),
	};
	if (!ok || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
		text[16] != ':' || text[19] != 'Z')
		return false;
	if (!date_is_real(&d) || d.year < 1900)
		return false;
	*seconds = date_seconds(&d);
	return true;
}
