/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/td.h"

static struct migtd td;
static struct work_slot slot;
static struct session s;

static int set_up(void **state)
{
	(void)state;
	memset(&td, 0, sizeof(td));
	memset(&s, 0, sizeof(s));
	td.hold = PHASE_COUNT;
	s.td = &td;
	s.budget_ms = SESSION_TIMEOUT_MS;
	s.last_ms = 1000;
	s.phase = PHASE_VERSION;
	s.wait = SESSION_WAIT_IO;
	return 0;
}

static void a_session_has_its_budget_and_no_more(void **state)
{
	(void)state;
	assert_int_equal(session_clock(&s, 1000 + SESSION_TIMEOUT_MS - 1), STATUS_OK);
	assert_int_equal(session_clock(&s, 1000 + SESSION_TIMEOUT_MS), ERR_TIMEOUT);
}

static void a_huge_leap_is_a_time_out(void **state)
{
	(void)state;
	assert_int_equal(session_clock(&s, UINT64_MAX), ERR_TIMEOUT);
}

static void held_and_queued_clocks_stand_still(void **state)
{
	(void)state;
	s.held = true;
	assert_int_equal(session_clock(&s, 10 * SESSION_TIMEOUT_MS), STATUS_OK);
	assert_int_equal(s.budget_ms, SESSION_TIMEOUT_MS);
	s.held = false;
	s.queue = &td.source_slots.queue;
	assert_int_equal(session_clock(&s, 10 * SESSION_TIMEOUT_MS + SLOT_QUEUE_MS), STATUS_OK);
	assert_int_equal(s.budget_ms, SESSION_TIMEOUT_MS);
	assert_int_equal(
		session_clock(&s, 10 * SESSION_TIMEOUT_MS + SLOT_QUEUE_MS + 1), ERR_SLOT_TIMEOUT);
}

static void a_queue_for_quote_buffers_has_an_end_too(void **state)
{
	(void)state;
	s.phase = PHASE_QUOTE;
	s.queue = &td.quotes.queue;
	s.quote_ms = 1;
	assert_int_equal(session_clock(&s, 1000 + SLOT_QUEUE_MS), STATUS_OK);
	assert_int_equal(s.budget_ms, SESSION_TIMEOUT_MS);
	assert_int_equal(s.quote_ms, 1);
	assert_int_equal(session_clock(&s, 1001 + SLOT_QUEUE_MS), ERR_QUOTE_BUFFER_TIMEOUT);
	assert_int_equal(status_result(ERR_QUOTE_BUFFER_TIMEOUT), RESULT_OUT_OF_RESOURCE);
	/* No leap of the clock brings it back to a small number. */
	assert_int_equal(session_clock(&s, 1001 + SLOT_QUEUE_MS + (1ull << 32) - SLOT_QUEUE_MS),
		ERR_QUOTE_BUFFER_TIMEOUT);
}

static void a_peer_may_not_sit_on_a_slot(void **state)
{
	(void)state;
	s.slot = &slot;
	s.phase = PHASE_ATTEST;
	assert_int_equal(session_clock(&s, 1000 + WORK_SLOT_PEER_MS), STATUS_OK);
	assert_int_equal(session_clock(&s, 1001 + WORK_SLOT_PEER_MS), ERR_SLOT_HELD);
}

static void waiting_for_collateral_with_a_slot_is_not_the_peers_fault(void **state)
{
	(void)state;
	s.slot = &slot;
	s.phase = PHASE_ATTEST;
	s.wait = SESSION_WAIT_COLLATERAL;
	slot.fetch.left_ms = COLLATERAL_WAIT_MS;
	assert_int_equal(session_clock(&s, 1000 + COLLATERAL_WAIT_MS / 2), STATUS_OK);
	assert_int_equal(slot.fetch.left_ms, COLLATERAL_WAIT_MS / 2);
	assert_int_equal(s.slot_peer_ms, 0);
	/* A barrier stops this clock too. */
	s.held = true;
	assert_int_equal(session_clock(&s, 1000 + COLLATERAL_WAIT_MS), STATUS_OK);
	assert_int_equal(slot.fetch.left_ms, COLLATERAL_WAIT_MS / 2);
}

