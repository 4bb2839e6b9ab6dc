/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "tdx/get_collateral.h"

#include "tdx/copy_once.h"
#include "tdx/quote_service_internal.h"

#define FMSPC_SIZE 6
/* Two sizes in front of FMSPC and CA name. */
#define REQUEST_SIZES 8
/* Version and sizes in front of the blobs. */
#define RESPONSE_SIZES (2 + 2 + 4 * COLLATERAL_BLOBS)
#define RESPONSE_FIXED (QGS_HEADER + RESPONSE_SIZES)
#define HEADERS_SIZE (GET_QUOTE_HEADER + QGS_PREFIX + RESPONSE_FIXED)
/* Services of protocol 1.0 count bytes behind the last blob that they do not use. */
#define MINOR_0_UNUSED 4
/* Copied out at a time. */
#define PIECE_SIZE 256

/* With their NUL, which counts. */
static const char ca_platform[] = "platform";
static const char ca_processor[] = "processor";

enum status get_collateral_start(struct get_collateral *q, struct quote_service *service,
	const uint8_t fmspc[FMSPC_SIZE], enum collateral_ca ca)
{
	const char *name = ca == COLLATERAL_CA_PROCESSOR ? ca_processor : ca_platform;
	const uint32_t name_size = (uint32_t)strlen(name) + 1;
	enum status status;
	uint8_t *buffer;

	if (q->buffer != NULL)
		return ERR_INTERNAL;
	if (service->form == QUOTE_FORM_RAW)
		return ERR_GET_COLLATERAL;
	buffer = quote_buffer_take(service, &quote_buffer_collateral);
	if (buffer == NULL)
		return ERR_OUT_OF_RESOURCE;

	struct writer w = quote_buffer_message(
		buffer, QGS_GET_COLLATERAL_REQ, REQUEST_SIZES + FMSPC_SIZE + name_size);
	writer_u32(&w, FMSPC_SIZE);
	writer_u32(&w, name_size);
	writer_bytes(&w, fmspc, FMSPC_SIZE);
	writer_bytes(&w, (const uint8_t *)name, name_size);
	status = quote_buffer_ask(service, &quote_buffer_collateral, buffer);
	if (status == ERR_GET_QUOTE)
		return ERR_GET_COLLATERAL;
	TRY(status);
	*q = (struct get_collateral){.buffer = buffer};
	return STATUS_OK;
}

/* True if the blobs, a NUL behind each, are what the message says it holds. */
static bool read_sizes(struct get_collateral *q, struct reader *r,
	const struct qgs_message *message)
{
	uint64_t sum = RESPONSE_FIXED;

	q->major = reader_u16(r);
	q->minor = reader_u16(r);
	for (unsigned i = 0; i < COLLATERAL_BLOBS; i++) {
		const uint32_t size = reader_u32(r);

		/* An empty string says nothing that any of the seven may leave unsaid. */
		if (size < 2)
			return false;
		q->size[i] = size - 1;
		sum += size;
	}
	return reader_ok(r) && (sum == message->size ||
		(message->minor == 0 && sum + MINOR_0_UNUSED == message->size));
}

enum status get_collateral_poll(struct get_collateral *q)
{
	uint8_t headers[HEADERS_SIZE];
	struct qgs_message message;
	enum status status;

	if (q->buffer == NULL)
		return ERR_INTERNAL;
	if (quote_buffer_in_flight(q->buffer))
		return STATUS_PENDING;
	copy_once(headers, q->buffer, sizeof(headers));

	struct reader r = reader_of(headers, sizeof(headers));
	const struct quote_answer answer = quote_answer_read(&r);
	status = quote_answer_status(&answer);
	if (status == ERR_GET_QUOTE)
		return ERR_GET_COLLATERAL;
	TRY(status);
	q->done = qgs_message_read(&r, &answer, &quote_buffer_collateral, QGS_GET_COLLATERAL_RESP,
			  &message) &&
		  read_sizes(q, &r, &message);
	return q->done ? STATUS_OK : ERR_GET_COLLATERAL;
}

static bool holds_nul(const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i] == 0)
			return true;
	return false;
}

/* One blob and its NUL, from `shared` on. */
static enum status read_blob(const struct collateral_sink *sink, enum collateral_blob blob,
	const uint8_t *shared, uint32_t size)
{
	uint8_t piece[PIECE_SIZE];
	size_t n;

	TRY(sink->begin(sink->ctx, blob, size));
	for (uint32_t offset = 0; offset < size; offset += (uint32_t)n) {
		n = size - offset < sizeof(piece) ? size - offset : sizeof(piece);
		copy_once(piece, shared + offset, n);
		if (holds_nul(piece, n))
			return ERR_GET_COLLATERAL;
		TRY(sink->piece(sink->ctx, blob, piece, n));
	}
	copy_once(piece, shared + size, 1);
	return piece[0] == 0 ? STATUS_OK : ERR_GET_COLLATERAL;
}

enum status get_collateral_read(struct get_collateral *q, const struct collateral_sink *sink)
{
	const uint8_t *at;

	if (!q->done)
		return ERR_INTERNAL;
	q->done = false;
	at = q->buffer + HEADERS_SIZE;
	for (unsigned i = 0; i < COLLATERAL_BLOBS; i++) {
		TRY(read_blob(sink, (enum collateral_blob)i, at, q->size[i]));
		at += q->size[i] + 1;
	}
	return STATUS_OK;
}

void get_collateral_end(struct get_collateral *q, struct quote_service *service)
{
	if (q->buffer != NULL)
		quote_buffer_end(service, &quote_buffer_collateral, q->buffer);
	*q = (struct get_collateral){.buffer = NULL};
}
