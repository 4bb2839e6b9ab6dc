/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "quoting.h"

#include "tdx/get_quote.h"

#define BUFFER (GET_QUOTE_PAGES * PAGE_SIZE)
#define HEADERS 52
#define RAW_HEADERS 24

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

/* The same in the raw form. */
static void raw_response(uint8_t *buffer, uint32_t n)
{
	memset(buffer, 0, HEADERS);
	store(buffer, 1, 8);
	store(buffer + 20, n, 4);
}

/* A request to a VMM that is known to speak this form, or not known. */
static void start_in(struct fake_td *td, struct get_quote *q, enum quote_form form)
{
	uint8_t report[TDREPORT_SIZE] = {0x81};

	quoting_td_init(td);
	td->quoting.form = form;
	*q = (struct get_quote){.buffer = NULL};
	assert_int_equal(get_quote_start(q, &td->quoting, report), STATUS_OK);
	assert_int_equal(busy_pages(td), GET_QUOTE_PAGES);
}

static void start(struct fake_td *td, struct get_quote *q)
{
	start_in(td, q, QUOTE_FORM_UNKNOWN);
}

static void finish(struct fake_td *td, struct get_quote *q)
{
	uint8_t *buffer = q->buffer;

	/* In flight it would stay the VMM's. */
	store(buffer + 8, 0, 8);
	get_quote_end(q, &td->quoting);
	assert_null(q->buffer);
	assert_int_equal(busy_pages(td), 0);
	assert_int_equal(td->shared.refused, 0);
	assert_true(all_zero(buffer, BUFFER));
	fake_td_free(td);
}

static void the_request_is_as_recorded(void **state, const char *name, enum quote_form form,
	size_t report_at)
{
	struct image image;
	struct fake_td td;
	struct get_quote q = {.buffer = NULL};

	(void)state;
	load(&image, name);
	/* Upstream's raw request says how large its buffer is; the GHCI wants zero. */
	store(image.bytes + 20, 0, 4);
	quoting_td_init(&td);
	td.quoting.form = form;
	assert_int_equal(get_quote_start(&q, &td.quoting, image.bytes + report_at), STATUS_OK);
	assert_memory_equal(q.buffer, image.bytes, image.size);
	assert_true(all_zero(q.buffer + image.size, BUFFER - image.size));
	assert_int_equal(td.in[0].r11, 0x10002);
	assert_ptr_equal(fake_shared_page(&td, td.in[0].r12), q.buffer);
	assert_int_equal(td.in[0].r13, BUFFER);

	/* A second request over the first would leak its pages. */
	assert_int_equal(get_quote_start(&q, &td.quoting, image.bytes), ERR_INTERNAL);
	uint8_t *const buffer = q.buffer;
	get_quote_end(&q, &td.quoting);
	assert_true(all_zero(buffer, BUFFER));
	get_quote_end(&q, &td.quoting);
	assert_int_equal(get_quote_poll(&q, &td.quoting), ERR_INTERNAL);
	fake_td_free(&td);
}

static void the_framed_request_is_as_recorded(void **state)
{
	the_request_is_as_recorded(
		state, "getquote_request_qgs.bin", QUOTE_FORM_UNKNOWN, HEADERS);
}

static void the_raw_request_is_as_recorded(void **state)
{
	the_request_is_as_recorded(
		state, "getquote_request_raw.bin", QUOTE_FORM_RAW, RAW_HEADERS);
}

