/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "support.h"

#include "measure/tdinfo.h"

/* The synthetic TDINFOs of policy spec section 9. */
static void synthetic_a(uint8_t tdinfo[512])
{
	memset(tdinfo, 0, 512);
	from_hex(tdinfo + TDINFO_XFAM, "e71a060000000000");
	from_hex(tdinfo + TDINFO_RTMR0, RTMR_SEPARATOR);
	from_hex(tdinfo + TDINFO_RTMR0 + 48, RTMR_SEPARATOR);
}

static void synthetic_b(uint8_t tdinfo[512])
{
	synthetic_a(tdinfo);
	from_hex(tdinfo + TDINFO_MROWNER, MROWNER_TEMPLATES);
	tdinfo[TDINFO_MROWNERCONFIG] = 1;
	from_hex(tdinfo + TDINFO_RTMR0 + 48, RTMR1_TEMPLATES);
	from_hex(tdinfo + TDINFO_RTMR0 + 96, RTMR2_TEMPLATES);
}

static void info_hash_and_servtd_hash_have_the_reference_values(void **state)
{
	uint8_t tdinfo[512], info[48], servtd[48];

	(void)state;
	synthetic_a(tdinfo);
	tdinfo_hash(tdinfo, info);
	assert_hex(info, 48, "81effb4b91fb201cffc706f1a1629d60020c6968aea9fca6fa75d739b37040de"
		"c73b22b902604a00bb271f24db48abd2");
	servtd_hash(info, 0, servtd);
	assert_hex(servtd, 48, "75e227e42c1f28978fe80d62c68e1cb0fdd34318b747341b5f07439ca519ac93"
		"034ed7af8119f224788a3d765a17e9dc");

	synthetic_b(tdinfo);
	tdinfo_hash(tdinfo, info);
	assert_hex(info, 48, "ed84d5bd7068d27aa987678e2f954453d965414aca6562b73746b7d6cc52f62f"
		"63d712e7c67d8e9abd6461e2d6e0d7f1");
	servtd_hash(info, 0, servtd);
	assert_hex(servtd, 48, "effbab1d3da93519dc15364f094f133e7fc2d65dad1dcfe64cddc86d1f492f68"
		"1ca2aab3769c5896ce353d6d1f7717b4");
}

static void the_attributes_are_hashed_as_eight_bytes(void **state)
{
	uint8_t info[48] = {0}, hash[48], bytes[58] = {0}, expected[48];

	(void)state;
	bytes[50] = 1;
	bytes[55] = 0x07;
	sha384(bytes, sizeof(bytes), expected);
	servtd_hash(info, 0x0000070000000001ull, hash);
	assert_memory_equal(hash, expected, 48);
}

static void each_ignore_bit_zeroes_its_field_and_no_other(void **state)
{
	static const struct {
		unsigned bit, offset, size;
	} row[] = {
		{32, 0, 8}, {33, 8, 8}, {34, 16, 48}, {35, 64, 48}, {36, 112, 48}, {37, 160, 48},
		{38, 208, 48}, {39, 256, 48}, {40, 304, 48}, {41, 352, 48}, {42, 400, 48},
	};

	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		uint8_t tdinfo[512], expected[512];
		memset(tdinfo, 0xcc, sizeof(tdinfo));
		memset(expected, 0xcc, sizeof(expected));
		for (size_t i = 0; i < ARRAY_SIZE(row); i++)
			if (row[i].bit == bit)
				memset(expected + row[i].offset, 0, row[i].size);
		tdinfo_mask(tdinfo, 1ull << bit);
		assert_memory_equal(tdinfo, expected, sizeof(tdinfo));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(info_hash_and_servtd_hash_have_the_reference_values),
		cmocka_unit_test(the_attributes_are_hashed_as_eight_bytes),
		cmocka_unit_test(each_ignore_bit_zeroes_its_field_and_no_other),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
