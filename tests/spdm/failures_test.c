/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What ends a session from within and from its owner, and what the peer hears of it. */
#include "support.h"

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
	assert_code(&p->to_responder, pipe_frames(&p->to_responder) - 1, 0x86);
	pair_free(p);
}

static void faults_of_an_owner_end_the_session(void **state)
{
	static const enum vdm_element types[] = {ELEMENT_QUOTE, ELEMENT_EVENT_LOG,
		ELEMENT_POLICY_HASH, ELEMENT_SERVTD_EXT, ELEMENT_INIT_TDINFO,
		ELEMENT_EXPORT_VERSION, ELEMENT_FORWARD_KEY, ELEMENT_IMPORT_VERSION,
		ELEMENT_BACKWARD_KEY};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		for (int at_source = 0; at_source < 2; at_source++) {
			struct pair *p = pair_new(5000, 100);
			struct owner *o = at_source ? &p->source : &p->destination;
			enum status *status =
				at_source ? &p->requester_status : &p->responder_status;

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
		step_both(p);
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
	owner_set(&p->source, ELEMENT_EXPORT_VERSION, NULL, 3);
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
		while (spdm_phase(&p->requester) != SPDM_PHASE_ATTEST)
			step_both(p);
		/* The size is told with the first bytes of the first chunk. */
		assert_int_equal(spdm_step(&p->requester, &p->requester_io), STATUS_PENDING);
		assert_int_equal(p->requester.task, SPDM_TASK_SEND);
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
		step_both(p);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
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
	};

	support_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
