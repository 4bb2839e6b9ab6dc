/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * GetQuote (attestation spec 2.2 and 2.3): one shared buffer per request, of those that the service
 * keeps.  Asynchronous: start, then poll until the status leaves "in flight".
 */
#ifndef TDX_GET_QUOTE_H
#define TDX_GET_QUOTE_H

#include "tdx/quote_service.h"

#define GET_QUOTE_PAGES 2
/* Largest quote: 2 pages less GetQuote header, length prefix and response header of the framed form. */
#define QUOTE_SIZE_MAX (GET_QUOTE_PAGES * 4096 - 24 - 4 - 24)

struct get_quote {
	uint8_t *buffer;	/* shared, GET_QUOTE_PAGES pages; NULL when idle */
	uint16_t quote_offset;	/* of the quote in `buffer`, valid when done */
	uint16_t quote_size;
	uint8_t form;		/* enum quote_form of the request in flight */
	bool framed_failed;	/* the last try was framed and ended with "error" */
};

/*
 * Takes a buffer and asks for the quote of a TDREPORT: in the form that has brought a quote
 * before, else framed, and raw after the framed form has failed.  q is idle before, and again
 * after any error.
 * ERR_OUT_OF_RESOURCE: no buffer is free; ERR_GET_QUOTE_BUSY: ask again later with a fresh TDREPORT.
 */
enum status get_quote_start(struct get_quote *q, struct quote_service *service,
	const uint8_t report[TDREPORT_SIZE]) MUST_CHECK;
/*
 * STATUS_PENDING while in flight.  On STATUS_OK the quote lies at buffer + quote_offset, still
 * shared: every length has been checked on a private copy, the bytes have not.
 * ERR_GET_QUOTE_BUSY: the service failed or is absent; end, and ask again later with a fresh
 * TDREPORT.  ERR_GET_QUOTE_FORM: the same, at once: the VMM may want the other form.
 * ERR_GET_QUOTE: refused or malformed.  It never waits: how long a request may stay in flight is
 * the caller's clock.
 */
enum status get_quote_poll(struct get_quote *q, struct quote_service *service) MUST_CHECK;
/* True for a request that the VMM has answered: what get_quote_poll() says is not STATUS_PENDING. */
bool get_quote_answered(const struct get_quote *q);
/* Gives the buffer back, or abandons it when in flight; harmless when idle. */
void get_quote_end(struct get_quote *q, struct quote_service *service);

#endif
