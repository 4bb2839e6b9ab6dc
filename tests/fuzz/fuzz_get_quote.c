/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What a VMM leaves in the buffer of GetQuote: whatever it is, the quote lies in the buffer. */
#include "vmm.h"

#include "tdx/get_quote.h"

#define CALLS_MAX 4

/* One request and its answer; its status, and all pages are free again. */
static enum status ask(struct vmm *vmm, struct get_quote *q)
{
	static const uint8_t report[TDREPORT_SIZE] = {0x81};
	const bool settled = vmm->service.form != QUOTE_FORM_UNKNOWN;

	enum status status = get_quote_start(q, &vmm->service, report);
	if (status != STATUS_OK) {
		HOLDS(status == ERR_GET_QUOTE_BUSY || status == ERR_GET_QUOTE);
		HOLDS(q->buffer == NULL);
		return status;
	}
	uint8_t *const buffer = q->buffer;
	HOLDS(get_quote_start(q, &vmm->service, report) == ERR_INTERNAL);
	vmm_answer(vmm, buffer, GET_QUOTE_PAGES);
	status = get_quote_poll(q, &vmm->service);
	if (status == STATUS_OK) {
		ACCEPTED();
		HOLDS(q->quote_size > 0 && q->quote_size <= QUOTE_SIZE_MAX);
		HOLDS(q->quote_offset >= 24 &&
			q->quote_offset + q->quote_size <= GET_QUOTE_PAGES * PAGE_SIZE);
		HOLDS(vmm->service.form == q->form || settled);
	}
	HOLDS(status != ERR_GET_QUOTE_FORM || vmm->service.form != QUOTE_FORM_FRAMED);
	get_quote_end(q, &vmm->service);
	HOLDS(q->buffer == NULL);
	if (status == STATUS_PENDING) {
		HOLDS(quote_service_abandoned(&vmm->service) == GET_QUOTE_PAGES);
		quote_service_reclaim(&vmm->service);
		HOLDS(quote_service_abandoned(&vmm->service) == GET_QUOTE_PAGES);
		vmm_answer_late(vmm, buffer);
	}
	return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct vmm vmm;
	struct get_quote q = {.buffer = NULL};

	vmm_start(&vmm, bytes, n);
	HOLDS(get_quote_poll(&q, &vmm.service) == ERR_INTERNAL);
	get_quote_end(&q, &vmm.service);
	for (int i = 0; i < CALLS_MAX && reader_left(&vmm.script) > 0; i++) {
		(void)!ask(&vmm, &q);
		vmm_end(&vmm);
	}
	return 0;
}
