/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "wire/reader.h"

struct reader reader_sub(struct reader *r, size_t n)
{
	const uint8_t *bytes = reader_bytes(r, n);
	if (bytes == NULL)
		return (struct reader){.at = r->at, .left = 0, .failed = true};
	return reader_of(bytes, n);
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