static void recorded_answers_end_as_they_say(void **state)
{
	static const struct {
		const char *name;
		enum quote_form form;
		enum status status;
		uint16_t quote_size;
	} row[] = {
		{"getquote_response_inflight.bin", QUOTE_FORM_FRAMED, STATUS_PENDING, 0},
		{"getquote_response_inflight.bin", QUOTE_FORM_RAW, STATUS_PENDING, 0},
		{"getquote_response_qgs.bin", QUOTE_FORM_FRAMED, STATUS_OK, 5006},
		{"getquote_response_qgs.bin", QUOTE_FORM_UNKNOWN, STATUS_OK, 5006},
		{"getquote_response_unavailable.bin", QUOTE_FORM_FRAMED, ERR_GET_QUOTE_BUSY, 0},
		{"getquote_response_unavailable.bin", QUOTE_FORM_UNKNOWN, ERR_GET_QUOTE_BUSY, 0},
		{"getquote_response_unavailable.bin", QUOTE_FORM_RAW, ERR_GET_QUOTE_BUSY, 0},
		{"getquote_response_qgs_error.bin", QUOTE_FORM_FRAMED, ERR_GET_QUOTE, 0},
		{"getquote_response_raw.bin", QUOTE_FORM_RAW, STATUS_OK, 5006},
		{"getquote_response_raw.bin", QUOTE_FORM_FRAMED, ERR_GET_QUOTE, 0},
		{"getcollateral_response_v1_1.bin", QUOTE_FORM_FRAMED, ERR_GET_QUOTE, 0},
		{"getcollateral_response_v1_1.bin", QUOTE_FORM_RAW, ERR_GET_QUOTE, 0},
		{"getquote_request_qgs.bin", QUOTE_FORM_FRAMED, ERR_GET_QUOTE, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct image image;
		struct fake_td td;
		struct get_quote q;
		load(&image, row[i].name);
		start_in(&td, &q, row[i].form);
		memcpy(q.buffer, image.bytes, image.size < BUFFER ? image.size : BUFFER);
		assert_int_equal(get_quote_poll(&q, &td.quoting), row[i].status);
		assert_int_equal(q.quote_size, row[i].quote_size);
		if (row[i].status == STATUS_OK) {
			assert_int_equal(q.quote_offset,
				row[i].form == QUOTE_FORM_RAW ? RAW_HEADERS : HEADERS);
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
		{IN_FLIGHT, STATUS_PENDING},
		{STATUS_ERROR, ERR_GET_QUOTE_BUSY},
		{STATUS_UNAVAILABLE, ERR_GET_QUOTE_BUSY},
		{0x8000000000000002ull, ERR_GET_QUOTE},
		{1, ERR_GET_QUOTE},
		{0, STATUS_OK},
	};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(row); i++) {
		const enum quote_form form = i % 2 == 0 ? QUOTE_FORM_FRAMED : QUOTE_FORM_RAW;
		const enum status status = row[i / 2].status;
		struct fake_td td;
		struct get_quote q;
		start_in(&td, &q, form);
		if (form == QUOTE_FORM_RAW)
			raw_response(q.buffer, 100);
		else
			response(q.buffer, 0, 100);
		store(q.buffer + 8, row[i / 2].value, 8);
		assert_int_equal(get_quote_poll(&q, &td.quoting), status);
		/* With garbage behind it, only a success looks further. */
		memset(q.buffer + 16, 0xff, BUFFER - 16);
		assert_int_equal(get_quote_poll(&q, &td.quoting),
			status == STATUS_OK ? ERR_GET_QUOTE : status);
		finish(&td, &q);
	}
}

/* --- which form ---------------------------------------------------------------------------- */

/* Asks once more; the form that was asked in, as the request shows. */
static enum quote_form ask(struct fake_td *td, struct get_quote *q)
{
	const uint8_t report[TDREPORT_SIZE] = {0x81};

	assert_int_equal(get_quote_start(q, &td->quoting, report), STATUS_OK);
	return q->buffer[24] == 0x81 ? QUOTE_FORM_RAW : QUOTE_FORM_FRAMED;
}

static enum status answer(struct fake_td *td, struct get_quote *q, uint64_t status)
{
	enum status result;

	if (status != 0)
		store(q->buffer + 8, status, 8);
	else if (q->form == QUOTE_FORM_RAW)
		raw_response(q->buffer, 100);
	else
		response(q->buffer, 0, 100);
	result = get_quote_poll(q, &td->quoting);
	get_quote_end(q, &td->quoting);
	return result;
}

static void an_error_of_the_framed_form_leads_to_the_raw_one_which_is_kept(void **state)
{
	struct fake_td td;
	struct get_quote q = {.buffer = NULL}, other = {.buffer = NULL};

	(void)state;
	quoting_td_init(&td);
	assert_int_equal(ask(&td, &q), QUOTE_FORM_FRAMED);
	/* Another one is on its way in the framed form by then. */
	assert_int_equal(ask(&td, &other), QUOTE_FORM_FRAMED);
	assert_int_equal(answer(&td, &q, STATUS_ERROR), ERR_GET_QUOTE_FORM);
	assert_int_equal(ask(&td, &q), QUOTE_FORM_RAW);
	assert_int_equal(answer(&td, &q, 0), STATUS_OK);
	assert_int_equal(td.quoting.form, QUOTE_FORM_RAW);
	assert_int_equal(answer(&td, &other, STATUS_ERROR), ERR_GET_QUOTE_FORM);
	assert_int_equal(ask(&td, &other), QUOTE_FORM_RAW);
	/* From now on an error is an error. */
	assert_int_equal(answer(&td, &other, STATUS_ERROR), ERR_GET_QUOTE_BUSY);
	assert_int_equal(ask(&td, &other), QUOTE_FORM_RAW);
	assert_int_equal(answer(&td, &other, 0), STATUS_OK);
	assert_int_equal(busy_pages(&td), 0);
	fake_td_free(&td);
}

static void a_vmm_that_has_answered_framed_is_not_asked_otherwise(void **state)
{
	struct fake_td td;
	struct get_quote q = {.buffer = NULL};

	(void)state;
	quoting_td_init(&td);
	assert_int_equal(ask(&td, &q), QUOTE_FORM_FRAMED);
	assert_int_equal(answer(&td, &q, 0), STATUS_OK);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ask(&td, &q), QUOTE_FORM_FRAMED);
		assert_int_equal(answer(&td, &q, STATUS_ERROR), ERR_GET_QUOTE_BUSY);
	}
	assert_int_equal(td.quoting.form, QUOTE_FORM_FRAMED);
	fake_td_free(&td);
}

