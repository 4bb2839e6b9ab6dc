/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * A hostile peer: every message in every state, every byte flipped, every length lied about, and
 * broken chunks.  The engine is brought to a state by an honest exchange, then saved, so that each
 * case starts from the same point.
 */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES_MAX 16

/* An exchange that can be put back to where it was. */
struct saved {
	struct pair pair;
};

static int seed(void **state)
{
	(void)state;
	random_seed(1);
	return 0;
}

static void save(const struct pair *p, struct saved *to)
{
	memcpy(&to->pair, p, sizeof(*p));
}

static void restore_owner(struct owner *o, const struct owner *saved)
{
	for (size_t i = saved->in_count; i < o->in_count; i++)
		free(o->in[i].bytes);
	*o = *saved;
}

static void restore_pipe(struct pipe *p, const struct pipe *saved)
{
	memcpy(p->bytes, saved->bytes, saved->written);
	p->written = saved->written;
	p->taken = saved->taken;
}

static void restore(struct pair *p, const struct saved *from)
{
	p->requester = from->pair.requester;
	p->responder = from->pair.responder;
	restore_owner(&p->source, &from->pair.source);
	restore_owner(&p->destination, &from->pair.destination);
	restore_pipe(&p->to_responder, &from->pair.to_responder);
	restore_pipe(&p->to_requester, &from->pair.to_requester);
	p->requester_status = from->pair.requester_status;
	p->responder_status = from->pair.responder_status;
}

/* All but role, phase, state and status of an ended engine is zero. */
static void assert_wiped(const struct spdm *s)
{
	struct spdm rest = *s;
	const uint8_t *bytes = (const uint8_t *)&rest;

	assert_int_equal(s->state, SPDM_STATE_ENDED);
	rest.role = 0;
	rest.phase = 0;
	rest.state = 0;
	rest.status = 0;
	for (size_t i = 0; i < sizeof(rest); i++)
		assert_int_equal(bytes[i], 0);
}

static struct spdm *engine(struct pair *p, bool requester)
{
	return requester ? &p->requester : &p->responder;
}

static const struct stream *stream(struct pair *p, bool requester)
{
	return requester ? &p->requester_io : &p->responder_io;
}

static struct pipe *inbox(struct pair *p, bool requester)
{
	return requester ? &p->to_requester : &p->to_responder;
}

/* Runs until the role has `index` frames in its inbox, none of them taken beyond that. */
static void run_to(struct pair *p, bool requester, size_t index)
{
	struct pipe *in = inbox(p, requester);

	for (;;) {
		assert_int_equal(step_until_stuck(engine(p, requester), stream(p, requester)),
			STATUS_PENDING);
		if (pipe_frames(in) == index)
			break;
		(void)step_until_stuck(engine(p, !requester), stream(p, !requester));
		if (pipe_frames(in) == index + 1)
			break;	/* the frame wanted is there and was not taken */
	}
}

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
				/* A message that is not gathered whole is one whose rest streams. */
				if (rule->max > rule->head)
					assert_true(at >= SPDM_STATE_ATTEST && at <= SPDM_STATE_CHUNK_LAST);
				taken += kind != SPDM_KIND_ERROR;
			}
			/* One message gets on, in op 0x03 whole or in pieces. */
			assert_int_equal(taken, i == 1 && at == SPDM_STATE_ATTEST ? 2 :
				i == 1 && at == SPDM_STATE_CHUNK_LAST ? 0 : 1);
		}
	}
}

