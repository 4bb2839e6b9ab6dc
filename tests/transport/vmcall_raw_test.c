/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Streams of vmcall-raw under a VMM that completes by script. */
#include "../tdx/fake_td.h"

#include <string.h>

#include "transport/vmcall_raw.h"

#define ID 42
#define VECTOR 0x52
#define RX_ROOM (PAGE_SIZE - 12)
#define SEND_CALL 0x10003
#define RECEIVE_CALL 0x10004

static struct fake_td td;
static struct vmcall_raw raw;
static struct vmcall_raw_stream stream;
static unsigned sends, receives;
static uint64_t refuse;		/* R10 */
static struct tdcall_regs last;

static void answer(struct fake_td *f, struct tdcall_regs *regs)
{
	(void)fake_shared_page(f, regs->r15);
	last = *regs;
	if (regs->r12 == SEND_CALL)
		sends++;
	else if (regs->r12 == RECEIVE_CALL)
		receives++;
	else
		fail();
	assert_int_equal(regs->r13, ID);
	*regs = (struct tdcall_regs){.r10 = refuse};
}

static void end(void)
{
	vmcall_raw_close(&stream);
	fake_td_free(&td);
	td.ram = NULL;
}

/* Anew, if it has begun. */
static void begin(uint32_t rx_pages)
{
	if (td.ram != NULL)
		end();
	fake_td_init(&td);
	td.answer = answer;
	sends = receives = 0;
	refuse = 0;
	vmcall_raw_init(&raw, &td.tdx, &td.shared, rx_pages, VECTOR);
	assert_int_equal(vmcall_raw_open(&raw, &stream, ID), STATUS_OK);
}

static int set_up(void **state)
{
	(void)state;
	begin(1);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	vmcall_raw_close(&stream);
	assert_int_equal(td.shared.refused, 0);
	end();
	return 0;
}

static size_t rx(uint8_t *to, size_t n)
{
	return vmcall_raw_stream_ops.rx(&stream, to, n);
}

static size_t room(void)
{
	return vmcall_raw_stream_ops.tx_room(&stream);
}

static enum status tx(const uint8_t *from, size_t n)
{
	return vmcall_raw_stream_ops.tx(&stream, from, n);
}

static void complete(uint8_t *buffer, uint64_t status, uint32_t size)
{
	memcpy(buffer + 8, &size, 4);
	memcpy(buffer, &status, 8);
}

/* The Receive in flight completes with n bytes that count up from `from`. */
static void deliver(uint8_t from, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		stream.rx[12 + i] = (uint8_t)(from + i);
	complete(stream.rx, 1, n);
	assert_true(vmcall_raw_poll(&stream));
}

static void check_counts(const uint8_t *at, uint8_t from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_int_equal(at[i], (uint8_t)(from + i));
}

static void a_stream_has_its_pages_and_asks_for_nothing(void **state)
{
	(void)state;
	assert_int_equal(td.shared.used, 2);
	assert_int_equal(td.calls, 0);
	assert_int_equal(vmcall_raw_status(&stream), STATUS_OK);
	vmcall_raw_close(&stream);
	assert_int_equal(td.shared.used, 0);
	assert_int_equal(vmcall_raw_status(&stream), ERR_TRANSPORT_CLOSED);
	vmcall_raw_close(&stream);
}

static void bytes_come_when_the_vmm_has_completed(void **state)
{
	uint8_t got[64];

	(void)state;
	assert_int_equal(rx(got, sizeof(got)), 0);
	assert_int_equal(receives, 1);
	assert_int_equal(last.r14, PAGE_SIZE);
	assert_int_equal(last.rbx, VECTOR);
	/* Asked again, nothing changes: one Receive is in flight. */
	assert_int_equal(rx(got, sizeof(got)), 0);
	assert_false(vmcall_raw_poll(&stream));
	vmcall_raw_listen(&stream);
	assert_int_equal(receives, 1);

	deliver(7, 100);
	assert_false(vmcall_raw_poll(&stream));
	assert_int_equal(rx(got, 64), 64);
	check_counts(got, 7, 64);
	vmcall_raw_listen(&stream);
	assert_int_equal(receives, 1);
	assert_int_equal(rx(got, 64), 36);
	check_counts(got, 71, 36);
	assert_int_equal(receives, 1);
	assert_int_equal(rx(got, 64), 0);
	assert_int_equal(receives, 2);
}

