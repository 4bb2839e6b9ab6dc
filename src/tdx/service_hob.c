/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "tdx/service_internal.h"
#include "wire/reader.h"

#define HOB_HEADER 8
#define HOB_ALIGN 8
#define HOB_GUID_EXTENSION 4
#define HOB_END 0xffff

enum hob {
	HOB_MIGRATION_INFO,
	HOB_STREAM_SOCKET,
	HOB_MIGRATION_POLICY,
	HOB_COUNT
};

static const uint8_t hob_guid[HOB_COUNT][GUID_SIZE] = {
	/* 42B5E398-A199-4D30-BEFC-C75AC3DA5D7C */
	[HOB_MIGRATION_INFO] = {0x98, 0xe3, 0xb5, 0x42, 0x99, 0xa1, 0x30, 0x4d,
		0xbe, 0xfc, 0xc7, 0x5a, 0xc3, 0xda, 0x5d, 0x7c},
	/* 7A103B9D-552B-485F-BB4C-2F3D2E8B1E0E */
	[HOB_STREAM_SOCKET] = {0x9d, 0x3b, 0x10, 0x7a, 0x2b, 0x55, 0x5f, 0x48,
		0xbb, 0x4c, 0x2f, 0x3d, 0x2e, 0x8b, 0x1e, 0x0e},
	/* D64F771A-F0C9-4D33-998B-0E3D8B940A61 */
	[HOB_MIGRATION_POLICY] = {0x1a, 0x77, 0x4f, 0xd6, 0xc9, 0xf0, 0x33, 0x4d,
		0x99, 0x8b, 0x0e, 0x3d, 0x8b, 0x94, 0x0a, 0x61},
};

/* Table 2.1.  Bytes 10..15 are not looked at: KVM puts a CPU version there. */
static bool migration_info(struct reader r, struct migration_request *request)
{
	request->request_id = reader_u64(&r);
	request->is_source = reader_u8(&r) == 1;
	const uint8_t has_init = reader_u8(&r);
	(void)reader_bytes(&r, 6);
	for (size_t i = 0; i < ARRAY_SIZE(request->target.uuid); i++)
		request->target.uuid[i] = reader_u64(&r);
	request->target.handle = reader_u64(&r);
	(void)reader_u64(&r); /* migration policy id */
	(void)reader_u64(&r); /* communication id */

	if (has_init > 1)
		return false;
	request->has_init_tdinfo = has_init == 1;
	if (request->has_init_tdinfo)
		reader_copy(&r, request->init_tdinfo, sizeof(request->init_tdinfo));
	return reader_done(&r);
}

static bool stream_socket(struct reader r, struct migration_request *request)
{
	(void)reader_u64(&r); /* communication id */
	request->remote_cid = reader_u64(&r);
	request->port = reader_u32(&r);
	(void)reader_u32(&r); /* port of the quoting service */
	return reader_done(&r);
}

/* Not used, but it must be what it says it is. */
static bool migration_policy(struct reader r)
{
	(void)reader_u64(&r); /* policy id */
	const uint32_t size = reader_u32(&r);
	(void)reader_u32(&r); /* padding */
	(void)reader_bytes(&r, size);
	return reader_ok(&r);
}

static bool guid_hob(struct reader r, bool seen[HOB_COUNT], struct migration_request *request)
{
	const uint8_t *guid = reader_bytes(&r, GUID_SIZE);
	unsigned hob = 0;

	if (guid == NULL)
		return false;
	while (hob < HOB_COUNT && memcmp(guid, hob_guid[hob], GUID_SIZE) != 0)
		hob++;
	if (hob == HOB_COUNT || seen[hob])
		return false;
	seen[hob] = true;

	switch ((enum hob)hob) {
	case HOB_MIGRATION_INFO:
		return migration_info(r, request);
	case HOB_STREAM_SOCKET:
		return stream_socket(r, request);
	default:
		return migration_policy(r);
	}
}

/*
 * Each HOB: type, length with this header, reserved.  An End HOB, a length of 0 (the zeroes behind
 * KVM's list) or one that the list does not hold ends the walk; what is missing then decides.
 */
static bool hob_list(struct reader list, bool seen[HOB_COUNT], struct migration_request *request)
{
	while (reader_left(&list) >= HOB_HEADER) {
		struct reader header = list;
		const uint16_t type = reader_u16(&header);
		const uint16_t size = reader_u16(&header);
		if (type == HOB_END || size == 0 || size > reader_left(&list))
			return true;
		if (type != HOB_GUID_EXTENSION)
			return false;

		struct reader hob = reader_sub(&list, size);
		(void)reader_bytes(&hob, HOB_HEADER);
		if (!guid_hob(hob, seen, request))
			return false;
		const size_t padding = (HOB_ALIGN - size % HOB_ALIGN) % HOB_ALIGN;
		(void)reader_bytes(&list, padding);
	}
	return true;
}

enum status service_parse_hobs(const uint8_t *hobs, size_t n, struct migration_request *request)
{
	bool seen[HOB_COUNT] = {false};

	memset(request, 0, sizeof(*request));
	if (hob_list(reader_of(hobs, n), seen, request) && seen[HOB_MIGRATION_INFO] &&
		seen[HOB_STREAM_SOCKET])
		return STATUS_OK;
	memset(request, 0, sizeof(*request));
	return ERR_REQUEST;
}
