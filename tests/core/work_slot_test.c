/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/td.h"

#define SESSIONS 6

static struct migtd td;
static struct work_slot slots[2][WORK_SLOTS];
static struct session sessions[SESSIONS];

static int set_up(void **state)
{
	(void)state;
	memset(&td, 0, sizeof(td));
	memset(slots, 0, sizeof(slots));
	memset(sessions, 0, sizeof(sessions));
	td.source_slots.slot = slots[0];
	td.destination_slots.slot = slots[1];
	td.hold = PHASE_COUNT;
	for (unsigned i = 0; i < SESSIONS; i++)
		sessions[i].td = &td;
	return 0;
}

static enum status take(unsigned i)
{
	return work_slot_take(session_slots(&sessions[i]), &sessions[i]);
}

static void give(unsigned i)
{
	work_slot_give(session_slots(&sessions[i]), &sessions[i]);
}

static void waiting_is_first_come_first_served(void **state)
{
	(void)state;
	assert_int_equal(take(0), STATUS_OK);
	assert_int_equal(take(1), STATUS_OK);
	assert_int_equal(take(2), STATUS_PENDING);
	assert_int_equal(take(3), STATUS_PENDING);
	assert_int_equal(td.destination_slots.queue.queued, 2);
	give(0);
	assert_true(sessions[2].runnable);
	assert_int_equal(take(4), STATUS_PENDING);
	assert_int_equal(take(3), STATUS_PENDING);
	assert_int_equal(take(2), STATUS_OK);
	give(1);
	assert_int_equal(take(4), STATUS_PENDING);
	assert_int_equal(take(3), STATUS_OK);
	assert_int_equal(td.destination_slots.queue.queued, 1);
	assert_int_equal(td.destination_slots.peak, WORK_SLOTS);
}

static void both_slots_freed_at_once_serve_two(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++)
		(void)take(i);
	give(0);
	give(1);
	assert_int_equal(take(2), STATUS_OK);
	assert_true(sessions[3].runnable);
	assert_int_equal(take(3), STATUS_OK);
}

static void taking_twice_keeps_the_slot(void **state)
{
	(void)state;
	assert_int_equal(take(0), STATUS_OK);
	assert_int_equal(take(0), STATUS_OK);
	assert_int_equal(td.destination_slots.used, 1);
	give(0);
	give(0);
	assert_int_equal(td.destination_slots.used, 0);
}

static void leaving_the_queue_lets_the_next_pass(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++)
		(void)take(i);
	give(3);
	give(4);
	give(2);
	assert_int_equal(td.destination_slots.queue.queued, 0);
	assert_null(td.destination_slots.queue.first);
	assert_null(td.destination_slots.queue.last);
	assert_int_equal(take(5), STATUS_PENDING);
	give(0);
	assert_int_equal(take(5), STATUS_OK);
}

static void roles_do_not_wait_on_each_other(void **state)
{
	(void)state;
	sessions[4].is_source = true;
	sessions[5].is_source = true;
	for (unsigned i = 0; i < 3; i++)
		(void)take(i);
	assert_int_equal(take(4), STATUS_OK);
	assert_int_equal(take(5), STATUS_OK);
}

static void a_slot_is_wiped_when_given_back(void **state)
{
	const uint8_t *bytes = (const uint8_t *)&slots[1][0];

	(void)state;
	assert_int_equal(take(0), STATUS_OK);
	memset(sessions[0].slot->quote, 0xa5, sizeof(sessions[0].slot->quote));
	give(0);
	for (size_t i = 0; i < sizeof(slots[1][0]); i++)
		assert_int_equal(bytes[i], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(waiting_is_first_come_first_served, set_up),
		cmocka_unit_test_setup(both_slots_freed_at_once_serve_two, set_up),
		cmocka_unit_test_setup(taking_twice_keeps_the_slot, set_up),
		cmocka_unit_test_setup(leaving_the_queue_lets_the_next_pass, set_up),
		cmocka_unit_test_setup(roles_do_not_wait_on_each_other, set_up),
		cmocka_unit_test_setup(a_slot_is_wiped_when_given_back, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
