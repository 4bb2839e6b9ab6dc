/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Changes a volume as the fuzzer likes, then mostly makes its size and sums right again. */
#include "fuzz.h"

#define HEADER_SIZE 56
#define FILE_HEADER 24
#define EXTENDED_FILE_HEADER 28

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t n, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n, size_t most, unsigned seed);

static uint32_t load(const uint8_t *at, size_t n)
{
	uint32_t value = 0;

	while (n-- > 0)
		value = value << 8 | at[n];
	return value;
}

static void mend_volume(uint8_t *volume, size_t n)
{
	uint16_t sum = 0;

	for (size_t i = 0; i < 8; i++)
		volume[32 + i] = (uint8_t)((uint64_t)n >> 8 * i);
	volume[50] = volume[51] = 0;
	for (size_t i = 0; i < HEADER_SIZE; i += 2)
		sum = (uint16_t)(sum + load(volume + i, 2));
	volume[50] = (uint8_t)-sum;
	volume[51] = (uint8_t)(-sum >> 8);
}

/* The header's sum is 0xaa + 7, the values that state and file checksum have. */
static void mend_file(uint8_t *header, size_t n)
{
	uint8_t sum = 0;

	header[16] = 0;
	for (size_t i = 0; i < n; i++)
		sum = (uint8_t)(sum + header[i]);
	header[16] = (uint8_t)(0xb1 - sum);
}

static void mend_files(uint8_t *volume, size_t n)
{
	for (size_t at = load(volume + 48, 2); at + EXTENDED_FILE_HEADER <= n;) {
		uint8_t *header = volume + at;
		const bool extended = (header[19] & 1) != 0;
		const size_t size = extended ? load(header + 24, 4) : load(header + 20, 3);

		if (size < FILE_HEADER || size > n - at)
			return;
		mend_file(header, extended ? EXTENDED_FILE_HEADER : FILE_HEADER);
		at += (size + 7) / 8 * 8;
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n, size_t most, unsigned seed)
{
	n = LLVMFuzzerMutate(bytes, n, most);
	if (n < HEADER_SIZE)
		return n;
	if ((seed & 7) != 0)
		mend_volume(bytes, n);
	if ((seed & 0x70) != 0)
		mend_files(bytes, n);
	return n;
}
