/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * GET_COLLATERAL (attestation spec 2.2), for policy v1, whose collateral comes from the quoting
 * service: the collateral of one platform, asked for through GetQuote in the framed form.
 *
 * Start, poll until done, then read once: the answer is handed over blob by blob in the message's
 * order, in pieces copied out of the shared buffer; nothing of it is kept whole.
 */
#ifndef TDX_GET_COLLATERAL_H
#define TDX_GET_COLLATERAL_H

#include "tdx/quote_service.h"

/* An answer of today has 11 to 18 KB; most of what may grow is TCB info and the PCK CRL. */
#define GET_COLLATERAL_PAGES 8

enum collateral_ca { COLLATERAL_CA_PLATFORM, COLLATERAL_CA_PROCESSOR };

/* The blobs in the message's order: PEM, but for the two JSON texts. */
enum collateral_blob {
	COLLATERAL_PCK_CRL_CHAIN,
	COLLATERAL_ROOT_CRL,
	COLLATERAL_PCK_CRL,
	COLLATERAL_TCB_INFO_CHAIN,
	COLLATERAL_TCB_INFO,
	COLLATERAL_QE_IDENTITY_CHAIN,
	COLLATERAL_QE_IDENTITY,
	COLLATERAL_BLOBS
};

struct get_collateral {
	uint8_t *buffer;	/* shared, GET_COLLATERAL_PAGES pages; NULL when idle */
	uint16_t major;		/* version of the collateral, valid when done; 3.0 in what is known */
	uint16_t minor;
	uint32_t size[COLLATERAL_BLOBS];	/* each without its NUL; valid when done */
	bool done;		/* and not read yet */
};

/*
 * Where the answer goes.  Any status other than STATUS_OK ends the reading and is its result;
 * no blob's text counts before get_collateral_read() has returned STATUS_OK.
 */
struct collateral_sink {
	/* A blob of n bytes begins, n > 0. */
	enum status (*begin)(void *ctx, enum collateral_blob blob, uint32_t n);
	/* Its next n bytes, private to the callee until it returns. */
	enum status (*piece)(void *ctx, enum collateral_blob blob, const uint8_t *at, size_t n);
	void *ctx;
};

/*
 * q is idle before, and again after any error.  ERR_OUT_OF_RESOURCE: no pages; ERR_GET_QUOTE_BUSY:
 * ask again later; ERR_GET_COLLATERAL: refused, or this VMM takes raw requests only, which cannot
 * carry this one.
 */
enum status get_collateral_start(struct get_collateral *q, struct quote_service *service,
	const uint8_t fmspc[6], enum collateral_ca ca) MUST_CHECK;
/*
 * As get_quote_poll().  STATUS_OK: versions and sizes are valid, each has been checked on a private
 * copy, and get_collateral_read() may be called once.
 */
enum status get_collateral_poll(struct get_collateral *q) MUST_CHECK;
/* ERR_GET_COLLATERAL: a blob is not one string with its NUL; else the sink's status. */
enum status get_collateral_read(struct get_collateral *q, const struct collateral_sink *sink)
	MUST_CHECK;
/* Gives the pages back, or abandons them when in flight; harmless when idle. */
void get_collateral_end(struct get_collateral *q, struct quote_service *service);

#endif
