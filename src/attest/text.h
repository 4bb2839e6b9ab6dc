/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Text read in place: as it stands, or as the content of a JSON string with its escapes undone
 * (all of RFC 8259; surrogate pairs become one code point in UTF-8).  Or text that the VMM handed
 * over, each byte of which is copied once; of such a text there may be one reader only.
 */
#ifndef ATTEST_TEXT_H
#define ATTEST_TEXT_H

#include "tdx/collateral_source.h"

/* The most bytes that can be looked at before they are read. */
#define TEXT_PEEK_MAX 2

struct text_reader {
	const uint8_t *at;
	const uint8_t *end;
	const struct collateral_source *source;	/* NULL: from `at` to `end` */
	uint8_t blob;		/* of the source */
	bool escaped;
	bool failed;		/* a broken escape, a bare quote, a control character; the source */
	uint8_t pending_n;	/* bytes taken and not yet delivered, the next one last */
	uint8_t pending[4 + TEXT_PEEK_MAX];
};

struct text_reader text_plain(const uint8_t *at, size_t n);
/* The n bytes between the quotes of a JSON string. */
struct text_reader text_escaped(const uint8_t *at, size_t n);

/* A blob of fetched collateral; the source must stay where it is. */
struct text_reader text_fetched(const struct collateral_source *source, enum collateral_blob blob);

/* Up to n bytes of text, what is left of `to` is undefined; 0 at the end or once a fault was met (`failed` tells them apart). */
size_t text_read(struct text_reader *t, uint8_t *to, size_t n);

/*
 * The same without a copy where the text stands in memory as it is: *from is where the bytes are,
 * in `to` or in the text, where there may be TEXT_VIEW_MAX of them.
 */
#define TEXT_VIEW_MAX 1024
size_t text_view(struct text_reader *t, uint8_t *to, size_t n, const uint8_t **from);

/* The first bytes of a text, at most TEXT_PEEK_MAX, which are read again; their number. */
size_t text_peek(struct text_reader *t, uint8_t *to, size_t n);

/* Value of a hexadecimal digit of either case, or -1. */
int text_hex_digit(uint8_t c);

#endif
