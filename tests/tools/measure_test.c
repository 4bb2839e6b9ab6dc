/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Reference values of the policy spec, section 9; the volume is read back by the core's reader. */
#include "temp.h"

#include "common/cfv_write.h"
#include "common/measure.h"
#include "measure/cfv.h"

static void assert_hex(const uint8_t digest[48], const char *expected)
{
	AUTO_TEXT hex = hex_lower(digest, 48);
	assert_string_equal(hex, expected);
}

static void assert_hashes(const uint8_t tdinfo[TDINFO_SIZE], const char *info, const char *servtd)
{
	uint8_t info_hash[48], hash[48];

	tdinfo_hash(tdinfo, info_hash);
	assert_hex(info_hash, info);
	servtd_hash(info_hash, 0, hash);
	assert_hex(hash, servtd);
}

static const uint8_t xfam[8] = {0xe7, 0x1a, 0x06};

static void hashes_of_the_synthetic_td_a(void **state)
{
	uint8_t tdinfo[TDINFO_SIZE] = {0};

	(void)state;
	memcpy(tdinfo + TDINFO_XFAM, xfam, sizeof(xfam));
	rtmrs_predict(&(struct measured_files){0}, tdinfo);
	assert_hex(tdinfo + TDINFO_RTMR0,
		"518923b0f955d08da077c96aaba522b9decede61c599cea6c41889cfbea4ae"
		"4d50529d96fe4d1afdafb65e7f95bf23c4");
	assert_hashes(tdinfo,
		"81effb4b91fb201cffc706f1a1629d60020c6968aea9fca6fa75d739b37040dec73b22b90260"
		"4a00bb271f24db48abd2",
		"75e227e42c1f28978fe80d62c68e1cb0fdd34318b747341b5f07439ca519ac93034ed7"
		"af8119f224788a3d765a17e9dc");
}

static void hashes_of_the_synthetic_td_b(void **state)
{
	AUTO_TEXT policy_path = shared_path(TEMPLATES "policy_v2_signed.json");
	AUTO_TEXT chain_path = shared_path(TEMPLATES "policy_issuer_chain.pem");
	AUTO_BLOB policy = {0};
	AUTO_BLOB chain = {0};
	uint8_t tdinfo[TDINFO_SIZE] = {0};

	(void)state;
	read_into(policy_path, &policy);
	read_into(chain_path, &chain);
	memcpy(tdinfo + TDINFO_XFAM, xfam, sizeof(xfam));
	assert_true(hex_read(
		"bcdc571fdc9720a5660f42e0030a56cfdf4c336879851a6d9d5c7ce276b33ca74415d0f25fa0d4"
		"78af4d34306f343110",
		tdinfo + TDINFO_MROWNER, 48));
	tdinfo[TDINFO_MROWNERCONFIG] = 1;
	rtmrs_predict(&(struct measured_files){.policy = &policy, .issuer_chain = &chain}, tdinfo);
	assert_hashes(tdinfo,
		"ed84d5bd7068d27aa987678e2f954453d965414aca6562b73746b7d6cc52f62f63d712e7c67d"
		"8e9abd6461e2d6e0d7f1",
		"effbab1d3da93519dc15364f094f133e7fc2d65dad1dcfe64cddc86d1f492f681ca2aa"
		"b3769c5896ce353d6d1f7717b4");
}

static void rtmr2_with_attestation_disabled(void **state)
{
	uint8_t tdinfo[TDINFO_SIZE] = {0};

	(void)state;
	rtmrs_predict(&(struct measured_files){.ra_disabled = true}, tdinfo);
	assert_hex(tdinfo + TDINFO_RTMR0 + 96,
		"10627d0ece9fb6563dfea7af6480eedc409414e62f425db4621e4f1ddf"
		"a8d17fb878b5638d8dc3959b9621b65c091343");
}

static void ignore_bits_zero_exactly_their_fields(void **state)
{
	static const size_t ends[] = {0, 8, 16, 64, 112, 160, 208, 256, 304, 352, 400};

	(void)state;
	for (size_t bit = 0; bit < 10; bit++) {
		uint8_t tdinfo[TDINFO_SIZE];
		memset(tdinfo, 0xff, sizeof(tdinfo));
		tdinfo_mask(tdinfo, 1ull << (32 + bit));
		for (size_t i = 0; i < sizeof(tdinfo); i++)
			assert_int_equal(tdinfo[i], i >= ends[bit] && i < ends[bit + 1] ? 0 : 0xff);
	}
}