static void every_schema_ends_in_an_element_of_fixed_size(void **state)
{
	const struct vdm_schema *const schemas[] = {&vdm_attest_req, &vdm_attest_rsp,
		&vdm_migration_info_req, &vdm_migration_info_rsp};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(schemas); i++) {
		assert_true(schemas[i]->count > 0);
		assert_true(schemas[i]->count <= ARRAY_SIZE(schemas[i]->elements));
		assert_int_not_equal(schemas[i]->elements[schemas[i]->count - 1].size, 0);
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

static void responder_says(const uint8_t *request, size_t n, const uint8_t *error, size_t error_size)
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
			if (pipe_frames(inbox(p, r)) == i)
				(void)step_until_stuck(engine(p, !r), stream(p, !r));
			size_t size;
			const uint8_t *frame = pipe_frame(inbox(p, r), i, &size);

			assert_non_null(frame);
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
			if (pipe_frames(inbox(p, r)) == i)
				(void)step_until_stuck(engine(p, !r), stream(p, !r));
			const uint8_t *frame = pipe_frame(inbox(p, r), i, &size);

			assert_non_null(frame);
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
				/* Cut off with the true length announced: it waits, and takes no more. */
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

/* --- chunks -------------------------------------------------------------------------------- */

/* A responder that has sent KEY_EXCHANGE_RSP, with the requester's frames out of the way. */
static struct pair *at_attest(struct saved **at)
{
	struct pair *p = pair_new(5000, 100);

	random_seed(7);
	run_to(p, false, 5);
	p->to_responder.written = p->to_responder.taken;
	*at = malloc(sizeof(**at));
	save(p, *at);
	return p;
}

static size_t chunk(uint8_t *to, bool last, uint8_t handle, uint16_t sequence, uint32_t size,
	uint32_t large)
{
	struct writer w = writer_of(to, 4096);

	writer_u8(&w, 0x12);
	writer_u8(&w, 0x85);
	writer_u8(&w, last);
	writer_u8(&w, handle);
	writer_u16(&w, sequence);
	writer_u16(&w, 0);
	writer_u32(&w, size);
	if (large != 0)
		writer_u32(&w, large);
	return writer_size(&w);
}

/* Puts a CHUNK_SEND with `data` bytes of an op 0x03 from `offset` on. */
static void put_chunk(struct pair *p, bool last, uint8_t handle, uint16_t sequence, uint32_t size,
	uint32_t large, size_t data)
{
	static const uint8_t start[] = {0x12, 0xFE, 0, 0, 4, 0, 4, 0x57, 1, 0, 0, 0x83, 0x1F, 0, 0, 3,
		5, 3, 0, 0x88, 0x13, 0, 0};
	uint8_t message[8192] = {0};
	const size_t header = chunk(message, last, handle, sequence, size, large);

	if (large != 0)
		memcpy(message + header, start, data < sizeof(start) ? data : sizeof(start));
	pipe_put_message(&p->to_responder, message, header + data);
}

#define LARGE 0x1F90	/* total of the message above: 13 + 0x1F83 */

static void first_chunks_that_break_the_rules_are_refused(void **state)
{
	static const struct {
		bool last;
		uint16_t sequence;
		uint32_t size, large;
		size_t data;
	} cases[] = {
		{false, 1, 0, 0, 0},		/* D5: sequence 1, nothing in it, while idle */
		{false, 0, 0, 0, 0},		/* D5: no LargeMessageSize */
		{false, 0, 4016, 0, 4016},
		{false, 1, 4016, LARGE, 4016},
		{true, 0, 4016, LARGE, 4016},	/* last */
		{false, 0, 25, LARGE, 25},	/* less than any transfer size allows */
		{false, 0, 0, LARGE, 0},
		{false, 0, 4015, LARGE, 4016},	/* size and frame differ */
		{false, 0, 4017, LARGE, 4016},
		{false, 0, 0xFFFFFFFF, LARGE, 4016},
		{false, 0, 4017, LARGE, 4017},	/* larger than our transfer size */
		{false, 0, 30, 41, 30},		/* LargeMessageSize too small */
		{false, 0, 4016, 65537, 4016},	/* too large */
		{false, 0, 4016, 0xFFFFFFFF, 4016},
		{false, 0, 4016, 4016, 4016},	/* complete, and not flagged last */
		{false, 0, 4016, 4000, 4016},	/* more than announced */
		{false, 0, 4016, LARGE + 1, 4016},	/* ReqLength within says another total */
	};
	struct saved *at;
	struct pair *p = at_attest(&at);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		restore(p, at);
		put_chunk(p, cases[i].last, 1, cases[i].sequence, cases[i].size, cases[i].large,
			cases[i].data);
		const enum status status = step_until_stuck(&p->responder, &p->responder_io);

		if (status != ERR_SPDM_CHUNK && status != ERR_SPDM_MESSAGE && status != ERR_SPDM_VDM)
			fail_msg("case %zu: %s", i, status_name(status));
		assert_wiped(&p->responder);
	}
	restore(p, at);
	free(at);
	pair_free(p);
}