static void a_service_that_fails_in_both_forms_is_busy_and_asked_framed_again(void **state)
{
	struct fake_td td;
	struct get_quote q = {.buffer = NULL};

	(void)state;
	quoting_td_init(&td);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ask(&td, &q), QUOTE_FORM_FRAMED);
		assert_int_equal(answer(&td, &q, STATUS_ERROR), ERR_GET_QUOTE_FORM);
		assert_int_equal(ask(&td, &q), QUOTE_FORM_RAW);
		assert_int_equal(answer(&td, &q, STATUS_ERROR), ERR_GET_QUOTE_BUSY);
	}
	assert_int_equal(td.quoting.form, QUOTE_FORM_UNKNOWN);
	/* A service that is away says nothing about the form. */
	assert_int_equal(ask(&td, &q), QUOTE_FORM_FRAMED);
	assert_int_equal(answer(&td, &q, STATUS_UNAVAILABLE), ERR_GET_QUOTE_BUSY);
	assert_int_equal(ask(&td, &q), QUOTE_FORM_FRAMED);
	assert_int_equal(answer(&td, &q, 0), STATUS_OK);
	assert_int_equal(td.quoting.form, QUOTE_FORM_FRAMED);
	fake_td_free(&td);
}

static void a_malformed_answer_says_nothing_about_the_form(void **state)
{
	struct fake_td td;
	struct get_quote q;

	(void)state;
	start(&td, &q);
	raw_response(q.buffer, 100);
	assert_int_equal(get_quote_poll(&q, &td.quoting), ERR_GET_QUOTE);
	assert_int_equal(td.quoting.form, QUOTE_FORM_UNKNOWN);
	assert_int_equal(q.quote_size, 0);
	finish(&td, &q);
}

/* --- lengths ------------------------------------------------------------------------------- */

