/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * A hostile peer: every message in every state, every byte flipped, every message cut, and noise.
 * The engine is brought to a state by an honest exchange, then saved, so that each case starts from
 * the same point.
 */
#include "saved.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES_MAX 16

/* The frames of an honest exchange in the same session, in order, by direction. */
struct frames {
	uint8_t *bytes[2][FRAMES_MAX];
	size_t size[2][FRAMES_MAX];
	size_t count[2];
};

static void record(struct frames *f, struct pair *p, const struct saved *start)
{
	memset(f, 0, sizeof(*f));
	pair_run(p);
	assert_int_equal(p->requester_status, STATUS_OK);
	assert_int_equal(p->responder_status, STATUS_OK);
	for (int r = 0; r < 2; r++) {
		const struct pipe *pipe = inbox(p, r);

		f->count[r] = pipe_frames(pipe);
		assert_true(f->count[r] <= FRAMES_MAX);
		for (size_t i = 0; i < f->count[r]; i++) {
			const uint8_t *at = pipe_frame(pipe, i, &f->size[r][i]);

			f->bytes[r][i] = malloc(f->size[r][i]);
			memcpy(f->bytes[r][i], at, f->size[r][i]);
		}
	}
	restore(p, start);
	random_seed(7);
}

static void frames_free(struct frames *f)
{
	for (int r = 0; r < 2; r++) {
		for (size_t i = 0; i < f->count[r]; i++)
			free(f->bytes[r][i]);
	}
}

/* --- the tables ---------------------------------------------------------------------------- */

static void every_state_has_a_rule_for_every_message(void **state)
{
	const struct spdm_role_tables *const roles[] = {
		&spdm_requester_tables, &spdm_responder_tables};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		for (size_t at = 0; at < SPDM_STATE_COUNT; at++) {
			size_t taken = 0;

			for (size_t kind = 0; kind < SPDM_KIND_COUNT; kind++) {
				const struct spdm_rule *rule = roles[i]->rules[at][kind];

				assert_non_null(rule);
				if (rule->refuse != STATUS_OK) {
					assert_null(rule->handle);
					continue;
				}
				assert_non_null(rule->handle);
				assert_true(rule->min >= 4 && rule->min <= rule->max);
				assert_true(rule->max <= SPDM_DATA_TRANSFER_SIZE);
				assert_true(rule->head >= 4 && rule->head <= SPDM_MESSAGE_MAX);
				/* What is not gathered whole is a message whose rest streams. */
				if (rule->max > rule->head)
					assert_in_range(at, SPDM_STATE_ATTEST,
						SPDM_STATE_CHUNK_LAST);
				taken += kind != SPDM_KIND_ERROR;
			}
			/* One message gets on, in op 0x03 whole or in pieces. */
			assert_int_equal(taken, i == 1 && at == SPDM_STATE_ATTEST ? 2 :
				i == 1 && at == SPDM_STATE_CHUNK_LAST ? 0 : 1);
		}
	}
}

static void every_schema_has_its_elements(void **state)
{
	const struct vdm_schema *const schemas[] = {&vdm_attest_req, &vdm_attest_rsp,
		&vdm_migration_info_req, &vdm_migration_info_rsp};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(schemas); i++) {
		assert_true(schemas[i]->count > 0);
		assert_true(schemas[i]->count <= ARRAY_SIZE(schemas[i]->elements));
	}
}

/* A frame of a known kind with nothing right in it but version and code. */
static void put_bare(struct pipe *p, uint8_t code)
{
	uint8_t message[SPDM_MESSAGE_MAX] = {0x12, code};

	message[0] = (code & 0x7F) == 0x04 ? 0x10 : 0x12;
	pipe_put_message(p, message, 4);
}

