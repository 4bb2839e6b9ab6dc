/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Requester and responder talk to each other, over streams of all kinds. */
#include "support.h"

#include <stdio.h>
#include <string.h>

#define ANNEX_B_QUOTE 5006
#define ANNEX_B_LOG 3001
/* What ops 0x03 and 0x04 are besides quote and event log. */
#define REQUEST_REST (17 + 5 * 6 + 48 + 272 + 512)
#define RESPONSE_REST (17 + 3 * 6 + 48)

static int seed(void **state)
{
	(void)state;
	random_seed(1);
	return 0;
}

static void assert_got(const struct owner *from, const struct owner *to)
{
	for (size_t i = 0; i < from->out_count; i++) {
		const struct element *e = &from->out[i];
		const struct element *got = owner_got(to, e->type);

		assert_non_null(got);
		assert_int_equal(got->size, e->size);
		assert_memory_equal(got->bytes, e->bytes, e->size);
	}
}

static void assert_complete(const struct pair *p)
{
	assert_int_equal(p->requester_status, STATUS_OK);
	assert_int_equal(p->responder_status, STATUS_OK);
	assert_int_equal(spdm_phase(&p->requester), SPDM_PHASE_DONE);
	assert_int_equal(spdm_phase(&p->responder), SPDM_PHASE_DONE);
	assert_got(&p->source, &p->destination);
	assert_got(&p->destination, &p->source);
}

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

static void frame_code(const struct pipe *p, size_t index, uint8_t code)
{
	size_t size;
	const uint8_t *f = pipe_frame(p, index, &size);

	assert_non_null(f);
	assert_int_equal(f[13], code);
}

static void what_fits_goes_unchunked_or_into_the_last_ack(void **state)
{
	struct pair *p = pair_new(100, 100);

	(void)state;
	pair_run(p);
	assert_complete(p);
	frame_code(&p->to_responder, 5, 0xFE);
	frame_code(&p->to_requester, 5, 0x7E);
	pair_free(p);

	p = pair_new(5000, 100);	/* op 0x04 below: 4026 with the ACK's header is 4032 */
	owner_set(&p->destination, ELEMENT_QUOTE, NULL, 4026 - RESPONSE_REST - 100);
	pair_run(p);
	assert_complete(p);
	frame_code(&p->to_responder, 6, 0x85);
	frame_code(&p->to_requester, 6, 0x05);
	assert_int_equal(pipe_frames(&p->to_requester), 10);
	pair_free(p);

	p = pair_new(5000, 100);
	owner_set(&p->destination, ELEMENT_QUOTE, NULL, 4027 - RESPONSE_REST - 100);
	pair_run(p);
	assert_complete(p);
	frame_code(&p->to_requester, 6, 0x7F);
	frame_code(&p->to_requester, 7, 0x06);
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
			assert_int_equal(spdm_step(&p->requester, &p->requester_io), STATUS_PENDING);
			assert_int_equal(spdm_step(&p->responder, &p->responder_io), STATUS_PENDING);
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

static void empty_elements_are_carried(void **state)
{
	struct pair *p = pair_new(0, 0);

	(void)state;
	pair_run(p);
	assert_complete(p);
	pair_free(p);
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
		assert_int_equal(spdm_step(&p->requester, &p->requester_io), STATUS_PENDING);
		assert_int_equal(spdm_step(&p->responder, &p->responder_io), STATUS_PENDING);
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
		assert_int_equal(spdm_step(&p->requester, &p->requester_io), STATUS_PENDING);
		assert_int_equal(spdm_step(&p->responder, &p->responder_io), STATUS_PENDING);
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
		assert_int_equal(spdm_step(&p->requester, &p->requester_io), STATUS_PENDING);
		assert_int_equal(spdm_step(&p->responder, &p->responder_io), STATUS_PENDING);
	} while (spdm_phase(&p->requester) != SPDM_PHASE_END);
	assert_int_equal(spdm_phase(&p->responder), SPDM_PHASE_END);
	spdm_abort(&p->responder, &p->responder_io, ERR_TIMEOUT);
	assert_int_equal(spdm_phase(&p->responder), SPDM_PHASE_END);
	assert_int_equal(spdm_step(&p->responder, &p->responder_io), ERR_TIMEOUT);
	assert_true(owner_had(&p->destination, "received 5"));
	assert_true(owner_had(&p->source, "received 6"));
	pair_free(p);
}

