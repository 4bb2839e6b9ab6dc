/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The result of a verified quote: attestation spec section 5. */
#include "attest/steps.h"

#include "wire/writer.h"

/* Text in its field of 32 bytes; one that leaves no room for a NUL is refused, never cut. */
static void write_status(struct writer *to, uint8_t status)
{
	const char *text = level_status_text((enum level_status)status);
	const size_t n = strlen(text);

	if (n == 0 || n > TCB_STATUS_TEXT_MAX) {
		to->failed = true;
		return;
	}
	writer_bytes(to, (const uint8_t *)text, n);
	writer_zero(to, TCB_STATUS_TEXT_MAX + 1 - n);
}

static void write_masked(struct writer *to, const uint8_t *value, const uint8_t *mask, size_t n)
{
	for (size_t i = 0; i < n; i++)
		writer_u8(to, value[i] & mask[i]);
	writer_bytes(to, mask, n);
}

enum status quote_result_write(const struct attest_work *w, struct quote_result *result)
{
	const struct tcb_level *level = &w->tcb.tdx_level;
	const struct qe_identity *qe = &w->qe;
	const uint8_t *report = w->quote.qe_report;
	const int64_t date = level->date < qe->level_date ? level->date : qe->level_date;
	struct writer to = writer_of(result->bytes, sizeof(result->bytes));

	writer_bytes(&to, w->quote.body, QUOTE_BODY_SIZE);
	writer_bytes(&to, w->sgx.fmspc, sizeof(w->sgx.fmspc));
	writer_bytes(&to, level->svns.tdx, TCB_COMPONENTS);
	writer_u16(&to, level->svns.pcesvn);
	writer_bytes(&to, level->svns.sgx, TCB_COMPONENTS);
	writer_u8(&to, w->platform.tdx[1]);
	writer_u8(&to, w->platform.tdx[1] > 0 ? (uint8_t)w->tcb.module_level.isvsvn : 0);
	write_masked(&to, report + QE_REPORT_MISCSELECT, qe->miscselect_mask, 4);
	write_masked(&to, report + QE_REPORT_ATTRIBUTES, qe->attributes_mask, 16);
	writer_bytes(&to, report + QE_REPORT_MR_ENCLAVE, 32);
	writer_bytes(&to, report + QE_REPORT_MR_SIGNER, 32);
	writer_bytes(&to, report + QE_REPORT_ISV_PROD_ID, 2);
	writer_u16(&to, qe->level_isvsvn);
	writer_u64(&to, (uint64_t)date);
	write_status(&to, level->status);
	writer_u64(&to, (uint64_t)level->date);
	writer_u64(&to, (uint64_t)qe->level_date);
	write_status(&to, qe->level_status);
	if (date <= 0 || !writer_ok(&to) || writer_size(&to) != QUOTE_RESULT_SIZE)
		return ERR_TCB_RESULT;
	return STATUS_OK;
}
