/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "common/measure.h"

#include <string.h>

#include "common/json_text.h"
#include "host/bytes.h"
#include "host/mrtd.h"

/* --- manifest and registers ----------------------------------------------------------------- */

int manifest_read(const char *path, uint8_t tdinfo[TDINFO_SIZE])
{
	AUTO_JSON manifest = json_read_file(path);

	if (manifest == NULL)
		return TOOL_USAGE;
	TOOL_TRY(json_member_hex(path, manifest, "attributes", tdinfo + TDINFO_ATTRIBUTES, 8));
	TOOL_TRY(json_member_hex(path, manifest, "xfam", tdinfo + TDINFO_XFAM, 8));
	TOOL_TRY(json_member_hex(path, manifest, "mrconfigid", tdinfo + TDINFO_MRCONFIGID, 48));
	TOOL_TRY(json_member_hex(path, manifest, "mrowner", tdinfo + TDINFO_MROWNER, 48));
	return json_member_hex(path, manifest, "mrownerconfig", tdinfo + TDINFO_MROWNERCONFIG, 48);
}

int volume_file(const char *name, const uint8_t *volume, size_t size,
	const uint8_t guid[CFV_GUID_SIZE], const char *what, struct blob *to)
{
	const uint8_t *file;
	size_t n;

	if (cfv_find(volume, size, guid, &file, &n) != STATUS_OK)
		return tool_fail(TOOL_USAGE, "%s: the configuration volume has no %s", name, what);
	blob_add(to, file, n);
	return TOOL_OK;
}

void rtmrs_predict(const struct measured_files *files, uint8_t tdinfo[TDINFO_SIZE])
{
	static const uint8_t separator[4];
	static const char test_event[] = "test_disable_ra_and_accept_all";
	uint8_t *rtmr0 = tdinfo + TDINFO_RTMR0, *rtmr1 = rtmr0 + 48, *rtmr2 = rtmr1 + 48;

	memset(rtmr0, 0, 4 * 48);
	rtmr_measure(rtmr0, separator, sizeof(separator));
	rtmr_measure(rtmr1, separator, sizeof(separator));
	if (files->issuer_chain != NULL)
		rtmr_measure(rtmr1, files->issuer_chain->data, files->issuer_chain->size);
	if (files->ra_disabled)
		rtmr_measure(rtmr2, test_event, sizeof(test_event) - 1);
	if (files->policy != NULL)
		rtmr_measure(rtmr2, files->policy->data, files->policy->size);
	if (files->root_ca != NULL)
		rtmr_measure(rtmr2, files->root_ca->data, files->root_ca->size);
}

/* --- TDVF images --------------------------------------------------------------------------- */

#define TDVF_SIZE 0x1000000u
#define PAGE 4096u
#define CHUNK 256u
#define SECTION_SIZE 32u
#define SECTION_CFV 1
#define ATTR_EXTEND 1u
#define ATTR_AUG 2u

static const uint8_t footer_guid[16] = {0xde, 0x82, 0xb5, 0x96, 0xb2, 0x1f, 0xf7, 0x45, 0xba, 0xea,
	0xa3, 0x66, 0xc5, 0x5a, 0x08, 0x2d};
static const uint8_t offset_guid[16] = {0x35, 0x65, 0x7a, 0xe4, 0x4a, 0x98, 0x98, 0x47, 0x86, 0x5e,
	0x46, 0x85, 0xa7, 0xbf, 0x8e, 0xc2};
static const uint8_t metadata_guid[16] = {0xf3, 0xf9, 0xea, 0xe9, 0x8e, 0x16, 0xd5, 0x44, 0xa8,
	0xeb, 0x7f, 0x4d, 0x87, 0x38, 0xf6, 0xae};

struct section {
	uint64_t data_at, data_size, address, memory_size;
	uint32_t type, attributes;
};

/* Where the descriptor lies; 0 if nowhere (it never lies at 0, its GUID stands before it). */
static size_t descriptor_at(const struct blob *image)
{
	const uint8_t *d = image->data;
	const size_t size = image->size;

	if (memcmp(d + size - 0x30, footer_guid, 16) != 0)
		return load32(d + size - 0x20);
	size_t end = size - 0x32, left = load16(d + end);
	left = left > 18 ? left - 18 : 0;
	while (left >= 18 && left < end) {
		const size_t length = load16(d + end - 18);
		if (length < 18 || length > left)
			return 0;
		if (memcmp(d + end - 16, offset_guid, 16) == 0 && length >= 22)
			return size - (load32(d + end - 22) <= size ? load32(d + end - 22) : size);
		end -= length;
		left -= length;
	}
	return 0;
}

