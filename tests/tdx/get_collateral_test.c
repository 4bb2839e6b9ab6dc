/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "quoting.h"

#include <jansson.h>
#include <string.h>

#include "tdx/get_collateral.h"

#define BUFFER (GET_COLLATERAL_PAGES * PAGE_SIZE)
#define MESSAGE 28
#define SIZES (MESSAGE + 20)
#define HEADERS (SIZES + 4 * COLLATERAL_BLOBS)
/* What comes out of the recorded answers is this public bundle's entry. */
#define BUNDLE SHARED_DIR "/vectors/attestation/bundles/collateral_production_fmspc.json"
#define FMSPC "00806F050000"

static const uint8_t fmspc[6] = {0x00, 0x80, 0x6f, 0x05, 0x00, 0x00};

/* What the sink was handed. */
struct heard {
	unsigned begun;
	unsigned ended;		/* blobs that are complete */
	uint32_t left;
	uint32_t size[COLLATERAL_BLOBS];
	size_t most;		/* bytes in one piece */
	size_t total;
	uint8_t text[BUFFER];
	unsigned fail_at;	/* call that fails, from 1; 0 none */
	unsigned calls;
};

static enum status called(struct heard *h)
{
	return ++h->calls == h->fail_at ? ERR_COLLATERAL : STATUS_OK;
}

static enum status begin(void *ctx, enum collateral_blob blob, uint32_t n)
{
	struct heard *h = ctx;

	assert_int_equal(blob, h->begun);
	assert_int_equal(h->ended, h->begun);
	assert_true(n > 0);
	h->begun++;
	h->size[blob] = h->left = n;
	return called(h);
}

static enum status piece(void *ctx, enum collateral_blob blob, const uint8_t *at, size_t n)
{
	struct heard *h = ctx;

	assert_int_equal(blob + 1, h->begun);
	assert_true(n > 0 && n <= h->left && h->total + n <= sizeof(h->text));
	for (size_t i = 0; i < n; i++)
		assert_int_not_equal(at[i], 0);
	memcpy(h->text + h->total, at, n);
	h->total += n;
	h->left -= (uint32_t)n;
	h->ended += h->left == 0;
	if (n > h->most)
		h->most = n;
	return called(h);
}

static struct collateral_sink sink_of(struct heard *h)
{
	memset(h, 0, sizeof(*h));
	return (struct collateral_sink){.begin = begin, .piece = piece, .ctx = h};
}

static void start(struct fake_td *td, struct get_collateral *q)
{
	fake_td_init(td);
	*q = (struct get_collateral){.buffer = NULL};
	assert_int_equal(
		get_collateral_start(q, &td->quoting, fmspc, COLLATERAL_CA_PLATFORM), STATUS_OK);
	assert_int_equal(td->shared.used_by_tag[SHARED_GET_COLLATERAL], GET_COLLATERAL_PAGES);
}

static void finish(struct fake_td *td, struct get_collateral *q)
{
	uint8_t *buffer = q->buffer;

	store(buffer + 8, 0, 8);
	get_collateral_end(q, &td->quoting);
	assert_null(q->buffer);
	assert_int_equal(td->shared.used, 0);
	assert_true(all_zero(buffer, BUFFER));
	fake_td_free(td);
}

/* An answer of 20 bytes a blob. */
static uint32_t answer(uint8_t *buffer, uint16_t minor, uint32_t unused)
{
	const uint32_t size = 16 + 4 + 4 * COLLATERAL_BLOBS + 20 * COLLATERAL_BLOBS + unused;

	memset(buffer, 0, BUFFER);
	store(buffer, 1, 8);
	store(buffer + 20, 4 + size, 4);
	store_be(buffer + 24, size);
	store(buffer + MESSAGE, 1, 2);
	store(buffer + MESSAGE + 2, minor, 2);
	store(buffer + MESSAGE + 4, 3, 4);
	store(buffer + MESSAGE + 8, size, 4);
	store(buffer + MESSAGE + 16, 3, 2);
	for (unsigned i = 0; i < COLLATERAL_BLOBS; i++) {
		store(buffer + SIZES + 4 * i, 20, 4);
		memset(buffer + HEADERS + 20 * i, 'a' + (int)i, 19);
	}
	return size;
}

/* Poll, and read if there is something to read. */
static enum status take(struct get_collateral *q, struct heard *h)
{
	const struct collateral_sink sink = sink_of(h);

	TRY(get_collateral_poll(q));
	return get_collateral_read(q, &sink);
}

