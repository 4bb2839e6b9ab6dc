/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Little-endian loads and stores, hexadecimal text. */
#ifndef HOST_BYTES_H
#define HOST_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint16_t load16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t load32(const uint8_t *p)
{
	return load16(p) | (uint32_t)load16(p + 2) << 16;
}

static inline uint64_t load64(const uint8_t *p)
{
	return load32(p) | (uint64_t)load32(p + 4) << 32;
}

static inline uint32_t load32_be(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void store16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static inline void store32(uint8_t *p, uint32_t v)
{
	store16(p, (uint16_t)v);
	store16(p + 2, (uint16_t)(v >> 16));
}

static inline void store64(uint8_t *p, uint64_t v)
{
	store32(p, (uint32_t)v);
	store32(p + 4, (uint32_t)(v >> 32));
}

static inline void store32_be(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

/* `out` holds 2 * n + 1 characters. */
void hex_encode(const uint8_t *bytes, size_t n, char *out);
/* True only when `text` is exactly 2 * n hexadecimal digits. */
bool hex_decode(const char *text, uint8_t *bytes, size_t n);

/* Decimal or 0x-prefixed hexadecimal, nothing before or behind it, at most `max`. */
bool parse_number(const char *text, uint64_t max, uint64_t *value);

#endif
