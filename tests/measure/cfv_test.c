/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "support.h"

#include "measure/cfv.h"

#define VOLUME 4096
#define FILES_AT 0x78

/* A volume laid out by the writer rules of policy spec section 4. */
struct volume {
	uint8_t *bytes;
	size_t size;
	size_t at;	/* where the next file goes */
};

static void store(uint8_t *at, uint64_t value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static void set_volume_checksum(uint8_t *bytes)
{
	uint16_t sum = 0;

	store(bytes + 50, 0, 2);
	for (size_t i = 0; i < 56; i += 2)
		sum = (uint16_t)(sum + bytes[i] + (bytes[i + 1] << 8));
	store(bytes + 50, (uint16_t)-sum, 2);
}

static void volume_begin(struct volume *v, size_t size, uint8_t fill)
{
	static const uint8_t guid[16] = {0x7a, 0xc0, 0x73, 0x54, 0xcb, 0x3d, 0xca, 0x4d,
		0xbd, 0x6f, 0x1e, 0x96, 0x89, 0xe7, 0x34, 0x9a};

	*v = (struct volume){.bytes = malloc(size), .size = size, .at = FILES_AT};
	memset(v->bytes, fill, size);
	memset(v->bytes, 0, FILES_AT);
	memcpy(v->bytes + 16, guid, 16);
	store(v->bytes + 32, size, 8);
	memcpy(v->bytes + 40, "_FVH", 4);
	store(v->bytes + 44, 0x0004f6ff, 4);
	store(v->bytes + 48, FILES_AT, 2);
	store(v->bytes + 52, 0x60, 2);
	v->bytes[55] = 2;
	store(v->bytes + 56, size / 0x1000, 4);
	store(v->bytes + 60, 0x1000, 4);
	/* pad file with the extended header */
	v->bytes[72 + 18] = 0xf0;
	store(v->bytes + 72 + 20, 0x2c, 3);
	v->bytes[72 + 23] = 7;
	store(v->bytes + 96 + 16, 0x14, 4);
	set_volume_checksum(v->bytes);
}

static void set_file_checksum(uint8_t *header, size_t size)
{
	uint8_t sum = 0;

	header[16] = 0;
	for (size_t i = 0; i < size; i++)
		sum = (uint8_t)(sum + (i == 17 || i == 23 ? 0 : header[i]));
	header[16] = (uint8_t)-sum;
}

static uint8_t *add_file(struct volume *v, const uint8_t guid[16], uint8_t type, bool extended,
	const void *data, size_t n)
{
	uint8_t *header = v->bytes + v->at;
	const size_t header_size = extended ? 28 : 24;

	memset(header, 0, header_size);
	memcpy(header, guid, 16);
	header[17] = 0xaa;
	header[18] = type;
	header[19] = extended;
	store(header + 20, extended ? 0xffffff : 24 + n, 3);
	header[23] = 7;
	if (extended)
		store(header + 24, 28 + n, 4);
	set_file_checksum(header, header_size);
	memcpy(header + header_size, data, n);
	v->at += header_size + n;
	while (v->at % 8 != 0 && v->at < v->size)
		v->bytes[v->at++] = 0;
	return header;
}

static void assert_file(const struct volume *v, const uint8_t guid[16], const char *text)
{
	const uint8_t *file;
	size_t n;

	if (text == NULL) {
		assert_int_equal(cfv_find(v->bytes, v->size, guid, &file, &n), ERR_CFV);
		assert_null(file);
		assert_int_equal(n, 0);
		return;
	}
	assert_int_equal(cfv_find(v->bytes, v->size, guid, &file, &n), STATUS_OK);
	assert_int_equal(n, strlen(text));
	assert_memory_equal(file, text, n);
}

/* Policy, issuer chain, and an unknown file between them. */
static void two_files(struct volume *v)
{
	volume_begin(v, VOLUME, 0xff);
	add_file(v, cfv_guid_policy, 1, false, "{\"policy\":1}", 12);
	add_file(v, (const uint8_t *)"some other file ", 1, false, "abc", 3);
	add_file(v, cfv_guid_issuer_chain, 1, false, "-----BEGIN", 10);
}

static void files_are_found_by_guid_with_their_exact_length(void **state)
{
	struct volume v;

	(void)state;
	two_files(&v);
	assert_file(&v, cfv_guid_policy, "{\"policy\":1}");
	assert_file(&v, cfv_guid_issuer_chain, "-----BEGIN");
	assert_file(&v, cfv_guid_root_ca, NULL);
	free(v.bytes);
}

static void an_empty_volume_has_no_file_whatever_fills_it(void **state)
{
	(void)state;
	for (unsigned fill = 0; fill < 256; fill++) {
		struct volume v;
		volume_begin(&v, 256, (uint8_t)fill);
		assert_file(&v, cfv_guid_policy, NULL);
		free(v.bytes);
	}
}

static void only_raw_files_count_and_the_first_one_does(void **state)
{
	struct volume v;

	(void)state;
	volume_begin(&v, VOLUME, 0xff);
	add_file(&v, cfv_guid_policy, 2, false, "type 2", 6);
	add_file(&v, cfv_guid_policy, 1, false, "first", 5);
	add_file(&v, cfv_guid_policy, 1, false, "second", 6);
	assert_file(&v, cfv_guid_policy, "first");
	free(v.bytes);
}

static void extended_headers_are_read(void **state)
{
	struct volume v;

	(void)state;
	volume_begin(&v, VOLUME, 0);
	uint8_t *header = add_file(&v, cfv_guid_policy, 1, true, "extended", 8);
	add_file(&v, cfv_guid_root_ca, 1, false, "root", 4);
	assert_file(&v, cfv_guid_policy, "extended");
	assert_file(&v, cfv_guid_root_ca, "root");
	static const uint32_t size[] = {0, 27, VOLUME - FILES_AT + 1, 0x7fffffff, 0xffffffff};
	for (size_t i = 0; i < ARRAY_SIZE(size); i++) {
		store(header + 24, size[i], 4);
		set_file_checksum(header, 28);
		assert_file(&v, cfv_guid_policy, NULL);
	}
	store(header + 24, 28, 4);
	set_file_checksum(header, 28);
	assert_file(&v, cfv_guid_policy, "");
	free(v.bytes);
}

static void the_last_file_may_end_where_the_volume_ends(void **state)
{
	(void)state;
	for (size_t n = 1; n < 20; n++) {
		struct volume v;
		volume_begin(&v, FILES_AT + 24 + n, 0);
		add_file(&v, cfv_guid_policy, 1, false, "01234567890123456789", n);
		char text[21] = "01234567890123456789";
		text[n] = 0;
		assert_file(&v, cfv_guid_policy, text);
		assert_file(&v, cfv_guid_root_ca, NULL);
		/* One byte less, told honestly: the file no longer fits. */
		v.size--;
		store(v.bytes + 32, v.size, 8);
		set_volume_checksum(v.bytes);
		assert_file(&v, cfv_guid_policy, NULL);
		free(v.bytes);
	}
}

static void any_flipped_byte_of_the_volume_header_loses_the_files(void **state)
{
	(void)state;
	for (size_t at = 0; at < 56; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			struct volume v;
			two_files(&v);
			v.bytes[at] ^= (uint8_t)(1u << bit);
			assert_file(&v, cfv_guid_policy, NULL);
			/* With the sum put right, only what is not checked may differ. */
			set_volume_checksum(v.bytes);
			const bool unchecked = (at >= 16 && at < 32) || (at >= 44 && at < 48) ||
				(at >= 50 && at < 55);
			if (unchecked)
				assert_file(&v, cfv_guid_policy, "{\"policy\":1}");
			else
				assert_file(&v, cfv_guid_policy, NULL);
			free(v.bytes);
		}
	}
}

