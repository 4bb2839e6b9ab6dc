/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "wire/reader.h"

const uint8_t *reader_bytes(struct reader *r, size_t n)
{
	if (r->failed || (size_t)(r->end - r->at) < n) {
		r->failed = true;
		return NULL;
	}
	const uint8_t *bytes = r->at;
	r->at += n;
	return bytes;
}

struct reader reader_sub(struct reader *r, size_t n)
{
	const uint8_t *bytes = reader_bytes(r, n);
	if (bytes == NULL)
		return (struct reader){.at = r->end, .end = r->end, .failed = true};
	return reader_of(bytes, n);
}

static uint64_t little_endian(struct reader *r, size_t n)
{
	const uint8_t *bytes = reader_bytes(r, n);
	uint64_t value = 0;
	if (bytes == NULL)
		return 0;
	for (size_t i = n; i > 0; i--)
		value = value << 8 | bytes[i - 1];
	return value;
}

uint8_t reader_u8(struct reader *r)
{
	return (uint8_t)little_endian(r, 1);
}

uint16_t reader_u16(struct reader *r)
{
	return (uint16_t)little_endian(r, 2);
}

uint32_t reader_u24(struct reader *r)
{
	return (uint32_t)little_endian(r, 3);
}

uint32_t reader_u32(struct reader *r)
{
	return (uint32_t)little_endian(r, 4);
}

uint64_t reader_u64(struct reader *r)
{
	return little_endian(r, 8);
}

uint32_t reader_u32_be(struct reader *r)
{
	const uint8_t *b = reader_bytes(r, 4);
	if (b == NULL)
		return 0;
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

void reader_copy(struct reader *r, uint8_t *to, size_t n)
{
	const uint8_t *bytes = reader_bytes(r, n);
	if (bytes != NULL)
		memcpy(to, bytes, n);
	else
		memset(to, 0, n);
}

void reader_zero(struct reader *r, size_t n)
{
	const uint8_t *bytes = reader_bytes(r, n);
	uint8_t any = 0;
	if (bytes == NULL)
		return;
	for (size_t i = 0; i < n; i++)
		any |= bytes[i];
	if (any != 0)
		r->failed = true;
}
