/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Changes a quote as the fuzzer likes, then mostly signs it again with the keys of the seeds'
 * world, so that what lies behind the signatures is reached.
 */
#include "fuzz.h"
#include "keys.h"

#include "attest/quote.h"

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t n, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n, size_t most, unsigned seed);

/* Parts by what must be renewed after a change of the part before. */
enum { KEEP_QUOTE_SIGNATURE = 1, KEEP_REPORT_SIGNATURE = 2, KEEP_BINDING = 4 };

static EVP_PKEY *pck, *attestation;

static void sign_again(uint8_t *bytes, const struct quote *q, unsigned keep)
{
	uint8_t *report = bytes + (q->qe_report - bytes);
	struct sha256 h;

	if ((keep & KEEP_BINDING) == 0) {
		sha256_init(&h);
		sha256_update(&h, q->attestation_key, P256_POINT_SIZE);
		sha256_update(&h, q->qe_auth.at, q->qe_auth.n);
		sha256_final(&h, report + QE_REPORT_DATA);
	}
	if ((keep & KEEP_REPORT_SIGNATURE) == 0)
		fuzz_sign(pck, report, QE_REPORT_SIZE, bytes + (q->qe_report_signature - bytes));
	if ((keep & KEEP_QUOTE_SIGNATURE) == 0)
		fuzz_sign(attestation, bytes, q->signed_bytes.n, bytes + (q->signature - bytes));
}

/* A few bytes of the body's SVNs or of the QE report, where the rules look. */
static void change_field(uint8_t *bytes, const struct quote *q, unsigned seed)
{
	static const uint16_t report_fields[] = {QE_REPORT_MISCSELECT, QE_REPORT_ATTRIBUTES,
		QE_REPORT_MR_SIGNER, QE_REPORT_ISV_PROD_ID, QE_REPORT_ISV_SVN};
	static const uint16_t body_fields[] = {0, 1, 2, 64, 112};
	const uint8_t value = (uint8_t)((seed >> 8 & 1) != 0 ? seed >> 9 & 7 : seed >> 9);
	const size_t which = (seed >> 17) % 5;

	if ((seed & 0x80) != 0)
		bytes[q->body - bytes + body_fields[which]] = value;
	else if (q->tee_tcb_svn2 != NULL && (seed & 0x40) != 0)
		bytes[q->tee_tcb_svn2 - bytes + which % 3] = value;
	else
		bytes[q->qe_report - bytes + report_fields[which]] = value;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n, size_t most, unsigned seed)
{
	struct quote q;

	if (pck == NULL) {
		pck = fuzz_key(FUZZ_KEY_PCK);
		attestation = fuzz_key(FUZZ_KEY_ATTESTATION);
	}
	const bool by_field = (seed & 0x30) != 0 && quote_parse(&q, bytes, n) == STATUS_OK;
	if (by_field)
		change_field(bytes, &q, seed);
	else
		n = LLVMFuzzerMutate(bytes, n, most);
	/* Of sixteen, thirteen are signed again in all parts, the others in some. */
	if (quote_parse(&q, bytes, n) == STATUS_OK)
		sign_again(bytes, &q, (seed & 0xf) < 13 ? 0 : seed >> 20 & 7);
	return n;
}
