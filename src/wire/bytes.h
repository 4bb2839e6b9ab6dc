/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Eight bytes at a time: loaded, stored, and, public ones, looked through.  The masks have the top
 * bit set of each byte that is as asked; above the lowest such byte there may be bits set by mistake.
 */
#ifndef WIRE_BYTES_H
#define WIRE_BYTES_H

#include "migtd/base.h"

#define BYTES_ONES 0x0101010101010101ull
#define BYTES_TOPS 0x8080808080808080ull

/* Eight bytes, the first of them lowest. */
static inline uint64_t bytes_load(const uint8_t *b)
{
	return (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24 |
	       (uint64_t)b[4] << 32 | (uint64_t)b[5] << 40 | (uint64_t)b[6] << 48 |
	       (uint64_t)b[7] << 56;
}

static inline void bytes_store(uint8_t *b, uint64_t bytes)
{
	b[0] = (uint8_t)bytes;
	b[1] = (uint8_t)(bytes >> 8);
	b[2] = (uint8_t)(bytes >> 16);
	b[3] = (uint8_t)(bytes >> 24);
	b[4] = (uint8_t)(bytes >> 32);
	b[5] = (uint8_t)(bytes >> 40);
	b[6] = (uint8_t)(bytes >> 48);
	b[7] = (uint8_t)(bytes >> 56);
}

/* Those below `least`, which is at most 0x80. */
static inline uint64_t bytes_below(uint64_t bytes, uint8_t least)
{
	return (bytes - BYTES_ONES * least) & ~bytes & BYTES_TOPS;
}

static inline uint64_t bytes_equal(uint64_t bytes, uint8_t byte)
{
	return bytes_below(bytes ^ (BYTES_ONES * byte), 1);
}

/* How many bytes come before the lowest that is set in a mask, which is not 0. */
static inline size_t bytes_before(uint64_t mask)
{
	return (size_t)__builtin_ctzll(mask) / 8;
}

static inline bool bytes_contain(const uint8_t *from, size_t n, uint8_t byte)
{
	size_t i = 0;

	for (; n - i >= 8; i += 8)
		if (bytes_equal(bytes_load(from + i), byte) != 0)
			return true;
	for (; i < n; i++)
		if (from[i] == byte)
			return true;
	return false;
}

#endif