/* --- failures that the peer hears of ------------------------------------------------------- */

static void assert_says(const struct pipe *p, const uint8_t *message, size_t n)
{
	size_t size;
	const uint8_t *f = pipe_frame(p, pipe_frames(p) - 1, &size);

	assert_int_equal(size, 12 + n);
	assert_memory_equal(f + 12, message, n);
}

static void verdict(enum vdm_op op, enum status status, uint32_t quote, const uint8_t *says,
	size_t n, enum status peer)
{
	struct pair *p = pair_new(quote, 100);

	p->destination.verdict_op = op;
	p->destination.verdict = status;
	pair_run(p);
	assert_int_equal(p->responder_status, status);
	assert_int_equal(p->requester_status, peer);
	if (says != NULL)
		assert_says(&p->to_requester, says, n);
	pair_free(p);
}

static void a_verdict_reaches_the_peer(void **state)
{
	static const uint8_t bare[] = {0x12, 0x7F, 0xFF, 8};
	static const uint8_t embedded[] = {0x12, 0x05, 0, 1, 1, 0, 0x12, 0x7F, 0xFF, 8};
	static const uint8_t binding[] = {0x12, 0x7F, 0xFF, 7};

	(void)state;
	verdict(VDM_ATTEST_REQ, ERR_POLICY_SVN, 100, bare, sizeof(bare), ERR_PEER_POLICY);
	verdict(VDM_ATTEST_REQ, ERR_REPORT_DATA, 100, binding, sizeof(binding),
		ERR_PEER_ATTESTATION);
	verdict(VDM_ATTEST_REQ, ERR_POLICY_SVN, 4000, embedded, sizeof(embedded), ERR_PEER_POLICY);
	verdict(VDM_MIGRATION_INFO_REQ, ERR_TDCALL, 100, NULL, 0, ERR_PEER_TDX_MODULE);
}

/* Whatever status an owner ends a session with, the peer never reads success out of it. */
static void every_status_reaches_the_peer_as_a_failure(void **state)
{
	(void)state;
	for (enum status why = STATUS_PENDING + 1; why < STATUS_COUNT; why++) {
		const uint8_t error[4] = {0x12, 0x7F, 0xFF, (uint8_t)status_result(why)};
		const enum status heard = spdm_error_handle(NULL, error, sizeof(error));

		assert_int_not_equal(error[3], 0);
		assert_int_not_equal(heard, STATUS_OK);
		assert_int_not_equal(heard, STATUS_PENDING);
		assert_int_equal(status_result(heard), status_result(why));
	}
}

static void every_error_that_can_be_received_is_a_failure(void **state)
{
	(void)state;
	for (unsigned code = 0; code < 256; code++) {
		for (unsigned result = 0; result < 256; result++) {
			const uint8_t error[4] = {0x12, 0x7F, (uint8_t)code, (uint8_t)result};
			const enum status heard = spdm_error_handle(NULL, error, sizeof(error));

			assert_int_not_equal(status_result(heard), RESULT_SUCCESS);
			if (code != 0xFF)
				assert_int_equal(heard, ERR_SPDM_PEER);
			else if (result == 0)
				assert_int_equal(heard, ERR_PEER_SECURE_SESSION);
		}
	}
}

static void a_requester_fails_without_a_word(void **state)
{
	struct pair *p = pair_new(5000, 100);

	(void)state;
	p->source.verdict_op = VDM_ATTEST_RSP;
	p->source.verdict = ERR_POLICY_SVN;
	pair_run(p);
	assert_int_equal(p->requester_status, ERR_POLICY_SVN);
	assert_int_equal(p->responder_status, STATUS_PENDING);
	frame_code(&p->to_responder, pipe_frames(&p->to_responder) - 1, 0x86);
	pair_free(p);
}