static void the_request_is_as_recorded(void **state)
{
	struct image image;
	struct fake_td td;
	struct get_collateral q;

	(void)state;
	load(&image, "getcollateral_request.bin");
	start(&td, &q);
	assert_memory_equal(q.buffer, image.bytes, image.size);
	assert_true(all_zero(q.buffer + image.size, BUFFER - image.size));
	assert_int_equal(td.in[0].r11, 0x10002);
	assert_ptr_equal(fake_shared_page(&td, td.in[0].r12), q.buffer);
	assert_int_equal(td.in[0].r13, BUFFER);
	assert_int_equal(get_collateral_start(&q, &td.quoting, fmspc, COLLATERAL_CA_PLATFORM),
		ERR_INTERNAL);
	finish(&td, &q);
}

static void the_other_ca_has_a_longer_name(void **state)
{
	static const uint8_t body[] = "\x06\0\0\0\x0a\0\0\0\x00\x80\x6f\x05\0\0processor";
	struct fake_td td;
	struct get_collateral q = {.buffer = NULL};

	(void)state;
	fake_td_init(&td);
	assert_int_equal(
		get_collateral_start(&q, &td.quoting, fmspc, COLLATERAL_CA_PROCESSOR), STATUS_OK);
	assert_memory_equal(q.buffer + MESSAGE + 16, body, sizeof(body));
	assert_int_equal(q.buffer[16], 4 + 16 + sizeof(body));
	assert_int_equal(q.buffer[27], 16 + sizeof(body));
	finish(&td, &q);
}

/* The member's text, without the NUL. */
static void expect_text(const struct heard *h, size_t *at, enum collateral_blob blob,
	const json_t *object, const char *member)
{
	const json_t *text = json_object_get(object, member);

	assert_int_equal(h->size[blob], json_string_length(text));
	assert_memory_equal(h->text + *at, json_string_value(text), h->size[blob]);
	*at += h->size[blob];
}

static void recorded_answers_are_the_bundle_they_were_made_of(void **state)
{
	static const char *const names[] = {
		"getcollateral_response_v1_1.bin", "getcollateral_response_v1_0.bin"};
	json_t *bundle = json_load_file(BUNDLE, 0, NULL), *platform = NULL;
	size_t index;
	json_t *entry;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		static struct heard h;
		struct image image;
		struct fake_td td;
		struct get_collateral q;
		size_t at = 0;

		load(&image, names[i]);
		assert_non_null(bundle);
		json_array_foreach(json_object_get(bundle, "platforms"), index, entry)
			if (strcmp(json_string_value(json_object_get(entry, "fmspc")), FMSPC) == 0)
				platform = entry;
		start(&td, &q);
		memcpy(q.buffer, image.bytes, image.size);
		assert_int_equal(take(&q, &h), STATUS_OK);
		assert_int_equal(q.major, 3);
		assert_int_equal(q.minor, 0);
		assert_int_equal(h.ended, COLLATERAL_BLOBS);
		assert_true(h.most <= 256);
		expect_text(&h, &at, COLLATERAL_PCK_CRL_CHAIN, bundle, "pckCrlIssuerChain");
		expect_text(&h, &at, COLLATERAL_ROOT_CRL, bundle, "rootCaCrl");
		expect_text(&h, &at, COLLATERAL_PCK_CRL, bundle, "pckCrl");
		expect_text(&h, &at, COLLATERAL_TCB_INFO_CHAIN, platform, "tcbInfoIssuerChain");
		expect_text(&h, &at, COLLATERAL_TCB_INFO, platform, "tcbInfo");
		expect_text(&h, &at, COLLATERAL_QE_IDENTITY_CHAIN, bundle, "qeIdentityIssuerChain");
		expect_text(&h, &at, COLLATERAL_QE_IDENTITY, bundle, "qeIdentity");
		assert_int_equal(at, h.total);
		finish(&td, &q);
	}
	json_decref(bundle);
}

static void other_recorded_answers_end_as_they_say(void **state)
{
	static const struct {
		const char *name;
		enum status status;
	} row[] = {
		{"getquote_response_inflight.bin", STATUS_PENDING},
		{"getquote_response_unavailable.bin", ERR_GET_QUOTE_BUSY},
		{"getquote_response_qgs.bin", ERR_GET_COLLATERAL},
		{"getquote_response_qgs_error.bin", ERR_GET_COLLATERAL},
		{"getquote_response_raw.bin", ERR_GET_COLLATERAL},
		{"getcollateral_request.bin", ERR_GET_COLLATERAL},
	};
	struct fake_td td;
	struct get_collateral q;
	static struct heard h;

	(void)state;
	start(&td, &q);
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		const struct collateral_sink sink = sink_of(&h);
		struct image image;

		load(&image, row[i].name);
		memcpy(q.buffer, image.bytes, image.size);
		assert_int_equal(get_collateral_poll(&q), row[i].status);
		assert_int_equal(get_collateral_read(&q, &sink), ERR_INTERNAL);
		assert_int_equal(h.calls, 0);
	}
	finish(&td, &q);
}