/* Every message of the same session and every code, at every point of the exchange (T28, T29). */
static void every_message_out_of_place_ends_the_session(void **state)
{
	struct pair *p = pair_new(5000, 100);
	struct saved *start = malloc(sizeof(*start));
	struct saved *at = malloc(sizeof(*at));
	struct frames f;
	size_t cases = 0;

	(void)state;
	save(p, start);
	random_seed(7);
	record(&f, p, start);
	for (int r = 0; r < 2; r++) {
		for (size_t i = 0; i < f.count[r]; i++) {
			struct pipe *in = inbox(p, r);

			restore(p, start);
			random_seed(7);
			run_to(p, r, i);
			in->written = in->taken;
			save(p, at);
			for (size_t j = 0; j < f.count[r]; j++) {
				if (j == i)
					continue;
				restore(p, at);
				pipe_put(in, f.bytes[r][j], f.size[r][j]);
				const enum status status =
					step_until_stuck(engine(p, r), stream(p, r));

				assert_int_not_equal(status, STATUS_OK);
				assert_int_not_equal(status, STATUS_PENDING);
				assert_wiped(engine(p, r));
				cases++;
			}
			for (unsigned code = 0; code < 256; code++) {
				if (f.bytes[r][i][6] == 1 && f.bytes[r][i][13] == code)
					continue;
				restore(p, at);
				put_bare(in, (uint8_t)code);
				const enum status status =
					step_until_stuck(engine(p, r), stream(p, r));

				assert_int_not_equal(status, STATUS_OK);
				assert_int_not_equal(status, STATUS_PENDING);
				assert_wiped(engine(p, r));
				cases++;
			}
		}
	}
	print_message("%zu messages out of place, all refused\n", cases);
	frames_free(&f);
	restore(p, start);
	free(start);
	free(at);
	pair_free(p);
}

/* --- what a responder says of failures ----------------------------------------------------- */

static void responder_says(const uint8_t *request, size_t n, const uint8_t *error,
	size_t error_size)
{
	struct pair *p = pair_new(10, 10);
	size_t size;
	const uint8_t *f;

	pipe_put_message(&p->to_responder, request, n);
	assert_int_not_equal(step_until_stuck(&p->responder, &p->responder_io), STATUS_PENDING);
	f = pipe_frame(&p->to_requester, 0, &size);
	if (error == NULL) {
		assert_null(f);
	} else {
		assert_non_null(f);
		assert_int_equal(size, 12 + error_size);
		assert_memory_equal(f + 12, error, error_size);
	}
	assert_wiped(&p->responder);
	pair_free(p);
}

