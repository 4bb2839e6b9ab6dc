/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A peer's log, replayed and classified record by record; nothing of it is kept whole. */
#include "measure/event_log.h"

#include "measure/event_log_format.h"
#include "wire/reader.h"

/* Where a genuine MigTD measures them; a tag in another register is not believed. */
#define POLICY_MR_INDEX 3
#define ISSUER_CHAIN_MR_INDEX 2

/* Data of the payload SVN event: name padded to 16, length, SVN. */
#define SVN_FIXED 20

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

static bool classify_tagged(struct event_log_reader *r, const struct record *record)
{
	struct reader data = reader_of(r->head, sizeof(r->head));
	const uint32_t tag = reader_u32(&data);

	if (record->data_size < sizeof(tag))
		return false;
	if (tag == EVENT_TAG_POLICY && record->mr_index == POLICY_MR_INDEX) {
		memcpy(r->policy_digest, record->digest, SHA384_SIZE);
		r->has_policy = true;
	} else if (tag == EVENT_TAG_ISSUER_CHAIN && record->mr_index == ISSUER_CHAIN_MR_INDEX) {
		memcpy(r->chain_digest, record->digest, SHA384_SIZE);
		r->has_chain = true;
	}
	return true;
}

/* The shim's payload SVN must hold as many bytes as it says. */
static bool check_config_flags(const struct event_log_reader *r, const struct record *record)
{
	static const uint8_t name[] = "td_payload_svn";
	struct reader data = reader_of(r->head, sizeof(r->head));

	if (record->data_size < sizeof(name) || memcmp(r->head, name, sizeof(name)) != 0)
		return true;
	(void)reader_bytes(&data, 16);
	const uint64_t size = reader_u32(&data);
	return record->data_size >= SVN_FIXED && record->data_size >= SVN_FIXED + size;
}

/* False where upstream's parse of the log fails (policy spec 3.8). */
static bool classify(struct event_log_reader *r, const struct record *record)
{
	switch (record->type) {
	case EVENT_TAGGED:
		return classify_tagged(r, record);
	case EVENT_PLATFORM_CONFIG_FLAGS:
		return check_config_flags(r, record);
	case EVENT_PLATFORM_FIRMWARE_BLOB2:
		return record->data_size > r->head[0];
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
