/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A quote taken apart: its parts lie in it, one behind the other, and padding changes nothing. */
#include "fuzz.h"

#include "attest/quote.h"

/* Every part in the order of the format; each begins at or behind the end of the one before. */
static void check_parts(const struct quote *q, const uint8_t *bytes, size_t n)
{
	const struct span parts[] = {
		q->signed_bytes,
		{q->signature, P256_SIGNATURE_SIZE},
		{q->attestation_key, P256_POINT_SIZE},
		{q->qe_report, QE_REPORT_SIZE},
		{q->qe_report_signature, P256_SIGNATURE_SIZE},
		q->qe_auth,
		q->chain,
	};
	const uint8_t *end = bytes;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		HOLDS(parts[i].at >= end && fuzz_inside(bytes, n, parts[i].at, parts[i].n));
		end = parts[i].at + parts[i].n;
	}
	HOLDS(fuzz_inside(q->signed_bytes.at, q->signed_bytes.n, q->body, QUOTE_BODY_SIZE));
	HOLDS(q->tee_tcb_svn2 == NULL ||
		(q->tee_tcb_svn2 == q->body + QUOTE_BODY_SIZE &&
		fuzz_inside(q->signed_bytes.at, q->signed_bytes.n, q->tee_tcb_svn2, 16)));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static uint8_t padded[QUOTE_MAX + 1];
	struct quote q, again;

	if (quote_parse(&q, bytes, n) != STATUS_OK)
		return 0;
	ACCEPTED();
	HOLDS(q.signed_bytes.at == bytes && n <= QUOTE_MAX);
	check_parts(&q, bytes, n);

	memset(padded, 0xff, sizeof(padded));
	memcpy(padded, bytes, n);
	HOLDS(quote_parse(&again, padded, QUOTE_MAX) == STATUS_OK);
	HOLDS(again.chain.n == q.chain.n && again.chain.at - padded == q.chain.at - bytes);
	HOLDS(again.signed_bytes.n == q.signed_bytes.n);
	HOLDS(quote_parse(&again, padded, QUOTE_MAX + 1) != STATUS_OK);
	return 0;
}
