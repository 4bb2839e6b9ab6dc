/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What get_quote.c and get_collateral.c share: a request's buffer, its header, the message in it. */
#ifndef TDX_QUOTE_SERVICE_INTERNAL_H
#define TDX_QUOTE_SERVICE_INTERNAL_H

#include "tdx/quote_service.h"
#include "wire/reader.h"
#include "wire/writer.h"

#define GET_QUOTE_HEADER 24
/* The quoting service's message header, behind a big-endian length. */
#define QGS_PREFIX 4
#define QGS_HEADER 16

enum qgs_type {
	QGS_GET_QUOTE_REQ,
	QGS_GET_QUOTE_RESP,
	QGS_GET_COLLATERAL_REQ,
	QGS_GET_COLLATERAL_RESP,
};

struct quote_buffer_kind {
	enum shared_tag tag;
	enum shared_tag abandoned;
	enum shared_tag kept;	/* idle ones stay taken under it; SHARED_TAG_COUNT: they do not */
	uint32_t pages;
};

extern const struct quote_buffer_kind quote_buffer_quote;
extern const struct quote_buffer_kind quote_buffer_collateral;

/* Takes zeroed pages; NULL when there are none. */
uint8_t *quote_buffer_take(struct quote_service *service, const struct quote_buffer_kind *kind);
/* A writer for `size` bytes of request behind the GetQuote header, which it writes. */
struct writer quote_buffer_request(uint8_t *buffer, uint32_t size);
/* The same for a framed message: prefix and header are written, `body` bytes are to follow. */
struct writer quote_buffer_message(uint8_t *buffer, enum qgs_type type, uint32_t body);
/* TDG.VP.VMCALL<GetQuote>; a buffer that is refused is given back at once. */
enum status quote_buffer_ask(struct quote_service *service, const struct quote_buffer_kind *kind,
	uint8_t *buffer) MUST_CHECK;
bool quote_buffer_in_flight(const uint8_t *buffer);
/* Gives the pages back, or abandons them when in flight. */
void quote_buffer_end(struct quote_service *service, const struct quote_buffer_kind *kind,
	uint8_t *buffer);

/* The header of an answered request, taken from a private copy. */
struct quote_answer {
	uint64_t status;
	uint32_t size;		/* of what lies behind the header */
};

#define QUOTE_STATUS_ERROR 0x8000000000000000ull

struct quote_answer quote_answer_read(struct reader *r);
/* STATUS_OK, ERR_GET_QUOTE_BUSY or ERR_GET_QUOTE. */
enum status quote_answer_status(const struct quote_answer *answer) MUST_CHECK;

struct qgs_message {
	uint16_t minor;		/* version */
	uint32_t size;		/* header included */
};

/*
 * Reads prefix and header of a framed answer; r is then at the message's body.  False unless
 * all that the header says is consistent and says success.
 */
bool qgs_message_read(struct reader *r, const struct quote_answer *answer,
	const struct quote_buffer_kind *kind, enum qgs_type type, struct qgs_message *message);

#endif
