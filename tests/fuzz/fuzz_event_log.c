/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* An event log, read whole and in pieces whose size the first byte gives. */
#include "fuzz.h"

#include "measure/event_log.h"

static enum status read_log(struct event_log_reader *r, const uint8_t *bytes, size_t n, size_t piece)
{
	event_log_reader_begin(r, n);
	while (n > 0) {
		const size_t taken = n < piece ? n : piece;
		event_log_reader_feed(r, bytes, taken);
		bytes += taken;
		n -= taken;
	}
	return event_log_reader_end(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct event_log_reader whole, pieces;
	uint8_t digest[SHA384_SIZE];

	if (n < 1)
		return 0;
	const enum status status = read_log(&whole, bytes + 1, n - 1, n);
	HOLDS(status == read_log(&pieces, bytes + 1, n - 1, bytes[0] + (size_t)1));
	HOLDS(status == STATUS_OK || status == ERR_EVENT_LOG);
	HOLDS(status == STATUS_OK || n - 1 < 72 || n > 72 + 66);
	if (status != STATUS_OK)
		return 0;
	HOLDS(memcmp(whole.rtmr, pieces.rtmr, sizeof(whole.rtmr)) == 0);
	HOLDS(memcmp(&whole.digests, &pieces.digests, sizeof(whole.digests)) == 0);
	HOLDS(whole.digests.present < 1u << EVENT_CLASSES);
	if (event_digest(&whole.digests, EVENT_MIGTD_CORE_SVN) != NULL) {
		HOLDS(whole.digests.svn_size <= EVENT_SVN_MAX);
		sha384(whole.digests.svn, whole.digests.svn_size, digest);
		HOLDS(memcmp(digest, event_digest(&whole.digests, EVENT_MIGTD_CORE_SVN),
			sizeof(digest)) == 0);
	}
	/* A log that ends where a record does says the same with a byte behind it. */
	static uint8_t longer[1 << 16];
	if (n - 1 >= sizeof(longer) || whole.in_record != 0 || whole.stopped)
		return 0;
	memcpy(longer, bytes + 1, n - 1);
	longer[n - 1] = 0xff;
	HOLDS(read_log(&pieces, longer, n, n) == STATUS_OK);
	HOLDS(memcmp(whole.rtmr, pieces.rtmr, sizeof(whole.rtmr)) == 0);
	return 0;
}
