/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "../tdx/fake_td.h"

#include <string.h>

#include "core/td.h"

#define IN_FLIGHT 0xff	/* each byte of the buffer's status */
#define LEAF_MR_REPORT 4
#define MADE_AT 100000
#define BUFFERS 2

static struct migtd td;
static struct fake_td fake;
static struct tdcall_scratch *scratch;
static uint8_t copy[QUOTE_SIZE_MAX];
static uint8_t *quote_buffer;
static unsigned quotes, reports;
static uint64_t vmm_says;	/* R10 of GetQuote */

static const uint8_t svn[16] = {5, 0, 7};

/* TDREPORTs of zeros but for the SVN; quotes that stay in flight. */
static void answer(struct fake_td *f, struct tdcall_regs *regs)
{
	if (regs->rax == LEAF_MR_REPORT) {
		memset(scratch->report, 0, sizeof(scratch->report));
		memcpy(scratch->report + 264, svn, sizeof(svn));
		reports++;
		regs->rax = 0;
		return;
	}
	quote_buffer = fake_shared_page(f, regs->r12);
	memset(quote_buffer + 8, IN_FLIGHT, 8);
	quotes++;
	regs->rax = 0;
	regs->r10 = vmm_says;
}

static int set_up(void **state)
{
	(void)state;
	fake_td_init(&fake);
	fake.answer = answer;
	memset(&td, 0, sizeof(td));
	td.tdx = fake.tdx;
	td.shared = fake.shared;
	quote_service_init(&td.quoting, &td.tdx, &td.shared);
	assert_int_equal(quote_service_keep(&td.quoting, BUFFERS), STATUS_OK);
	td.tdcall = scratch = (struct tdcall_scratch *)(void *)fake.ram;
	td.reference.copy = copy;
	td.now = MADE_AT;
	td.reference.valid = true;
	td.reference.made_at = MADE_AT;
	memcpy(td.reference.tee_tcb_svn, svn, sizeof(svn));
	quotes = reports = 0;
	vmm_says = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	get_quote_end(&td.reference.quote, &td.quoting);
	fake_td_free(&fake);
	return 0;
}

static void a_reference_serves_all_sessions_of_its_platform_state(void **state)
{
	static const uint8_t other[16] = {6};

	(void)state;
	assert_int_equal(local_reference_ready(&td, svn, false), STATUS_OK);
	assert_true(local_reference_fresh(&td, svn));
	assert_false(local_reference_fresh(&td, other));
	assert_int_equal(quotes, 0);
	assert_int_equal(local_reference_ready(&td, other, false), STATUS_PENDING);
	assert_int_equal(quotes, 1);
}

static void a_successor_in_the_making_fails_no_session_that_began_with_the_old_one(void **state)
{
	(void)state;
	td.now = MADE_AT + LOCAL_REFERENCE_MS - LOCAL_REFERENCE_MARGIN_MS;
	assert_int_equal(local_reference_ready(&td, svn, false), STATUS_OK);
	td.now++;
	assert_int_equal(local_reference_ready(&td, svn, false), STATUS_PENDING);
	assert_int_equal(quotes, 1);
	/* The session that began a millisecond ago gets its verdict now. */
	assert_true(local_reference_fresh(&td, svn));
	td.now = MADE_AT + LOCAL_REFERENCE_MS;
	assert_true(local_reference_fresh(&td, svn));
	td.now++;
	assert_false(local_reference_fresh(&td, svn));
}

static void a_successor_that_fails_is_no_reference(void **state)
{
	(void)state;
	td.now = MADE_AT + LOCAL_REFERENCE_MS;
	assert_int_equal(local_reference_ready(&td, svn, false), STATUS_PENDING);
	/* "Success", and a quoting service's message that is none. */
	memset(quote_buffer + 8, 0, 8);
	assert_true(local_reference_step(&td));
	assert_null(td.reference.quote.buffer);
	assert_int_equal(local_reference_ready(&td, svn, true), ERR_GET_QUOTE);
	td.now++;
	assert_false(local_reference_fresh(&td, svn));
	/* A newcomer has it tried once more. */
	assert_int_equal(local_reference_ready(&td, svn, false), STATUS_PENDING);
	assert_int_equal(quotes, 2);
}

