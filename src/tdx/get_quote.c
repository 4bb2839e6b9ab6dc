/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "tdx/get_quote.h"

#include "mem/copy_once.h"
#include "tdx/quote_service_internal.h"

/* Two sizes in front of the TDREPORT, and of the quote. */
#define MESSAGE_SIZES 8
/* All that is looked at before the quote itself. */
#define FRAMED_HEADERS (GET_QUOTE_HEADER + QGS_PREFIX + QGS_HEADER + MESSAGE_SIZES)

_Static_assert(FRAMED_HEADERS + QUOTE_SIZE_MAX == GET_QUOTE_PAGES * PAGE_SIZE,
	"the largest quote fills the buffer");

static enum quote_form form_to_ask(const struct get_quote *q, const struct quote_service *service)
{
	if (service->form != QUOTE_FORM_UNKNOWN)
		return service->form;
	return q->framed_failed ? QUOTE_FORM_RAW : QUOTE_FORM_FRAMED;
}

static void write_request(uint8_t *buffer, enum quote_form form,
	const uint8_t report[TDREPORT_SIZE])
{
	struct writer w;

	if (form == QUOTE_FORM_RAW) {
		w = quote_buffer_request(buffer, TDREPORT_SIZE);
	} else {
		w = quote_buffer_message(
			buffer, QGS_GET_QUOTE_REQ, MESSAGE_SIZES + TDREPORT_SIZE);
		writer_u32(&w, TDREPORT_SIZE);
		writer_u32(&w, 0); /* no list of ids */
	}
	writer_bytes(&w, report, TDREPORT_SIZE);
}

enum status get_quote_start(struct get_quote *q, struct quote_service *service,
	const uint8_t report[TDREPORT_SIZE])
{
	uint8_t *buffer;

	if (q->buffer != NULL)
		return ERR_INTERNAL;
	buffer = quote_buffer_take(service, &quote_buffer_quote);
	if (buffer == NULL)
		return ERR_OUT_OF_RESOURCE;

	const enum quote_form form = form_to_ask(q, service);
	write_request(buffer, form, report);
	TRY(quote_buffer_ask(service, &quote_buffer_quote, buffer));
	*q = (struct get_quote){.buffer = buffer, .form = (uint8_t)form};
	return STATUS_OK;
}

/*
 * A VMM that wants the bare TDREPORT calls a framed one an error.  Once either form has brought a
 * quote, an error is what it says.
 */
static bool may_be_the_form(struct get_quote *q, const struct quote_service *service,
	const struct quote_answer *answer)
{
	q->framed_failed = answer->status == QUOTE_STATUS_ERROR && q->form == QUOTE_FORM_FRAMED;
	return q->framed_failed && service->form != QUOTE_FORM_FRAMED;
}

/* The quote is all of the answer. */
static bool read_raw(struct get_quote *q, const struct quote_answer *answer)
{
	if (answer->size == 0 || answer->size > QUOTE_SIZE_MAX)
		return false;
	q->quote_offset = GET_QUOTE_HEADER;
	q->quote_size = (uint16_t)answer->size;
	return true;
}

static bool read_framed(struct get_quote *q, struct reader *r, const struct quote_answer *answer)
{
	struct qgs_message message;

	if (!qgs_message_read(r, answer, &quote_buffer_quote, QGS_GET_QUOTE_RESP, &message))
		return false;
	const uint64_t id_size = reader_u32(r);
	const uint64_t quote_size = reader_u32(r);
	if (!reader_ok(r) || quote_size == 0 ||
		QGS_HEADER + MESSAGE_SIZES + id_size + quote_size != message.size)
		return false;
	/* Both lie inside the buffer now: their sum is the message, and the message fits. */
	q->quote_offset = (uint16_t)(FRAMED_HEADERS + id_size);
	q->quote_size = (uint16_t)quote_size;
	return true;
}

enum status get_quote_poll(struct get_quote *q, struct quote_service *service)
{
	uint8_t headers[FRAMED_HEADERS];

	if (q->buffer == NULL)
		return ERR_INTERNAL;
	if (quote_buffer_in_flight(q->buffer))
		return STATUS_PENDING;
	copy_once(headers, q->buffer, sizeof(headers));

	struct reader r = reader_of(headers, sizeof(headers));
	const struct quote_answer answer = quote_answer_read(&r);
	if (may_be_the_form(q, service, &answer))
		return ERR_GET_QUOTE_FORM;
	TRY(quote_answer_status(&answer));
	if (q->form == QUOTE_FORM_RAW ? !read_raw(q, &answer) : !read_framed(q, &r, &answer))
		return ERR_GET_QUOTE;
	if (service->form == QUOTE_FORM_UNKNOWN)
		service->form = q->form;
	return STATUS_OK;
}

bool get_quote_answered(const struct get_quote *q)
{
	return q->buffer != NULL && !quote_buffer_in_flight(q->buffer);
}

void get_quote_end(struct get_quote *q, struct quote_service *service)
{
	if (q->buffer != NULL)
		quote_buffer_end(service, &quote_buffer_quote, q->buffer);
	*q = (struct get_quote){.framed_failed = q->framed_failed};
}
