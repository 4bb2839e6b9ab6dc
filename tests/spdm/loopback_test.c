/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Requester and responder talk to each other, over streams of all kinds. */
#include "support.h"

#include <string.h>

#define ANNEX_B_QUOTE 5006
#define ANNEX_B_LOG 3001
/* What ops 0x03 and 0x04 are besides quote and event log. */
#define REQUEST_REST (17 + 5 * 6 + 48 + 272 + 512)
#define RESPONSE_REST (17 + 3 * 6 + 48)

static void both_ends_complete(void **state)
{
	static const char *const source[] = {"ready 3 out", "sent 3", "ready 4 in", "begin 3 5006",
		"begin 4 3001", "begin 5 48", "received 4", "ready 5 out", "sent 5", "ready 6 in",
		"begin 82 4", "begin 84 32", "received 6"};
	static const char *const destination[] = {"ready 3 in", "begin 3 5006", "begin 4 3001",
		"begin 5 48", "begin 10 272", "begin 12 512", "received 3", "ready 4 out", "sent 4",
		"ready 5 in", "begin 81 4", "begin 83 32", "received 5", "ready 6 out", "sent 6"};
	struct pair *p = pair_new(ANNEX_B_QUOTE, ANNEX_B_LOG);

	(void)state;
	pair_run(p);
	assert_complete(p);
	assert_int_equal(p->source.event_count, ARRAY_SIZE(source));
	for (size_t i = 0; i < ARRAY_SIZE(source); i++)
		assert_string_equal(p->source.events[i], source[i]);
	assert_int_equal(p->destination.event_count, ARRAY_SIZE(destination));
	for (size_t i = 0; i < ARRAY_SIZE(destination); i++)
		assert_string_equal(p->destination.events[i], destination[i]);
	/* An ended exchange stays ended. */
	assert_int_equal(spdm_step(&p->requester, &p->requester_io), STATUS_OK);
	assert_int_equal(spdm_step(&p->responder, &p->responder_io), STATUS_OK);
	pair_free(p);
}

static void run_in(struct weather weather, unsigned pending)
{
	struct pair *p = pair_new(ANNEX_B_QUOTE, ANNEX_B_LOG);

	p->weather = weather;
	p->source.pending = pending;
	p->destination.pending = pending;
	pair_run(p);
	assert_complete(p);
	pair_free(p);
}

static void splits_of_the_stream_do_not_matter(void **state)
{
	(void)state;
	run_in((struct weather){.rx_max = 1}, 0);
	run_in((struct weather){.tx_room_max = 1}, 0);
	run_in((struct weather){.rx_max = 1, .tx_room_max = 1, .in_flight_max = 1}, 1);
	run_in((struct weather){.tx_room_max = 13, .in_flight_max = 40}, 0);
	run_in((struct weather){.in_flight_max = 512}, 0);
	for (uint32_t i = 0; i < 30; i++) {
		random_seed(i);
		run_in((struct weather){
			.rx_max = 1 + draw(700),
			.tx_room_max = 1 + draw(700),
			.in_flight_max = draw(2) == 0 ? 0 : 1 + draw(512),
			.random = true}, draw(4));
	}
}

/* Ops 0x03 and 0x04 of all sizes at which they begin to be split otherwise, in any pairing. */
static void sizes_around_the_transfer_size_work(void **state)
{
	static const uint32_t totals[] = {4025, 4026, 4027, 4032, 4033, 4034, 8036, 8037, 65536};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(totals); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(totals); j++) {
			struct pair *p = pair_new(0, 0);

			owner_set(&p->source, ELEMENT_QUOTE, NULL, 33);
			owner_set(&p->source, ELEMENT_EVENT_LOG, NULL,
				totals[i] - REQUEST_REST - 33);
			owner_set(&p->destination, ELEMENT_QUOTE, NULL, 1);
			owner_set(&p->destination, ELEMENT_EVENT_LOG, NULL,
				totals[j] - RESPONSE_REST - 1);
			pair_run(p);
			assert_complete(p);
			pair_free(p);
		}
	}
}

static void empty_elements_are_carried(void **state)
{
	/* Those that may be: with none, some or all behind them empty as well, the last included. */
	static const enum vdm_element types[] = {
		ELEMENT_INIT_TDINFO, ELEMENT_SERVTD_EXT, ELEMENT_POLICY_HASH};

	(void)state;
	for (size_t empty = 0; empty <= ARRAY_SIZE(types); empty++) {
		struct pair *p = pair_new(0, 0);

		for (size_t i = 0; i < empty; i++)
			owner_set(&p->source, types[i], NULL, 0);
		if (empty == ARRAY_SIZE(types))
			owner_set(&p->destination, ELEMENT_POLICY_HASH, NULL, 0);
		pair_run(p);
		assert_complete(p);
		pair_free(p);
	}
}

