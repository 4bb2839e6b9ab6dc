/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Own quotes: who gets a buffer, who shares one, what is sent from it, and that all come back. */

/* Half of them shared: the buffers for quotes, and nothing else. */
#define FAKE_PAGES 32
#include "../tdx/fake_td.h"

#include <string.h>

#include "core/td.h"

#define LEAF_MR_REPORT 4
#define STATUS_AT 8		/* in the buffer of GetQuote */
#define SIZE_AT 20
#define BODY_AT 24
#define FRAMED_AT 52		/* of TDREPORT and quote in their framed form */
#define REPORTDATA_AT 128	/* in the TDREPORT */
#define STATUS_ERROR 0x80

#define FOR_SESSIONS (QUOTE_BUFFERS - 1)
#define SESSIONS (QUOTE_BUFFERS + 4)

struct shape {
	uint16_t version;
	uint16_t type;
	uint16_t head;		/* before the body */
	uint16_t body;
	uint16_t size;
};

static const struct shape shapes[] = {
	{4, 0, 48, 584, 1100},
	{5, 2, 54, 584, 1101},
	{5, 3, 54, 648, 1300},
};

static struct migtd td;
static struct fake_td fake;
static struct session sessions[SESSIONS];
static uint8_t given[SESSIONS][QUOTE_SIZE_MAX];	/* the quotes as the VMM delivered them */
static uint8_t *asked;		/* buffer of the last GetQuote */
static unsigned requests, signatures;
static uint64_t vmm_says;	/* R10 of GetQuote */

static void answer(struct fake_td *f, struct tdcall_regs *regs)
{
	if (regs->rax == LEAF_MR_REPORT) {
		memset(td.tdcall->report, 0, sizeof(td.tdcall->report));
		memcpy(td.tdcall->report + REPORTDATA_AT, td.tdcall->reportdata, REPORTDATA_SIZE);
		regs->rax = 0;
		return;
	}
	requests++;
	asked = fake_shared_page(f, regs->r12);
	memset(asked + STATUS_AT, 0xff, 8);
	regs->rax = 0;
	regs->r10 = vmm_says;
}

static int set_up(void **state)
{
	(void)state;
	fake_td_init(&fake);
	fake.answer = answer;
	memset(&td, 0, sizeof(td));
	memset(sessions, 0, sizeof(sessions));
	td.tdx = fake.tdx;
	td.shared = fake.shared;
	td.tdcall = (struct tdcall_scratch *)(void *)fake.ram;
	td.hold = PHASE_COUNT;
	quote_service_init(&td.quoting, &td.tdx, &td.shared);
	assert_int_equal(quote_service_keep(&td.quoting, QUOTE_BUFFERS), STATUS_OK);
	assert_int_equal(td.shared.used, td.shared.pages);
	for (unsigned i = 0; i < SESSIONS; i++) {
		sessions[i].td = &td;
		sessions[i].is_source = i % 2 == 0;
		sessions[i].phase = PHASE_ATTEST;
		sessions[i].budget_ms = SESSION_TIMEOUT_MS;
		memset(sessions[i].stage.spdm.th1, (int)(i + 1), SHA384_SIZE);
	}
	requests = signatures = 0;
	vmm_says = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fake_td_free(&fake);
	return 0;
}

/* --- the quoting service ------------------------------------------------------------------- */

static size_t signature_at(const struct shape *shape)
{
	return shape->head + shape->body + 4u;
}

static void make_quote(uint8_t *to, const struct shape *shape, const uint8_t *report_data)
{
	static const uint8_t vendor[16] = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9, 0x94,
		0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};

	for (size_t i = 0; i < shape->size; i++)
		to[i] = (uint8_t)(i * 7);
	memset(to, 0, 12);
	to[0] = (uint8_t)shape->version;
	to[2] = 2;
	to[4] = 0x81;
	memcpy(to + 12, vendor, sizeof(vendor));
	if (shape->version == 5) {
		memset(to + 48, 0, 6);
		to[48] = (uint8_t)shape->type;
		to[50] = (uint8_t)shape->body;
		to[51] = (uint8_t)(shape->body >> 8);
	}
	memcpy(to + shape->head + 520, report_data, REPORTDATA_SIZE);
	memset(to + signature_at(shape), (int)++signatures, P256_SIGNATURE_SIZE);
}

