/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "wire/writer.h"

uint8_t *writer_claim(struct writer *w, size_t n)
{
	if (w->failed || (size_t)(w->end - w->at) < n) {
		w->failed = true;
		return NULL;
	}
	uint8_t *bytes = w->at;
	w->at += n;
	return bytes;
}

static void little_endian(struct writer *w, uint64_t value, size_t n)
{
	uint8_t *bytes = writer_claim(w, n);
	if (bytes == NULL)
		return;
	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
}

void writer_u8(struct writer *w, uint8_t value)
{
	little_endian(w, value, 1);
}

void writer_u16(struct writer *w, uint16_t value)
{
	little_endian(w, value, 2);
}

void writer_u32(struct writer *w, uint32_t value)
{
	little_endian(w, value, 4);
}

void writer_u64(struct writer *w, uint64_t value)
{
	little_endian(w, value, 8);
}

void writer_u32_be(struct writer *w, uint32_t value)
{
	little_endian(w, __builtin_bswap32(value), 4);
}

void writer_bytes(struct writer *w, const uint8_t *from, size_t n)
{
	uint8_t *bytes = writer_claim(w, n);
	if (bytes != NULL)
		memcpy(bytes, from, n);
}

void writer_zero(struct writer *w, size_t n)
{
	uint8_t *bytes = writer_claim(w, n);
	if (bytes != NULL)
		memset(bytes, 0, n);
}
