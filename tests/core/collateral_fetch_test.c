/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Policy v1's collateral: asking, waiting and giving up, for a peer's quote and for the own one. */

/* Half of them shared: for one quote and one answer with collateral. */
#define FAKE_PAGES 20
#include "../tdx/fake_td.h"

#include <string.h>

#include "core/td.h"
#include "one_quote.h"

#define LEAF_MR_REPORT 4
#define NOW 100000

/* In the answer to GetQuote: the header, the prefix, the message's header. */
#define STATUS_AT 8
#define SIZE_AT 20
#define MESSAGE_AT 28
#define BODY_AT 44

static const uint8_t *quote;
static size_t quote_size;
static uint8_t fmspc[6];

static struct migtd td;
static struct own_v1 v1;
static struct attest_scratch scratch;
static struct fake_td fake;
static struct collateral_fetch fetch;
static uint8_t copy[QUOTE_SIZE_MAX];
static uint8_t *asked;		/* buffer of the last GetQuote */
static unsigned requests;
static uint64_t refusal;	/* R10 */

static void answer(struct fake_td *f, struct tdcall_regs *regs)
{
	if (regs->rax == LEAF_MR_REPORT) {
		memset(td.tdcall->report, 0, sizeof(td.tdcall->report));
		regs->rax = 0;
		return;
	}
	requests++;
	regs->rax = 0;
	regs->r10 = refusal;
	if (refusal != 0)
		return;
	asked = fake_shared_page(f, regs->r12);
	memset(asked + STATUS_AT, 0xff, 8);
}

/* Those that are neither free nor kept for quotes and idle. */
static uint32_t busy_pages(void)
{
	return td.shared.used - td.shared.used_by_tag[SHARED_GET_QUOTE_KEPT];
}

static int make_quote(void **state)
{
	(void)state;
	quote = one_quote_make(&quote_size, fmspc);
	return 0;
}

static int free_quote(void **state)
{
	(void)state;
	one_quote_free();
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	fake_td_init(&fake);
	fake.answer = answer;
	memset(&td, 0, sizeof(td));
	memset(&fetch, 0, sizeof(fetch));
	td.tdx = fake.tdx;
	td.shared = fake.shared;
	quote_service_init(&td.quoting, &td.tdx, &td.shared);
	assert_int_equal(quote_service_keep(&td.quoting, 1), STATUS_OK);
	td.tdcall = (struct tdcall_scratch *)(void *)fake.ram;
	td.scratch = &scratch;
	td.v1 = &v1;
	td.reference.copy = copy;
	td.now = NOW;
	asked = NULL;
	requests = 0;
	refusal = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	get_quote_end(&td.reference.quote, &td.quoting);
	collateral_fetch_end(&td, &td.reference.fetch);
	collateral_fetch_end(&td, &fetch);
	fake_td_free(&fake);
	return 0;
}

static enum status step(void)
{
	return collateral_fetch_step(&td, &fetch, quote, quote_size);
}

/* The VMM's status, and nothing of an answer. */
static void answer_with(uint64_t status)
{
	memcpy(asked + STATUS_AT, &status, sizeof(status));
}

static void it_asks_for_the_platform_and_ca_of_the_quote(void **state)
{
	(void)state;
	assert_int_equal(step(), STATUS_PENDING);
	assert_int_equal(requests, 1);
	assert_int_equal(asked[MESSAGE_AT + 4], 2);
	assert_memory_equal(asked + BODY_AT + 8, fmspc, 6);
	assert_memory_equal(asked + BODY_AT + 14, "platform", 9);
	assert_int_equal(busy_pages(), GET_COLLATERAL_PAGES);
	assert_int_equal(step(), STATUS_PENDING);
	assert_int_equal(requests, 1);
}

static void a_service_that_never_answers_is_given_up(void **state)
{
	(void)state;
	assert_int_equal(step(), STATUS_PENDING);
	collateral_fetch_clock(&fetch, COLLATERAL_WAIT_MS - 1);
	assert_int_equal(step(), STATUS_PENDING);
	collateral_fetch_clock(&fetch, 1);
	assert_int_equal(step(), ERR_GET_QUOTE_TIMEOUT);
	/* Its pages are the VMM's until it has answered. */
	assert_int_equal(quote_service_abandoned(&td.quoting), GET_COLLATERAL_PAGES);
	answer_with(0);
	quote_service_reclaim(&td.quoting);
	assert_int_equal(busy_pages(), 0);
}

static void a_busy_service_is_asked_again_after_pauses(void **state)
{
	uint32_t pauses = 0;

	(void)state;
	refusal = 1;
	for (unsigned i = 1; i < COLLATERAL_TRIES; i++) {
		assert_int_equal(step(), STATUS_PENDING);
		assert_int_equal(requests, i);
		collateral_fetch_clock(&fetch, own_quote_pause_ms(i) - 1);
		assert_int_equal(step(), STATUS_PENDING);
		assert_int_equal(requests, i);
		collateral_fetch_clock(&fetch, 1);
		pauses += own_quote_pause_ms(i);
	}
	assert_int_equal(step(), ERR_GET_QUOTE_BUSY);
	assert_int_equal(requests, COLLATERAL_TRIES);
	assert_true(pauses < COLLATERAL_WAIT_MS);
	assert_int_equal(busy_pages(), 0);
}

static void a_service_that_became_available_is_asked_again(void **state)
{
	(void)state;
	assert_int_equal(step(), STATUS_PENDING);
	answer_with(0x8000000000000001ull);
	assert_int_equal(step(), STATUS_PENDING);
	assert_int_equal(busy_pages(), 0);
	collateral_fetch_clock(&fetch, own_quote_pause_ms(1));
	assert_int_equal(step(), STATUS_PENDING);
	assert_int_equal(requests, 2);
}

