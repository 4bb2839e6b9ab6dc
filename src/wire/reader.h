/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The only way to take fields out of received bytes.  A reader never passes its end; the first
 * read that would sets `failed`, and every later read returns zero and NULL.  Check once at the
 * end with reader_ok() or reader_done().
 */
#ifndef WIRE_READER_H
#define WIRE_READER_H

#include "wire/bytes.h"

struct reader {
	const uint8_t *at;
	size_t left;
	bool failed;
};

static inline struct reader reader_of(const uint8_t *bytes, size_t n)
{
	return (struct reader){.at = bytes, .left = n, .failed = false};
}

static inline size_t reader_left(const struct reader *r)
{
	return r->failed ? 0 : r->left;
}

/* True when there are n more bytes, which are at *bytes. */
static inline bool reader_take(struct reader *r, size_t n, const uint8_t **bytes)
{
	if (r->failed || r->left < n) {
		r->failed = true;
		return false;
	}
	*bytes = r->at;
	r->at += n;
	r->left -= n;
	return true;
}

/* The next n bytes in place, or NULL when there are fewer. */
static inline const uint8_t *reader_bytes(struct reader *r, size_t n)
{
	const uint8_t *bytes;

	return reader_take(r, n, &bytes) ? bytes : NULL;
}

/* A reader over the next n bytes; a failed one when there are fewer. */
struct reader reader_sub(struct reader *r, size_t n);

/*
 * Integers, little-endian unless named be.  They stand here so that each is one check and one load,
 * and in a reader over a known number of bytes the load alone.
 */
static inline uint8_t reader_u8(struct reader *r)
{
	const uint8_t *b;

	return reader_take(r, 1, &b) ? b[0] : 0;
}

static inline uint16_t reader_u16(struct reader *r)
{
	const uint8_t *b;

	return reader_take(r, 2, &b) ? (uint16_t)(b[0] | b[1] << 8) : 0;
}

static inline uint32_t reader_u24(struct reader *r)
{
	const uint8_t *b;

	if (!reader_take(r, 3, &b))
		return 0;
	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16;
}

static inline uint32_t reader_u32(struct reader *r)
{
	const uint8_t *b;

	if (!reader_take(r, 4, &b))
		return 0;
	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static inline uint64_t reader_u64(struct reader *r)
{
	const uint8_t *b;

	return reader_take(r, 8, &b) ? bytes_load(b) : 0;
}

static inline uint32_t reader_u32_be(struct reader *r)
{
	return __builtin_bswap32(reader_u32(r));
}

/* Copies n bytes out, or zeroes `to` when there are fewer. */
static inline void reader_copy(struct reader *r, uint8_t *to, size_t n)
{
	const uint8_t *bytes;

	if (reader_take(r, n, &bytes))
		memcpy(to, bytes, n);
	else
		memset(to, 0, n);
}

/* Fails the reader unless the next n bytes are all zero (reserved fields). */
void reader_zero(struct reader *r, size_t n);

static inline bool reader_ok(const struct reader *r)
{
	return !r->failed;
}

/* No field was cut and nothing is left over. */
static inline bool reader_done(const struct reader *r)
{
	return !r->failed && r->left == 0;
}

#endif
