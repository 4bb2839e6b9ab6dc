/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "tdx/get_collateral.h"

#include "mem/copy_once.h"
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

/* With their NUL, which counts. */
static const char ca_platform[] = "platform";
static const char ca_processor[] = "processor";

enum status get_collateral_start(struct get_collateral *q, struct quote_service *service,
	const struct collateral_request *request)
{
	const char *name = request->ca == COLLATERAL_CA_PROCESSOR ? ca_processor : ca_platform;
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
	writer_bytes(&w, request->fmspc, FMSPC_SIZE);
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
	uint64_t sum = 0;

	q->major = reader_u16(r);
	q->minor = reader_u16(r);
	for (unsigned i = 0; i < COLLATERAL_BLOBS; i++) {
		const uint32_t size = reader_u32(r);

		/* An empty string says nothing that any of the seven may leave unsaid. */
		if (size < 2)
			return false;
		/* No use is made of either unless the sum below is right. */
		q->offset[i] = (uint32_t)(HEADERS_SIZE + sum);
		q->left[i] = size - 1;
		sum += size;
	}
	sum += RESPONSE_FIXED;
	return reader_ok(r) && (sum == message->size ||
		(message->minor == 0 && sum + MINOR_0_UNUSED == message->size));
}

enum status get_collateral_poll(struct get_collateral *q)
{
	uint8_t headers[HEADERS_SIZE];
	struct qgs_message message;
	enum status status;

	if (q->buffer == NULL || q->done)
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

static size_t read_blob(void *ctx, enum collateral_blob blob, uint8_t *to, size_t n, bool *failed)
{
	struct get_collateral *q = ctx;
	uint8_t nul;

	if (!q->done) {
		*failed = true;
		return 0;
	}
	if (n > q->left[blob])
		n = q->left[blob];
	if (n == 0)
		return 0;
	copy_once(to, q->buffer + q->offset[blob], n);
	q->offset[blob] += (uint32_t)n;
	q->left[blob] -= (uint32_t)n;
	if (q->left[blob] > 0)
		return n;
	copy_once(&nul, q->buffer + q->offset[blob], 1);
	if (nul == 0)
		return n;
	*failed = true;
	return 0;
}

struct collateral_source get_collateral_source(struct get_collateral *q)
{
	return (struct collateral_source){
		.read = read_blob, .ctx = q, .major = q->major, .minor = q->minor};
}

void get_collateral_end(struct get_collateral *q, struct quote_service *service)
{
	if (q->buffer != NULL)
		quote_buffer_end(service, &quote_buffer_collateral, q->buffer);
	*q = (struct get_collateral){.buffer = NULL};
}
