/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * GetQuote, QGS-framed (attestation spec 2.2): one shared buffer per request in flight.
 * Asynchronous: start, then poll until the status leaves "in flight".
 */
#ifndef TDX_GET_QUOTE_H
#define TDX_GET_QUOTE_H

#include "mem/shared.h"
#include "tdx/tdx.h"

#define GET_QUOTE_PAGES 2
#define GET_QUOTE_HEADER 24
/* Largest quote that fits: 2 pages less GetQuote header, length prefix and QGS response header. */
#define QUOTE_SIZE_MAX (GET_QUOTE_PAGES * 4096 - GET_QUOTE_HEADER - 4 - 24)

struct get_quote {
	uint8_t *buffer;	/* shared, GET_QUOTE_PAGES pages; NULL when idle */
	uint16_t quote_offset;	/* of the quote in `buffer`, valid when done */
	uint16_t quote_size;
};

/*
 * Takes the pages, frames the TDREPORT and asks.  q is idle before, and again after any error.
 * ERR_OUT_OF_RESOURCE: no pages; ERR_GET_QUOTE_BUSY: ask again later with a fresh TDREPORT.
 */
enum status get_quote_start(struct get_quote *q, struct tdx *tdx, struct shared *shared,
	const uint8_t report[TDREPORT_SIZE]) MUST_CHECK;
/*
 * STATUS_PENDING while in flight.  On STATUS_OK the quote lies at buffer + quote_offset, still
 * shared: every length has been checked on a private copy, the bytes have not.
 * ERR_GET_QUOTE_BUSY: the service failed or is absent; end, and ask again later with a fresh
 * TDREPORT.  ERR_GET_QUOTE: refused or malformed.  It never waits: how long a request may stay in
 * flight is the caller's clock, and a host that is silent for ever costs that long, no more.
 */
enum status get_quote_poll(struct get_quote *q) MUST_CHECK;
/*
 * Gives the pages back; harmless when idle.  A request still in flight is abandoned: if the host
 * answers it later, it does so in pages that hold another request, whose quote is then not over
 * its REPORTDATA and fails like any forged one.
 */
void get_quote_end(struct get_quote *q, struct shared *shared);

#endif