/* T24 */
static void one_byte_at_a_time(void **state)
{
	uint8_t got[8];

	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		assert_int_equal(rx(got, sizeof(got)), 0);
		deliver((uint8_t)i, 1);
		assert_int_equal(rx(got, sizeof(got)), 1);
		assert_int_equal(got[0], (uint8_t)i);
	}
	assert_int_equal(receives, 300);
}

static void whole_pages_read_byte_by_byte(void **state)
{
	uint8_t got;

	(void)state;
	assert_int_equal(rx(&got, 1), 0);
	deliver(3, RX_ROOM);
	for (unsigned i = 0; i < RX_ROOM; i++) {
		assert_int_equal(rx(&got, 1), 1);
		assert_int_equal(got, (uint8_t)(3 + i));
	}
	assert_int_equal(receives, 1);
}

/* What the VMM writes after the look at the header moves no length. */
static void the_header_is_looked_at_once(void **state)
{
	uint8_t got[64];

	(void)state;
	assert_int_equal(rx(got, sizeof(got)), 0);
	deliver(0, 10);
	complete(stream.rx, UINT64_MAX, UINT32_MAX);
	assert_false(vmcall_raw_poll(&stream));
	assert_int_equal(rx(got, sizeof(got)), 10);
	assert_int_equal(vmcall_raw_status(&stream), STATUS_OK);
}

/* T19, T21 and every other completion of a Receive. */
static void what_no_receive_completes_with_ends_the_stream(void **state)
{
	static const struct {
		uint64_t status;
		uint32_t size;
		enum status wanted;
	} cases[] = {
		{1, 0, ERR_TRANSPORT_PROTOCOL},
		{1, RX_ROOM + 1, ERR_TRANSPORT_PROTOCOL},
		{1, 65524, ERR_TRANSPORT_PROTOCOL},
		{1, UINT32_MAX, ERR_TRANSPORT_PROTOCOL},
		{1 | 1 << 8, 5, ERR_TRANSPORT_PROTOCOL},
		{1 | 1 << 16, 5, ERR_TRANSPORT_PROTOCOL},
		{1 | 1ull << 63, 5, ERR_TRANSPORT_PROTOCOL},
		{3, 5, ERR_TRANSPORT_PROTOCOL},
		{255, 5, ERR_TRANSPORT_PROTOCOL},
		{2, 0, ERR_TRANSPORT_CLOSED},
		{2, 5, ERR_TRANSPORT_CLOSED},
		{2 | 1 << 8, 0, ERR_TRANSPORT_CLOSED},
		{2 | 3 << 8, 0, ERR_CANCELED},
		{2 | 3 << 8, 5, ERR_CANCELED},
		{2 | 3 << 8 | 1 << 16, 5, ERR_TRANSPORT_PROTOCOL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t got[8];

		begin(1);
		assert_int_equal(rx(got, sizeof(got)), 0);
		complete(stream.rx, cases[i].status, cases[i].size);
		assert_true(vmcall_raw_poll(&stream));
		assert_int_equal(vmcall_raw_status(&stream), cases[i].wanted);
		/* T26: nothing is asked for any more, and who writes is told. */
		for (unsigned n = 0; n < 10; n++) {
			assert_int_equal(rx(got, sizeof(got)), 0);
			vmcall_raw_listen(&stream);
			assert_true(room() > 0);
			assert_int_equal(tx(got, 1), cases[i].wanted);
			vmcall_raw_flush(&stream);
			assert_false(vmcall_raw_poll(&stream));
		}
		assert_int_equal(receives, 1);
		assert_int_equal(sends, 0);
		vmcall_raw_close(&stream);
		assert_int_equal(td.shared.used, 0);
	}
}

/* Each bit of a good header turned: an error, or a length that fits. */
static void every_bit_of_a_header(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 96; bit++) {
		uint8_t header[12] = {1, [8] = 100};
		uint8_t got[8];
		enum status wanted = ERR_TRANSPORT_PROTOCOL;

		header[bit / 8] ^= (uint8_t)(1 << bit % 8);
		begin(1);
		assert_int_equal(rx(got, sizeof(got)), 0);
		memcpy(stream.rx, header, sizeof(header));
		if (bit == 0)
			wanted = STATUS_PENDING;
		else if (bit >= 64 && bit < 76)
			wanted = STATUS_OK;
		assert_int_equal(vmcall_raw_poll(&stream), wanted != STATUS_PENDING);
		assert_int_equal(vmcall_raw_status(&stream),
			wanted == STATUS_PENDING ? STATUS_OK : wanted);
		assert_int_equal(rx(got, sizeof(got)), wanted == STATUS_OK ? 8 : 0);
		assert_int_equal(receives, 1);
	}
}

