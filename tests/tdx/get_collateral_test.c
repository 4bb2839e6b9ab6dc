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

static const struct collateral_request request = {
	{0x00, 0x80, 0x6f, 0x05, 0x00, 0x00}, COLLATERAL_CA_PLATFORM};

/* What the source handed out. */
struct heard {
	unsigned ended;		/* blobs that came to their end */
	uint32_t size[COLLATERAL_BLOBS];
	size_t total;
	uint8_t text[BUFFER];
};

/* Reads all blobs, one after the other, in pieces of this many bytes. */
static enum status hear(struct get_collateral *q, struct heard *h, size_t piece)
{
	const struct collateral_source source = get_collateral_source(q);
	bool failed = false;

	memset(h, 0, sizeof(*h));
	for (unsigned i = 0; i < COLLATERAL_BLOBS; i++) {
		size_t n;
		while ((n = source.read(source.ctx, (enum collateral_blob)i, h->text + h->total, piece,
			&failed)) > 0) {
			assert_true(n <= piece && h->total + n <= sizeof(h->text));
			h->total += n;
			h->size[i] += (uint32_t)n;
		}
		if (failed)
			return ERR_GET_COLLATERAL;
		h->ended++;
	}
	return STATUS_OK;
}

static void start(struct fake_td *td, struct get_collateral *q)
{
	fake_td_init(td);
	*q = (struct get_collateral){.buffer = NULL};
	assert_int_equal(
		get_collateral_start(q, &td->quoting, &request), STATUS_OK);
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

/* Poll, as if for the first time, and read if there is something to read. */
static enum status take(struct get_collateral *q, struct heard *h)
{
	q->done = false;
	memset(h, 0, sizeof(*h));
	TRY(get_collateral_poll(q));
	return hear(q, h, 256);
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
	assert_int_equal(get_collateral_start(&q, &td.quoting, &request),
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
	struct collateral_request other = request;
	other.ca = COLLATERAL_CA_PROCESSOR;
	assert_int_equal(get_collateral_start(&q, &td.quoting, &other), STATUS_OK);
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
		assert_int_equal(get_collateral_source(&q).major, 3);
		assert_int_equal(get_collateral_source(&q).minor, 0);
		assert_int_equal(h.ended, COLLATERAL_BLOBS);
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
		struct image image;

		load(&image, row[i].name);
		memcpy(q.buffer, image.bytes, image.size);
		assert_int_equal(get_collateral_poll(&q), row[i].status);
		assert_int_equal(hear(&q, &h, 256), ERR_GET_COLLATERAL);
		assert_int_equal(h.total, 0);
	}
	finish(&td, &q);
}

static void an_answer_is_read_once(void **state)
{
	static struct heard h;
	struct fake_td td;
	struct get_collateral q;

	(void)state;
	start(&td, &q);
	answer(q.buffer, 1, 0);
	assert_int_equal(get_collateral_poll(&q), STATUS_OK);
	assert_int_equal(get_collateral_poll(&q), ERR_INTERNAL);
	assert_int_equal(hear(&q, &h, 7), STATUS_OK);
	assert_int_equal(h.total, 19 * COLLATERAL_BLOBS);
	/* There is no more of it, and no way back. */
	assert_int_equal(hear(&q, &h, 7), STATUS_OK);
	assert_int_equal(h.total, 0);
	finish(&td, &q);
}

/* The VMM overwrites the answer's headers at once and every other byte when it has been read. */
static void what_was_read_may_change(void **state)
{
	struct fake_td td;
	struct get_collateral q;
	bool failed = false;

	(void)state;
	start(&td, &q);
	answer(q.buffer, 1, 0);
	assert_int_equal(get_collateral_poll(&q), STATUS_OK);
	memset(q.buffer + 16, 0xff, HEADERS - 16);
	const struct collateral_source source = get_collateral_source(&q);
	/* Blobs in any order, in turns. */
	for (unsigned round = 0; round < 19; round++) {
		for (unsigned i = COLLATERAL_BLOBS; i-- > 0;) {
			uint8_t *at = q.buffer + HEADERS + 20 * i, byte;

			assert_int_equal(source.read(source.ctx, (enum collateral_blob)i, &byte, 1,
				&failed), 1);
			assert_int_equal(byte, 'a' + i);
			memset(at, 0xff, round + 1);
		}
	}
	assert_false(failed);
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
			assert_int_equal(h.ended, ok ? COLLATERAL_BLOBS : 0);
		}
	}
	finish(&td, &q);
}

/* A NUL elsewhere is for the reader to refuse: a CRL in DER has them. */
static void blobs_end_with_a_nul(void **state)
{
	static struct heard h;
	struct fake_td td;
	struct get_collateral q;

	(void)state;
	start(&td, &q);
	for (unsigned at = 0; at < 20 * COLLATERAL_BLOBS; at++) {
		const bool is_end = at % 20 == 19;

		answer(q.buffer, 1, 0);
		q.buffer[HEADERS + at] = is_end ? 'x' : 0;
		assert_int_equal(take(&q, &h), is_end ? ERR_GET_COLLATERAL : STATUS_OK);
		assert_int_equal(h.ended, is_end ? at / 20 : COLLATERAL_BLOBS);
	}
	/* Neither nothing nor the NUL alone is a blob; the sum is kept right. */
	for (unsigned i = 0; i < COLLATERAL_BLOBS; i++) {
		for (uint32_t size = 0; size < 3; size++) {
			answer(q.buffer, 1, 0);
			q.done = false;
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
	assert_int_equal(h.total, 0);
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

			/* The bytes that 1.0 does not use become text, of which the first is a NUL. */
			const bool last_size = i == 1 && at == SIZES + 4 * COLLATERAL_QE_IDENTITY;

			q.buffer[at] ^= mask;
			const enum status status = take(&q, &h);
			q.buffer[at] ^= mask;
			if (last_size && mask == 4) {
				assert_int_equal(h.text[whole.total], 0);
				continue;
			}
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
		assert_int_equal(h.total, 0);
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
	assert_int_equal(get_collateral_start(&q, &td.quoting, &request),
		ERR_GET_QUOTE_BUSY);
	assert_null(q.buffer);
	assert_int_equal(get_collateral_start(&q, &td.quoting, &request),
		ERR_GET_COLLATERAL);
	assert_null(q.buffer);
	assert_int_equal(td.shared.used, 0);
	assert_int_equal(get_collateral_poll(&q), ERR_INTERNAL);
	get_collateral_end(&q, &td.quoting);
	/* The raw form has no message for it. */
	td.quoting.form = QUOTE_FORM_RAW;
	assert_int_equal(get_collateral_start(&q, &td.quoting, &request),
		ERR_GET_COLLATERAL);
	assert_int_equal(td.calls, 2);
	td.quoting.form = QUOTE_FORM_FRAMED;
	assert_non_null(shared_take(&td.shared, SHARED_SERVICE, 1));
	assert_int_equal(get_collateral_start(&q, &td.quoting, &request),
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
		cmocka_unit_test(what_was_read_may_change),
		cmocka_unit_test(only_protocol_1_0_may_count_four_bytes_too_many),
		cmocka_unit_test(blobs_end_with_a_nul),
		cmocka_unit_test(sizes_are_taken_up_to_the_buffer_and_no_further),
		cmocka_unit_test(each_byte_of_the_recorded_answers_counts_or_is_text),
		cmocka_unit_test(an_answer_cut_anywhere_is_refused),
		cmocka_unit_test(a_refused_start_gives_its_pages_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