static void failures_have_the_error_codes_of_the_standard(void **state)
{
	static const struct {
		uint8_t request[4], error[4];
	} cases[] = {
		{{0x10, 0x84, 0, 1}, {0x10, 0x7F, 0x01, 0}},	/* InvalidRequest */
		{{0x11, 0x84, 0, 0}, {0x10, 0x7F, 0x41, 0}},	/* VersionMismatch */
		{{0x12, 0xE1, 0, 0}, {0x10, 0x7F, 0x04, 0}},	/* UnexpectedRequest */
		{{0x12, 0xFF, 0, 0}, {0x10, 0x7F, 0x07, 0}},	/* RESPOND_IF_READY: Unsupported */
		{{0x12, 0x7F, 0, 0}, {0x10, 0x7F, 0x07, 0}},
		{{0x12, 0x04, 0, 0}, {0x10, 0x7F, 0x07, 0}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		responder_says(cases[i].request, 4, cases[i].error, 4);
	responder_says((const uint8_t *)"\x10\x84\0", 3, (const uint8_t *)"\x10\x7F\x01\0", 4);
}

/* A frame that is not one gets no answer (7.5). */
static void broken_frames_get_no_answer(void **state)
{
	static const uint8_t good[12] = {0x53, 0x50, 0x44, 0x4D, 0, 1, 1, 0, 4, 0, 0, 0};
	static const uint32_t lengths[] = {4085, 65536, 0x7FFFFFFF, 0xFFFFFFFF};

	(void)state;
	for (size_t i = 0; i < 8 + ARRAY_SIZE(lengths); i++) {
		struct pair *p = pair_new(10, 10);
		uint8_t header[12];

		memcpy(header, good, 12);
		if (i < 8) {
			header[i] ^= 0x80;
		} else {
			for (size_t j = 0; j < 4; j++)
				header[8 + j] = (uint8_t)(lengths[i - 8] >> 8 * j);
		}
		pipe_put(&p->to_responder, header, 12);
		assert_int_equal(step_until_stuck(&p->responder, &p->responder_io), ERR_SPDM_FRAME);
		assert_int_equal(p->to_requester.written, 0);
		pair_free(p);
	}
}

/* --- bytes --------------------------------------------------------------------------------- */

/* Whether the role refuses the frame itself, or the exchange fails later; it must do either. */
static bool refused_at_once(struct pair *p, bool requester, const uint8_t *frame, size_t n)
{
	struct pipe *in = inbox(p, requester);

	in->written = in->taken;
	pipe_put(in, frame, n);
	const enum status status = step_until_stuck(engine(p, requester), stream(p, requester));

	assert_true(status != STATUS_OK);
	if (status != STATUS_PENDING) {
		assert_wiped(engine(p, requester));
		return true;
	}
	pair_run(p);
	/* The one who took it never completes. */
	assert_int_not_equal(requester ? p->requester_status : p->responder_status, STATUS_OK);
	return false;
}

/* Runs of byte positions, for the list of what no check covers when it arrives. */
struct runs {
	char text[400];
	size_t used;
	size_t first, next;
	bool open;
};

static void runs_close(struct runs *r)
{
	if (r->open)
		r->used += (size_t)snprintf(r->text + r->used, sizeof(r->text) - r->used,
			r->next - r->first == 1 ? " %zu" : " %zu-%zu", r->first, r->next - 1);
	r->open = false;
}

static void runs_add(struct runs *r, size_t at)
{
	if (!r->open || at != r->next) {
		runs_close(r);
		r->first = at;
		r->open = true;
	}
	r->next = at + 1;
}

static void flip_frame(struct pair *p, const struct saved *at, bool requester, const uint8_t *frame,
	size_t n, size_t index)
{
	uint8_t *flipped = malloc(n);
	struct runs late = {.used = 0};

	for (size_t i = 0; i < n; i++) {
		restore(p, at);
		memcpy(flipped, frame, n);
		flipped[i] ^= (uint8_t)(1 << (i + index) % 8);
		if (!refused_at_once(p, requester, flipped, n) && i >= 12)
			runs_add(&late, i - 12);
	}
	runs_close(&late);
	if (late.used > 0)
		print_message("%s %zu (code %02x, %zu bytes): found out later:%s\n",
			requester ? "response" : "request", index, frame[13], n - 12, late.text);
	free(flipped);
}

/* No byte of any message can be changed without the exchange failing at the one who took it. */
static void every_byte_flipped_fails_the_exchange(void **state)
{
	struct pair *p = pair_new(20, 10);
	struct saved *start = malloc(sizeof(*start));
	struct saved *at = malloc(sizeof(*at));
	struct frames f;

	(void)state;
	save(p, start);
	random_seed(7);
	record(&f, p, start);
	for (int r = 0; r < 2; r++) {
		for (size_t i = 0; i < f.count[r]; i++) {
			restore(p, start);
			random_seed(7);
			run_to(p, r, i);
			size_t size;
			const uint8_t *frame = next_frame(p, r, i, &size);
			uint8_t *copy = malloc(size);
			memcpy(copy, frame, size);
			save(p, at);
			flip_frame(p, at, r, copy, size, i);
			free(copy);
		}
	}
	frames_free(&f);
	restore(p, start);
	free(start);
	free(at);
	pair_free(p);
}

/* Each message cut at each length, its frame telling the truth about it, or the longer length. */
static void every_message_cut_fails_the_exchange(void **state)
{
	struct pair *p = pair_new(20, 10);
	struct saved *start = malloc(sizeof(*start));
	struct saved *at = malloc(sizeof(*at));

	(void)state;
	save(p, start);
	for (int r = 0; r < 2; r++) {
		for (size_t i = 0; i < 9; i++) {
			size_t size;

			restore(p, start);
			random_seed(7);
			run_to(p, r, i);
			const uint8_t *frame = next_frame(p, r, i, &size);
			uint8_t *copy = malloc(size + 1);
			memcpy(copy, frame, size);
			copy[size] = 0;
			save(p, at);
			for (size_t n = 12; n <= size + 1; n++) {
				struct pipe *in = inbox(p, r);

				if (n == size)
					continue;
				restore(p, at);
				copy[8] = (uint8_t)(n - 12);
				copy[9] = (uint8_t)((n - 12) >> 8);
				assert_true(refused_at_once(p, r, copy, n));
				/* Cut off with the true length announced: it waits. */
				restore(p, at);
				copy[8] = (uint8_t)(size - 12);
				copy[9] = (uint8_t)((size - 12) >> 8);
				in->written = in->taken;
				if (n > size)
					continue;
				pipe_put(in, copy, n);
				assert_int_equal(step_until_stuck(engine(p, r), stream(p, r)),
					STATUS_PENDING);
				assert_int_equal(engine(p, r)->wait, SPDM_WAIT_RX);
			}
			free(copy);
		}
	}
	restore(p, start);
	free(start);
	free(at);
	pair_free(p);
}

/* --- noise --------------------------------------------------------------------------------- */

/* Changes a frame in several places, or its length, or puts part of it twice. */
static size_t disturb(uint8_t *frame, size_t n, size_t max)
{
	for (uint32_t i = 1 + draw(4); i > 0; i--) {
		const uint32_t at = draw((uint32_t)n);

		switch (draw(5)) {
		case 0:
			frame[at] = (uint8_t)draw(256);
			break;
		case 1:
			frame[at] = draw(2) == 0 ? 0 : 0xFF;
			break;
		case 2:
			if (n > 20)
				n -= 1 + draw((uint32_t)n - 20);
			break;
		case 3:
			for (uint32_t more = draw(64); more > 0 && n < max; more--, n++)
				frame[n] = frame[draw((uint32_t)n)];
			break;
		default:
			memmove(frame + at, frame + draw((uint32_t)n),
				draw((uint32_t)n - at + 1) / 2);
			break;
		}
	}
	if (draw(4) != 0) {
		frame[8] = (uint8_t)(n - 12);
		frame[9] = (uint8_t)((n - 12) >> 8);
	}
	return n;
}

/* Noise at every point of the exchange: the one who gets it never completes (T26). */
static void noise_never_completes_a_session(void **state)
{
	struct pair *p = pair_new(5000, 3000);
	struct saved *start = malloc(sizeof(*start));
	struct saved *at = malloc(sizeof(*at));
	struct frames f;
	uint8_t noise[8192];

	(void)state;
	save(p, start);
	random_seed(7);
	record(&f, p, start);
	for (int r = 0; r < 2; r++) {
		for (size_t i = 0; i < f.count[r]; i++) {
			struct pipe *in = inbox(p, r);

			restore(p, start);
			random_seed(7);
			run_to(p, r, i);
			in->written = in->taken;
			save(p, at);
			for (int k = 0; k < 200; k++) {
				restore(p, at);
				const size_t frame = draw(4) == 0 ? draw((uint32_t)f.count[r]) : i;
				size_t n = f.size[r][frame];

				memcpy(noise, f.bytes[r][frame], n);
				n = disturb(noise, n, sizeof(noise));
				if (n >= f.size[r][i] &&
					memcmp(noise, f.bytes[r][i], f.size[r][i]) == 0)
					continue;	/* the frame is what it was */
				p->weather.rx_max = draw(3) == 0 ? 1 + draw(100) : 0;
				pipe_put(in, noise, n);
				assert_int_not_equal(step_until_stuck(engine(p, r), stream(p, r)),
					STATUS_OK);
			}
			p->weather.rx_max = 0;
		}
	}
	frames_free(&f);
	restore(p, start);
	free(start);
	free(at);
	pair_free(p);
}

static void a_second_message_behind_the_first_is_kept_apart(void **state)
{
	struct pair *p = pair_new(20, 10);

	(void)state;
	/* Both frames are there at the first step; one is taken at a time (T23). */
	pipe_put_message(&p->to_responder, (const uint8_t *)"\x10\x84\0\0", 4);
	pipe_put_message(&p->to_responder, (const uint8_t *)"\x10\x84\0\0", 4);
	assert_int_equal(spdm_step(&p->responder, &p->responder_io), STATUS_PENDING);
	assert_int_equal(p->to_responder.taken, 16);
	assert_int_equal(spdm_step(&p->responder, &p->responder_io), ERR_SPDM_UNEXPECTED);
	pair_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_state_has_a_rule_for_every_message, seed),
		cmocka_unit_test_setup(every_schema_has_its_elements, seed),
		cmocka_unit_test_setup(every_message_out_of_place_ends_the_session, seed),
		cmocka_unit_test_setup(failures_have_the_error_codes_of_the_standard, seed),
		cmocka_unit_test_setup(broken_frames_get_no_answer, seed),
		cmocka_unit_test_setup(every_byte_flipped_fails_the_exchange, seed),
		cmocka_unit_test_setup(every_message_cut_fails_the_exchange, seed),
		cmocka_unit_test_setup(noise_never_completes_a_session, seed),
		cmocka_unit_test_setup(a_second_message_behind_the_first_is_kept_apart, seed),
	};

	support_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
