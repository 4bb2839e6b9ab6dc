/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A peer's log, replayed and classified record by record; nothing of it is kept whole. */
#include "measure/event_log.h"

#include "measure/event_log_format.h"
#include "wire/reader.h"

/* Data of the payload SVN event: name padded to 16, length, SVN. */
#define SVN_FIXED 20

/* Where genuine ones are measured: an event in another register is not believed. */
static const uint8_t class_mr_index[EVENT_CLASSES] = {
	[EVENT_SECURE_BOOT_KEY] = 1,
	[EVENT_MIGTD_CORE] = 2,
	[EVENT_MIGTD_CORE_SVN] = 2,
	[EVENT_POLICY] = 3,
	[EVENT_SGX_ROOT_KEY] = 3,
	[EVENT_POLICY_SIGNER] = 2,
};

struct record {
	uint32_t mr_index;
	uint32_t type;
	const uint8_t *digest;
	uint32_t data_size;
};

void rtmr_extend(uint8_t rtmr[SHA384_SIZE], const uint8_t digest[SHA384_SIZE])
{
	uint8_t both[2 * SHA384_SIZE];

	memcpy(both, rtmr, SHA384_SIZE);
	memcpy(both + SHA384_SIZE, digest, SHA384_SIZE);
	sha384(both, sizeof(both), rtmr);
}

/* digestCount and the algorithm are not checked: there is one layout. */
static struct record read_record(const struct event_log_reader *r)
{
	struct reader header = reader_of(r->header, sizeof(r->header));
	struct record record;

	record.mr_index = reader_u32(&header);
	record.type = reader_u32(&header);
	(void)reader_u32(&header);
	(void)reader_u16(&header);
	record.digest = reader_bytes(&header, SHA384_SIZE);
	record.data_size = reader_u32(&header);
	return record;
}

static void note(struct event_log_reader *r, const struct record *record, enum event_class class)
{
	if (record->mr_index != class_mr_index[class])
		return;
	memcpy(r->digests.digest[class], record->digest, SHA384_SIZE);
	r->digests.present = (uint8_t)(r->digests.present | 1u << class);
}

/* These three are false where upstream's parse of the log fails (policy spec 3.8). */
static bool classify_tagged(struct event_log_reader *r, const struct record *record)
{
	struct reader data = reader_of(r->head, sizeof(r->head));
	const uint32_t tag = reader_u32(&data);

	if (record->data_size < sizeof(tag))
		return false;
	if (tag == EVENT_TAG_POLICY)
		note(r, record, EVENT_POLICY);
	else if (tag == EVENT_TAG_ROOT_CA)
		note(r, record, EVENT_SGX_ROOT_KEY);
	else if (tag == EVENT_TAG_ISSUER_CHAIN)
		note(r, record, EVENT_POLICY_SIGNER);
	return true;
}

static bool classify_blob(struct event_log_reader *r, const struct record *record)
{
	static const uint8_t core[] = "\x0btd_payload";	/* length, name with its NUL */

	if (record->data_size <= r->head[0])
		return false;
	if (memcmp(r->head, core, sizeof(core)) == 0)
		note(r, record, EVENT_MIGTD_CORE);
	return true;
}

/* An SVN that cannot be believed also voids the one before it. */
static void note_svn(struct event_log_reader *r, const struct record *record, uint64_t size)
{
	const uint8_t *svn = r->head + SVN_FIXED;
	uint8_t digest[SHA384_SIZE];

	if (record->mr_index != class_mr_index[EVENT_MIGTD_CORE_SVN])
		return;
	r->digests.present = (uint8_t)(r->digests.present & ~(1u << EVENT_MIGTD_CORE_SVN));
	if (size > EVENT_SVN_MAX)
		return;
	sha384(svn, (size_t)size, digest);
	if (memcmp(digest, record->digest, SHA384_SIZE) != 0)
		return;
	memcpy(r->digests.svn, svn, (size_t)size);
	r->digests.svn_size = (uint8_t)size;
	note(r, record, EVENT_MIGTD_CORE_SVN);
}

