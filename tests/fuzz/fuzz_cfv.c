/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A configuration volume: what is found is a file of it, and its headers are under their sums. */
#include "fuzz.h"

#include "measure/cfv.h"

#define VOLUME_MAX 8192
#define HEADER_SIZE 56
#define FILE_HEADER 24
#define EXTENDED_FILE_HEADER 28

static uint8_t changed[VOLUME_MAX];

static void must_not_be_found(size_t n, const uint8_t *guid)
{
	const uint8_t *file;
	size_t size;

	HOLDS(cfv_find(changed, n, guid, &file, &size) == ERR_CFV);
	HOLDS(file == NULL && size == 0);
}

/* Its header lies before it, and says so. */
static void check_found(const uint8_t *volume, size_t n, const uint8_t *guid, const uint8_t *file,
	size_t size)
{
	HOLDS(fuzz_inside(volume, n, file, size));
	const size_t at = (size_t)(file - volume);
	HOLDS(at >= HEADER_SIZE + FILE_HEADER);
	const bool plain = memcmp(file - FILE_HEADER, guid, CFV_GUID_SIZE) == 0;
	HOLDS(plain || (at >= HEADER_SIZE + EXTENDED_FILE_HEADER &&
		memcmp(file - EXTENDED_FILE_HEADER, guid, CFV_GUID_SIZE) == 0));

	/* No bit of either header can change. */
	memcpy(changed, volume, n);
	changed[size % HEADER_SIZE] ^= (uint8_t)(1u << (at & 7));
	must_not_be_found(n, guid);
	memcpy(changed, volume, n);
	changed[at - (plain ? FILE_HEADER : EXTENDED_FILE_HEADER) + size % CFV_GUID_SIZE] ^= 0x10;
	must_not_be_found(n, guid);
	/* Nor is a part of a volume one. */
	memcpy(changed, volume, n);
	must_not_be_found(n - 1, guid);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const uint8_t nobody[CFV_GUID_SIZE];
	const uint8_t *const guids[] = {cfv_guid_policy, cfv_guid_root_ca, cfv_guid_issuer_chain,
		nobody};

	if (n > VOLUME_MAX)
		return 0;
	for (size_t i = 0; i < sizeof(guids) / sizeof(guids[0]); i++) {
		const uint8_t *file, *again;
		size_t size, again_size;
		const enum status status = cfv_find(bytes, n, guids[i], &file, &size);

		HOLDS(status == cfv_find(bytes, n, guids[i], &again, &again_size));
		HOLDS(file == again && size == again_size);
		if (status == STATUS_OK) {
			ACCEPTED();
			check_found(bytes, n, guids[i], file, size);
		} else {
			HOLDS(status == ERR_CFV && file == NULL && size == 0);
		}
	}
	return 0;
}