/* Of 4,096 that are measured most queue, or wait for one who does, longer than either may. */
static void while_a_hold_is_set_nobody_waits_too_long_for_others(void **state)
{
	static struct session before;

	(void)state;
	td.hold = PHASE_ATTEST;
	for (int i = 0; i < 4; i++) {
		s.phase = i == 0 ? PHASE_VERSION : PHASE_ATTEST;
		s.slot = i == 1 ? &slot : NULL;
		s.queue = i == 2 ? &td.source_slots.queue : i == 3 ? &td.quotes.queue : NULL;
		before = s;
		assert_int_equal(session_clock(&s, s.last_ms + 10 * SESSION_TIMEOUT_MS), STATUS_OK);
		before.last_ms = s.last_ms;
		assert_memory_equal(&before, &s, sizeof(s));
	}
	/* Released, they have all the time that they had before. */
	td.hold = PHASE_COUNT;
	assert_int_equal(session_clock(&s, s.last_ms + SLOT_QUEUE_MS), STATUS_OK);
	assert_int_equal(session_clock(&s, s.last_ms + 1), ERR_QUOTE_BUFFER_TIMEOUT);
	s.queue = NULL;
	assert_int_equal(session_clock(&s, s.last_ms + SESSION_TIMEOUT_MS - 1), STATUS_OK);
	assert_int_equal(session_clock(&s, s.last_ms + 1), ERR_TIMEOUT);
}

/* Else a quote that never comes would hold up a barrier for good. */
static void while_a_hold_is_set_the_quoting_service_has_its_time_and_no_more(void **state)
{
	(void)state;
	td.hold = PHASE_ATTEST;
	s.wait = SESSION_WAIT_QUOTE;
	s.slot = &slot;
	s.quote_ms = 500;
	slot.fetch.left_ms = COLLATERAL_WAIT_MS;
	assert_int_equal(session_clock(&s, 1400), STATUS_OK);
	assert_int_equal(s.quote_ms, 100);
	assert_int_equal(slot.fetch.left_ms, COLLATERAL_WAIT_MS - 400);
	assert_int_equal(session_clock(&s, 1600), STATUS_OK);
	assert_int_equal(s.quote_ms, 0);
}

static void the_quoting_service_has_its_own_clock(void **state)
{
	(void)state;
	s.phase = PHASE_QUOTE;
	s.wait = SESSION_WAIT_QUOTE;
	s.quote_ms = 500;
	assert_int_equal(session_clock(&s, 1400), STATUS_OK);
	assert_int_equal(s.quote_ms, 100);
	assert_int_equal(session_clock(&s, 1600), STATUS_OK);
	assert_int_equal(s.quote_ms, 0);
}

static void a_budget_spent_on_own_quotes_is_the_quoting_services_fault(void **state)
{
	static const struct {
		enum phase phase;
		enum session_wait wait;
		enum status status;
	} row[] = {
		{PHASE_QUOTE, SESSION_WAIT_QUOTE, ERR_GET_QUOTE_TIMEOUT},
		{PHASE_ATTEST, SESSION_WAIT_REFERENCE, ERR_GET_QUOTE_TIMEOUT},
		{PHASE_ATTEST, SESSION_WAIT_COLLATERAL, ERR_GET_QUOTE_TIMEOUT},
		{PHASE_ATTEST, SESSION_WAIT_IO, ERR_TIMEOUT},
		{PHASE_CONNECT, SESSION_WAIT_IO, ERR_TIMEOUT},
	};

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		set_up(state);
		s.phase = (uint8_t)row[i].phase;
		s.wait = row[i].wait;
		assert_int_equal(session_clock(&s, 1000 + SESSION_TIMEOUT_MS), row[i].status);
	}
}

static void only_a_source_that_has_written_the_keys_outlives_a_late_failure(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		s.is_source = (i & 1) != 0;
		s.keys_written = (i & 2) != 0;
		assert_int_equal(session_outcome(&s, ERR_TIMEOUT), i == 3 ? STATUS_OK : ERR_TIMEOUT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_session_has_its_budget_and_no_more, set_up),
		cmocka_unit_test_setup(a_huge_leap_is_a_time_out, set_up),
		cmocka_unit_test_setup(held_and_queued_clocks_stand_still, set_up),
		cmocka_unit_test_setup(a_queue_for_quote_buffers_has_an_end_too, set_up),
		cmocka_unit_test_setup(
			while_a_hold_is_set_nobody_waits_too_long_for_others, set_up),
		cmocka_unit_test_setup(
			while_a_hold_is_set_the_quoting_service_has_its_time_and_no_more, set_up),
		cmocka_unit_test_setup(a_peer_may_not_sit_on_a_slot, set_up),
		cmocka_unit_test_setup(
			waiting_for_collateral_with_a_slot_is_not_the_peers_fault, set_up),
		cmocka_unit_test_setup(
			only_a_source_that_has_written_the_keys_outlives_a_late_failure, set_up),
		cmocka_unit_test_setup(the_quoting_service_has_its_own_clock, set_up),
		cmocka_unit_test_setup(
			a_budget_spent_on_own_quotes_is_the_quoting_services_fault, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
