/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The only way to lay out bytes to be sent.  A writer never passes its end; a write that would
 * sets `failed` and writes nothing.
 */
#ifndef WIRE_WRITER_H
#define WIRE_WRITER_H

#include "migtd/base.h"

struct writer {
	uint8_t *base;
	uint8_t *at;
	uint8_t *end;
	bool failed;
};

static inline struct writer writer_of(uint8_t *bytes, size_t n)
{
	return (struct writer){.base = bytes, .at = bytes, .end = bytes + n, .failed = false};
}

/* Bytes laid out so far. */
static inline size_t writer_size(const struct writer *w)
{
	return (size_t)(w->at - w->base);
}

static inline size_t writer_room(const struct writer *w)
{
	return w->failed ? 0 : (size_t)(w->end - w->at);
}

/* Claims n bytes to be filled in by the caller, or NULL when they do not fit. */
uint8_t *writer_claim(struct writer *w, size_t n);

/* Integers, little-endian unless named be. */
void writer_u8(struct writer *w, uint8_t value);
void writer_u16(struct writer *w, uint16_t value);
void writer_u32(struct writer *w, uint32_t value);
void writer_u64(struct writer *w, uint64_t value);
void writer_u32_be(struct writer *w, uint32_t value);
void writer_bytes(struct writer *w, const uint8_t *from, size_t n);
void writer_zero(struct writer *w, size_t n);

static inline bool writer_ok(const struct writer *w)
{
	return !w->failed;
}

#endif
