/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * PEM (RFC 7468) as a stream: text is pushed in pieces of any size, sections come out decoded.
 * CERTIFICATE and X509 CRL sections are decoded, other sections and text between them skipped.
 * Lines end with LF or CRLF.  Base64 must be canonical; a section that does not end as it began,
 * or an END without its BEGIN, is malformed.
 */
#ifndef ATTEST_PEM_H
#define ATTEST_PEM_H

#include "attest/text.h"

enum pem_event {
	PEM_MORE,		/* all input was taken; no section is complete */
	PEM_FULL,		/* the buffer is full and the section goes on: empty it or stop */
	PEM_CERTIFICATE,	/* a section is complete: `n` bytes in `to` */
	PEM_CRL,
};

struct pem_decoder {
	uint8_t *to;
	size_t room;
	size_t n;		/* bytes in `to`; the caller may set it back to 0 when told */
	uint32_t bits;
	uint8_t state;
	uint8_t kind;
	uint8_t quantum;	/* characters of the base64 quantum so far */
	uint8_t padding;
	uint8_t line_n;
	uint8_t line[32];	/* beginning of a line that may be a boundary */
};

void pem_begin(struct pem_decoder *d, uint8_t *to, size_t room);
/*
 * Takes *taken of n bytes and tells why it stopped.  After PEM_CERTIFICATE and PEM_CRL the next
 * section goes to to[0] on; set `to`, `room` first to keep this one.
 */
enum status pem_feed(struct pem_decoder *d, const uint8_t *from, size_t n, size_t *taken,
	enum pem_event *event) MUST_CHECK;
/* What was decoded last belongs to a CERTIFICATE section. */
bool pem_in_certificate(const struct pem_decoder *d);
/* The text is complete: ERR_PEM inside a section. */
enum status pem_end(struct pem_decoder *d) MUST_CHECK;

/* Sections of a text in place, one after the other. */
struct pem_reader {
	struct pem_decoder decoder;
	struct text_reader text;
	const uint8_t *from;	/* the text at hand, in `piece` unless it need not be copied */
	uint16_t at, have;
	uint8_t piece[64];
};

void pem_open(struct pem_reader *p, struct text_reader text);
/*
 * The next section, decoded: *n bytes in `to`, *event its kind, PEM_MORE when there is none left.
 * ERR_PEM when it is malformed, has a NUL, or does not fit.
 */
enum status pem_next(struct pem_reader *p, uint8_t *to, size_t room, size_t *n,
	enum pem_event *event) MUST_CHECK;
/*
 * The same without a limit: the next piece of the text's decoded sections, at most `room` bytes;
 * *event is PEM_FULL while the section goes on.
 */
enum status pem_piece(struct pem_reader *p, uint8_t *to, size_t room, size_t *n,
	enum pem_event *event) MUST_CHECK;

#endif
