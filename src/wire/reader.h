/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The only way to take fields out of received bytes.  A reader never passes its end; the first
 * read that would sets `failed`, and every later read returns zero and NULL.  Check once at the
 * end with reader_ok() or reader_done().
 */
#ifndef WIRE_READER_H
#define WIRE_READER_H

#include "migtd/base.h"

struct reader {
	const uint8_t *at;
	const uint8_t *end;
	bool failed;
};

static inline struct reader reader_of(const uint8_t *bytes, size_t n)
{
	return (struct reader){.at = bytes, .end = bytes + n, .failed = false};
}

static inline size_t reader_left(const struct reader *r)
{
	return r->failed ? 0 : (size_t)(r->end - r->at);
}

/* The next n bytes in place, or NULL when there are fewer. */
const uint8_t *reader_bytes(struct reader *r, size_t n);

/* A reader over the next n bytes; a failed one when there are fewer. */
struct reader reader_sub(struct reader *r, size_t n);

/* Integers, little-endian unless named be. */
uint8_t reader_u8(struct reader *r);
uint16_t reader_u16(struct reader *r);
uint32_t reader_u24(struct reader *r);
uint32_t reader_u32(struct reader *r);
uint64_t reader_u64(struct reader *r);
uint32_t reader_u32_be(struct reader *r);

/* Copies n bytes out, or zeroes `to` when there are fewer. */
void reader_copy(struct reader *r, uint8_t *to, size_t n);

/* Fails the reader unless the next n bytes are all zero (reserved fields). */
void reader_zero(struct reader *r, size_t n);

static inline bool reader_ok(const struct reader *r)
{
	return !r->failed;
}

/* No field was cut and nothing is left over. */
static inline bool reader_done(const struct reader *r)
{
	return !r->failed && r->at == r->end;
}

#endif