static void what_is_written_goes_in_one_send(void **state)
{
	uint8_t bytes[100];

	(void)state;
	memset(bytes, 0xa5, sizeof(bytes));
	assert_int_equal(room(), VMCALL_RAW_TX_MAX);
	assert_int_equal(tx(bytes, 40), STATUS_OK);
	assert_int_equal(tx(bytes, 60), STATUS_OK);
	assert_int_equal(tx(bytes, 0), STATUS_OK);
	assert_int_equal(sends, 0);
	assert_true(vmcall_raw_unsent(&stream));
	vmcall_raw_flush(&stream);
	vmcall_raw_flush(&stream);
	assert_int_equal(sends, 1);
	assert_int_equal(last.r14, 112);
	assert_memory_equal(stream.tx + 12, bytes, 100);
	assert_int_equal(room(), 0);
	assert_int_equal(tx(bytes, 1), ERR_INTERNAL);
	assert_true(vmcall_raw_unsent(&stream));
	assert_false(vmcall_raw_poll(&stream));
	/* The length that comes back means nothing. */
	complete(stream.tx, 1, 0);
	assert_true(vmcall_raw_poll(&stream));
	assert_false(vmcall_raw_unsent(&stream));
	assert_int_equal(room(), VMCALL_RAW_TX_MAX);
	vmcall_raw_flush(&stream);
	assert_int_equal(sends, 1);
}

static void a_full_page_is_sent_at_once(void **state)
{
	static const uint8_t bytes[VMCALL_RAW_TX_MAX + 1];

	(void)state;
	assert_int_equal(tx(bytes, VMCALL_RAW_TX_MAX + 1), ERR_INTERNAL);
	assert_int_equal(tx(bytes, VMCALL_RAW_TX_MAX - 1), STATUS_OK);
	assert_int_equal(room(), 1);
	assert_int_equal(sends, 0);
	assert_int_equal(tx(bytes, 1), STATUS_OK);
	assert_int_equal(sends, 1);
	assert_int_equal(last.r14, PAGE_SIZE);
	assert_int_equal(room(), 0);
}

static void a_send_that_fails_ends_the_stream(void **state)
{
	static const uint64_t statuses[] = {2, 2 | 3 << 8, 9, 1 | 1 << 8};
	static const enum status wanted[] = {ERR_TRANSPORT_CLOSED, ERR_CANCELED,
		ERR_TRANSPORT_PROTOCOL, ERR_TRANSPORT_PROTOCOL};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		begin(1);
		assert_int_equal(tx((const uint8_t *)"x", 1), STATUS_OK);
		vmcall_raw_flush(&stream);
		complete(stream.tx, statuses[i], 0);
		assert_true(vmcall_raw_poll(&stream));
		assert_int_equal(vmcall_raw_status(&stream), wanted[i]);
	}
}

static void both_directions_are_in_flight_at_once(void **state)
{
	uint8_t got[8];

	(void)state;
	assert_int_equal(rx(got, 8), 0);
	assert_int_equal(tx(got, 8), STATUS_OK);
	vmcall_raw_flush(&stream);
	assert_int_equal(sends + receives, 2);
	complete(stream.tx, 1, 8);
	assert_true(vmcall_raw_poll(&stream));
	assert_true(stream.receiving);
	deliver(1, 4);
	assert_int_equal(rx(got, 8), 4);
}

static void a_call_that_is_refused_ends_the_stream(void **state)
{
	uint8_t got[8];

	(void)state;
	refuse = 0x8000000000000000ull;
	assert_int_equal(rx(got, 8), 0);
	assert_int_equal(vmcall_raw_status(&stream), ERR_VMCALL);
	assert_int_equal(rx(got, 8), 0);
	assert_int_equal(receives, 1);
	vmcall_raw_close(&stream);
	/* Neither page was ever the VMM's. */
	assert_int_equal(td.shared.used, 0);
}

