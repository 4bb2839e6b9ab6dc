/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "measure/cfv.h"

#include "wire/reader.h"

#define FV_HEADER 56
#define FV_REVISION 2

#define FFS_HEADER 24
#define FFS_EXTENDED_HEADER 28
#define FFS_ALIGN 8
#define FFS_TYPE_RAW 1
#define FFS_ATTRIBUTE_EXTENDED 1u
/* Sum of a header: its own checksum cancels all but the state (7) and the file checksum (0xAA). */
#define FFS_HEADER_SUM 0xb1

/* 0BE92DC3-6221-4C98-87C1-8EEFFD70DE5A */
const uint8_t cfv_guid_policy[CFV_GUID_SIZE] = {0xc3, 0x2d, 0xe9, 0x0b, 0x21, 0x62, 0x98, 0x4c,
	0x87, 0xc1, 0x8e, 0xef, 0xfd, 0x70, 0xde, 0x5a};
/* CA437832-4C51-4322-B13D-A21BD0C8FFF6 */
const uint8_t cfv_guid_root_ca[CFV_GUID_SIZE] = {0x32, 0x78, 0x43, 0xca, 0x51, 0x4c, 0x22, 0x43,
	0xb1, 0x3d, 0xa2, 0x1b, 0xd0, 0xc8, 0xff, 0xf6};
/* 3F2FB27A-9596-431C-A68D-D3EAB39F8AEB */
const uint8_t cfv_guid_issuer_chain[CFV_GUID_SIZE] = {0x7a, 0xb2, 0x2f, 0x3f, 0x96, 0x95, 0x1c,
	0x43, 0xa6, 0x8d, 0xd3, 0xea, 0xb3, 0x9f, 0x8a, 0xeb};

static uint16_t word_sum(struct reader r, size_t words)
{
	uint16_t sum = 0;

	while (words-- > 0)
		sum = (uint16_t)(sum + reader_u16(&r));
	return sum;
}

static uint8_t byte_sum(struct reader r, size_t n)
{
	uint8_t sum = 0;

	while (n-- > 0)
		sum = (uint8_t)(sum + reader_u8(&r));
	return sum;
}

/* Leaves in *files what follows the volume header. */
static bool volume_header(struct reader volume, struct reader *files)
{
	static const uint8_t signature[4] = {'_', 'F', 'V', 'H'};
	struct reader r = volume;

	reader_zero(&r, 16);
	(void)reader_bytes(&r, 16); /* file system GUID */
	const uint64_t size = reader_u64(&r);
	const uint8_t *signed_as = reader_bytes(&r, sizeof(signature));
	(void)reader_u32(&r); /* attributes */
	const uint16_t header_size = reader_u16(&r);
	(void)reader_u16(&r); /* checksum */
	(void)reader_u16(&r); /* offset of the extended header */
	(void)reader_u8(&r);
	const uint8_t revision = reader_u8(&r);

	if (!reader_ok(&r) || memcmp(signed_as, signature, sizeof(signature)) != 0)
		return false;
	if (size != reader_left(&volume) || revision != FV_REVISION || header_size < FV_HEADER)
		return false;
	/* The sum is over these bytes only, whatever HeaderLength says. */
	if (word_sum(volume, FV_HEADER / 2) != 0)
		return false;
	*files = volume;
	return reader_bytes(files, header_size) != NULL && reader_left(files) > 0;
}

struct ffs_file {
	const uint8_t *guid;
	uint8_t type;
	struct reader data;
};

/* Takes the next file; false for a bad one and where there is none. */
static bool next_file(struct reader *files, struct ffs_file *file)
{
	struct reader r = *files;

	file->guid = reader_bytes(&r, CFV_GUID_SIZE);
	(void)reader_u16(&r); /* checksums of header and file */
	file->type = reader_u8(&r);
	const uint8_t attributes = reader_u8(&r);
	uint32_t size = reader_u24(&r);
	(void)reader_u8(&r); /* state */
	size_t header_size = FFS_HEADER;
	if (attributes & FFS_ATTRIBUTE_EXTENDED) {
		header_size = FFS_EXTENDED_HEADER;
		size = reader_u32(&r);
	}
	if (!reader_ok(&r) || size < header_size || size > reader_left(files))
		return false;
	if (byte_sum(*files, header_size) != FFS_HEADER_SUM)
		return false;

	file->data = reader_sub(files, size);
	(void)reader_bytes(&file->data, header_size);
	/* The last file need not be padded: what is left then is too short for another. */
	(void)reader_bytes(files, (FFS_ALIGN - size % FFS_ALIGN) % FFS_ALIGN);
	return true;
}

enum status cfv_find(const uint8_t *volume, size_t n, const uint8_t guid[CFV_GUID_SIZE],
	const uint8_t **file, size_t *file_size)
{
	struct reader files;
	struct ffs_file found;

	*file = NULL;
	*file_size = 0;
	if (!volume_header(reader_of(volume, n), &files))
		return ERR_CFV;
	while (next_file(&files, &found)) {
		if (found.type != FFS_TYPE_RAW || memcmp(found.guid, guid, CFV_GUID_SIZE) != 0)
			continue;
		*file = found.data.at;
		*file_size = reader_left(&found.data);
		return STATUS_OK;
	}
	return ERR_CFV;
}
