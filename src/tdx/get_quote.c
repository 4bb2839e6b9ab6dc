/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "tdx/get_quote.h"

#include "tdx/copy_once.h"
#include "wire/reader.h"
#include "wire/writer.h"

#define BUFFER_SIZE (GET_QUOTE_PAGES * PAGE_SIZE)
#define BUFFER_VERSION 1
#define STATUS_OFFSET 8

#define STATUS_IN_FLIGHT 0xffffffffffffffffull
#define STATUS_ERROR 0x8000000000000000ull
#define STATUS_UNAVAILABLE 0x8000000000000001ull

/* The quoting service's message, behind a big-endian length. */
#define LENGTH_PREFIX 4
#define MESSAGE_HEADER 16
#define MESSAGE_FIXED (MESSAGE_HEADER + 8)
#define MESSAGE_MAJOR 1
#define MESSAGE_MINOR 1
#define MESSAGE_REQUEST 0
#define MESSAGE_RESPONSE 1

#define REQUEST_SIZE (MESSAGE_FIXED + TDREPORT_SIZE)
/* All that is looked at before the quote itself. */
#define HEADERS_SIZE (GET_QUOTE_HEADER + LENGTH_PREFIX + MESSAGE_FIXED)

_Static_assert(HEADERS_SIZE + QUOTE_SIZE_MAX == BUFFER_SIZE, "the largest quote fills the buffer");

static void frame_request(uint8_t *buffer, const uint8_t report[TDREPORT_SIZE])
{
	struct writer w = writer_of(buffer, BUFFER_SIZE);

	writer_u64(&w, BUFFER_VERSION);
	writer_u64(&w, 0);
	writer_u32(&w, LENGTH_PREFIX + REQUEST_SIZE);
	writer_u32(&w, 0);
	writer_u32_be(&w, REQUEST_SIZE);
	writer_u16(&w, MESSAGE_MAJOR);
	writer_u16(&w, MESSAGE_MINOR);
	writer_u32(&w, MESSAGE_REQUEST);
	writer_u32(&w, REQUEST_SIZE);
	writer_u32(&w, 0);
	writer_u32(&w, TDREPORT_SIZE);
	writer_u32(&w, 0);
	writer_bytes(&w, report, TDREPORT_SIZE);
}

enum status get_quote_start(struct get_quote *q, struct tdx *tdx, struct shared *shared,
	const uint8_t report[TDREPORT_SIZE])
{
	if (q->buffer != NULL)
		return ERR_INTERNAL;
	q->buffer = shared_take(shared, SHARED_GET_QUOTE, GET_QUOTE_PAGES);
	if (q->buffer == NULL)
		return ERR_OUT_OF_RESOURCE;

	frame_request(q->buffer, report);
	const enum status status = tdvmcall_get_quote(tdx, q->buffer, BUFFER_SIZE);
	if (status != STATUS_OK)
		get_quote_end(q, shared);
	return status;
}

/* The status is read alone and first: the rest is written before it. */
static bool in_flight(const uint8_t *buffer)
{
	uint8_t bytes[8];

	copy_once(bytes, buffer + STATUS_OFFSET, sizeof(bytes));
	struct reader r = reader_of(bytes, sizeof(bytes));
	return reader_u64(&r) == STATUS_IN_FLIGHT;
}

static enum status buffer_status(uint64_t status)
{
	switch (status) {
	case 0:
		return STATUS_OK;
	case STATUS_IN_FLIGHT:
		return STATUS_PENDING;
	case STATUS_ERROR:
	case STATUS_UNAVAILABLE:
		return ERR_GET_QUOTE_BUSY;
	default:
		return ERR_GET_QUOTE;
	}
}

enum status get_quote_poll(struct get_quote *q)
{
	uint8_t headers[HEADERS_SIZE];

	if (q->buffer == NULL)
		return ERR_INTERNAL;
	if (in_flight(q->buffer))
		return STATUS_PENDING;
	copy_once(headers, q->buffer, sizeof(headers));

	struct reader r = reader_of(headers, sizeof(headers));
	(void)reader_u64(&r); /* version: ours */
	TRY(buffer_status(reader_u64(&r)));
	(void)reader_u32(&r); /* length of the request: ours */
	const uint64_t out_size = reader_u32(&r);
	const uint64_t message_size = reader_u32_be(&r);
	const uint16_t major = reader_u16(&r);
	(void)reader_u16(&r); /* older quoting services say minor version 0 */
	const uint32_t type = reader_u32(&r);
	const uint32_t size = reader_u32(&r);
	const uint32_t error = reader_u32(&r);
	const uint64_t id_size = reader_u32(&r);
	const uint64_t quote_size = reader_u32(&r);

	if (out_size > BUFFER_SIZE - GET_QUOTE_HEADER || out_size != LENGTH_PREFIX + message_size)
		return ERR_GET_QUOTE;
	if (major != MESSAGE_MAJOR || type != MESSAGE_RESPONSE || size != message_size)
		return ERR_GET_QUOTE;
	if (error != 0 || quote_size == 0 || MESSAGE_FIXED + id_size + quote_size != message_size)
		return ERR_GET_QUOTE;

	/* Both lie inside the buffer now: their sum is the message, and the message fits. */
	q->quote_offset = (uint16_t)(HEADERS_SIZE + id_size);
	q->quote_size = (uint16_t)quote_size;
	return STATUS_OK;
}

void get_quote_end(struct get_quote *q, struct shared *shared)
{
	if (q->buffer != NULL)
		shared_give(shared, q->buffer, GET_QUOTE_PAGES);
	*q = (struct get_quote){.buffer = NULL};
}