static void put32(uint8_t *at, uint32_t value)
{
	memcpy(at, &value, sizeof(value));
}

static struct get_quote *request_of(unsigned i)
{
	return &sessions[i].quote->request;
}

/* The quote of what session i has asked for, with the bits of `flip` changed at `flip_at`. */
static void deliver(unsigned i, const struct shape *shape, size_t flip_at, uint8_t flip)
{
	uint8_t *buffer = request_of(i)->buffer;
	const bool framed = request_of(i)->form == QUOTE_FORM_FRAMED;
	const uint32_t message = 24u + shape->size;

	make_quote(given[i], shape, buffer + (framed ? FRAMED_AT : BODY_AT) + REPORTDATA_AT);
	given[i][flip_at] ^= flip;
	if (framed) {
		put32(buffer + SIZE_AT, 4 + message);
		put32(buffer + BODY_AT, __builtin_bswap32(message));
		put32(buffer + BODY_AT + 4, 1 | 1 << 16);
		put32(buffer + BODY_AT + 8, 1);
		put32(buffer + BODY_AT + 12, message);
		put32(buffer + BODY_AT + 16, 0);
		put32(buffer + BODY_AT + 20, 0);
		put32(buffer + BODY_AT + 24, shape->size);
	} else {
		put32(buffer + SIZE_AT, shape->size);
	}
	memcpy(buffer + (framed ? FRAMED_AT : BODY_AT), given[i], shape->size);
	memset(buffer + STATUS_AT, 0, 8);
}

static enum status step(unsigned i)
{
	return own_quote_step(&sessions[i]);
}

static void end(unsigned i)
{
	own_quote_end(&sessions[i]);
	sessions[i].quote_ms = 0;
}

/* Session i has its quote now. */
static void get(unsigned i, const struct shape *shape, size_t flip_at, uint8_t flip)
{
	assert_int_equal(step(i), STATUS_PENDING);
	deliver(i, shape, flip_at, flip);
	assert_int_equal(step(i), STATUS_OK);
}

static unsigned free_buffers(void)
{
	return quote_service_free(&td.quoting);
}

static void all_is_back(void)
{
	assert_int_equal(free_buffers(), QUOTE_BUFFERS);
	assert_true(all_zero(td.shared.base, td.shared.pages * PAGE_SIZE));
	assert_true(all_zero((const uint8_t *)td.quotes.quote, sizeof(td.quotes.quote)));
	assert_int_equal(td.quotes.queue.queued, 0);
	assert_null(td.quotes.queue.first);
	assert_int_equal(td.shared.refused, 0);
}

static void assert_sends_what_was_given(unsigned i, size_t piece)
{
	const size_t size = own_quote_size(&sessions[i]);
	uint8_t sent[QUOTE_SIZE_MAX];

	for (size_t at = 0; at < size; at += piece)
		own_quote_read(&sessions[i], (uint32_t)at, sent + at,
			piece < size - at ? piece : size - at);
	assert_memory_equal(sent, given[i], size);
}

/* --- sharing ------------------------------------------------------------------------------- */