static void later_chunks_that_break_the_rules_are_refused(void **state)
{
	static const struct {
		bool last;
		uint8_t handle;
		uint16_t sequence;
		uint32_t size;
		size_t data;
	} cases[] = {
		{false, 2, 1, 4020, 4020},	/* another handle */
		{false, 1, 0, 4020, 4020},	/* the same piece again */
		{false, 1, 2, 4020, 4020},	/* one left out */
		{true, 1, 1, 4020, 4020},	/* last, and not complete */
		{false, 1, 1, 29, 29},		/* too small a piece */
		{false, 1, 1, 0, 0},
		{true, 1, 1, 0, 0},
		{false, 1, 1, 4021, 4021},	/* beyond our transfer size */
		{false, 1, 1, 4019, 4020},
		{false, 1, 1, 0xFFFFFFFF, 4020},
	};
	struct saved *at;
	struct pair *p = at_attest(&at);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		restore(p, at);
		put_chunk(p, false, 1, 0, 4016, LARGE, 4016);
		assert_int_equal(step_until_stuck(&p->responder, &p->responder_io), STATUS_PENDING);
		assert_int_equal(p->responder.state, SPDM_STATE_CHUNK_IN);
		put_chunk(p, cases[i].last, cases[i].handle, cases[i].sequence, cases[i].size, 0,
			cases[i].data);
		const enum status status = step_until_stuck(&p->responder, &p->responder_io);

		if (status != ERR_SPDM_CHUNK && status != ERR_SPDM_MESSAGE)
			fail_msg("case %zu: %s", i, status_name(status));
		assert_wiped(&p->responder);
	}
	/* Two pieces that are right, then one with more than is left. */
	restore(p, at);
	put_chunk(p, false, 1, 0, 4016, LARGE, 4016);
	put_chunk(p, false, 1, 1, 4020, 0, 4020);
	put_chunk(p, true, 1, 2, LARGE - 8036 + 1, 0, LARGE - 8036 + 1);
	const enum status status = step_until_stuck(&p->responder, &p->responder_io);
	assert_true(status == ERR_SPDM_CHUNK || status == ERR_SPDM_VDM);
	restore(p, at);
	free(at);
	pair_free(p);
}

/* The requester's side: what a responder may break in acknowledgements and CHUNK_RESPONSE. */
static void broken_answers_to_chunks_are_refused(void **state)
{
	static const struct {
		size_t frame;	/* of the responder's: 5 and 6 ACKs, 7 LargeResponse, 8.. pieces */
		size_t at;
		uint8_t value;
	} cases[] = {
		{5, 2, 1}, {5, 2, 2}, {5, 3, 2}, {5, 4, 1}, {5, 5, 1},
		{6, 2, 0x10}, {6, 3, 1}, {6, 4, 2},
		{7, 2, 1}, {7, 2, 2}, {7, 3, 2}, {7, 4, 1}, {7, 5, 1}, {7, 6, 1}, {7, 8, 0},
		{7, 9, 0}, {7, 12, 0xFF}, {7, 13, 0}, {7, 14, 1}, {7, 15, 1},
		{8, 2, 1}, {8, 3, 2}, {8, 4, 0}, {8, 4, 2}, {8, 8, 0},
	};
	struct pair *p = pair_new(5000, 3000);
	struct saved *start = malloc(sizeof(*start));

	(void)state;
	save(p, start);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t size;

		restore(p, start);
		random_seed(7);
		run_to(p, true, cases[i].frame);
		if (pipe_frames(&p->to_requester) == cases[i].frame)
			(void)step_until_stuck(&p->responder, &p->responder_io);
		uint8_t *f = p->to_requester.bytes +
			(pipe_frame(&p->to_requester, cases[i].frame, &size) - p->to_requester.bytes);

		if (f[12 + cases[i].at] == cases[i].value)
			continue;
		f[12 + cases[i].at] = cases[i].value;
		const enum status status = step_until_stuck(&p->requester, &p->requester_io);

		if (status == STATUS_PENDING && f[13] == 0x7F)
			continue;	/* another handle in LargeResponse is the responder's affair */
		if (status == STATUS_PENDING || status == STATUS_OK)
			fail_msg("case %zu: %s", i, status_name(status));
		assert_wiped(&p->requester);
	}
	restore(p, start);
	free(start);
	pair_free(p);
}