static void sizes_are_taken_up_to_the_buffer_and_no_further(void **state)
{
	struct fake_td td;
	struct get_quote q;

	(void)state;
	start(&td, &q);
	response(q.buffer, 0, QUOTE_SIZE_MAX);
	assert_int_equal(get_quote_poll(&q, &td.quoting), STATUS_OK);
	assert_int_equal(q.quote_size, QUOTE_SIZE_MAX);
	assert_int_equal(q.quote_offset + q.quote_size, BUFFER);
	response(q.buffer, 0, QUOTE_SIZE_MAX + 1);
	assert_int_equal(get_quote_poll(&q, &td.quoting), ERR_GET_QUOTE);
	response(q.buffer, 16, QUOTE_SIZE_MAX - 16);
	assert_int_equal(get_quote_poll(&q, &td.quoting), STATUS_OK);
	assert_int_equal(q.quote_offset, HEADERS + 16);
	response(q.buffer, 16, QUOTE_SIZE_MAX - 15);
	assert_int_equal(get_quote_poll(&q, &td.quoting), ERR_GET_QUOTE);
	response(q.buffer, 16, 0);
	assert_int_equal(get_quote_poll(&q, &td.quoting), ERR_GET_QUOTE);
	/* A sum that only fits modulo 2^32. */
	response(q.buffer, 0xffffffff, 101);
	store(q.buffer + 20, 4 + 24 + 100, 4);
	store_be(q.buffer + 24, 24 + 100);
	store(q.buffer + 36, 24 + 100, 4);
	assert_int_equal(get_quote_poll(&q, &td.quoting), ERR_GET_QUOTE);
	finish(&td, &q);
}

static void raw_sizes_are_taken_up_to_the_same_limit(void **state)
{
	static const struct {
		uint32_t size;
		enum status status;
	} row[] = {
		{0, ERR_GET_QUOTE}, {1, STATUS_OK}, {QUOTE_SIZE_MAX, STATUS_OK},
		{QUOTE_SIZE_MAX + 1, ERR_GET_QUOTE}, {BUFFER - RAW_HEADERS, ERR_GET_QUOTE},
		{BUFFER, ERR_GET_QUOTE}, {0x10000 + 100, ERR_GET_QUOTE},
		{0x80000000, ERR_GET_QUOTE}, {0xffffffff, ERR_GET_QUOTE},
	};
	struct fake_td td;
	struct get_quote q;

	(void)state;
	start_in(&td, &q, QUOTE_FORM_RAW);
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		q.quote_offset = q.quote_size = 0;
		raw_response(q.buffer, row[i].size);
		assert_int_equal(get_quote_poll(&q, &td.quoting), row[i].status);
		assert_int_equal(q.quote_size, row[i].status == STATUS_OK ? row[i].size : 0);
		assert_int_equal(q.quote_offset, row[i].status == STATUS_OK ? RAW_HEADERS : 0);
	}
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
			assert_int_equal(get_quote_poll(&q, &td.quoting),
				memcmp(before, q.buffer + at[i], 4) == 0 ? STATUS_OK : ERR_GET_QUOTE);
			finish(&td, &q);
		}
	}
}

/* Every byte of a recorded answer, changed in every bit and to both ends. */
static void mutate_recorded(const char *name, enum quote_form form, size_t headers)
{
	static const uint8_t masks[] = {1, 2, 4, 8, 16, 32, 64, 128, 255};
	struct image image;
	struct fake_td td;
	struct get_quote q;

	load(&image, name);
	start_in(&td, &q, form);
	memcpy(q.buffer, image.bytes, image.size);
	assert_int_equal(get_quote_poll(&q, &td.quoting), STATUS_OK);
	const struct get_quote whole = q;
	for (size_t at = 0; at < image.size; at++) {
		for (size_t i = 0; i < sizeof(masks); i++) {
			q.buffer[at] ^= masks[i];
			q.quote_offset = q.quote_size = 0;
			const enum status status = get_quote_poll(&q, &td.quoting);
			const bool minor = form == QUOTE_FORM_FRAMED && (at == 30 || at == 31);
			const bool size = form == QUOTE_FORM_RAW && at >= 20 && at < 24;
			if (at < 8 || (at >= 16 && at < 20) || minor || at >= headers) {
				/* Not looked at here: what was quoted is what is found. */
				assert_int_equal(status, STATUS_OK);
				assert_int_equal(q.quote_offset, whole.quote_offset);
				assert_int_equal(q.quote_size, whole.quote_size);
			} else if (size && status == STATUS_OK) {
				/* The bare quote's size is the VMM's word alone. */
				assert_true(q.quote_size > 0 && q.quote_size <= QUOTE_SIZE_MAX);
				assert_int_not_equal(q.quote_size, whole.quote_size);
			} else {
				assert_int_not_equal(status, STATUS_OK);
				assert_int_equal(q.quote_size, 0);
			}
			q.buffer[at] ^= masks[i];
		}
	}
	finish(&td, &q);
}

