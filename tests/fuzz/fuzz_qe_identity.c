/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* QE identity, for a quoting enclave whose ISVSVN is the first byte. */
#include "fuzz.h"

#include "attest/qe_identity.h"
#include "attest/quote.h"

/* A report with the identity's own values, as far as a report can have them. */
static void report_of(const struct qe_identity *qe, uint8_t *report)
{
	memset(report, 0, QE_REPORT_SIZE);
	memcpy(report + QE_REPORT_MISCSELECT, qe->miscselect, sizeof(qe->miscselect));
	memcpy(report + QE_REPORT_ATTRIBUTES, qe->attributes, sizeof(qe->attributes));
	memcpy(report + QE_REPORT_MR_SIGNER, qe->mr_signer, sizeof(qe->mr_signer));
	report[QE_REPORT_ISV_PROD_ID] = (uint8_t)qe->isv_prod_id;
	report[QE_REPORT_ISV_PROD_ID + 1] = (uint8_t)(qe->isv_prod_id >> 8);
}

static bool is_masked(const uint8_t *value, const uint8_t *mask, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if ((value[i] & mask[i]) != value[i])
			return false;
	}
	return true;
}

static void check_match(const struct qe_identity *qe)
{
	uint8_t report[QE_REPORT_SIZE];
	const bool possible = is_masked(qe->miscselect, qe->miscselect_mask, 4) &&
		is_masked(qe->attributes, qe->attributes_mask, 16);

	report_of(qe, report);
	HOLDS((qe_identity_match(qe, report) == STATUS_OK) == possible);
	report[QE_REPORT_MR_SIGNER + 31] ^= 1;
	HOLDS(qe_identity_match(qe, report) != STATUS_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct signed_json json;
	struct qe_identity qe = {0}, none = {0};

	fuzz_start_crypto();
	if (n < 1)
		return 0;
	qe.isvsvn = bytes[0];
	const struct text_reader text = text_plain(bytes + 1, n - 1);
	const enum status status = qe_identity_read(&qe, &json, text);
	/* Whether the document is well formed does not depend on the question. */
	HOLDS(status == qe_identity_read(&none, &json, text));
	if (status != STATUS_OK)
		return 0;
	ACCEPTED();
	HOLDS(!none.level_found || none.level_isvsvn == 0);
	if (qe.level_found)
		HOLDS(qe.level_isvsvn <= qe.isvsvn && qe.level_status <= LEVEL_REVOKED);
	else
		HOLDS(!none.level_found);
	check_match(&qe);
	return 0;
}