static void an_answer_is_read_once(void **state)
{
	static struct heard h;
	struct fake_td td;
	struct get_collateral q;
	const struct collateral_sink sink = {.begin = begin, .piece = piece, .ctx = &h};

	(void)state;
	start(&td, &q);
	answer(q.buffer, 1, 0);
	assert_int_equal(take(&q, &h), STATUS_OK);
	assert_int_equal(h.total, 19 * COLLATERAL_BLOBS);
	assert_int_equal(get_collateral_read(&q, &sink), ERR_INTERNAL);
	finish(&td, &q);
}

static void a_sink_that_fails_ends_the_reading(void **state)
{
	static struct heard h;
	struct fake_td td;
	struct get_collateral q;

	(void)state;
	start(&td, &q);
	for (unsigned at = 1; at <= 2 * COLLATERAL_BLOBS; at++) {
		const struct collateral_sink sink = sink_of(&h);

		h.fail_at = at;
		answer(q.buffer, 1, 0);
		assert_int_equal(get_collateral_poll(&q), STATUS_OK);
		assert_int_equal(get_collateral_read(&q, &sink), ERR_COLLATERAL);
		assert_int_equal(h.calls, at);
	}
	finish(&td, &q);
}

static void only_protocol_1_0_may_count_four_bytes_too_many(void **state)
{
	static struct heard h;
	struct fake_td td;
	struct get_collateral q;

	(void)state;
	start(&td, &q);
	for (uint16_t minor = 0; minor < 4; minor++) {
		for (uint32_t unused = 0; unused < 9; unused++) {
			const bool ok = unused == 0 || (minor == 0 && unused == 4);

			answer(q.buffer, minor, unused);
			assert_int_equal(take(&q, &h), ok ? STATUS_OK : ERR_GET_COLLATERAL);
			assert_int_equal(h.calls, ok ? 2 * COLLATERAL_BLOBS : 0);
		}
	}
	finish(&td, &q);
}

static void blobs_are_strings_with_one_nul_at_the_end(void **state)
{
	static struct heard h;
	struct fake_td td;
	struct get_collateral q;

	(void)state;
	start(&td, &q);
	for (unsigned at = 0; at < 20 * COLLATERAL_BLOBS; at++) {
		answer(q.buffer, 1, 0);
		q.buffer[HEADERS + at] = q.buffer[HEADERS + at] == 0 ? 'x' : 0;
		assert_int_equal(take(&q, &h), ERR_GET_COLLATERAL);
		assert_true(h.begun <= at / 20 + 1);
	}
	/* Neither nothing nor the NUL alone is a blob; the sum is kept right. */
	for (unsigned i = 0; i < COLLATERAL_BLOBS; i++) {
		for (uint32_t size = 0; size < 3; size++) {
			answer(q.buffer, 1, 0);
			store(q.buffer + SIZES + 4 * i, size, 4);
			store(q.buffer + SIZES + 4 * ((i + 1) % COLLATERAL_BLOBS), 40 - size, 4);
			assert_int_equal(
				get_collateral_poll(&q), size < 2 ? ERR_GET_COLLATERAL : STATUS_OK);
		}
	}
	finish(&td, &q);
}

static void sizes_are_taken_up_to_the_buffer_and_no_further(void **state)
{
	static struct heard h;
	struct fake_td td;
	struct get_collateral q;

	(void)state;
	start(&td, &q);
	for (int beyond = 0; beyond < 2; beyond++) {
		const uint32_t size = BUFFER - 24 - 4 + (uint32_t)beyond;

		answer(q.buffer, 1, 0);
		memset(q.buffer + HEADERS + 6 * 20, 'z', BUFFER - HEADERS - 6 * 20);
		q.buffer[BUFFER - 1] = 0;
		store(q.buffer + 20, 4 + size, 4);
		store_be(q.buffer + 24, size);
		store(q.buffer + MESSAGE + 8, size, 4);
		store(q.buffer + SIZES + 4 * 6, BUFFER - HEADERS - 6 * 20 + (uint32_t)beyond, 4);
		assert_int_equal(take(&q, &h), beyond ? ERR_GET_COLLATERAL : STATUS_OK);
	}
	assert_int_equal(h.calls, 0);
	/* Sizes whose sum is right only modulo 2^32. */
	answer(q.buffer, 1, 0);
	store(q.buffer + SIZES, 0x80000000u + 20, 4);
	store(q.buffer + SIZES + 4, 0x80000000u + 20, 4);
	assert_int_equal(take(&q, &h), ERR_GET_COLLATERAL);
	finish(&td, &q);
}


