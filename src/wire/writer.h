/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The only way to lay out bytes to be sent.  A writer never passes its end; a write that would
 * sets `failed` and writes nothing.
 */
#ifndef WIRE_WRITER_H
#define WIRE_WRITER_H

#include "wire/bytes.h"

struct writer {
	uint8_t *base;
	uint8_t *at;
	size_t room;
	bool failed;
};

static inline struct writer writer_of(uint8_t *bytes, size_t n)
{
	return (struct writer){.base = bytes, .at = bytes, .room = n, .failed = false};
}

/* Bytes laid out so far. */
static inline size_t writer_size(const struct writer *w)
{
	return (size_t)(w->at - w->base);
}

static inline size_t writer_room(const struct writer *w)
{
	return w->failed ? 0 : w->room;
}

/* True when n bytes fit, which stand at *bytes from now on. */
static inline bool writer_take(struct writer *w, size_t n, uint8_t **bytes)
{
	if (w->failed || w->room < n) {
		w->failed = true;
		return false;
	}
	*bytes = w->at;
	w->at += n;
	w->room -= n;
	return true;
}

/* Claims n bytes to be filled in by the caller, or NULL when they do not fit. */
static inline uint8_t *writer_claim(struct writer *w, size_t n)
{
	uint8_t *bytes;

	return writer_take(w, n, &bytes) ? bytes : NULL;
}

/* Integers, little-endian unless named be; here for the reason given in reader.h. */
static inline void writer_u8(struct writer *w, uint8_t value)
{
	uint8_t *b;

	if (writer_take(w, 1, &b))
		b[0] = value;
}

static inline void writer_u16(struct writer *w, uint16_t value)
{
	uint8_t *b;

	if (!writer_take(w, 2, &b))
		return;
	b[0] = (uint8_t)value;
	b[1] = (uint8_t)(value >> 8);
}

static inline void writer_u32(struct writer *w, uint32_t value)
{
	uint8_t *b;

	if (!writer_take(w, 4, &b))
		return;
	b[0] = (uint8_t)value;
	b[1] = (uint8_t)(value >> 8);
	b[2] = (uint8_t)(value >> 16);
	b[3] = (uint8_t)(value >> 24);
}

static inline void writer_u64(struct writer *w, uint64_t value)
{
	uint8_t *b;

	if (writer_take(w, 8, &b))
		bytes_store(b, value);
}

static inline void writer_u32_be(struct writer *w, uint32_t value)
{
	writer_u32(w, __builtin_bswap32(value));
}

static inline void writer_bytes(struct writer *w, const uint8_t *from, size_t n)
{
	uint8_t *bytes;

	if (writer_take(w, n, &bytes))
		memcpy(bytes, from, n);
}

static inline void writer_zero(struct writer *w, size_t n)
{
	uint8_t *bytes;

	if (writer_take(w, n, &bytes))
		memset(bytes, 0, n);
}

static inline bool writer_ok(const struct writer *w)
{
	return !w->failed;
}

#endif
