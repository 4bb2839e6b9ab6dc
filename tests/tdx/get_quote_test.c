/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "fake_td.h"

#include "tdx/get_quote.h"

#define WIRE SHARED_DIR "/vectors/attestation/wire/"
#define BUFFER (GET_QUOTE_PAGES * PAGE_SIZE)
#define HEADERS 52
#define REPORT_AT HEADERS

struct image {
	uint8_t bytes[2 * BUFFER];
	size_t size;
};

static void load(struct image *image, const char *name)
{
	char path[512];

	memset(image, 0, sizeof(*image));
	snprintf(path, sizeof(path), "%s%s", WIRE, name);
	FILE *f = fopen(path, "rb");
	if (f == NULL) {
		print_message("SKIPPED: %s is not there\n", path);
		skip();
	}
	image->size = fread(image->bytes, 1, sizeof(image->bytes), f);
	fclose(f);
}

static void store(uint8_t *at, uint64_t value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static void store_be(uint8_t *at, uint32_t value)
{
	store(at, __builtin_bswap32(value), 4);
}

/* A response for a quote of n bytes behind an id of id_size. */
static void response(uint8_t *buffer, uint32_t id_size, uint32_t n)
{
	memset(buffer, 0, HEADERS);
	store(buffer, 1, 8);
	store(buffer + 20, 4 + 24 + id_size + n, 4);
	store_be(buffer + 24, 24 + id_size + n);
	store(buffer + 28, 1, 2);
	store(buffer + 30, 1, 2);
	store(buffer + 32, 1, 4);
	store(buffer + 36, 24 + id_size + n, 4);
	store(buffer + 44, id_size, 4);
	store(buffer + 48, n, 4);
}

static void start(struct fake_td *td, struct get_quote *q)
{
	uint8_t report[TDREPORT_SIZE] = {0x81};

	fake_td_init(td);
	*q = (struct get_quote){.buffer = NULL};
	assert_int_equal(get_quote_start(q, &td->tdx, &td->shared, report), STATUS_OK);
	assert_int_equal(td->shared.used, GET_QUOTE_PAGES);
}

static void finish(struct fake_td *td, struct get_quote *q)
{
	const uint8_t *buffer = q->buffer;

	get_quote_end(q, &td->shared);
	assert_null(q->buffer);
	assert_int_equal(td->shared.used, 0);
	assert_true(all_zero(buffer, BUFFER));
	fake_td_free(td);
}

static void the_request_is_framed_as_recorded(void **state)
{
	struct image image;
	struct fake_td td;
	struct get_quote q = {.buffer = NULL};

	(void)state;
	load(&image, "getquote_request_qgs.bin");
	fake_td_init(&td);
	assert_int_equal(get_quote_start(&q, &td.tdx, &td.shared, image.bytes + REPORT_AT), STATUS_OK);
	assert_memory_equal(q.buffer, image.bytes, image.size);
	assert_true(all_zero(q.buffer + image.size, BUFFER - image.size));
	assert_int_equal(td.in[0].r11, 0x10002);
	assert_ptr_equal(fake_shared_page(&td, td.in[0].r12), q.buffer);
	assert_int_equal(td.in[0].r13, BUFFER);

	/* A second request over the first would leak its pages. */
	assert_int_equal(get_quote_start(&q, &td.tdx, &td.shared, image.bytes), ERR_INTERNAL);
	uint8_t *const buffer = q.buffer;
	get_quote_end(&q, &td.shared);
	assert_true(all_zero(buffer, BUFFER));
	get_quote_end(&q, &td.shared);
	assert_int_equal(get_quote_poll(&q), ERR_INTERNAL);
	fake_td_free(&td);
}

static void recorded_answers_end_as_they_say(void **state)
{
	static const struct {
		const char *name;
		enum status status;
		uint16_t quote_size;
	} row[] = {
		{"getquote_response_inflight.bin", STATUS_PENDING, 0},
		{"getquote_response_qgs.bin", STATUS_OK, 5006},
		{"getquote_response_unavailable.bin", ERR_GET_QUOTE_BUSY, 0},
		{"getquote_response_qgs_error.bin", ERR_GET_QUOTE, 0},
		{"getquote_response_raw.bin", ERR_GET_QUOTE, 0},
		{"getcollateral_response_v1_1.bin", ERR_GET_QUOTE, 0},
		{"getquote_request_qgs.bin", ERR_GET_QUOTE, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct image image;
		struct fake_td td;
		struct get_quote q;
		load(&image, row[i].name);
		start(&td, &q);
		memcpy(q.buffer, image.bytes, image.size < BUFFER ? image.size : BUFFER);
		assert_int_equal(get_quote_poll(&q), row[i].status);
		assert_int_equal(q.quote_size, row[i].quote_size);
		if (row[i].status == STATUS_OK) {
			assert_int_equal(q.quote_offset, HEADERS);
			assert_memory_equal(q.buffer + q.quote_offset, "\x04\x00\x02\x00", 4);
		}
		finish(&td, &q);
	}
}

static void the_status_decides_before_anything_else(void **state)
{
	static const struct {
		uint64_t value;
		enum status status;
	} row[] = {
		{UINT64_MAX, STATUS_PENDING},
		{0x8000000000000000ull, ERR_GET_QUOTE_BUSY},
		{0x8000000000000001ull, ERR_GET_QUOTE_BUSY},
		{0x8000000000000002ull, ERR_GET_QUOTE},
		{1, ERR_GET_QUOTE},
		{0, STATUS_OK},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct fake_td td;
		struct get_quote q;
		start(&td, &q);
		response(q.buffer, 0, 100);
		store(q.buffer + 8, row[i].value, 8);
		assert_int_equal(get_quote_poll(&q), row[i].status);
		/* With garbage behind it, only a success looks further. */
		memset(q.buffer + 16, 0xff, BUFFER - 16);
		assert_int_equal(get_quote_poll(&q),
			row[i].status == STATUS_OK ? ERR_GET_QUOTE : row[i].status);
		finish(&td, &q);
	}
}

static void sizes_are_taken_up_to_the_buffer_and_no_further(void **state)
{
	struct fake_td td;
	struct get_quote q;

	(void)state;
	start(&td, &q);
	response(q.buffer, 0, QUOTE_SIZE_MAX);
	assert_int_equal(get_quote_poll(&q), STATUS_OK);
	assert_int_equal(q.quote_size, QUOTE_SIZE_MAX);
	assert_int_equal(q.quote_offset + q.quote_size, BUFFER);
	response(q.buffer, 0, QUOTE_SIZE_MAX + 1);
	assert_int_equal(get_quote_poll(&q), ERR_GET_QUOTE);
	response(q.buffer, 16, QUOTE_SIZE_MAX - 16);
	assert_int_equal(get_quote_poll(&q), STATUS_OK);
	assert_int_equal(q.quote_offset, HEADERS + 16);
	response(q.buffer, 16, QUOTE_SIZE_MAX - 15);
	assert_int_equal(get_quote_poll(&q), ERR_GET_QUOTE);
	response(q.buffer, 16, 0);
	assert_int_equal(get_quote_poll(&q), ERR_GET_QUOTE);
	/* A sum that only fits modulo 2^32. */
	response(q.buffer, 0xffffffff, 101);
	store(q.buffer + 20, 4 + 24 + 100, 4);
	store_be(q.buffer + 24, 24 + 100);
	store(q.buffer + 36, 24 + 100, 4);
	assert_int_equal(get_quote_poll(&q), ERR_GET_QUOTE);
	finish(&td, &q);
}

static void every_length_that_lies_is_refused(void **state)
{
	static const size_t at[] = {20, 24, 36, 44, 48};
	static const uint32_t value[] = {0, 1, 4, 27, 28, 99, 101, 103, 104, 128, 127, 129, BUFFER - 24,
		BUFFER - 23, BUFFER, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(value); j++) {
			struct fake_td td;
			struct get_quote q;
			start(&td, &q);
			response(q.buffer, 0, 100);
			uint8_t before[4];
			memcpy(before, q.buffer + at[i], 4);
			if (at[i] == 24)
				store_be(q.buffer + at[i], value[j]);
			else
				store(q.buffer + at[i], value[j], 4);
			assert_int_equal(get_quote_poll(&q),
				memcmp(before, q.buffer + at[i], 4) == 0 ? STATUS_OK : ERR_GET_QUOTE);
			finish(&td, &q);
		}
	}
}

static void any_flipped_header_byte_leaves_the_quote_inside_the_buffer(void **state)
{
	unsigned accepted = 0;

	(void)state;
	struct fake_td td;
	struct get_quote q;
	start(&td, &q);
	for (size_t at = 0; at < HEADERS; at++) {
		for (unsigned value = 0; value < 256; value++) {
			response(q.buffer, 0, 100);
			if (q.buffer[at] == value)
				continue;
			q.buffer[at] = (uint8_t)value;
			q.quote_offset = q.quote_size = 0;
			const enum status status = get_quote_poll(&q);
			/* Version, request length and minor version are not looked at. */
			const bool ignored = at < 8 || (at >= 16 && at < 20) || at == 30 || at == 31;
			assert_int_equal(status == STATUS_OK, ignored);
			accepted += ignored;
			if (status == STATUS_OK)
				assert_true((size_t)q.quote_offset + q.quote_size <= BUFFER);
			else
				assert_int_equal(q.quote_size, 0);
		}
	}
	assert_int_equal(accepted, (8 + 4 + 2) * 255);
	finish(&td, &q);
}

static void a_refused_start_gives_its_pages_back(void **state)
{
	const uint8_t report[TDREPORT_SIZE] = {0};
	struct fake_td td;
	struct get_quote q = {.buffer = NULL};

	(void)state;
	fake_td_init(&td);
	td.out[0].r10 = 1;
	td.out[1].r10 = 0x8000000000000000ull;
	assert_int_equal(get_quote_start(&q, &td.tdx, &td.shared, report), ERR_GET_QUOTE_BUSY);
	assert_null(q.buffer);
	assert_int_equal(get_quote_start(&q, &td.tdx, &td.shared, report), ERR_GET_QUOTE);
	assert_null(q.buffer);
	assert_int_equal(td.shared.used, 0);
	assert_true(all_zero(td.shared.base, BUFFER));

	struct get_quote many[FAKE_PAGES] = {{.buffer = NULL}};
	unsigned n = 0;
	while (get_quote_start(&many[n], &td.tdx, &td.shared, report) == STATUS_OK)
		n++;
	assert_int_equal(n, FAKE_PAGES / 2 / GET_QUOTE_PAGES);
	assert_int_equal(get_quote_start(&q, &td.tdx, &td.shared, report), ERR_OUT_OF_RESOURCE);
	assert_null(q.buffer);
	fake_td_free(&td);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_request_is_framed_as_recorded),
		cmocka_unit_test(recorded_answers_end_as_they_say),
		cmocka_unit_test(the_status_decides_before_anything_else),
		cmocka_unit_test(sizes_are_taken_up_to_the_buffer_and_no_further),
		cmocka_unit_test(every_length_that_lies_is_refused),
		cmocka_unit_test(any_flipped_header_byte_leaves_the_quote_inside_the_buffer),
		cmocka_unit_test(a_refused_start_gives_its_pages_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