static void each_byte_of_the_recorded_answers_counts_or_is_text(void **state)
{
	static const char *const names[] = {
		"getcollateral_response_v1_1.bin", "getcollateral_response_v1_0.bin"};
	static const uint8_t masks[] = {1, 4, 128, 255};
	static struct heard h, whole;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct image image;
		struct fake_td td;
		struct get_collateral q;

		load(&image, names[i]);
		start(&td, &q);
		memcpy(q.buffer, image.bytes, image.size);
		assert_int_equal(take(&q, &whole), STATUS_OK);
		for (size_t j = 0; j < image.size * ARRAY_SIZE(masks); j++) {
			const size_t at = j / ARRAY_SIZE(masks);
			const uint8_t mask = masks[j % ARRAY_SIZE(masks)];
			const bool minor = at == MESSAGE + 2 || at == MESSAGE + 3;
			const bool version = at >= MESSAGE + 16 && at < SIZES;

			q.buffer[at] ^= mask;
			const enum status status = take(&q, &h);
			q.buffer[at] ^= mask;
			if (at < 8 || (at >= 16 && at < 20) || version || (minor && i == 0))
				assert_int_equal(status, STATUS_OK);
			else if (at < HEADERS)
				assert_int_not_equal(status, STATUS_OK);
			if (status == STATUS_OK) {
				assert_memory_equal(h.size, whole.size, sizeof(h.size));
				assert_int_equal(h.ended, COLLATERAL_BLOBS);
				assert_true(at >= HEADERS || memcmp(h.text, whole.text, h.total) == 0);
			}
		}
		finish(&td, &q);
	}
}

static void an_answer_cut_anywhere_is_refused(void **state)
{
	static struct heard h;
	struct image image;
	struct fake_td td;
	struct get_collateral q;

	(void)state;
	load(&image, "getcollateral_response_v1_1.bin");
	start(&td, &q);
	memcpy(q.buffer, image.bytes, image.size);
	for (uint32_t n = (uint32_t)image.size - 24; n-- > 0;) {
		q.buffer[24 + n] = 0;
		store(q.buffer + 20, n, 4);
		assert_int_equal(take(&q, &h), ERR_GET_COLLATERAL);
		assert_int_equal(h.calls, 0);
	}
	finish(&td, &q);
}

static void a_refused_start_gives_its_pages_back(void **state)
{
	struct fake_td td;
	struct get_collateral q = {.buffer = NULL};

	(void)state;
	fake_td_init(&td);
	td.out[0].r10 = 1;
	td.out[1].r10 = 0x8000000000000000ull;
	assert_int_equal(get_collateral_start(&q, &td.quoting, fmspc, COLLATERAL_CA_PLATFORM),
		ERR_GET_QUOTE_BUSY);
	assert_null(q.buffer);
	assert_int_equal(get_collateral_start(&q, &td.quoting, fmspc, COLLATERAL_CA_PLATFORM),
		ERR_GET_COLLATERAL);
	assert_null(q.buffer);
	assert_int_equal(td.shared.used, 0);
	assert_int_equal(get_collateral_poll(&q), ERR_INTERNAL);
	get_collateral_end(&q, &td.quoting);
	/* The raw form has no message for it. */
	td.quoting.form = QUOTE_FORM_RAW;
	assert_int_equal(get_collateral_start(&q, &td.quoting, fmspc, COLLATERAL_CA_PLATFORM),
		ERR_GET_COLLATERAL);
	assert_int_equal(td.calls, 2);
	td.quoting.form = QUOTE_FORM_FRAMED;
	assert_non_null(shared_take(&td.shared, SHARED_SERVICE, 1));
	assert_int_equal(get_collateral_start(&q, &td.quoting, fmspc, COLLATERAL_CA_PLATFORM),
		ERR_OUT_OF_RESOURCE);
	fake_td_free(&td);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_request_is_as_recorded),
		cmocka_unit_test(the_other_ca_has_a_longer_name),
		cmocka_unit_test(recorded_answers_are_the_bundle_they_were_made_of),
		cmocka_unit_test(other_recorded_answers_end_as_they_say),
		cmocka_unit_test(an_answer_is_read_once),
		cmocka_unit_test(a_sink_that_fails_ends_the_reading),
		cmocka_unit_test(only_protocol_1_0_may_count_four_bytes_too_many),
		cmocka_unit_test(blobs_are_strings_with_one_nul_at_the_end),
		cmocka_unit_test(sizes_are_taken_up_to_the_buffer_and_no_further),
		cmocka_unit_test(each_byte_of_the_recorded_answers_counts_or_is_text),
		cmocka_unit_test(an_answer_cut_anywhere_is_refused),
		cmocka_unit_test(a_refused_start_gives_its_pages_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
