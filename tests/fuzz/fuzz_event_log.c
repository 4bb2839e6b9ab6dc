/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* An event log, read whole and in pieces that the first byte chooses. */
#include "fuzz.h"

#include "measure/event_log.h"

#define LOG_MAX 65536

static enum status read_log(struct event_log_reader *r, const uint8_t *bytes, size_t n, uint32_t split)
{
	event_log_reader_begin(r, n);
	while (n > 0) {
		const size_t taken = fuzz_piece(&split, n);
		event_log_reader_feed(r, bytes, taken);
		bytes += taken;
		n -= taken;
	}
	return event_log_reader_end(r);
}

/* More or less of it than was announced is no log. */
static void check_announced(const uint8_t *bytes, size_t n)
{
	struct event_log_reader r;

	event_log_reader_begin(&r, n + 1);
	event_log_reader_feed(&r, bytes, n);
	HOLDS(event_log_reader_end(&r) == ERR_EVENT_LOG);
	event_log_reader_begin(&r, n - 1);
	event_log_reader_feed(&r, bytes, n);
	HOLDS(event_log_reader_end(&r) == ERR_EVENT_LOG);
}

/* An SVN is believed only with its digest. */
static void check_svn(const struct event_digests *digests)
{
	const uint8_t *svn = event_digest(digests, EVENT_MIGTD_CORE_SVN);
	uint8_t digest[SHA384_SIZE];

	HOLDS(digests->present < 1u << EVENT_CLASSES);
	if (svn == NULL)
		return;
	HOLDS(digests->svn_size <= EVENT_SVN_MAX);
	sha384(digests->svn, digests->svn_size, digest);
	HOLDS(memcmp(digest, svn, sizeof(digest)) == 0);
}

/* A log that ends where a record does says the same with a byte behind it. */
static void check_filler(const struct event_log_reader *whole, const uint8_t *bytes, size_t n)
{
	static uint8_t longer[LOG_MAX + 1];
	struct event_log_reader r;

	if (whole->in_record != 0 || whole->stopped)
		return;
	memcpy(longer, bytes, n);
	longer[n] = 0xff;
	HOLDS(read_log(&r, longer, n + 1, 0) == STATUS_OK);
	HOLDS(memcmp(whole->rtmr, r.rtmr, sizeof(r.rtmr)) == 0);
	HOLDS(memcmp(&whole->digests, &r.digests, sizeof(r.digests)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct event_log_reader whole, pieces;

	if (n < 1 || n > LOG_MAX)
		return 0;
	const uint32_t split = 1u + *bytes++;
	n--;
	const enum status status = read_log(&whole, bytes, n, 0);
	HOLDS(status == read_log(&pieces, bytes, n, split));
	HOLDS(status == STATUS_OK || status == ERR_EVENT_LOG);
	/* Without room for a record, all is filler. */
	HOLDS(status == STATUS_OK || n < 72 || n > 72 + 66);
	if (status != STATUS_OK)
		return 0;
	if (whole.digests.present != 0)
		ACCEPTED();
	HOLDS(memcmp(whole.rtmr, pieces.rtmr, sizeof(whole.rtmr)) == 0);
	HOLDS(memcmp(&whole.digests, &pieces.digests, sizeof(whole.digests)) == 0);
	check_announced(bytes, n);
	check_svn(&whole.digests);
	check_filler(&whole, bytes, n);
	return 0;
}