static void faults_of_an_owner_end_the_session(void **state)
{
	static const enum vdm_element types[] = {ELEMENT_QUOTE, ELEMENT_EVENT_LOG,
		ELEMENT_POLICY_HASH, ELEMENT_SERVTD_EXT, ELEMENT_INIT_TDINFO, ELEMENT_EXPORT_VERSION,
		ELEMENT_FORWARD_KEY, ELEMENT_IMPORT_VERSION, ELEMENT_BACKWARD_KEY};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		for (int at_source = 0; at_source < 2; at_source++) {
			struct pair *p = pair_new(5000, 100);
			struct owner *o = at_source ? &p->source : &p->destination;
			enum status *status = at_source ? &p->requester_status : &p->responder_status;

			o->fault_type = types[i];
			o->fault = i % 2 == 0 ? ERR_OUT_OF_RESOURCE : STATUS_PENDING;
			pair_run(p);
			assert_int_equal(*status, i % 2 == 0 ? ERR_OUT_OF_RESOURCE : ERR_INTERNAL);
			assert_int_not_equal(p->requester_status, STATUS_OK);
			assert_int_not_equal(p->responder_status, STATUS_OK);
			pair_free(p);
		}
	}
}

static void what_is_too_large_is_refused_at_the_sender(void **state)
{
	struct pair *p = pair_new(60000, 6000);

	(void)state;
	pair_run(p);
	assert_int_equal(p->requester_status, ERR_SPDM_TOO_LARGE);
	pair_free(p);

	p = pair_new(100, 100);
	owner_set(&p->destination, ELEMENT_QUOTE, NULL, 65523);
	pair_run(p);
	assert_int_equal(p->responder_status, ERR_SPDM_TOO_LARGE);
	assert_int_equal(p->requester_status, ERR_SPDM_PEER);
	pair_free(p);

	p = pair_new(100, 100);
	owner_set(&p->source, ELEMENT_QUOTE, NULL, 5000);
	while (p->requester.peer_limit == 0) {
		assert_int_equal(spdm_step(&p->requester, &p->requester_io), STATUS_PENDING);
		assert_int_equal(spdm_step(&p->responder, &p->responder_io), STATUS_PENDING);
	}
	p->requester.peer_chunks = false;
	pair_run(p);
	assert_int_equal(p->requester_status, ERR_SPDM_TOO_LARGE);
	pair_free(p);
}

static void an_owner_of_wrong_sizes_is_refused(void **state)
{
	struct pair *p = pair_new(100, 100);

	(void)state;
	owner_set(&p->source, ELEMENT_INIT_TDINFO, NULL, 511);
	pair_run(p);
	assert_int_equal(p->requester_status, ERR_INTERNAL);
	pair_free(p);

	p = pair_new(100, 100);
	owner_set(&p->source, ELEMENT_FORWARD_KEY, NULL, 33);
	pair_run(p);
	assert_int_equal(p->requester_status, ERR_INTERNAL);
	pair_free(p);
}

/* An owner whose quote changes its size between the header of the message and its own. */
static void an_owner_that_changes_its_mind_is_refused(void **state)
{
	for (int longer = 0; longer < 2; longer++) {
		struct pair *p = pair_new(5000, 100);

		(void)state;
		p->weather.in_flight_max = 20;
		while (p->to_responder.written < 200 || spdm_phase(&p->requester) != SPDM_PHASE_ATTEST ||
			p->requester.task != SPDM_TASK_SEND) {
			assert_int_equal(spdm_step(&p->requester, &p->requester_io), STATUS_PENDING);
			if (p->requester.task != SPDM_TASK_SEND)
				assert_int_equal(spdm_step(&p->responder, &p->responder_io),
					STATUS_PENDING);
			else if (spdm_phase(&p->requester) != SPDM_PHASE_ATTEST)
				assert_int_equal(spdm_step(&p->responder, &p->responder_io),
					STATUS_PENDING);
		}
		p->weather.in_flight_max = 0;
		owner_set(&p->source, ELEMENT_EVENT_LOG, NULL, longer ? 101 : 99);
		pair_run(p);
		assert_int_equal(p->requester_status, ERR_INTERNAL);
		assert_int_not_equal(p->responder_status, STATUS_OK);
		pair_free(p);
	}
}

