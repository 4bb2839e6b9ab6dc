/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "policy/dates.h"

static void put_digits(uint8_t *to, unsigned n, uint32_t value)
{
	for (unsigned i = n; i > 0; i--) {
		to[i - 1] = (uint8_t)('0' + value % 10);
		value /= 10;
	}
}

enum status policy_date_of(uint64_t seconds, struct policy_date *date)
{
	static const uint8_t shape[POLICY_DATE_MAX] = "YYYY-MM-DDThh:mm:ssZ";
	const uint64_t days = seconds / 86400;
	const uint32_t second = (uint32_t)(seconds % 86400);

	/* Days since 0000-03-01, so that leap days end a year; then eras of 400 years. */
	if (days > 2932896)	/* 9999-12-31 */
		return ERR_POLICY_TCB;
	const uint32_t shifted = (uint32_t)days + 719468;
	const uint32_t era = shifted / 146097;
	const uint32_t day_of_era = shifted % 146097;
	const uint32_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
		day_of_era / 146096) / 365;
	const uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 -
		year_of_era / 100);
	const uint32_t from_march = (5 * day_of_year + 2) / 153;
	const uint32_t month = from_march < 10 ? from_march + 3 : from_march - 9;

	date->n = POLICY_DATE_MAX;
	memcpy(date->text, shape, POLICY_DATE_MAX);
	put_digits(date->text, 4, era * 400 + year_of_era + (month <= 2 ? 1 : 0));
	put_digits(date->text + 5, 2, month);
	put_digits(date->text + 8, 2, day_of_year - (153 * from_march + 2) / 5 + 1);
	put_digits(date->text + 11, 2, second / 3600);
	put_digits(date->text + 14, 2, second / 60 % 60);
	put_digits(date->text + 17, 2, second % 60);
	return STATUS_OK;
}

/* Character i has the code i + 1; 0 is the end of the text. */
static const char symbols[] = "-.0123456789:TZ";

enum status policy_date_pack(const uint8_t *text, size_t n, struct packed_date *packed)
{
	if (n > POLICY_DATE_MAX)
		return ERR_POLICY_LIMIT;
	memset(packed, 0, sizeof(*packed));
	for (size_t i = 0; i < n; i++) {
		uint8_t code = 0;
		while (symbols[code] != '\0' && (uint8_t)symbols[code] != text[i])
			code++;
		if (symbols[code] == '\0')
			return ERR_POLICY_LIMIT;
		packed->digits[i / 2] |= (uint8_t)((code + 1) << 4 * (i % 2));
	}
	return STATUS_OK;
}

void policy_date_unpack(const struct packed_date *packed, struct policy_date *date)
{
	memset(date, 0, sizeof(*date));
	while (date->n < POLICY_DATE_MAX) {
		const uint8_t code = packed->digits[date->n / 2] >> 4 * (date->n % 2) & 15;
		if (code == 0)
			return;
		date->text[date->n++] = (uint8_t)symbols[code - 1];
	}
}