static void quotes_of_a_kind_lie_in_one_buffer(void **state)
{
	for (size_t k = 0; k < 2 * ARRAY_SIZE(shapes); k++) {
		const struct shape *shape = &shapes[k / 2];

		tear_down(state);
		set_up(state);
		td.quoting.form = k % 2 == 0 ? QUOTE_FORM_FRAMED : QUOTE_FORM_RAW;
		for (unsigned i = 0; i < SESSIONS; i++) {
			get(i, shape, 0, 0);
			assert_int_equal(free_buffers(), QUOTE_BUFFERS - 1);
			assert_ptr_equal(sessions[i].quote, sessions[0].quote);
		}
		for (unsigned i = 0; i < SESSIONS; i++) {
			assert_int_equal(own_quote_size(&sessions[i]), shape->size);
			assert_sends_what_was_given(i, 1);
			assert_sends_what_was_given(i, 37);
			assert_sends_what_was_given(i, 512);
		}
		/* The one whose buffer it was goes first, the buffer with the last. */
		for (unsigned i = 0; i < SESSIONS; i++) {
			assert_int_equal(free_buffers(), QUOTE_BUFFERS - 1);
			end(i);
			if (i + 1 < SESSIONS)
				assert_sends_what_was_given(i + 1, 100);
		}
		all_is_back();
	}
}

static void a_quote_is_right_at_every_boundary_between_two_pieces(void **state)
{
	uint8_t sent[QUOTE_SIZE_MAX];

	(void)state;
	get(0, &shapes[2], 0, 0);
	get(1, &shapes[2], 0, 0);
	assert_true(sessions[1].quote_is_shared);
	const uint32_t size = own_quote_size(&sessions[1]);
	for (uint32_t at = 0; at <= size; at++) {
		memset(sent, 0x5a, size + 1);
		own_quote_read(&sessions[1], at, sent + at, size - at);
		own_quote_read(&sessions[1], 0, sent, at);
		assert_memory_equal(sent, given[1], size);
		assert_int_equal(sent[size], 0x5a);
	}
}

/* But for the signature every byte counts; REPORTDATA must be the session's. */
static void a_quote_that_differs_keeps_its_own_buffer(void **state)
{
	for (size_t k = 0; k < ARRAY_SIZE(shapes); k++) {
		const struct shape *shape = &shapes[k];
		unsigned shared = 0;

		tear_down(state);
		set_up(state);
		get(0, shape, 0, 0);
		for (size_t at = 0; at < shape->size; at++) {
			get(1, shape, at, 0x40);
			assert_sends_what_was_given(1, 512);
			if (sessions[1].quote == sessions[0].quote) {
				assert_true(at - signature_at(shape) < P256_SIGNATURE_SIZE);
				shared++;
			} else {
				assert_int_equal(free_buffers(), QUOTE_BUFFERS - 2);
			}
			end(1);
		}
		assert_int_equal(shared, P256_SIGNATURE_SIZE);
		end(0);
		all_is_back();
	}
}

static void another_size_is_another_kind(void **state)
{
	struct shape padded = shapes[0];

	(void)state;
	padded.size++;
	get(0, &shapes[0], 0, 0);
	get(1, &padded, 0, 0);
	get(2, &shapes[0], 0, 0);
	get(3, &padded, 0, 0);
	assert_int_equal(free_buffers(), QUOTE_BUFFERS - 2);
	assert_ptr_equal(sessions[2].quote, sessions[0].quote);
	assert_ptr_equal(sessions[3].quote, sessions[1].quote);
	for (unsigned i = 0; i < 4; i++)
		assert_sends_what_was_given(i, 512);
}

/* Nothing is known of such quotes: they are sent as they came. */
static void what_is_no_quote_is_never_shared(void **state)
{
	static const uint16_t sizes[] = {1, 53, 54, 100, 631, 699, 700};

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
		struct shape cut = shapes[0];

		get(0, &cut, 0, 0);
		memset(given, 0, sizeof(given));
		end(0);
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(step(i), STATUS_PENDING);
			deliver(i, &cut, 0, 0);
			/* The VMM says less than it wrote. */
			const uint32_t message = 24u + sizes[k];
			uint8_t *buffer = request_of(i)->buffer;
			put32(buffer + SIZE_AT, 4 + message);
			put32(buffer + BODY_AT, __builtin_bswap32(message));
			put32(buffer + BODY_AT + 12, message);
			put32(buffer + BODY_AT + 24, sizes[k]);
			assert_int_equal(step(i), STATUS_OK);
			assert_int_equal(own_quote_size(&sessions[i]), sizes[k]);
			assert_sends_what_was_given(i, 512);
		}
		const bool whole = sizes[k] >= signature_at(&cut) + P256_SIGNATURE_SIZE;
		assert_int_equal(sessions[0].quote == sessions[1].quote, whole);
		end(0);
		end(1);
	}
	all_is_back();
}

