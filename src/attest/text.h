/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Text read in place: as it stands, or as the content of a JSON string with its escapes undone
 * (all of RFC 8259; surrogate pairs become one code point in UTF-8).
 */
#ifndef ATTEST_TEXT_H
#define ATTEST_TEXT_H

#include "migtd/base.h"

struct text_reader {
	const uint8_t *at;
	const uint8_t *end;
	bool escaped;
	bool failed;		/* a broken escape, a bare quote or a control character */
	uint8_t pending_n;	/* bytes of a code point not yet delivered */
	uint8_t pending[4];
};

struct text_reader text_plain(const uint8_t *at, size_t n);
/* The n bytes between the quotes of a JSON string. */
struct text_reader text_escaped(const uint8_t *at, size_t n);

/* Up to n bytes of text; 0 at the end or once a fault was met (`failed` tells them apart). */
size_t text_read(struct text_reader *t, uint8_t *to, size_t n);

/* Value of a hexadecimal digit of either case, or -1. */
int text_hex_digit(uint8_t c);

#endif
