/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Event logs made record by record, and read in pieces. */
#ifndef TESTS_MEASURE_RECORDS_H
#define TESTS_MEASURE_RECORDS_H

#include "support.h"

#include "measure/event_log.h"

#define LOG_MAX 65536

struct bytes {
	uint8_t at[LOG_MAX];
	size_t n;
};

static inline void generate(const struct event_log *log, struct bytes *b)
{
	b->n = event_log_size(log);
	assert_true(b->n <= LOG_MAX);
	event_log_read(log, 0, b->at, b->n);
}

/* Fed in pieces of `piece` bytes, each in a block of its own size. */
static inline enum status read_log(struct event_log_reader *r, const uint8_t *at, size_t n, size_t piece)
{
	event_log_reader_begin(r, n);
	while (n > 0) {
		const size_t take = n < piece ? n : piece;
		uint8_t *exact = malloc(take);
		memcpy(exact, at, take);
		event_log_reader_feed(r, exact, take);
		free(exact);
		at += take;
		n -= take;
	}
	return event_log_reader_end(r);
}

static inline bool has(const struct event_log_reader *r, enum event_class class)
{
	return event_digest(&r->digests, class) != NULL;
}

static inline void store(uint8_t *at, uint64_t value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

/* A log of nothing but its first record, to be added to. */
static inline void begin_log(struct bytes *b)
{
	struct event_log none;

	event_log_init(&none);
	generate(&none, b);
	assert_int_equal(b->n, 73);
	b->n = 72;
}

static inline void add_record(struct bytes *b, uint32_t mr_index, uint32_t type, uint8_t digest,
	const void *data, uint32_t n)
{
	uint8_t *at = b->at + b->n;

	store(at, mr_index, 4);
	store(at + 4, type, 4);
	store(at + 8, 1, 4);
	store(at + 12, 12, 2);
	memset(at + 14, digest, 48);
	store(at + 62, n, 4);
	memcpy(at + 66, data, n);
	b->n += 66 + n;
}

#endif
