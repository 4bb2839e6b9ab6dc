/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "log/area.h"

#include "wire/reader.h"
#include "wire/writer.h"

static const uint8_t magic[16] = "MigTD LogArea 1";

#define OFFSETS_AT 24
#define TEXT_LENGTH_AT 20

/* What lies in [at, at + n) of the private page goes to the shared one. */
static void show(struct log_area *a, uint32_t at, size_t n)
{
	if (a->shared != NULL)
		memcpy(a->shared + at, a->page + at, n);
}

static void write_offsets(struct log_area *a)
{
	struct writer w = writer_of(a->page + OFFSETS_AT, LOG_AREA_HEADER - OFFSETS_AT);

	writer_u64(&w, a->start);
	writer_u64(&w, a->end);
	show(a, OFFSETS_AT, LOG_AREA_HEADER - OFFSETS_AT);
}

void log_area_init(struct log_area *a, uint8_t *page, enum log_level level)
{
	memset(page, 0, LOG_AREA_SIZE);
	memcpy(page, magic, sizeof(magic));
	*a = (struct log_area){
		.level = level,
		.page = page,
		.start = LOG_AREA_HEADER,
		.end = LOG_AREA_HEADER,
		.empty = true,
		.next_id = 1,
	};
	write_offsets(a);
}

void log_area_enable(struct log_area *a, uint8_t *shared, enum log_level level)
{
	a->level = level;
	if (a->shared != NULL)
		return;
	a->shared = shared;
	show(a, 0, LOG_AREA_SIZE);
}

/* Where the entry at `at` ends; what is there was written by log_area_add(). */
static uint32_t entry_end(const struct log_area *a, uint32_t at)
{
	struct reader r = reader_of(a->page + at + TEXT_LENGTH_AT, 4);

	return at + LOG_AREA_ENTRY + reader_u32(&r);
}

/* No entry begins here: the ring goes on at its beginning. */
static bool is_tail(const struct log_area *a, uint32_t at)
{
	struct reader r = reader_of(a->page + at, LOG_AREA_SIZE - at);

	return LOG_AREA_SIZE - at < LOG_AREA_ENTRY || reader_u64(&r) == 0;
}

static void drop_oldest(struct log_area *a)
{
	a->start = entry_end(a, a->start);
	if (!is_tail(a, a->start))
		return;
	a->start = LOG_AREA_HEADER;
	a->empty = a->end == LOG_AREA_HEADER;
}

/*
 * Drops the oldest entries until [end, end + n) holds none.  Those that are in the way begin at or
 * behind the end; with the start before the end there are none.
 */
static void make_room(struct log_area *a, uint32_t n)
{
	while (!a->empty && a->start >= a->end && a->start < a->end + n)
		drop_oldest(a);
}

static void wrap(struct log_area *a)
{
	const uint32_t tail = LOG_AREA_SIZE - a->end;

	make_room(a, tail);
	write_offsets(a);
	memset(a->page + a->end, 0, tail);
	show(a, a->end, tail);
	a->end = LOG_AREA_HEADER;
}

static void write_entry(struct log_area *a, enum log_level level, uint64_t request_id,
	const char *text, size_t n)
{
	struct writer w = writer_of(a->page + a->end, LOG_AREA_ENTRY + n);

	writer_u64(&w, a->next_id);
	writer_u64(&w, request_id);
	writer_u8(&w, (uint8_t)level);
	writer_zero(&w, 3);
	writer_u32(&w, (uint32_t)n);
	writer_bytes(&w, (const uint8_t *)text, n);
	show(a, a->end, LOG_AREA_ENTRY + n);
}

void log_area_add(struct log_area *a, enum log_level level, uint64_t request_id, const char *text,
	size_t n)
{
	const uint32_t size = (uint32_t)(LOG_AREA_ENTRY + n);

	if (level > a->level || n > LOG_AREA_TEXT_MAX)
		return;
	if (size > LOG_AREA_SIZE - a->end)
		wrap(a);
	make_room(a, size);
	if (a->empty)
		a->start = a->end;
	/* The reader of the shared page sees no offset to an entry that is being written over. */
	write_offsets(a);
	write_entry(a, level, request_id, text, n);
	a->empty = false;
	a->end += size;
	a->next_id = a->next_id == UINT64_MAX ? 1 : a->next_id + 1;
	write_offsets(a);
}
