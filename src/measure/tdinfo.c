/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "measure/tdinfo.h"

#include "wire/writer.h"

#define IGNORE_FIRST_BIT 32
#define SERVTD_TYPE_MIGTD 0

void tdinfo_mask(uint8_t tdinfo[512], uint64_t attr)
{
	/* In the order of the bits. */
	static const struct {
		uint16_t offset;
		uint8_t size;
	} field[] = {
		{TDINFO_ATTRIBUTES, 8},
		{TDINFO_XFAM, 8},
		{TDINFO_MRTD, 48},
		{TDINFO_MRCONFIGID, 48},
		{TDINFO_MROWNER, 48},
		{TDINFO_MROWNERCONFIG, 48},
		{TDINFO_RTMR0, 48},
		{TDINFO_RTMR0 + 48, 48},
		{TDINFO_RTMR0 + 96, 48},
		{TDINFO_RTMR0 + 144, 48},
		{TDINFO_SERVTD_HASH, 48},
	};

	for (size_t i = 0; i < ARRAY_SIZE(field); i++)
		if (attr >> (IGNORE_FIRST_BIT + i) & 1)
			memset(tdinfo + field[i].offset, 0, field[i].size);
}

void tdinfo_hash(const uint8_t tdinfo[512], uint8_t hash[SHA384_SIZE])
{
	sha384(tdinfo, 512, hash);
}

void servtd_hash(const uint8_t info_hash[SHA384_SIZE], uint64_t attr, uint8_t hash[SHA384_SIZE])
{
	uint8_t bytes[SHA384_SIZE + 2 + 8];
	struct writer w = writer_of(bytes, sizeof(bytes));

	writer_bytes(&w, info_hash, SHA384_SIZE);
	writer_u16(&w, SERVTD_TYPE_MIGTD);
	writer_u64(&w, attr);
	sha384(bytes, sizeof(bytes), hash);
}
