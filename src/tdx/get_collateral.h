/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * GET_COLLATERAL (attestation spec 2.2), for policy v1, whose collateral comes from the quoting
 * service: the collateral of one platform, asked for through GetQuote in the framed form.
 *
 * Start, poll until done, then read: each byte is copied out of the shared buffer once, when its
 * turn comes; nothing of the answer is kept whole.
 */
#ifndef TDX_GET_COLLATERAL_H
#define TDX_GET_COLLATERAL_H

#include "tdx/collateral_source.h"
#include "tdx/quote_service.h"

/* An answer of today has 11 to 18 KB; most of what may grow is TCB info and the PCK CRL. */
#define GET_COLLATERAL_PAGES 8

struct get_collateral {
	uint8_t *buffer;	/* shared, GET_COLLATERAL_PAGES pages; NULL when idle */
	uint16_t major;		/* version of the collateral; valid when done */
	uint16_t minor;
	/* Where the rest of each blob begins in the buffer, and its size without the NUL. */
	uint32_t offset[COLLATERAL_BLOBS];
	uint32_t left[COLLATERAL_BLOBS];
	bool done;
};

/*
 * q is idle before, and again after any error.  ERR_OUT_OF_RESOURCE: no pages; ERR_GET_QUOTE_BUSY:
 * ask again later; ERR_GET_COLLATERAL: refused, or this VMM takes raw requests only, which cannot
 * carry this one.
 */
enum status get_collateral_start(struct get_collateral *q, struct quote_service *service,
	const struct collateral_request *request) MUST_CHECK;
/*
 * As get_quote_poll().  STATUS_OK, which comes once: versions and sizes are valid, each has been
 * checked on a private copy, and the blobs may be read.
 */
enum status get_collateral_poll(struct get_collateral *q) MUST_CHECK;
/*
 * The answer for a reader, as long as q is not ended.  A blob fails when what stands behind its
 * last byte is not a NUL, and so does every one before the answer is there.
 */
struct collateral_source get_collateral_source(struct get_collateral *q);
/* Gives the pages back, or abandons them when in flight; harmless when idle. */
void get_collateral_end(struct get_collateral *q, struct quote_service *service);

#endif
