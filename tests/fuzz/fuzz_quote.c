/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "fuzz.h"

#include "attest/attest.h"
#include "attest/quote.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct attest_scratch scratch;
	static struct collateral nothing;
	struct quote_result result;
	struct quote q;

	if (quote_parse(&q, bytes, n) == STATUS_OK) {
		HOLDS(q.signed_bytes.at == bytes && q.signed_bytes.n < n);
		HOLDS(q.chain.at > bytes && q.chain.at + q.chain.n <= bytes + n);
		HOLDS(q.qe_auth.at + q.qe_auth.n <= q.chain.at);
	}
	/* Without collateral there is nothing to accept. */
	HOLDS(verify_quote(&nothing, &scratch, bytes, n, &result) != STATUS_OK);
	return 0;
}
