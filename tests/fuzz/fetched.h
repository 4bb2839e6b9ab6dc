/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Inputs of the target `fetched`: two bytes, then texts that take the place of those that are always
 * the same: u8 which one, u16 size, the bytes.  The first byte is the collateral's version (bits 0 to
 * 1 other majors than 3, bits 2 to 3 minor), the second one when the source fails (0: never).
 */
#ifndef TESTS_FUZZ_FETCHED_H
#define TESTS_FUZZ_FETCHED_H

#include "fuzz.h"

#include "tdx/collateral_source.h"

#define FETCHED_HEADER 2
#define FETCHED_TEXT_HEADER 3

/* Places: enum collateral_blob, and behind them: */
#define FETCHED_QUOTE COLLATERAL_BLOBS
#define FETCHED_TEXTS (COLLATERAL_BLOBS + 1)

struct fuzz_text {
	const uint8_t *at;
	size_t n;
};

struct fetched_input {
	uint16_t major, minor;
	size_t fails_after;	/* bytes handed out */
	struct fuzz_text text[FETCHED_TEXTS];
};

/* The next text of an input, of which n bytes from `at` on are left; false at the end. */
static inline bool fetched_text_next(const uint8_t **at, size_t *n, unsigned *which,
	struct fuzz_text *text)
{
	if (*n < FETCHED_TEXT_HEADER)
		return false;
	const size_t size = (*at)[1] | (size_t)(*at)[2] << 8;
	if (size > *n - FETCHED_TEXT_HEADER)
		return false;
	*which = (*at)[0] % FETCHED_TEXTS;
	*text = (struct fuzz_text){*at + FETCHED_TEXT_HEADER, size};
	*at += FETCHED_TEXT_HEADER + size;
	*n -= FETCHED_TEXT_HEADER + size;
	return true;
}

/* False for an input that has something else behind its texts. */
static inline bool fetched_input_read(struct fetched_input *in,
	const struct fuzz_text always[FETCHED_TEXTS], const uint8_t *bytes, size_t n)
{
	struct fuzz_text text;
	unsigned which;

	if (n < FETCHED_HEADER)
		return false;
	in->major = (uint16_t)(3 ^ (bytes[0] & 3));
	in->minor = bytes[0] >> 2 & 3;
	in->fails_after = bytes[1] == 0 ? SIZE_MAX : 64u * (bytes[1] - 1u);
	memcpy(in->text, always, sizeof(in->text));
	bytes += FETCHED_HEADER;
	n -= FETCHED_HEADER;
	while (fetched_text_next(&bytes, &n, &which, &text))
		in->text[which] = text;
	return n == 0;
}

#endif