static void a_quote_that_never_comes_is_given_up(void **state)
{
	(void)state;
	td.now = MADE_AT + LOCAL_REFERENCE_MS;
	assert_int_equal(local_reference_ready(&td, svn, false), STATUS_PENDING);
	td.now += GET_QUOTE_WAIT_MS - 1;
	assert_false(local_reference_step(&td));
	td.now++;
	assert_true(local_reference_step(&td));
	assert_int_equal(local_reference_ready(&td, svn, true), ERR_GET_QUOTE_TIMEOUT);
	assert_int_equal(quote_service_abandoned(&td.quoting), GET_QUOTE_PAGES);
	memset(quote_buffer + 8, 0, 8);
	quote_service_reclaim(&td.quoting);
	assert_int_equal(quote_service_abandoned(&td.quoting), 0);
	assert_int_equal(quote_service_free(&td.quoting), BUFFERS);
}

/* Attempts at 0, 1, 3, 7, 15 and 31 s, each with a TDREPORT of its own; none before its time. */
static void a_busy_service_is_asked_six_times(void **state)
{
	static const uint64_t attempt_ms[] = {0, 1000, 3000, 7000, 15000, 31000};
	const unsigned n = sizeof(attempt_ms) / sizeof(attempt_ms[0]);
	const uint64_t begun = MADE_AT + LOCAL_REFERENCE_MS;

	(void)state;
	vmm_says = 1;
	td.now = begun;
	assert_int_equal(local_reference_ready(&td, svn, false), STATUS_PENDING);
	for (unsigned i = 1; i < n; i++) {
		assert_int_equal(quotes, i);
		td.now = begun + attempt_ms[i] - 1;
		assert_false(local_reference_step(&td));
		assert_int_equal(quotes, i);
		td.now = begun + attempt_ms[i];
		assert_int_equal(local_reference_step(&td), i + 1 == n);
	}
	assert_int_equal(quotes, n);
	assert_int_equal(reports, n);
	assert_int_equal(quote_service_free(&td.quoting), BUFFERS);
	assert_int_equal(local_reference_ready(&td, svn, true), ERR_GET_QUOTE_BUSY);
}

/* The same of a session, by its own clock. */
static void a_busy_service_is_asked_six_times_by_a_session(void **state)
{
	static const uint64_t pause_ms[] = {1000, 2000, 4000, 8000, 16000};
	const unsigned n = sizeof(pause_ms) / sizeof(pause_ms[0]);
	static struct session s;

	(void)state;
	vmm_says = 1;
	memset(&s, 0, sizeof(s));
	s.td = &td;
	s.is_source = true;
	s.phase = PHASE_QUOTE;
	s.budget_ms = 60000;
	s.last_ms = td.now;
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(own_quote_step(&s), STATUS_PENDING);
		assert_int_equal(quotes, i + 1);
		td.now += pause_ms[i] - 1;
		assert_int_equal(session_clock(&s, td.now), STATUS_OK);
		assert_int_equal(own_quote_step(&s), STATUS_PENDING);
		assert_int_equal(quotes, i + 1);
		td.now++;
		assert_int_equal(session_clock(&s, td.now), STATUS_OK);
	}
	assert_int_equal(own_quote_step(&s), ERR_GET_QUOTE_BUSY);
	assert_int_equal(quotes, n + 1);
	assert_int_equal(reports, n + 1);
	assert_int_equal(quote_service_free(&td.quoting), BUFFERS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_reference_serves_all_sessions_of_its_platform_state, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_successor_in_the_making_fails_no_session_that_began_with_the_old_one,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_successor_that_fails_is_no_reference, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_quote_that_never_comes_is_given_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_busy_service_is_asked_six_times, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_busy_service_is_asked_six_times_by_a_session, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