static void files_of_a_written_volume_are_read_back_exactly(void **state)
{
	struct cfv_file files[3] = {{.name = "policy"}, {.name = "chain"}, {.name = "root"}};
	const uint8_t *const guids[] = {cfv_guid_policy, cfv_guid_issuer_chain, cfv_guid_root_ca};
	AUTO_BLOB volume = {0};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		memcpy(files[i].guid, guids[i], 16);
		for (size_t n = 0; n < 1001 + i * 3; n++)
			blob_add_byte(&files[i].data, (uint8_t)(n * 7 + i));
	}
	assert_int_equal(cfv_write(files, 3, CFV_SIZE_DEFAULT, &volume), TOOL_OK);
	assert_int_equal(volume.size, CFV_SIZE_DEFAULT);
	for (size_t i = 0; i < 3; i++) {
		const uint8_t *file;
		size_t n;
		assert_int_equal(
			cfv_find(volume.data, volume.size, guids[i], &file, &n), STATUS_OK);
		assert_int_equal(n, files[i].data.size);
		assert_memory_equal(file, files[i].data.data, n);
		cleanup_blob(&files[i].data);
	}
}

static void a_volume_refuses_empty_and_oversized_files(void **state)
{
	struct cfv_file file = {.name = "file"};
	AUTO_BLOB volume = {0};

	(void)state;
	assert_int_equal(cfv_write(&file, 1, CFV_SIZE_DEFAULT, &volume), TOOL_REJECT);
	for (size_t i = 0; i < 4096; i++)
		blob_add_byte(&file.data, 1);
	volume.size = 0;
	assert_int_equal(cfv_write(&file, 1, 4096, &volume), TOOL_USAGE);
	volume.size = 0;
	assert_int_equal(cfv_write(&file, 1, 8192, &volume), TOOL_OK);
	assert_int_equal(cfv_write(&file, 1, 8193, &volume), TOOL_USAGE);
	cleanup_blob(&file.data);
}

/* --- TDVF images --------------------------------------------------------------------------- */

#define IMAGE_SIZE 0x1000000u
#define DESCRIPTOR_AT (IMAGE_SIZE - 0x1000u)
#define SECTIONS 3u
#define VOLUME_SIZE 0x2000u

static void put(struct blob *image, size_t at, uint64_t value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		image->data[at + i] = (uint8_t)(value >> 8 * i);
}

static void put_section(struct blob *image, size_t i, const uint64_t field[6])
{
	static const size_t size[] = {4, 4, 8, 8, 4, 4};
	size_t at = DESCRIPTOR_AT + 16 + 32 * i;

	for (size_t f = 0; f < COUNT_OF(size); at += size[f++])
		put(image, at, field[f], size[f]);
}

/* A volume that is only added, a measured page with 256 bytes in it, and a page to be accepted. */
static void make_image(struct blob *image)
{
	static const uint8_t guid[] = {0xf3, 0xf9, 0xea, 0xe9, 0x8e, 0x16, 0xd5, 0x44, 0xa8, 0xeb,
		0x7f, 0x4d, 0x87, 0x38, 0xf6, 0xae};
	static const uint64_t section[SECTIONS][6] = {
		{0, VOLUME_SIZE, 0xff000000, VOLUME_SIZE, 1, 0},
		{0x10000, 0x100, 0xffff0000, 0x1000, 0, 1},
		{0, 0, 0, 0x1000, 4, 2},
	};

	image->data = tool_alloc(IMAGE_SIZE + 1);
	image->size = IMAGE_SIZE;
	image->room = IMAGE_SIZE + 1;
	memset(image->data + 0x10000, 0xa5, 0x100);
	memcpy(image->data + DESCRIPTOR_AT - sizeof(guid), guid, sizeof(guid));
	memcpy(image->data + DESCRIPTOR_AT, "TDVF", 4);
	put(image, DESCRIPTOR_AT + 4, 16 + 32 * SECTIONS, 4);
	put(image, DESCRIPTOR_AT + 8, 1, 4);
	put(image, DESCRIPTOR_AT + 12, SECTIONS, 4);
	for (size_t i = 0; i < SECTIONS; i++)
		put_section(image, i, section[i]);
	put(image, IMAGE_SIZE - 0x20, DESCRIPTOR_AT, 4);
}

static void add_block(struct blob *stream, const char *what, uint64_t gpa)
{
	uint8_t block[128] = {0};

	memcpy(block, what, strlen(what));
	for (size_t i = 0; i < 8; i++)
		block[16 + i] = (uint8_t)(gpa >> 8 * i);
	blob_add(stream, block, sizeof(block));
}