static void a_stream_that_fails_ends_the_session(void **state)
{
	for (int requester = 0; requester < 2; requester++) {
		struct pair *p = pair_new(100, 100);

		(void)state;
		(requester ? &p->requester_end : &p->responder_end)->tx_answer = ERR_TRANSPORT;
		pair_run(p);
		assert_int_equal(requester ? p->requester_status : p->responder_status,
			ERR_TRANSPORT);
		pair_free(p);
	}
}

static void abort_tells_the_peer_when_it_waits_for_an_answer(void **state)
{
	static const uint8_t no_slot[] = {0x12, 0x7F, 0xFF, RESULT_OUT_OF_RESOURCE};
	struct pair *p = pair_new(5000, 100);

	(void)state;
	p->destination.pending = UINT32_MAX;
	for (int i = 0; i < 100; i++) {
		assert_int_equal(spdm_step(&p->requester, &p->requester_io), STATUS_PENDING);
		assert_int_equal(spdm_step(&p->responder, &p->responder_io), STATUS_PENDING);
	}
	spdm_abort(&p->responder, &p->responder_io, ERR_SLOT_TIMEOUT);
	assert_says(&p->to_requester, no_slot, sizeof(no_slot));
	pair_run(p);
	assert_int_equal(p->responder_status, ERR_SLOT_TIMEOUT);
	assert_int_equal(p->requester_status, ERR_PEER_OUT_OF_RESOURCE);
	spdm_abort(&p->responder, &p->responder_io, ERR_TIMEOUT);	/* the first error stays */
	assert_int_equal(spdm_step(&p->responder, &p->responder_io), ERR_SLOT_TIMEOUT);
	pair_free(p);

	/* Between two requests there is nothing to answer. */
	p = pair_new(100, 100);
	spdm_abort(&p->responder, &p->responder_io, ERR_CANCELED);
	assert_int_equal(p->to_requester.written, 0);
	spdm_abort(&p->requester, &p->requester_io, ERR_CANCELED);
	assert_int_equal(p->to_responder.written, 0);
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
		cmocka_unit_test_setup(what_fits_goes_unchunked_or_into_the_last_ack, seed),
		cmocka_unit_test_setup(a_smaller_transfer_size_of_the_peer_is_honoured, seed),
		cmocka_unit_test_setup(empty_elements_are_carried, seed),
		cmocka_unit_test_setup(every_phase_is_announced_once_in_order, seed),
		cmocka_unit_test_setup(the_attest_phase_begins_behind_key_exchange_rsp, seed),
		cmocka_unit_test_setup(an_owner_that_is_not_ready_holds_the_stream, seed),
		cmocka_unit_test_setup(keys_are_written_when_only_the_end_is_lost, seed),
		cmocka_unit_test_setup(a_verdict_reaches_the_peer, seed),
		cmocka_unit_test_setup(every_status_reaches_the_peer_as_a_failure, seed),
		cmocka_unit_test_setup(every_error_that_can_be_received_is_a_failure, seed),
		cmocka_unit_test_setup(a_requester_fails_without_a_word, seed),
		cmocka_unit_test_setup(faults_of_an_owner_end_the_session, seed),
		cmocka_unit_test_setup(what_is_too_large_is_refused_at_the_sender, seed),
		cmocka_unit_test_setup(an_owner_of_wrong_sizes_is_refused, seed),
		cmocka_unit_test_setup(an_owner_that_changes_its_mind_is_refused, seed),
		cmocka_unit_test_setup(a_stream_that_fails_ends_the_session, seed),
		cmocka_unit_test_setup(abort_tells_the_peer_when_it_waits_for_an_answer, seed),
		cmocka_unit_test_setup(standard_profile_completes_with_provisioned_keys, seed),
		cmocka_unit_test_setup(profiles_do_not_mix, seed),
		cmocka_unit_test_setup(two_of_a_role_do_not_get_on, seed),
	};

	support_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