static void what_the_host_changes_later_is_not_the_sessions_own(void **state)
{
	const struct shape *shape = &shapes[0];
	uint8_t sent[QUOTE_SIZE_MAX];

	(void)state;
	get(0, shape, 0, 0);
	get(1, shape, 0, 0);
	memset(request_of(0)->buffer, 0xee, GET_QUOTE_PAGES * PAGE_SIZE);
	own_quote_read(&sessions[1], 0, sent, shape->size);
	assert_int_equal(own_quote_size(&sessions[1]), shape->size);
	assert_int_equal(sent[0], 0xee);
	assert_memory_equal(sent + shape->head + 520, given[1] + shape->head + 520, REPORTDATA_SIZE);
	assert_memory_equal(sent + signature_at(shape), given[1] + signature_at(shape),
		P256_SIGNATURE_SIZE);
	end(0);
	end(1);
	all_is_back();
}

/* --- the queue ----------------------------------------------------------------------------- */

static void more_sessions_than_buffers_queue_in_order(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SESSIONS; i++) {
		assert_int_equal(step(i), STATUS_PENDING);
		assert_int_equal(sessions[i].queue != NULL, i >= FOR_SESSIONS);
		assert_int_equal(sessions[i].wait,
			i < FOR_SESSIONS ? SESSION_WAIT_QUOTE : SESSION_WAIT_SLOT);
		assert_true(own_quote_awaited(&sessions[i]));
	}
	assert_int_equal(requests, FOR_SESSIONS);
	assert_int_equal(td.quotes.queue.queued, SESSIONS - FOR_SESSIONS);
	/* Out of turn nobody gets one, whoever asks again. */
	deliver(3, &shapes[0], 0, 0);
	assert_int_equal(step(3), STATUS_OK);
	deliver(1, &shapes[0], 0, 0);
	assert_int_equal(step(1), STATUS_OK);
	assert_ptr_equal(sessions[1].quote, sessions[3].quote);
	for (unsigned i = FOR_SESSIONS + 1; i < SESSIONS; i++) {
		assert_int_equal(step(i), STATUS_PENDING);
		assert_non_null(sessions[i].queue);
	}
	/* Each quote that is like the one there serves the next. */
	for (unsigned i = FOR_SESSIONS; i < SESSIONS; i++) {
		assert_true(sessions[i].runnable);
		assert_int_equal(step(i), STATUS_PENDING);
		assert_null(sessions[i].queue);
		deliver(i, &shapes[0], 0, 0);
		assert_int_equal(step(i), STATUS_OK);
	}
	assert_int_equal(td.quotes.queue.queued, 0);
	for (unsigned i = 0; i < SESSIONS; i++)
		end(i);
	assert_int_equal(quote_service_abandoned(&td.quoting),
		(FOR_SESSIONS - 2) * GET_QUOTE_PAGES);
}

static void quotes_that_all_differ_wait_for_each_other(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FOR_SESSIONS; i++)
		get(i, &shapes[0], 1000, (uint8_t)(i + 1));
	assert_int_equal(free_buffers(), 1);
	assert_int_equal(step(FOR_SESSIONS), STATUS_PENDING);
	assert_ptr_equal(sessions[FOR_SESSIONS].queue, &td.quotes.queue);
	end(4);
	assert_true(sessions[FOR_SESSIONS].runnable);
	get(FOR_SESSIONS, &shapes[0], 1000, 0x80);
	for (unsigned i = 0; i <= FOR_SESSIONS; i++)
		if (i != 4)
			assert_sends_what_was_given(i, 512);
	for (unsigned i = 0; i <= FOR_SESSIONS; i++)
		end(i);
	all_is_back();
}

