/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * What a VMM leaves in the buffer of GET_COLLATERAL, whose headers it changes between the check and
 * the reading: each blob is as long as it was said to be, in pieces of any size, or fails.
 */
#include "vmm.h"

#include "tdx/get_collateral.h"

#define BUFFER_SIZE (GET_COLLATERAL_PAGES * PAGE_SIZE)

/* Reads a blob to its end; false if it failed, which it then stays. */
static bool read_blob(struct get_collateral *q, enum collateral_blob blob, size_t piece)
{
	const struct collateral_source source = get_collateral_source(q);
	const size_t size = q->left[blob];
	const uint8_t *at = q->buffer + q->offset[blob];
	uint8_t bytes[64];
	bool failed = false;
	size_t total = 0, n;

	HOLDS(size > 0 && fuzz_inside(q->buffer, BUFFER_SIZE, at, size + 1));
	while ((n = source.read(source.ctx, blob, bytes, piece, &failed)) > 0) {
		HOLDS(!failed && n <= piece && n <= size - total);
		HOLDS(memcmp(bytes, at + total, n) == 0);
		total += n;
	}
	HOLDS(failed == (at[size] != 0));
	HOLDS(failed || total == size);
	return !failed;
}

/* Blobs in another order than the message's, every other one in single bytes. */
static void check_read(struct get_collateral *q)
{
	bool all = true;

	for (unsigned i = 0; i < COLLATERAL_BLOBS; i++) {
		const enum collateral_blob blob = (enum collateral_blob)(i * 3 % COLLATERAL_BLOBS);

		all = read_blob(q, blob, i % 2 == 0 ? 1 : 64) && all;
	}
	if (all)
		ACCEPTED();
}

/* The headers, by the answer's last byte. */
static void change(struct vmm *vmm, uint8_t *buffer)
{
	const size_t n = reader_left(&vmm->answer);
	const uint8_t last = n > 0 ? vmm->answer.at[n - 1] : 0;

	memset(buffer, last, n < 76 ? n : 76);
}

static void before_the_answer(struct get_collateral *q)
{
	const struct collateral_source source = get_collateral_source(q);
	uint8_t byte;
	bool failed = false;

	HOLDS(source.read(source.ctx, COLLATERAL_ROOT_CRL, &byte, 1, &failed) == 0 && failed);
}

static void ask(struct vmm *vmm, enum collateral_ca ca)
{
	const struct collateral_request request = {
		.fmspc = {0x00, 0x80, 0x6f, 0x05, 0x00, 0x00}, .ca = ca};
	struct get_collateral q = {.buffer = NULL};

	HOLDS(get_collateral_poll(&q) == ERR_INTERNAL);
	get_collateral_end(&q, &vmm->service);
	if (get_collateral_start(&q, &vmm->service, &request) != STATUS_OK) {
		HOLDS(q.buffer == NULL);
		return;
	}
	HOLDS(vmm->service.form != QUOTE_FORM_RAW);
	HOLDS(get_collateral_start(&q, &vmm->service, &request) == ERR_INTERNAL);
	uint8_t *const buffer = q.buffer;
	vmm_answer(vmm, buffer, GET_COLLATERAL_PAGES);
	before_the_answer(&q);
	const enum status status = get_collateral_poll(&q);
	HOLDS(q.done == (status == STATUS_OK));
	if (status == STATUS_OK) {
		HOLDS(get_collateral_poll(&q) == ERR_INTERNAL);
		change(vmm, buffer);
		check_read(&q);
		/* A VMM that puts "in flight" back keeps pages, not more. */
		memset(buffer, 0, 16);
	} else {
		before_the_answer(&q);
	}
	get_collateral_end(&q, &vmm->service);
	HOLDS(q.buffer == NULL);
	if (status == STATUS_PENDING)
		vmm_answer_late(vmm, buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct vmm vmm;

	vmm_start(&vmm, bytes, n);
	for (int i = 0; i < 2 && reader_left(&vmm.script) > 0; i++) {
		ask(&vmm, i == 0 ? COLLATERAL_CA_PLATFORM : COLLATERAL_CA_PROCESSOR);
		vmm_end(&vmm);
	}
	return 0;
}
