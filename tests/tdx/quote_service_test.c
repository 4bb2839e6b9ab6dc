/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Requests whose owner does not wait for the answer. */
#include "quoting.h"

#include "tdx/get_collateral.h"
#include "tdx/get_quote.h"

#define BUFFER (GET_QUOTE_PAGES * PAGE_SIZE)
/* As many as the fake TD's shared half holds. */
#define MOST QUOTE_BUFFERS_KEPT

static const uint8_t report[TDREPORT_SIZE] = {0x81};

/* Starts a request that the VMM takes; its buffer. */
static uint8_t *take(struct fake_td *td, struct get_quote *q)
{
	*q = (struct get_quote){.buffer = NULL};
	assert_int_equal(get_quote_start(q, &td->quoting, report), STATUS_OK);
	store(q->buffer + 8, IN_FLIGHT, 8);
	return q->buffer;
}

static uint8_t *abandon(struct fake_td *td)
{
	struct get_quote q;
	uint8_t *buffer = take(td, &q);

	get_quote_end(&q, &td->quoting);
	assert_null(q.buffer);
	return buffer;
}

/* The VMM answers, late. */
static void answer(uint8_t *buffer)
{
	memset(buffer, 0xab, BUFFER);
	store(buffer + 8, 0, 8);
}

static void pages_in_flight_are_no_one_elses(void **state)
{
	struct fake_td td;
	struct get_quote q;

	(void)state;
	quoting_td_init(&td);
	uint8_t *const late = abandon(&td);
	assert_int_equal(quote_service_abandoned(&td.quoting), GET_QUOTE_PAGES);
	assert_int_equal(busy_pages(&td), GET_QUOTE_PAGES);
	assert_int_equal(td.shared.used_by_tag[SHARED_GET_QUOTE], 0);
	quote_service_reclaim(&td.quoting);
	assert_int_equal(busy_pages(&td), GET_QUOTE_PAGES);

	uint8_t *const next = take(&td, &q);
	assert_true(next >= late + BUFFER || next + BUFFER <= late);
	uint8_t before[BUFFER];
	memcpy(before, next, BUFFER);
	answer(late);
	assert_memory_equal(next, before, BUFFER);
	assert_int_equal(get_quote_poll(&q, &td.quoting), STATUS_PENDING);

	quote_service_reclaim(&td.quoting);
	assert_int_equal(quote_service_abandoned(&td.quoting), 0);
	assert_int_equal(busy_pages(&td), GET_QUOTE_PAGES);
	assert_true(all_zero(late, BUFFER));
	assert_memory_equal(next, before, BUFFER);
	answer(next);
	get_quote_end(&q, &td.quoting);
	assert_int_equal(busy_pages(&td), 0);
	assert_int_equal(td.shared.refused, 0);
	fake_td_free(&td);
}

/* All that the VMM may keep is the region; each answer gives its own pages back, in any order. */
static void a_vmm_that_keeps_everything_leaves_out_of_resource(void **state)
{
	struct get_quote q = {.buffer = NULL};
	uint8_t *buffer[MOST];
	struct fake_td td;

	(void)state;
	for (unsigned first = 0; first < MOST; first++) {
		quoting_td_init(&td);
		for (unsigned i = 0; i < MOST; i++)
			buffer[i] = abandon(&td);
		assert_int_equal(busy_pages(&td), td.shared.pages);
		assert_int_equal(
			get_quote_start(&q, &td.quoting, report), ERR_OUT_OF_RESOURCE);
		quote_service_reclaim(&td.quoting);
		assert_int_equal(
			get_quote_start(&q, &td.quoting, report), ERR_OUT_OF_RESOURCE);
		for (unsigned i = 0; i < MOST; i++) {
			/* 3 is prime to the 4 of them: all, each once. */
			answer(buffer[(first + 3 * i) % MOST]);
			quote_service_reclaim(&td.quoting);
			assert_int_equal(quote_service_abandoned(&td.quoting),
				GET_QUOTE_PAGES * (MOST - 1 - i));
		}
		assert_int_equal(busy_pages(&td), 0);
		assert_int_equal(td.shared.refused, 0);
		fake_td_free(&td);
	}
}

static void an_answered_request_is_not_abandoned(void **state)
{
	static const uint64_t statuses[] = {0, STATUS_ERROR, STATUS_UNAVAILABLE, 1};
	struct fake_td td;
	struct get_quote q;

	(void)state;
	quoting_td_init(&td);
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		store(take(&td, &q) + 8, statuses[i], 8);
		get_quote_end(&q, &td.quoting);
		assert_int_equal(busy_pages(&td), 0);
	}
	fake_td_free(&td);
}

static void both_kinds_are_reclaimed_by_their_own_size(void **state)
{
	static const struct collateral_request request = {{1}, COLLATERAL_CA_PLATFORM};
	struct get_collateral c = {.buffer = NULL};
	struct get_quote q = {.buffer = NULL};
	uint8_t owner[FAKE_PAGES] = {0};
	struct fake_td td;

	(void)state;
	fake_td_init(&td);
	/* All pages of the fake TD, to have room for one of each. */
	shared_init(&td.shared, td.ram, FAKE_PAGES * PAGE_SIZE, owner);
	assert_int_equal(quote_service_keep(&td.quoting, 2), STATUS_OK);
	uint8_t *const first = abandon(&td);
	assert_int_equal(get_collateral_start(&c, &td.quoting, &request), STATUS_OK);
	uint8_t *const second = c.buffer;
	store(second + 8, IN_FLIGHT, 8);
	get_collateral_end(&c, &td.quoting);
	assert_null(c.buffer);
	uint8_t *const third = abandon(&td);
	assert_int_equal(quote_service_abandoned(&td.quoting),
		2 * GET_QUOTE_PAGES + GET_COLLATERAL_PAGES);
	answer(first);
	answer(third);
	quote_service_reclaim(&td.quoting);
	assert_int_equal(quote_service_abandoned(&td.quoting), GET_COLLATERAL_PAGES);
	assert_int_equal(quote_service_free(&td.quoting), 2);
	uint8_t *const rest = shared_take(&td.shared, SHARED_SERVICE, 4);
	assert_non_null(rest);
	assert_int_equal(get_collateral_start(&c, &td.quoting, &request), ERR_OUT_OF_RESOURCE);
	assert_int_equal(get_quote_start(&q, &td.quoting, report), STATUS_OK);
	answer(second);
	quote_service_reclaim(&td.quoting);
	shared_give(&td.shared, rest, 4);
	assert_int_equal(busy_pages(&td), GET_QUOTE_PAGES);
	get_quote_end(&q, &td.quoting);
	assert_int_equal(busy_pages(&td), 0);
	assert_int_equal(td.shared.refused, 0);
	fake_td_free(&td);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_in_flight_are_no_one_elses),
		cmocka_unit_test(a_vmm_that_keeps_everything_leaves_out_of_resource),
		cmocka_unit_test(an_answered_request_is_not_abandoned),
		cmocka_unit_test(both_kinds_are_reclaimed_by_their_own_size),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