static void the_last_buffer_is_the_references(void **state)
{
	uint8_t svn[16];

	(void)state;
	for (unsigned i = 0; i < SESSIONS; i++)
		assert_int_equal(step(i), STATUS_PENDING);
	assert_int_equal(own_quote_request(&td, &td.reference.quote, NULL, svn), STATUS_OK);
	assert_int_equal(free_buffers(), 0);
	end(0);
	assert_int_equal(free_buffers(), 0);
	assert_int_equal(step(FOR_SESSIONS), STATUS_PENDING);
	assert_non_null(sessions[FOR_SESSIONS].queue);
	memset(asked + STATUS_AT, 0, 8);
	get_quote_end(&td.reference.quote, &td.quoting);
	/* Its buffer is the reference's again, not the next session's. */
	assert_int_equal(step(FOR_SESSIONS), STATUS_PENDING);
	assert_non_null(sessions[FOR_SESSIONS].queue);
	assert_int_equal(free_buffers(), 1);
}

/* --- time and failure ---------------------------------------------------------------------- */

static void a_wait_in_the_queue_ends_after_30_s(void **state)
{
	struct session *s = &sessions[FOR_SESSIONS];

	(void)state;
	for (unsigned i = 0; i <= FOR_SESSIONS; i++)
		assert_int_equal(step(i), STATUS_PENDING);
	assert_int_equal(session_clock(s, SLOT_QUEUE_MS), STATUS_OK);
	assert_int_equal(s->budget_ms, SESSION_TIMEOUT_MS);
	assert_int_equal(session_clock(s, SLOT_QUEUE_MS + 1), ERR_QUOTE_BUFFER_TIMEOUT);
	end(FOR_SESSIONS);
	assert_null(s->queue);
	assert_int_equal(td.quotes.queue.queued, 0);
}

static void an_abandoned_buffer_serves_nobody_before_the_vmm_has_answered(void **state)
{
	uint8_t *late;

	(void)state;
	for (unsigned i = 0; i <= FOR_SESSIONS; i++)
		assert_int_equal(step(i), STATUS_PENDING);
	late = request_of(2)->buffer;
	assert_int_equal(session_clock(&sessions[2], GET_QUOTE_WAIT_MS), STATUS_OK);
	assert_int_equal(step(2), ERR_GET_QUOTE_TIMEOUT);
	end(2);
	assert_int_equal(quote_service_abandoned(&td.quoting), GET_QUOTE_PAGES);
	assert_int_equal(step(FOR_SESSIONS), STATUS_PENDING);
	assert_non_null(sessions[FOR_SESSIONS].queue);
	session_unrun(&sessions[FOR_SESSIONS]);

	memset(late + STATUS_AT, 0, 8);
	own_quotes_poll(&td);
	assert_int_equal(quote_service_abandoned(&td.quoting), 0);
	assert_true(sessions[FOR_SESSIONS].runnable);
	assert_int_equal(step(FOR_SESSIONS), STATUS_PENDING);
	assert_ptr_equal(request_of(FOR_SESSIONS)->buffer, late);
}

static void only_those_whose_quote_has_come_are_woken(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(step(i), STATUS_PENDING);
	deliver(1, &shapes[0], 0, 0);
	own_quotes_poll(&td);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(sessions[i].runnable, i == 1);
	session_unrun(&sessions[1]);
	assert_int_equal(step(1), STATUS_OK);
	own_quotes_poll(&td);
	assert_false(sessions[1].runnable);
}