static void any_flipped_byte_of_a_file_header_ends_the_search(void **state)
{
	(void)state;
	for (size_t at = 0; at < 24; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			struct volume v;
			two_files(&v);
			v.bytes[FILES_AT + at] ^= (uint8_t)(1u << bit);
			assert_file(&v, cfv_guid_policy, NULL);
			assert_file(&v, cfv_guid_issuer_chain, NULL);
			free(v.bytes);
		}
	}
}

static void a_file_size_that_lies_ends_the_search(void **state)
{
	static const uint32_t size[] = {0, 1, 23, VOLUME - FILES_AT + 1, 0xffffff};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(size); i++) {
		struct volume v;
		two_files(&v);
		store(v.bytes + FILES_AT + 20, size[i], 3);
		set_file_checksum(v.bytes + FILES_AT, 24);
		assert_file(&v, cfv_guid_policy, NULL);
		assert_file(&v, cfv_guid_issuer_chain, NULL);
		free(v.bytes);
	}
}

static void header_lengths_must_leave_room_for_files(void **state)
{
	(void)state;
	for (unsigned size = 0; size < 0x10000; size += 5) {
		struct volume v;
		two_files(&v);
		store(v.bytes + 48, size, 2);
		set_volume_checksum(v.bytes);
		const uint8_t *file;
		size_t n;
		const enum status status = cfv_find(v.bytes, v.size, cfv_guid_policy, &file, &n);
		if (size == FILES_AT)
			assert_int_equal(status, STATUS_OK);
		if (size < 56 || size >= VOLUME)
			assert_int_equal(status, ERR_CFV);
		free(v.bytes);
	}
}

static void a_volume_cut_anywhere_is_searched_inside_its_bytes(void **state)
{
	struct volume v;

	(void)state;
	two_files(&v);
	const size_t end = v.at;
	for (size_t n = 0; n <= end; n++) {
		const uint8_t *file;
		size_t file_size;
		uint8_t *exact = malloc(n > 0 ? n : 1);
		memcpy(exact, v.bytes, n);
		/* Cut but not told so; then told, to get past the header. */
		assert_int_equal(cfv_find(exact, n, cfv_guid_policy, &file, &file_size), ERR_CFV);
		if (n >= 56) {
			store(exact + 32, n, 8);
			set_volume_checksum(exact);
			assert_int_equal(cfv_find(exact, n, cfv_guid_issuer_chain, &file, &file_size),
				n + 6 >= end ? STATUS_OK : ERR_CFV);
		}
		free(exact);
	}
	free(v.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_found_by_guid_with_their_exact_length),
		cmocka_unit_test(an_empty_volume_has_no_file_whatever_fills_it),
		cmocka_unit_test(only_raw_files_count_and_the_first_one_does),
		cmocka_unit_test(extended_headers_are_read),
		cmocka_unit_test(the_last_file_may_end_where_the_volume_ends),
		cmocka_unit_test(any_flipped_byte_of_the_volume_header_loses_the_files),
		cmocka_unit_test(any_flipped_byte_of_a_file_header_ends_the_search),
		cmocka_unit_test(a_file_size_that_lies_ends_the_search),
		cmocka_unit_test(header_lengths_must_leave_room_for_files),
		cmocka_unit_test(a_volume_cut_anywhere_is_searched_inside_its_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
