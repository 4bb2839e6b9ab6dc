/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "common/cfv_write.h"

#include <string.h>

#define BLOCK_SIZE 0x1000
#define CHECKED_SIZE 56 /* what the volume's checksum covers */
#define HEADER_SIZE 0x78
#define EXTENDED_HEADER_AT 0x60
#define ATTRIBUTES 0x0004f6ff
#define FILE_HEADER_SIZE 24
#define FILE_TYPE_RAW 0x01
#define FILE_TYPE_PAD 0xf0
#define FILE_CHECKSUM_FIXED 0xaa
#define FILE_STATE 0x07

static const uint8_t ffs_guid[16] = {0x7a, 0xc0, 0x73, 0x54, 0xcb, 0x3d, 0xca, 0x4d, 0xbd, 0x6f,
	0x1e, 0x96, 0x89, 0xe7, 0x34, 0x9a};
static const uint8_t zero_guid[16];

static void add_little(struct blob *b, uint64_t value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		blob_add_byte(b, (uint8_t)(value >> 8 * i));
}

static void file_header(struct blob *b, const uint8_t guid[16], uint8_t checksum, uint8_t fixed,
	uint8_t type, size_t size)
{
	blob_add(b, guid, 16);
	blob_add_byte(b, checksum);
	blob_add_byte(b, fixed);
	blob_add_byte(b, type);
	blob_add_byte(b, 0); /* attributes */
	add_little(b, size, 3);
	blob_add_byte(b, FILE_STATE);
}

static void volume_header(struct blob *b, size_t volume_size)
{
	const size_t start = b->size;
	uint16_t sum = 0;

	blob_add(b, zero_guid, sizeof(zero_guid));
	blob_add(b, ffs_guid, sizeof(ffs_guid));
	add_little(b, volume_size, 8);
	blob_add(b, "_FVH", 4);
	add_little(b, ATTRIBUTES, 4);
	add_little(b, HEADER_SIZE, 2);
	add_little(b, 0, 2); /* checksum, below */
	add_little(b, EXTENDED_HEADER_AT, 2);
	blob_add_byte(b, 0);
	blob_add_byte(b, 2); /* revision */
	uint8_t *header = b->data + start;
	for (size_t i = 0; i < CHECKED_SIZE; i += 2)
		sum = (uint16_t)(sum + (header[i] | header[i + 1] << 8));
	sum = (uint16_t)-sum;
	header[50] = (uint8_t)sum;
	header[51] = (uint8_t)(sum >> 8);
	/* Block map, then the extended header inside a pad file. */
	add_little(b, volume_size / BLOCK_SIZE, 4);
	add_little(b, BLOCK_SIZE, 4);
	add_little(b, 0, 8);
	file_header(b, zero_guid, 0, 0, FILE_TYPE_PAD, 0x2c);
	blob_add(b, zero_guid, sizeof(zero_guid));
	add_little(b, 0x14, 4);
	add_little(b, 0, 4);
}

static void add_file(struct blob *b, const struct cfv_file *f)
{
	const size_t start = b->size;
	uint8_t sum = 0;

	file_header(
		b, f->guid, 0, FILE_CHECKSUM_FIXED, FILE_TYPE_RAW, FILE_HEADER_SIZE + f->data.size);
	for (size_t i = 0; i < FILE_HEADER_SIZE - 1; i++)
		sum = (uint8_t)(sum + (i == 17 ? 0 : b->data[start + i]));
	b->data[start + 16] = (uint8_t)-sum;
	blob_add(b, f->data.data, f->data.size);
	while ((b->size - start) % 8 != 0)
		blob_add_byte(b, 0);
}

int cfv_write(const struct cfv_file *files, size_t n, size_t size, struct blob *out)
{
	const size_t start = out->size;

	if (size < HEADER_SIZE || size % BLOCK_SIZE != 0)
		return tool_fail(
			TOOL_USAGE, "a volume of %zu bytes is not a multiple of 4096", size);
	volume_header(out, size);
	for (size_t i = 0; i < n; i++) {
		if (files[i].data.size == 0 || files[i].data.size > CFV_FILE_MOST)
			return tool_fail(TOOL_REJECT,
				"%s: %zu bytes; a file of the volume has 1 byte to 1 MiB",
				files[i].name, files[i].data.size);
		add_file(out, &files[i]);
	}
	if (out->size - start > size)
		return tool_fail(TOOL_USAGE, "--size: the files need %zu bytes, the volume has %zu",
			out->size - start, size);
	while (out->size - start < size)
		blob_add_byte(out, 0xff);
	return TOOL_OK;
}