/* A responder that gives up early says so in the ACK, with the ERROR embedded. */
static void early_errors_in_acks_are_understood(void **state)
{
	static const uint8_t acks[][10] = {
		{0x12, 0x05, 1, 1, 0, 0, 0x12, 0x7F, 0xFF, 8},
		{0x12, 0x05, 1, 1, 1, 0, 0x12, 0x7F, 0xFF, 8},
		{0x12, 0x05, 1, 1, 0, 0, 0x12, 0x7E, 0xFF, 8},
		{0x12, 0x05, 1, 1, 1, 0, 0x12, 0x7E, 0xFF, 8},
	};
	struct pair *p = pair_new(5000, 3000);
	struct saved *start = malloc(sizeof(*start));

	(void)state;
	save(p, start);
	for (size_t i = 0; i < ARRAY_SIZE(acks); i++) {
		restore(p, start);
		random_seed(7);
		/* 8886 bytes are three pieces: the first is not the last, nor is the second. */
		run_to(p, true, 5 + acks[i][4]);
		p->to_requester.written = p->to_requester.taken;
		pipe_put_message(&p->to_requester, acks[i], sizeof(acks[i]));
		assert_int_equal(step_until_stuck(&p->requester, &p->requester_io),
			i < 2 ? ERR_PEER_POLICY : ERR_SPDM_CHUNK);
		assert_wiped(&p->requester);
	}
	restore(p, start);
	free(start);
	pair_free(p);

	p = pair_new(5000, 100);	/* two pieces: the second is the last */
	run_to(p, true, 6);
	assert_int_equal(p->requester.state, SPDM_STATE_CHUNK_LAST);
	p->to_requester.written = p->to_requester.taken;
	pipe_put_message(&p->to_requester, acks[1], sizeof(acks[1]));
	assert_int_equal(step_until_stuck(&p->requester, &p->requester_io), ERR_PEER_POLICY);
	pair_free(p);
	p = pair_new(5000, 100);
	run_to(p, true, 6);
	p->to_requester.written = p->to_requester.taken;
	pipe_put_message(&p->to_requester, acks[3], sizeof(acks[3]));
	assert_int_equal(step_until_stuck(&p->requester, &p->requester_io), ERR_SPDM_CHUNK);
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
			memmove(frame + at, frame + draw((uint32_t)n), draw((uint32_t)n - at + 1) / 2);
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
				if (n >= f.size[r][i] && memcmp(noise, f.bytes[r][i], f.size[r][i]) == 0)
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

/* --- vendor-defined messages --------------------------------------------------------------- */

/* Op 0x03 with one field changed; every length at 0, one less, one more and all ones (T27). */
static void lies_about_lengths_are_refused(void **state)
{
	static const size_t fields[][2] = {{11, 2}, {19, 4}, {45, 4}, {61, 4}, {115, 4}, {393, 4}};
	static const uint32_t values[] = {0, 0xFFFFFFFF, 0x80000000, 0xFFFF, 65523, 65524};
	struct pair *p = pair_new(20, 10);
	struct saved *at = malloc(sizeof(*at));
	size_t size;

	(void)state;
	random_seed(7);
	run_to(p, false, 5);
	if (pipe_frames(&p->to_responder) == 5)
		(void)step_until_stuck(&p->requester, &p->requester_io);
	save(p, at);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(values) + 2; j++) {
			restore(p, at);
			uint8_t *f = p->to_responder.bytes +
				(pipe_frame(&p->to_responder, 5, &size) - p->to_responder.bytes) + 12;
			const uint32_t old = (uint32_t)f[fields[i][0]] | (uint32_t)f[fields[i][0] + 1] << 8;
			const uint32_t value = j < ARRAY_SIZE(values) ? values[j] :
				j == ARRAY_SIZE(values) ? old + 1 : old - 1;

			for (size_t k = 0; k < fields[i][1]; k++)
				f[fields[i][0] + k] = (uint8_t)(value >> 8 * k);
			const enum status status = step_until_stuck(&p->responder, &p->responder_io);

			if (status != ERR_SPDM_VDM)
				fail_msg("field %zu value %x: %s", fields[i][0], value,
					status_name(status));
			assert_wiped(&p->responder);
		}
	}
	restore(p, at);
	free(at);
	pair_free(p);
}

static void a_second_message_behind_the_first_is_kept_apart(void **state)
{
	struct pair *p = pair_new(20, 10);

	(void)state;
	/* All that a hostile requester can send at once: the engine takes one frame at a time (T23). */
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
		cmocka_unit_test_setup(every_schema_ends_in_an_element_of_fixed_size, seed),
		cmocka_unit_test_setup(every_message_out_of_place_ends_the_session, seed),
		cmocka_unit_test_setup(failures_have_the_error_codes_of_the_standard, seed),
		cmocka_unit_test_setup(broken_frames_get_no_answer, seed),
		cmocka_unit_test_setup(every_byte_flipped_fails_the_exchange, seed),
		cmocka_unit_test_setup(every_message_cut_fails_the_exchange, seed),
		cmocka_unit_test_setup(first_chunks_that_break_the_rules_are_refused, seed),
		cmocka_unit_test_setup(later_chunks_that_break_the_rules_are_refused, seed),
		cmocka_unit_test_setup(broken_answers_to_chunks_are_refused, seed),
		cmocka_unit_test_setup(early_errors_in_acks_are_understood, seed),
		cmocka_unit_test_setup(noise_never_completes_a_session, seed),
		cmocka_unit_test_setup(lies_about_lengths_are_refused, seed),
		cmocka_unit_test_setup(a_second_message_behind_the_first_is_kept_apart, seed),
	};

	support_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