/* T20: a session ends with calls in flight; its pages come back when the VMM has completed them. */
static void completions_for_a_stream_that_is_gone(void **state)
{
	struct vmcall_raw_stream next;
	uint8_t got[8], before[2 * PAGE_SIZE];

	(void)state;
	assert_int_equal(rx(got, 8), 0);
	assert_int_equal(tx(got, 8), STATUS_OK);
	vmcall_raw_flush(&stream);
	uint8_t *const late_rx = stream.rx, *const late_tx = stream.tx;
	vmcall_raw_close(&stream);
	assert_int_equal(vmcall_raw_abandoned(&raw), 2);
	vmcall_raw_reclaim(&raw);
	assert_int_equal(vmcall_raw_abandoned(&raw), 2);

	assert_int_equal(vmcall_raw_open(&raw, &next, ID + 1), STATUS_OK);
	memcpy(before, next.rx, sizeof(before));
	memset(late_rx, 0xff, PAGE_SIZE);
	assert_memory_equal(next.rx, before, sizeof(before));
	assert_false(vmcall_raw_poll(&next));
	vmcall_raw_reclaim(&raw);
	assert_int_equal(vmcall_raw_abandoned(&raw), 1);
	complete(late_tx, 2 | 3 << 8, 0);
	vmcall_raw_reclaim(&raw);
	assert_int_equal(vmcall_raw_abandoned(&raw), 0);
	assert_int_equal(td.shared.used, 2);
	assert_true(all_zero(late_rx, PAGE_SIZE));
	vmcall_raw_close(&next);
	assert_int_equal(td.shared.used, 0);
}

static void what_has_completed_is_not_abandoned(void **state)
{
	uint8_t got[8];

	(void)state;
	assert_int_equal(rx(got, 8), 0);
	complete(stream.rx, 1, 8);
	vmcall_raw_close(&stream);
	assert_int_equal(td.shared.used, 0);
}

static void a_vmm_that_keeps_everything_leaves_out_of_resource(void **state)
{
	struct vmcall_raw_stream next;
	unsigned n = 0;
	uint8_t got;

	(void)state;
	do {
		assert_int_equal(rx(&got, 1), 0);
		vmcall_raw_close(&stream);
		n++;
	} while (vmcall_raw_open(&raw, &stream, ID) == STATUS_OK);
	/* One page each of 8, and the last needs two. */
	assert_int_equal(n, 7);
	assert_int_equal(vmcall_raw_open(&raw, &next, ID), ERR_OUT_OF_RESOURCE);
	for (unsigned i = 0; i < FAKE_PAGES / 2; i++)
		complete(td.ram + (FAKE_PAGES / 2 + i) * PAGE_SIZE, 1, 1);
	vmcall_raw_reclaim(&raw);
	assert_int_equal(td.shared.used, 0);
}

static void receives_of_more_pages(void **state)
{
	static uint8_t got[4 * PAGE_SIZE];

	(void)state;
	begin(4);
	assert_int_equal(td.shared.used, 5);
	assert_int_equal(rx(got, sizeof(got)), 0);
	assert_int_equal(last.r14, 4 * PAGE_SIZE);
	deliver(9, 4 * PAGE_SIZE - 12);
	assert_int_equal(rx(got, sizeof(got)), 4 * PAGE_SIZE - 12);
	check_counts(got, 9, 4 * PAGE_SIZE - 12);
	assert_int_equal(rx(got, 1), 0);
	complete(stream.rx, 1, 4 * PAGE_SIZE - 11);
	assert_true(vmcall_raw_poll(&stream));
	assert_int_equal(vmcall_raw_status(&stream), ERR_TRANSPORT_PROTOCOL);
	vmcall_raw_close(&stream);
	assert_int_equal(td.shared.used, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_stream_has_its_pages_and_asks_for_nothing),
		TEST(bytes_come_when_the_vmm_has_completed),
		TEST(one_byte_at_a_time),
		TEST(whole_pages_read_byte_by_byte),
		TEST(the_header_is_looked_at_once),
		TEST(what_no_receive_completes_with_ends_the_stream),
		TEST(every_bit_of_a_header),
		TEST(what_is_written_goes_in_one_send),
		TEST(a_full_page_is_sent_at_once),
		TEST(a_send_that_fails_ends_the_stream),
		TEST(both_directions_are_in_flight_at_once),
		TEST(a_call_that_is_refused_ends_the_stream),
		TEST(completions_for_a_stream_that_is_gone),
		TEST(what_has_completed_is_not_abandoned),
		TEST(a_vmm_that_keeps_everything_leaves_out_of_resource),
		TEST(receives_of_more_pages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