/* --- phases and owners --------------------------------------------------------------------- */

static void every_phase_is_announced_once_in_order(void **state)
{
	struct pair *p = pair_new(ANNEX_B_QUOTE, ANNEX_B_LOG);
	enum spdm_phase requester = SPDM_PHASE_VERSION;
	enum spdm_phase responder = SPDM_PHASE_VERSION;

	(void)state;
	while (requester != SPDM_PHASE_DONE || responder != SPDM_PHASE_DONE) {
		enum status status = spdm_step(&p->requester, &p->requester_io);

		if (spdm_phase(&p->requester) != requester) {
			assert_int_equal(spdm_phase(&p->requester), ++requester);
			assert_true(status == STATUS_OK || p->requester.wait == SPDM_WAIT_NONE);
		}
		status = spdm_step(&p->responder, &p->responder_io);
		if (spdm_phase(&p->responder) != responder) {
			assert_int_equal(spdm_phase(&p->responder), ++responder);
			assert_true(status == STATUS_OK || p->responder.wait == SPDM_WAIT_NONE);
		}
	}
	pair_free(p);
}

static void the_attest_phase_begins_behind_key_exchange_rsp(void **state)
{
	struct pair *p = pair_new(ANNEX_B_QUOTE, ANNEX_B_LOG);
	size_t size;

	(void)state;
	while (spdm_phase(&p->responder) != SPDM_PHASE_ATTEST) {
		step_both(p);
	}
	assert_int_equal(p->responder.wait, SPDM_WAIT_NONE);
	assert_int_equal(pipe_frames(&p->to_requester), 5);
	assert_non_null(pipe_frame(&p->to_requester, 4, &size));
	assert_int_equal(size, 258);
	assert_int_equal(p->to_responder.written, p->to_responder.taken);

	assert_int_equal(spdm_step(&p->requester, &p->requester_io), STATUS_PENDING);
	assert_int_equal(spdm_phase(&p->requester), SPDM_PHASE_ATTEST);
	assert_int_equal(p->requester.wait, SPDM_WAIT_NONE);
	assert_int_equal(pipe_frames(&p->to_responder), 5);	/* nothing of op 0x03 */
	assert_memory_equal(spdm_th1(&p->requester), spdm_th1(&p->responder), SHA384_SIZE);
	pair_free(p);
}

static void an_owner_that_is_not_ready_holds_the_stream(void **state)
{
	struct pair *p = pair_new(ANNEX_B_QUOTE, ANNEX_B_LOG);

	(void)state;
	p->destination.pending = UINT32_MAX;
	for (int i = 0; i < 100; i++) {
		step_both(p);
	}
	/* The first chunk's headers were taken, none of its data, and nothing was acknowledged. */
	assert_int_equal(p->responder.wait, SPDM_WAIT_OWNER);
	assert_int_equal(p->to_responder.written - p->to_responder.taken, 4016);
	assert_int_equal(pipe_frames(&p->to_requester), 5);
	p->destination.pending_left = 0;
	p->destination.pending = 0;

	p->source.pending_op = VDM_ATTEST_RSP;
	p->source.pending_left = UINT32_MAX;
	for (int i = 0; i < 100; i++) {
		assert_int_equal(spdm_step(&p->responder, &p->responder_io), STATUS_PENDING);
		assert_int_equal(spdm_step(&p->requester, &p->requester_io), STATUS_PENDING);
	}
	/* LargeResponse was taken, no CHUNK_GET was sent. */
	assert_int_equal(p->requester.wait, SPDM_WAIT_OWNER);
	assert_int_equal(p->to_requester.written, p->to_requester.taken);
	assert_int_equal(p->to_responder.written, p->to_responder.taken);
	p->source.pending_left = 0;
	pair_run(p);
	assert_complete(p);
	pair_free(p);
}

static void keys_are_written_when_only_the_end_is_lost(void **state)
{
	struct pair *p = pair_new(100, 100);

	(void)state;
	do {
		step_both(p);
	} while (spdm_phase(&p->requester) != SPDM_PHASE_END);
	assert_int_equal(spdm_phase(&p->responder), SPDM_PHASE_END);
	spdm_abort(&p->responder, &p->responder_io, ERR_TIMEOUT);
	assert_int_equal(spdm_phase(&p->responder), SPDM_PHASE_END);
	assert_int_equal(spdm_step(&p->responder, &p->responder_io), ERR_TIMEOUT);
	assert_true(owner_had(&p->destination, "received 5"));
	assert_true(owner_had(&p->source, "received 6"));
	pair_free(p);
}