static void each_byte_of_the_recorded_framed_answer_counts_or_is_the_quotes(void **state)
{
	(void)state;
	mutate_recorded("getquote_response_qgs.bin", QUOTE_FORM_FRAMED, HEADERS);
}

static void each_byte_of_the_recorded_raw_answer_counts_or_is_the_quotes(void **state)
{
	(void)state;
	mutate_recorded("getquote_response_raw.bin", QUOTE_FORM_RAW, RAW_HEADERS);
}

/* Nothing behind out_len may be believed, however short the answer is cut. */
static void an_answer_cut_anywhere_is_refused(void **state)
{
	struct image image;
	struct fake_td td;
	struct get_quote q;

	(void)state;
	load(&image, "getquote_response_qgs.bin");
	start_in(&td, &q, QUOTE_FORM_FRAMED);
	for (uint32_t n = 0; n < image.size - 24; n++) {
		memset(q.buffer, 0, BUFFER);
		memcpy(q.buffer, image.bytes, 24 + n);
		store(q.buffer + 20, n, 4);
		assert_int_equal(get_quote_poll(&q, &td.quoting), ERR_GET_QUOTE);
	}
	finish(&td, &q);
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
			const enum status status = get_quote_poll(&q, &td.quoting);
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
	quoting_td_init(&td);
	td.out[0].r10 = 1;
	td.out[1].r10 = 0x8000000000000000ull;
	assert_int_equal(get_quote_start(&q, &td.quoting, report), ERR_GET_QUOTE_BUSY);
	assert_null(q.buffer);
	assert_int_equal(get_quote_start(&q, &td.quoting, report), ERR_GET_QUOTE);
	assert_null(q.buffer);
	assert_int_equal(busy_pages(&td), 0);
	assert_true(all_zero(td.shared.base, BUFFER));

	struct get_quote many[FAKE_PAGES] = {{.buffer = NULL}};
	unsigned n = 0;
	while (get_quote_start(&many[n], &td.quoting, report) == STATUS_OK)
		n++;
	assert_int_equal(n, QUOTE_BUFFERS_KEPT);
	assert_int_equal(get_quote_start(&q, &td.quoting, report), ERR_OUT_OF_RESOURCE);
	assert_null(q.buffer);
	fake_td_free(&td);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_framed_request_is_as_recorded),
		cmocka_unit_test(the_raw_request_is_as_recorded),
		cmocka_unit_test(recorded_answers_end_as_they_say),
		cmocka_unit_test(the_status_decides_before_anything_else),
		cmocka_unit_test(
			an_error_of_the_framed_form_leads_to_the_raw_one_which_is_kept),
		cmocka_unit_test(a_vmm_that_has_answered_framed_is_not_asked_otherwise),
		cmocka_unit_test(
			a_service_that_fails_in_both_forms_is_busy_and_asked_framed_again),
		cmocka_unit_test(a_malformed_answer_says_nothing_about_the_form),
		cmocka_unit_test(sizes_are_taken_up_to_the_buffer_and_no_further),
		cmocka_unit_test(raw_sizes_are_taken_up_to_the_same_limit),
		cmocka_unit_test(every_length_that_lies_is_refused),
		cmocka_unit_test(
			each_byte_of_the_recorded_framed_answer_counts_or_is_the_quotes),
		cmocka_unit_test(each_byte_of_the_recorded_raw_answer_counts_or_is_the_quotes),
		cmocka_unit_test(an_answer_cut_anywhere_is_refused),
		cmocka_unit_test(any_flipped_header_byte_leaves_the_quote_inside_the_buffer),
		cmocka_unit_test(a_refused_start_gives_its_pages_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
