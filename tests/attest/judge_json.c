/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define _GNU_SOURCE
#include "judge_dock.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *judge_text(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));
	return s != NULL ? s : "";
}

bool judge_number(const json_t *o, const char *name, int64_t most, int64_t *to)
{
	const json_t *v = json_object_get(o, name);

	*to = json_integer_value(v);
	return json_is_integer(v) && *to >= 0 && *to <= most;
}

bool judge_is_number(const json_t *o, const char *name, int64_t value)
{
	int64_t n;
	return judge_number(o, name, INT64_MAX, &n) && n == value;
}

bool judge_hex(const json_t *o, const char *name, uint8_t *to, size_t n)
{
	const char *s = judge_text(o, name);

	if (strlen(s) != 2 * n || strspn(s, "0123456789abcdefABCDEF") != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		char two[3] = {s[2 * i], s[2 * i + 1], '\0'};
		to[i] = (uint8_t)strtoul(two, NULL, 16);
	}
	return true;
}

/* Written again it must be the same text, so it is a date of the calendar. */
bool judge_date(const json_t *o, const char *name, int64_t *to)
{
	const char *s = judge_text(o, name);
	struct tm tm = {0};
	char again[64];

	if (strlen(s) != 20 || strptime(s, "%Y-%m-%dT%H:%M:%SZ", &tm) == NULL)
		return false;
	time_t when = timegm(&tm);
	*to = when;
	gmtime_r(&when, &tm);
	strftime(again, sizeof(again), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return strcmp(again, s) == 0 && tm.tm_year >= 0;
}

/* The signature is over the compact form of the body. */
bool judge_is_signed(const json_t *body, const json_t *document, X509 *signer)
{
	uint8_t rs[64];
	char *compact = json_dumps(body, JSON_COMPACT);
	const bool verdict = compact != NULL && judge_hex(document, "signature", rs, 64) &&
		judge_signature(X509_get0_pubkey(signer), compact, strlen(compact), rs);

	free(compact);
	return verdict;
}