/* --- the standard profile ------------------------------------------------------------------ */

static void standard_profile_completes_with_provisioned_keys(void **state)
{
	uint8_t scalar[3][P384_SCALAR_SIZE];
	uint8_t point[3][P384_POINT_SIZE];

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(p384_generate(scalar[i], point[i]), STATUS_OK);
	const struct spdm_raw_keys keys[] = {
		{scalar[0], point[0], point[1]},
		{scalar[1], point[1], point[0]},
		{scalar[2], point[0], point[1]},	/* signs with a key of its own */
		{scalar[1], point[1], point[2]},	/* expects another requester */
	};
	const struct spdm_profile profiles[] = {
		{&keys[0], true}, {&keys[1], true}, {&keys[2], true}, {&keys[3], true}};
	struct pair *p = pair_new(100, 100);

	pair_profiles(p, &profiles[0], &profiles[1]);
	pair_run(p);
	assert_int_equal(p->requester_status, STATUS_OK);
	assert_int_equal(p->responder_status, STATUS_OK);
	assert_int_equal(pipe_frames(&p->to_responder), 7);
	pair_free(p);

	p = pair_new(100, 100);
	pair_profiles(p, &profiles[2], &profiles[1]);
	pair_run(p);
	assert_int_equal(p->responder_status, ERR_SPDM_SIGNATURE);
	assert_int_equal(p->requester_status, ERR_SPDM_PEER);
	pair_free(p);

	p = pair_new(100, 100);
	pair_profiles(p, &profiles[0], &profiles[3]);
	pair_run(p);
	assert_int_equal(p->responder_status, ERR_SPDM_SIGNATURE);
	pair_free(p);
}

static void profiles_do_not_mix(void **state)
{
	uint8_t scalar[P384_SCALAR_SIZE];
	uint8_t point[P384_POINT_SIZE];

	(void)state;
	assert_int_equal(p384_generate(scalar, point), STATUS_OK);
	const struct spdm_raw_keys keys = {scalar, point, point};
	const struct spdm_profile standard = {&keys, true};
	struct pair *p = pair_new(100, 100);

	pair_profiles(p, &standard, &spdm_profile_migtd);
	pair_run(p);
	assert_int_equal(p->responder_status, ERR_SPDM_UNEXPECTED);
	pair_free(p);
	p = pair_new(100, 100);
	pair_profiles(p, &spdm_profile_migtd, &standard);
	pair_run(p);
	assert_int_equal(p->responder_status, ERR_SPDM_UNEXPECTED);
	pair_free(p);
}

/* The same role at both ends (T31). */
static void two_of_a_role_do_not_get_on(void **state)
{
	struct pair *p = pair_new(100, 100);

	(void)state;
	spdm_begin(&p->responder, SPDM_REQUESTER, &spdm_profile_migtd, &owner_ops, &p->destination);
	pair_run(p);
	assert_int_equal(p->requester_status, ERR_SPDM_UNEXPECTED);
	pair_free(p);
	p = pair_new(100, 100);
	spdm_begin(&p->requester, SPDM_RESPONDER, &spdm_profile_migtd, &owner_ops, &p->source);
	pair_run(p);
	assert_int_equal(p->requester_status, STATUS_PENDING);
	assert_int_equal(p->to_responder.written, 0);
	pair_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(both_ends_complete, seed),
		cmocka_unit_test_setup(splits_of_the_stream_do_not_matter, seed),
		cmocka_unit_test_setup(sizes_around_the_transfer_size_work, seed),
		cmocka_unit_test_setup(empty_elements_are_carried, seed),
		cmocka_unit_test_setup(every_phase_is_announced_once_in_order, seed),
		cmocka_unit_test_setup(the_attest_phase_begins_behind_key_exchange_rsp, seed),
		cmocka_unit_test_setup(an_owner_that_is_not_ready_holds_the_stream, seed),
		cmocka_unit_test_setup(keys_are_written_when_only_the_end_is_lost, seed),
		cmocka_unit_test_setup(standard_profile_completes_with_provisioned_keys, seed),
		cmocka_unit_test_setup(profiles_do_not_mix, seed),
		cmocka_unit_test_setup(two_of_a_role_do_not_get_on, seed),
	};

	support_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