/* The section table; NULL after an error line. */
static const uint8_t *sections_of(const char *name, const struct blob *image, uint32_t *n)
{
	const uint8_t *d = image->data;

	if (image->size != TDVF_SIZE) {
		tool_fail(
			TOOL_USAGE, "%s: is neither an ELF file nor a TDVF image of 16 MiB", name);
		return NULL;
	}
	const size_t at = descriptor_at(image);
	if (at < 16 || at > TDVF_SIZE - 16 || memcmp(d + at - 16, metadata_guid, 16) != 0 ||
		memcmp(d + at, "TDVF", 4) != 0) {
		tool_fail(TOOL_USAGE, "%s: no TDVF metadata found", name);
		return NULL;
	}
	*n = load32(d + at + 12);
	if (load32(d + at + 8) != 1 || *n > 64 || load32(d + at + 4) != 16 + SECTION_SIZE * *n ||
		at + 16 + (size_t)SECTION_SIZE * *n > TDVF_SIZE) {
		tool_fail(TOOL_USAGE, "%s: malformed TDVF metadata", name);
		return NULL;
	}
	return d + at + 16;
}

static int section_read(const char *name, const uint8_t *at, struct section *s)
{
	*s = (struct section){load32(at), load32(at + 4), load64(at + 8), load64(at + 16),
		load32(at + 24), load32(at + 28)};
	if (s->data_at + s->data_size > TDVF_SIZE || s->address % PAGE != 0 ||
		s->memory_size % PAGE != 0 || s->memory_size > UINT32_MAX ||
		(s->memory_size != 0 && s->data_size > s->memory_size))
		return tool_fail(TOOL_USAGE,
			"%s: a TDVF section leaves the image or is not page aligned", name);
	return TOOL_OK;
}

static void hash_block(EVP_MD_CTX *md, const char *what, uint64_t gpa)
{
	uint8_t block[128] = {0};

	memcpy(block, what, strlen(what));
	store64(block + 16, gpa);
	if (EVP_DigestUpdate(md, block, sizeof(block)) != 1)
		openssl_died("digest");
}

static void hash_section(EVP_MD_CTX *md, const struct blob *image, const struct section *s)
{
	uint8_t page[PAGE];

	for (uint64_t at = 0; at < s->memory_size; at += PAGE) {
		const uint64_t left = at < s->data_size ? s->data_size - at : 0;
		if ((s->attributes & ATTR_AUG) == 0)
			hash_block(md, "MEM.PAGE.ADD", s->address + at);
		if ((s->attributes & ATTR_EXTEND) == 0)
			continue;
		memset(page, 0, sizeof(page));
		if (left != 0)
			memcpy(page, image->data + s->data_at + at, left < PAGE ? left : PAGE);
		for (uint32_t i = 0; i < PAGE; i += CHUNK) {
			hash_block(md, "MR.EXTEND", s->address + at + i);
			if (EVP_DigestUpdate(md, page + i, CHUNK) != 1)
				openssl_died("digest");
		}
	}
}

static int tdvf_mrtd(const char *name, const struct blob *image, uint8_t mrtd[DIGEST_SHA384_SIZE])
{
	uint32_t n;
	const uint8_t *at = sections_of(name, image, &n);
	struct section s;

	if (at == NULL)
		return TOOL_USAGE;
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	if (md == NULL || EVP_DigestInit_ex(md, EVP_sha384(), NULL) != 1)
		openssl_died("digest");
	int code = TOOL_OK;
	for (uint32_t i = 0; i < n && code == TOOL_OK; i++) {
		code = section_read(name, at + (size_t)i * SECTION_SIZE, &s);
		if (code == TOOL_OK)
			hash_section(md, image, &s);
	}
	if (EVP_DigestFinal_ex(md, mrtd, NULL) != 1)
		openssl_died("digest");
	EVP_MD_CTX_free(md);
	return code;
}

int tdvf_volume(const char *name, const struct blob *image, const uint8_t **volume, size_t *size)
{
	uint32_t n;
	const uint8_t *at = sections_of(name, image, &n);
	struct section s;

	if (at == NULL)
		return TOOL_USAGE;
	for (uint32_t i = 0; i < n; i++) {
		TOOL_TRY(section_read(name, at + (size_t)i * SECTION_SIZE, &s));
		if (s.type == SECTION_CFV) {
			*volume = image->data + s.data_at;
			*size = s.data_size;
			return TOOL_OK;
		}
	}
	return tool_fail(TOOL_USAGE, "%s: the image has no configuration volume", name);
}

int image_mrtd(const char *path, uint8_t mrtd[DIGEST_SHA384_SIZE])
{
	AUTO_BLOB image = {0};

	TOOL_TRY(file_read(path, &image));
	if (image.size < 4 || memcmp(image.data, "\177ELF", 4) != 0)
		return tdvf_mrtd(path, &image, mrtd);
	if (mrtd_of_elf(image.data, image.size, mrtd) != 0)
		return tool_fail(
			TOOL_USAGE, "%s: is not a 64-bit ELF file that can be measured", path);
	return TOOL_OK;
}