static bool classify_flags(struct event_log_reader *r, const struct record *record)
{
	static const uint8_t key[16] = {'s', 'e', 'c', 'u', 'r', 'e', '_',
		'a', 'u', 't', 'h', 'o', 'r', 'i', 't', 'y'};
	static const uint8_t core_svn[] = "td_payload_svn";	/* and its NUL */
	struct reader data = reader_of(r->head, sizeof(r->head));

	if (record->data_size >= sizeof(key) && memcmp(r->head, key, sizeof(key)) == 0)
		note(r, record, EVENT_SECURE_BOOT_KEY);
	if (record->data_size < sizeof(core_svn) ||
	    memcmp(r->head, core_svn, sizeof(core_svn)) != 0)
		return true;
	(void)reader_bytes(&data, 16);
	const uint64_t size = reader_u32(&data);
	if (record->data_size < SVN_FIXED + size)
		return false;
	note_svn(r, record, size);
	return true;
}

static bool classify(struct event_log_reader *r, const struct record *record)
{
	switch (record->type) {
	case EVENT_TAGGED:
		return classify_tagged(r, record);
	case EVENT_PLATFORM_CONFIG_FLAGS:
		return classify_flags(r, record);
	case EVENT_PLATFORM_FIRMWARE_BLOB2:
		return classify_blob(r, record);
	default:
		return true;
	}
}

static void record_complete(struct event_log_reader *r)
{
	const struct record record = read_record(r);

	r->in_record = 0;
	if (record.mr_index < 1 || record.mr_index > RTMR_COUNT || !classify(r, &record)) {
		r->error = ERR_EVENT_LOG;
		return;
	}
	rtmr_extend(r->rtmr[record.mr_index - 1], record.digest);
}

/* What does not fit is filler, and so is all that follows it. */
static void header_complete(struct event_log_reader *r)
{
	r->data_size = read_record(r).data_size;
	r->stopped = r->data_size == 0 || r->data_size > r->size - r->taken;
}

static size_t less(size_t n, uint64_t most)
{
	return n < most ? n : (size_t)most;
}

static size_t take_header(struct event_log_reader *r, const uint8_t *from, size_t n)
{
	n = less(n, EVENT_HEADER - r->in_record);
	memcpy(r->header + r->in_record, from, n);
	r->in_record += n;
	r->taken += n;
	if (r->in_record == EVENT_HEADER)
		header_complete(r);
	return n;
}

static size_t take_data(struct event_log_reader *r, const uint8_t *from, size_t n)
{
	const uint64_t at = r->in_record - EVENT_HEADER;

	n = less(n, r->data_size - at);
	if (at < sizeof(r->head))
		memcpy(r->head + at, from, less(n, sizeof(r->head) - at));
	r->in_record += n;
	r->taken += n;
	if (at + n == r->data_size)
		record_complete(r);
	return n;
}

void event_log_reader_begin(struct event_log_reader *r, uint64_t size)
{
	memset(r, 0, sizeof(*r));
	r->size = size;
	if (size < EVENT_LOG_FIRST_RECORD)
		r->error = ERR_EVENT_LOG;
}

void event_log_reader_feed(struct event_log_reader *r, const uint8_t *from, size_t n)
{
	if (n > r->size - r->taken)
		r->error = ERR_EVENT_LOG;
	while (n > 0 && r->error == STATUS_OK) {
		size_t taken;
		if (r->taken < EVENT_LOG_FIRST_RECORD || r->stopped) {
			taken = r->stopped ? n : less(n, EVENT_LOG_FIRST_RECORD - r->taken);
			r->taken += taken;
		} else if (r->in_record < EVENT_HEADER) {
			taken = take_header(r, from, n);
		} else {
			taken = take_data(r, from, n);
		}
		from += taken;
		n -= taken;
	}
}

enum status event_log_reader_end(struct event_log_reader *r)
{
	if (r->error == STATUS_OK && r->taken != r->size)
		r->error = ERR_EVENT_LOG;
	return r->error;
}

const uint8_t *event_digest(const struct event_digests *digests, enum event_class class)
{
	return (digests->present >> class & 1) != 0 ? digests->digest[class] : NULL;
}

enum status event_log_digests(const struct event_log *log, struct event_digests *digests)
{
	const size_t size = event_log_size(log);
	struct event_log_reader r;
	uint8_t piece[256];

	event_log_reader_begin(&r, size);
	for (size_t at = 0; at < size; at += sizeof(piece)) {
		const size_t n = less(sizeof(piece), size - at);
		event_log_read(log, at, piece, n);
		event_log_reader_feed(&r, piece, n);
	}
	TRY(event_log_reader_end(&r));
	*digests = r.digests;
	return STATUS_OK;
}
