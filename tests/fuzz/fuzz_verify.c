/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * A quote against collateral that is always the same (verify/collateral.json).  What is accepted
 * says in its result what the quote says; a verdict does not depend on what was judged before;
 * and one bit off, a quote that was accepted no longer is.
 */
#include <string.h>

#include "fuzz.h"

#include "attest/attest.h"
#include "attest/quote.h"

#define BUNDLE_MAX 65536

static struct attest_scratch scratch;

/* Opened once; `judging` has seen every quote before this one, a copy of `opened` has not. */
static struct collateral opened, judging;

static void start(void)
{
	static uint8_t bundle[BUNDLE_MAX];
	const size_t n = fuzz_load("verify/collateral.json", bundle, sizeof(bundle));

	fuzz_start_crypto();
	HOLDS(collateral_open(&opened, &scratch, bundle, n) == STATUS_OK);
	judging = opened;
}

static void check_accepted(const uint8_t *bytes, size_t n, const struct quote_result *result)
{
	static uint8_t changed[QUOTE_MAX];
	static struct collateral fresh;
	struct quote_result other;
	struct quote q;

	HOLDS(quote_parse(&q, bytes, n) == STATUS_OK);
	HOLDS(memcmp(result->bytes, q.body, QUOTE_BODY_SIZE) == 0);
	HOLDS(memchr(result->bytes + RESULT_TCB_STATUS, 0, 32) != NULL);
	HOLDS(memchr(result->bytes + RESULT_QE_TCB_STATUS, 0, 32) != NULL);

	/* A bit of the signed bytes, chosen by the quote. */
	const size_t at = 48 + (q.signature[5] | (size_t)q.signature[6] << 8) %
		(q.signed_bytes.n - 48);
	memcpy(changed, bytes, n);
	changed[at] ^= (uint8_t)(1 << (q.signature[7] & 7));
	fresh = opened;
	HOLDS(verify_quote(&fresh, &scratch, changed, n, &other) != STATUS_OK);
	HOLDS(verify_quote(&judging, &scratch, changed, n, &other) != STATUS_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct collateral fresh;
	struct quote_result result, again;
	struct quote_details details;

	if (opened.text == NULL)
		start();
	memset(&again, 0xa5, sizeof(again));
	fresh = opened;
	const enum status status = verify_quote_in_detail(&fresh, &scratch, bytes, n, &result,
		&details);
	HOLDS(details.stage != NULL);
	HOLDS(verify_quote(&judging, &scratch, bytes, n, &again) == status);
	HOLDS(memcmp(&result, &again, sizeof(result)) == 0);
	if (status == STATUS_OK) {
		ACCEPTED();
		HOLDS(details.converged_status != NULL);
		check_accepted(bytes, n, &result);
		return 0;
	}
	for (size_t i = 0; i < sizeof(result.bytes); i++)
		HOLDS(result.bytes[i] == 0);
	return 0;
}
