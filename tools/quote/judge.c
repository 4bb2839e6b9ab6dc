/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define _GNU_SOURCE
#include "quote/quote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/core.h"
#include "common/json_text.h"
#include "common/key.h"

/* --- verdict ------------------------------------------------------------------------------- */

static enum status open_collateral(
	struct collateral *c, struct attest_scratch *scratch, const struct blob *bundle)
{
	core_begin();
	return collateral_open(c, scratch, bundle->data, bundle->size);
}

void quote_judge(const struct blob *bundle, const struct blob *quote, struct quote_verdict *v)
{
	struct attest_scratch scratch;
	struct collateral collateral;
	struct quote_details details;

	*v = (struct quote_verdict){.stage = "collateral"};
	v->status = open_collateral(&collateral, &scratch, bundle);
	if (v->status != STATUS_OK)
		return;
	v->status = verify_quote_in_detail(
		&collateral, &scratch, quote->data, quote->size, &v->result, &details);
	v->stage = details.stage;
	v->converged_status = details.converged_status;
}

/* --- as JSON ------------------------------------------------------------------------------- */

static json_t *date_of(const uint8_t *at)
{
	char text[32] = "";
	uint64_t seconds = 0;
	struct tm tm;

	for (size_t i = 8; i > 0; i--)
		seconds = seconds << 8 | at[i - 1];
	const time_t when = (time_t)seconds;
	if (gmtime_r(&when, &tm) == NULL ||
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return json_null();
	return json_string(text);
}

static json_t *or_null(const char *text)
{
	return text != NULL ? json_string(text) : json_null();
}

static json_t *rejected(const struct quote_verdict *v, const struct blob *quote)
{
	AUTO_TEXT fmspc = quote_fmspc(quote);

	return json_pack("{s:s, s:n, s:o, s:n, s:o, s:[], s:s, s:s, s:s, s:n}", "verdict", "reject",
		"tcb_status", "converged_status", or_null(v->converged_status), "tcb_date", "fmspc",
		or_null(fmspc), "advisories", "reject_stage", v->stage, "reject_reason",
		status_text(v->status), "reject_code", status_name(v->status),
		"supplemental_sha256");
}

json_t *quote_verdict_json(
	const struct quote_verdict *v, const struct blob *bundle, const struct blob *quote)
{
	const uint8_t *result = v->result.bytes;
	uint8_t digest[DIGEST_SHA256_SIZE];

	if (v->status != STATUS_OK)
		return rejected(v, quote);
	digest_sha256(result, QUOTE_RESULT_SIZE, digest);
	AUTO_TEXT sha256 = hex_lower(digest, sizeof(digest));
	AUTO_TEXT fmspc = hex_upper(result + RESULT_FMSPC, 6);
	/* The status is NUL-padded: it never fills its 32 bytes. */
	return json_pack("{s:s, s:s, s:s, s:o, s:s, s:o, s:n, s:n, s:n, s:s}", "verdict", "accept",
		"tcb_status", (const char *)result + RESULT_TCB_STATUS, "converged_status",
		v->converged_status, "tcb_date", date_of(result + RESULT_TCB_DATE), "fmspc", fmspc,
		"advisories", quote_advisories(bundle, &v->result), "reject_stage", "reject_reason",
		"reject_code", "supplemental_sha256", sha256);
}

json_t *collateral_report(const struct blob *bundle, enum status *status)
{
	struct attest_scratch scratch;
	struct collateral c;
	AUTO_JSON tree = json_loadb((const char *)bundle->data, bundle->size, 0, NULL);
	AUTO_JSON platforms = json_array();
	const json_t *platform;
	uint32_t number;
	uint8_t fmspc[6];
	size_t i;

	*status = open_collateral(&c, &scratch, bundle);
	if (*status != STATUS_OK)
		return json_pack("{s:s, s:s, s:s}", "verdict", "reject", "reject_reason",
			status_text(*status), "reject_code", status_name(*status));
	json_array_foreach(json_object_get(tree, "platforms"), i, platform)
	{
		const char *hex = json_string_value(json_object_get(platform, "fmspc"));
		if (hex != NULL && hex_read(hex, fmspc, sizeof(fmspc)) &&
			collateral_evaluation_number(&c, fmspc, &number) == STATUS_OK)
			json_array_append_new(platforms,
				json_pack("{s:s, s:I}", "fmspc", hex, "tcb_evaluation_data_number",
					(json_int_t)number));
	}
	return json_pack("{s:s, s:I, s:I, s:b, s:O}", "verdict", "accept", "root_ca_crl_number",
		(json_int_t)collateral_root_crl_number(&c), "pck_crl_number",
		(json_int_t)collateral_pck_crl_number(&c), "pck_crl_verified",
		collateral_pck_crl_is_verified(&c), "platforms", platforms);
}