static void what_is_no_answer_ends_it(void **state)
{
	(void)state;
	assert_int_equal(step(), STATUS_PENDING);
	answer_with(0);
	assert_int_equal(step(), ERR_GET_COLLATERAL);
	assert_int_equal(busy_pages(), 0);
	refusal = 0x8000000000000000ull;
	assert_int_equal(step(), ERR_GET_COLLATERAL);
	assert_int_equal(busy_pages(), 0);
}

static void what_is_no_quote_asks_for_nothing(void **state)
{
	static const uint8_t zeros[4000];

	(void)state;
	assert_int_equal(collateral_fetch_step(&td, &fetch, zeros, sizeof(zeros)), ERR_QUOTE_FORMAT);
	assert_int_equal(requests, 0);
	assert_int_equal(busy_pages(), 0);
}

static void without_pages_there_is_no_request(void **state)
{
	(void)state;
	assert_non_null(shared_take(&td.shared, SHARED_SERVICE, 1));
	assert_int_equal(step(), ERR_OUT_OF_RESOURCE);
	assert_int_equal(requests, 0);
}

static void a_slot_given_back_takes_its_fetch_along(void **state)
{
	static struct work_slot slots[WORK_SLOTS];
	static struct session s;

	(void)state;
	memset(&s, 0, sizeof(s));
	s.td = &td;
	td.destination_slots.slot = slots;
	assert_int_equal(work_slot_take(&td.destination_slots, &s), STATUS_OK);
	assert_int_equal(
		collateral_fetch_step(&td, &s.slot->fetch, quote, quote_size), STATUS_PENDING);
	work_slot_give(&td.destination_slots, &s);
	assert_int_equal(busy_pages(), GET_COLLATERAL_PAGES);
	assert_int_equal(quote_service_abandoned(&td.quoting), GET_COLLATERAL_PAGES);
	assert_true(all_zero((const uint8_t *)slots, sizeof(slots)));
}

/* --- the local reference ------------------------------------------------------------------- */

static const uint8_t svn[16];

/* The framed answer with the world's quote. */
static void answer_with_quote(void)
{
	const uint32_t message = 24 + (uint32_t)quote_size;
	const uint32_t sizes[] = {4 + message, __builtin_bswap32(message)};
	const uint32_t header[] = {1 | 1 << 16, 1, message, 0, 0, (uint32_t)quote_size};

	memcpy(asked + SIZE_AT, sizes, sizeof(sizes));
	memcpy(asked + MESSAGE_AT, header, sizeof(header));
	memcpy(asked + MESSAGE_AT + sizeof(header), quote, quote_size);
	answer_with(0);
}

static void a_reference_waits_for_its_quote_then_for_collateral(void **state)
{
	(void)state;
	assert_int_equal(local_reference_ready(&td, svn, false), STATUS_PENDING);
	assert_int_equal(requests, 1);
	assert_int_equal(busy_pages(), GET_QUOTE_PAGES);
	answer_with_quote();
	assert_false(local_reference_step(&td));
	/* The quote's pages are free again; the request for collateral is on its way. */
	assert_int_equal(requests, 2);
	assert_int_equal(asked[MESSAGE_AT + 4], 2);
	assert_int_equal(busy_pages(), GET_COLLATERAL_PAGES);
	assert_int_equal(local_reference_ready(&td, svn, true), STATUS_PENDING);
	assert_false(local_reference_fresh(&td, svn));

	td.now += COLLATERAL_WAIT_MS - 1;
	assert_false(local_reference_step(&td));
	td.now++;
	assert_true(local_reference_step(&td));
	assert_int_equal(local_reference_ready(&td, svn, true), ERR_GET_QUOTE_TIMEOUT);
	assert_int_equal(quote_service_abandoned(&td.quoting), GET_COLLATERAL_PAGES);
}

static void collateral_that_is_refused_is_no_reference(void **state)
{
	(void)state;
	assert_int_equal(local_reference_ready(&td, svn, false), STATUS_PENDING);
	answer_with_quote();
	assert_false(local_reference_step(&td));
	answer_with(0);
	assert_true(local_reference_step(&td));
	assert_int_equal(local_reference_ready(&td, svn, true), ERR_GET_COLLATERAL);
	assert_int_equal(busy_pages(), 0);
	/* A newcomer begins with a fresh quote. */
	assert_int_equal(local_reference_ready(&td, svn, false), STATUS_PENDING);
	assert_int_equal(asked[MESSAGE_AT + 4], 0);
}

static void a_reference_outlasts_the_wait_for_the_peers_collateral(void **state)
{
	(void)state;
	td.reference.valid = true;
	td.reference.made_at = NOW;
	td.now = NOW + LOCAL_REFERENCE_MS - LOCAL_REFERENCE_MARGIN_V1_MS;
	assert_int_equal(local_reference_ready(&td, svn, false), STATUS_OK);
	td.now++;
	assert_int_equal(local_reference_ready(&td, svn, false), STATUS_PENDING);
	td.now += WORK_SLOT_PEER_MS + COLLATERAL_WAIT_MS;
	assert_true(local_reference_fresh(&td, svn));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			it_asks_for_the_platform_and_ca_of_the_quote, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_service_that_never_answers_is_given_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_busy_service_is_asked_again_after_pauses, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_service_that_became_available_is_asked_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_answer_ends_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_is_no_quote_asks_for_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			without_pages_there_is_no_request, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_slot_given_back_takes_its_fetch_along, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_reference_waits_for_its_quote_then_for_collateral, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			collateral_that_is_refused_is_no_reference, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_reference_outlasts_the_wait_for_the_peers_collateral, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, make_quote, free_quote);
}