static void whoever_pauses_holds_no_buffer(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FOR_SESSIONS + 2; i++)
		assert_int_equal(step(i), STATUS_PENDING);
	/* "Unavailable": to be asked again. */
	memset(request_of(0)->buffer + STATUS_AT, 0, 8);
	request_of(0)->buffer[STATUS_AT] = 1;
	request_of(0)->buffer[STATUS_AT + 7] = STATUS_ERROR;
	assert_int_equal(step(0), STATUS_PENDING);
	assert_null(sessions[0].quote);
	assert_null(sessions[0].queue);
	assert_int_equal(sessions[0].quote_ms, own_quote_pause_ms(1));
	assert_int_equal(step(FOR_SESSIONS), STATUS_PENDING);
	assert_non_null(sessions[FOR_SESSIONS].quote);
	/* After the pause it queues behind those that came meanwhile. */
	assert_int_equal(session_clock(&sessions[0], own_quote_pause_ms(1)), STATUS_OK);
	assert_int_equal(step(0), STATUS_PENDING);
	assert_ptr_equal(td.quotes.queue.first, &sessions[FOR_SESSIONS + 1]);
	assert_ptr_equal(td.quotes.queue.last, &sessions[0]);
}

static void the_other_form_is_tried_in_the_same_buffer(void **state)
{
	uint8_t *buffer;

	(void)state;
	for (unsigned i = 0; i <= FOR_SESSIONS; i++)
		assert_int_equal(step(i), STATUS_PENDING);
	buffer = request_of(0)->buffer;
	assert_int_equal(request_of(0)->form, QUOTE_FORM_FRAMED);
	memset(buffer + STATUS_AT, 0, 8);
	buffer[STATUS_AT + 7] = STATUS_ERROR;
	assert_int_equal(step(0), STATUS_PENDING);
	assert_ptr_equal(request_of(0)->buffer, buffer);
	assert_int_equal(request_of(0)->form, QUOTE_FORM_RAW);
	assert_int_equal(requests, FOR_SESSIONS + 1);
	assert_non_null(sessions[FOR_SESSIONS].queue);
	deliver(0, &shapes[0], 0, 0);
	assert_int_equal(step(0), STATUS_OK);
	assert_sends_what_was_given(0, 512);
}

static void a_request_that_the_vmm_refuses_leaves_nothing(void **state)
{
	(void)state;
	vmm_says = 0x8000000000000000ull;
	assert_int_equal(step(0), ERR_GET_QUOTE);
	end(0);
	vmm_says = 1;
	assert_int_equal(step(1), STATUS_PENDING);
	assert_null(sessions[1].quote);
	end(1);
	end(1);
	all_is_back();
}

static void leaving_the_queue_lets_the_next_pass(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SESSIONS; i++)
		assert_int_equal(step(i), STATUS_PENDING);
	for (unsigned i = FOR_SESSIONS; i < SESSIONS; i += 2)
		end(i);
	deliver(0, &shapes[0], 0, 0);
	assert_int_equal(step(0), STATUS_OK);
	end(0);
	assert_int_equal(step(FOR_SESSIONS + 1), STATUS_PENDING);
	assert_non_null(sessions[FOR_SESSIONS + 1].quote);
	for (unsigned i = 0; i < SESSIONS; i++) {
		if (sessions[i].quote != NULL)
			deliver(i, &shapes[0], 0, 0);
		end(i);
	}
	all_is_back();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(quotes_of_a_kind_lie_in_one_buffer),
		TEST(a_quote_is_right_at_every_boundary_between_two_pieces),
		TEST(a_quote_that_differs_keeps_its_own_buffer),
		TEST(another_size_is_another_kind),
		TEST(what_is_no_quote_is_never_shared),
		TEST(what_the_host_changes_later_is_not_the_sessions_own),
		TEST(more_sessions_than_buffers_queue_in_order),
		TEST(quotes_that_all_differ_wait_for_each_other),
		TEST(the_last_buffer_is_the_references),
		TEST(a_wait_in_the_queue_ends_after_30_s),
		TEST(an_abandoned_buffer_serves_nobody_before_the_vmm_has_answered),
		TEST(only_those_whose_quote_has_come_are_woken),
		TEST(whoever_pauses_holds_no_buffer),
		TEST(the_other_form_is_tried_in_the_same_buffer),
		TEST(a_request_that_the_vmm_refuses_leaves_nothing),
		TEST(leaving_the_queue_lets_the_next_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
