/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The first byte cuts the text: pieces of any size decode to the same sections. */
#include "fuzz.h"

#include "attest/pem.h"

#define ROOM 4096

struct outcome {
	enum status status;
	size_t sections, n;
	uint8_t bytes[ROOM];
};

static void decode(const uint8_t *text, size_t n, size_t piece, struct outcome *o)
{
	struct pem_decoder d;
	enum pem_event event;
	size_t taken, start = 0;

	*o = (struct outcome){.status = STATUS_OK};
	pem_begin(&d, o->bytes, ROOM);
	for (size_t at = 0; at < n && o->status == STATUS_OK; at += taken) {
		const size_t size = n - at < piece ? n - at : piece;
		o->status = pem_feed(&d, text + at, size, &taken, &event);
		if (o->status != STATUS_OK)
			return;
		HOLDS(taken <= size && d.n <= d.room && d.to + d.n <= o->bytes + ROOM);
		if (event == PEM_FULL)
			o->status = ERR_PEM;
		if (event == PEM_CERTIFICATE || event == PEM_CRL) {
			start += d.n;
			o->sections++;
			d.to = o->bytes + start;
			d.room = ROOM - start;
		}
	}
	o->n = start;
	if (o->status == STATUS_OK)
		o->status = pem_end(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct outcome whole, cut;

	if (n < 1)
		return 0;
	decode(bytes + 1, n - 1, n, &whole);
	decode(bytes + 1, n - 1, 1 + bytes[0] % 16u, &cut);
	HOLDS(whole.status == cut.status);
	if (whole.status == STATUS_OK)
		HOLDS(whole.sections == cut.sections && whole.n == cut.n &&
			memcmp(whole.bytes, cut.bytes, whole.n) == 0);
	return 0;
}