static void mrtd_of_a_firmware_image_follows_its_metadata(void **state)
{
	AUTO_BLOB image = {0};
	AUTO_BLOB stream = {0};
	AUTO_TEXT path = temp_path("image.bin");
	uint8_t mrtd[48], expected[48];

	(void)state;
	make_image(&image);
	assert_int_equal(file_write(path, image.data, image.size), TOOL_OK);
	assert_int_equal(image_mrtd(path, mrtd), TOOL_OK);
	add_block(&stream, "MEM.PAGE.ADD", 0xff000000);
	add_block(&stream, "MEM.PAGE.ADD", 0xff001000);
	add_block(&stream, "MEM.PAGE.ADD", 0xffff0000);
	for (size_t i = 0; i < 16; i++) {
		uint8_t chunk[256] = {0};
		if (i == 0)
			memset(chunk, 0xa5, sizeof(chunk));
		add_block(&stream, "MR.EXTEND", 0xffff0000 + 256 * i);
		blob_add(&stream, chunk, sizeof(chunk));
	}
	digest_sha384(stream.data, stream.size, expected);
	assert_memory_equal(mrtd, expected, sizeof(mrtd));
	/* A byte that is not measured changes nothing, one that is does. */
	image.data[100] ^= 1;
	assert_int_equal(file_write(path, image.data, image.size), TOOL_OK);
	assert_int_equal(image_mrtd(path, mrtd), TOOL_OK);
	assert_memory_equal(mrtd, expected, sizeof(mrtd));
	image.data[0x10000] ^= 1;
	assert_int_equal(file_write(path, image.data, image.size), TOOL_OK);
	assert_int_equal(image_mrtd(path, mrtd), TOOL_OK);
	assert_memory_not_equal(mrtd, expected, sizeof(mrtd));
}

static void broken_metadata_never_leads_outside_the_image(void **state)
{
	static const uint8_t masks[] = {0x01, 0x80, 0xff};
	AUTO_BLOB image = {0};
	const uint8_t *volume;
	size_t n, refused = 0;

	(void)state;
	make_image(&image);
	assert_int_equal(tdvf_volume("image", &image, &volume, &n), TOOL_OK);
	assert_ptr_equal(volume, image.data);
	assert_int_equal(n, VOLUME_SIZE);
	tool_quiet = true;
	for (size_t at = DESCRIPTOR_AT - 16; at < IMAGE_SIZE; at++) {
		if (at == DESCRIPTOR_AT + 16 + 32 * SECTIONS)
			at = IMAGE_SIZE - 0x40;
		for (size_t m = 0; m < COUNT_OF(masks); m++) {
			image.data[at] ^= masks[m];
			if (tdvf_volume("image", &image, &volume, &n) != TOOL_OK)
				refused++;
			else
				assert_true(volume >= image.data &&
					    volume + n <= image.data + image.size);
			image.data[at] ^= masks[m];
		}
	}
	image.size--;
	assert_int_not_equal(tdvf_volume("image", &image, &volume, &n), TOOL_OK);
	tool_quiet = false;
	assert_true(refused > 50);
}

static void numbers_take_suffixes_and_nothing_else(void **state)
{
	uint64_t n = 0;

	(void)state;
	assert_true(number_read("32M", true, UINT64_MAX, &n));
	assert_int_equal(n, 32 << 20);
	assert_true(number_read("0x10K", true, UINT64_MAX, &n));
	assert_int_equal(n, 16384);
	assert_false(number_read("32M", false, UINT64_MAX, &n));
	assert_false(number_read("-1", true, UINT64_MAX, &n));
	assert_false(number_read(" 1", true, UINT64_MAX, &n));
	assert_false(number_read("1 ", true, UINT64_MAX, &n));
	assert_false(number_read("0x", true, UINT64_MAX, &n));
	assert_false(number_read("", true, UINT64_MAX, &n));
	assert_false(number_read("18446744073709551616", true, UINT64_MAX, &n));
	assert_false(number_read("18446744073709551615K", true, UINT64_MAX, &n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_of_the_synthetic_td_a),
		cmocka_unit_test(hashes_of_the_synthetic_td_b),
		cmocka_unit_test(rtmr2_with_attestation_disabled),
		cmocka_unit_test(ignore_bits_zero_exactly_their_fields),
		cmocka_unit_test(files_of_a_written_volume_are_read_back_exactly),
		cmocka_unit_test(a_volume_refuses_empty_and_oversized_files),
		cmocka_unit_test(mrtd_of_a_firmware_image_follows_its_metadata),
		cmocka_unit_test(broken_metadata_never_leads_outside_the_image),
		cmocka_unit_test(numbers_take_suffixes_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, temp_make, temp_remove);
}
