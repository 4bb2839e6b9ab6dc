/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Large messages: how they are split, and the ways in which pieces and lengths can be wrong. */
#include "saved.h"

#include <stdlib.h>
#include <string.h>

#define RESPONSE_REST (17 + 3 * 6 + 48)	/* op 0x04 besides quote and event log */

static void what_fits_goes_unchunked_or_into_the_last_ack(void **state)
{
	struct pair *p = pair_new(100, 100);

	(void)state;
	pair_run(p);
	assert_complete(p);
	assert_code(&p->to_responder, 5, 0xFE);
	assert_code(&p->to_requester, 5, 0x7E);
	pair_free(p);

	p = pair_new(5000, 100);	/* op 0x04 below: 4026 with the ACK's header is 4032 */
	owner_set(&p->destination, ELEMENT_QUOTE, NULL, 4026 - RESPONSE_REST - 100);
	pair_run(p);
	assert_complete(p);
	assert_code(&p->to_responder, 6, 0x85);
	assert_code(&p->to_requester, 6, 0x05);
	assert_int_equal(pipe_frames(&p->to_requester), 10);
	pair_free(p);

	p = pair_new(5000, 100);
	owner_set(&p->destination, ELEMENT_QUOTE, NULL, 4027 - RESPONSE_REST - 100);
	pair_run(p);
	assert_complete(p);
	assert_code(&p->to_requester, 6, 0x7F);
	assert_code(&p->to_requester, 7, 0x06);
	pair_free(p);
}

static void a_smaller_transfer_size_of_the_peer_is_honoured(void **state)
{
	static const uint16_t limits[] = {256, 257, 1000, 4031};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		struct pair *p = pair_new(5000, 4000);
		size_t size;

		while (p->requester.peer_limit == 0 || p->responder.peer_limit == 0) {
			step_both(p);
		}
		p->requester.peer_limit = limits[i];
		p->responder.peer_limit = limits[i];
		pair_run(p);
		assert_complete(p);
		for (size_t j = 0; pipe_frame(&p->to_responder, j, &size) != NULL; j++)
			assert_true(size <= 12u + limits[i]);
		for (size_t j = 0; pipe_frame(&p->to_requester, j, &size) != NULL; j++)
			assert_true(size <= 12u + limits[i]);
		pair_free(p);
	}
}

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
	static const uint8_t start[] = {0x12, 0xFE, 0, 0, 4, 0, 4, 0x57, 1, 0, 0, 0x83, 0x1F,
		0, 0, 3, 5, 3, 0, 0x88, 0x13, 0, 0};
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

		if (status != ERR_SPDM_CHUNK && status != ERR_SPDM_MESSAGE &&
			status != ERR_SPDM_VDM)
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
		size_t frame;	/* of the responder's: 5, 6 ACKs, 7 LargeResponse, 8 to 10 pieces */
		size_t at;
		uint8_t value;
	} cases[] = {
		{5, 2, 1}, {5, 2, 2}, {5, 3, 2}, {5, 4, 1}, {5, 5, 1},
		{6, 2, 0x10}, {6, 3, 2}, {6, 4, 2},
		{7, 2, 1}, {7, 3, 1},
		/* The first piece: flags, handle, sequence, reserved, ChunkSize, total. */
		{8, 2, 1}, {8, 2, 2}, {8, 3, 2}, {8, 4, 1}, {8, 5, 1}, {8, 6, 1}, {8, 7, 1},
		{8, 8, 0}, {8, 9, 0}, {8, 10, 1}, {8, 11, 0x80}, {8, 12, 0xFF}, {8, 13, 0},
		{8, 14, 1}, {8, 15, 1},
		/* The second, and the last. */
		{9, 2, 1}, {9, 2, 2}, {9, 3, 2}, {9, 4, 0}, {9, 4, 2}, {9, 5, 1}, {9, 6, 1},
		{9, 8, 0},
		{10, 2, 0}, {10, 2, 3}, {10, 3, 2}, {10, 4, 1}, {10, 8, 0},
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
		uint8_t *f = next_frame(p, true, cases[i].frame, &size);

		assert_true(12 + cases[i].at < size);
		assert_int_not_equal(f[12 + cases[i].at], cases[i].value);
		f[12 + cases[i].at] = cases[i].value;
		const enum status status = step_until_stuck(&p->requester, &p->requester_io);

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
	uint8_t *const f = next_frame(p, false, 5, &size) + 12;
	save(p, at);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(values) + 2; j++) {
			restore(p, at);
			uint8_t *const field = f + fields[i][0];
			const uint32_t old = (uint32_t)field[0] | (uint32_t)field[1] << 8;
			const uint32_t value = j < ARRAY_SIZE(values) ? values[j] :
				j == ARRAY_SIZE(values) ? old + 1 : old - 1;
			enum status status;

			for (size_t k = 0; k < fields[i][1]; k++)
				field[k] = (uint8_t)(value >> 8 * k);
			status = step_until_stuck(&p->responder, &p->responder_io);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_fits_goes_unchunked_or_into_the_last_ack, seed),
		cmocka_unit_test_setup(a_smaller_transfer_size_of_the_peer_is_honoured, seed),
		cmocka_unit_test_setup(first_chunks_that_break_the_rules_are_refused, seed),
		cmocka_unit_test_setup(later_chunks_that_break_the_rules_are_refused, seed),
		cmocka_unit_test_setup(broken_answers_to_chunks_are_refused, seed),
		cmocka_unit_test_setup(early_errors_in_acks_are_understood, seed),
		cmocka_unit_test_setup(lies_about_lengths_are_refused, seed),
	};

	support_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
