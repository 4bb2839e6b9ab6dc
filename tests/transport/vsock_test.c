/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Connections one at a time: opening, both directions, and every kind of bad packet. */
#include "scripted_carrier.h"

static void a_request_leaves_from_a_fresh_port_and_a_response_opens(void **state)
{
	struct vsock v;
	struct vsock_connection a, b;
	struct carrier *k = carrier_new(&v);

	(void)state;
	assert_int_equal(vsock_connect(&v, &a, 71, 2, 1234), STATUS_OK);
	const struct sent *s = next_sent(k);
	assert_int_equal(s->request_id, 71);
	const struct vsock_header expected = {.src_cid = LOCAL_CID, .dst_cid = 2, .src_port = 40001,
		.dst_port = 1234, .type = 1, .op = 1, .buf_alloc = VSOCK_WINDOW};
	uint8_t is[44], should_be[44];
	vsock_header_write(&s->h, is);
	vsock_header_write(&expected, should_be);
	assert_memory_equal(is, should_be, 44);
	assert_int_equal(vsock_status(&a), STATUS_PENDING);
	const struct stream stream = stream_of(&a);
	assert_int_equal(stream_tx_room(&stream), 0);

	open_connection(&v, k, &b, 1235);
	assert_int_equal(b.local_port, 40002);
	assert_int_equal(vsock_status(&a), STATUS_PENDING);
	peer_sends(k, &a, OP_RESPONSE, NULL, 0);
	assert_ptr_equal(poll_all(&v), &a);
	assert_int_equal(vsock_status(&a), STATUS_OK);
	carrier_free(k);
}

static void headers_have_the_layout_of_the_specification(void **state)
{
	const struct vsock_header h = {.src_cid = 0x0102030405060708, .dst_cid = 0x1112131415161718,
		.src_port = 0x21222324, .dst_port = 0x31323334, .size = 0x41424344, .type = 0x5152,
		.op = 0x6162, .flags = 0x71727374, .buf_alloc = 0x81828384, .fwd_cnt = 0x91929394};
	static const uint8_t bytes[44] = {
		8, 7, 6, 5, 4, 3, 2, 1, 0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11,
		0x24, 0x23, 0x22, 0x21, 0x34, 0x33, 0x32, 0x31, 0x44, 0x43, 0x42, 0x41, 0x52, 0x51,
		0x62, 0x61, 0x74, 0x73, 0x72, 0x71, 0x84, 0x83, 0x82, 0x81, 0x94, 0x93, 0x92, 0x91};
	uint8_t written[44];

	(void)state;
	vsock_header_write(&h, written);
	assert_memory_equal(written, bytes, 44);
	struct reader r = reader_of(bytes, 44);
	const struct vsock_header back = vsock_header_read(&r);
	assert_true(reader_done(&r));
	assert_int_equal(back.src_cid, h.src_cid);
	assert_int_equal(back.dst_port, h.dst_port);
	assert_int_equal(back.op, h.op);
	assert_int_equal(back.fwd_cnt, h.fwd_cnt);
}

static void a_reset_while_connecting_is_a_refusal(void **state)
{
	struct vsock v;
	struct vsock_connection c;
	struct carrier *k = carrier_new(&v);

	(void)state;
	assert_int_equal(vsock_connect(&v, &c, 1, 2, 1234), STATUS_OK);
	assert_sent(k, &c, OP_REQUEST);
	/* As the Linux kernel sends it when no one listens: no counters. */
	struct vsock_header h = from_peer(&c, OP_RST, 0);
	h.buf_alloc = 0;
	carrier_queue(k, &h, NULL);
	assert_ptr_equal(poll_all(&v), &c);
	assert_int_equal(vsock_status(&c), ERR_TRANSPORT_REFUSED);
	vsock_close(&c);
	assert_nothing_sent(k);
	carrier_free(k);
}

static void only_the_exact_pair_can_answer(void **state)
{
	struct vsock v;
	struct vsock_connection c;
	struct carrier *k = carrier_new(&v);

	(void)state;
	assert_int_equal(vsock_connect(&v, &c, 1, 2, 1234), STATUS_OK);
	assert_sent(k, &c, OP_REQUEST);
	for (int i = 0; i < 3; i++) {
		struct vsock_header h = from_peer(&c, OP_RESPONSE, 0);
		h.src_cid += i == 0;
		h.src_port += i == 1;
		h.dst_port += i == 2;
		carrier_queue(k, &h, NULL);
		assert_null(poll_all(&v));
		const struct sent *s = next_sent(k);
		assert_int_equal(s->h.op, OP_RST);
		assert_int_equal(s->h.dst_cid, h.src_cid);
		assert_int_equal(s->h.dst_port, h.src_port);
		assert_int_equal(s->h.src_port, h.dst_port);
		assert_int_equal(vsock_status(&c), STATUS_PENDING);
		/* A reset is never answered by a reset. */
		h.op = OP_RST;
		carrier_queue(k, &h, NULL);
		assert_null(poll_all(&v));
		assert_nothing_sent(k);
	}
	/* Not for this CID: not even answered. */
	struct vsock_header h = from_peer(&c, OP_RESPONSE, 0);
	h.dst_cid++;
	carrier_queue(k, &h, NULL);
	assert_null(poll_all(&v));
	assert_nothing_sent(k);
	assert_int_equal(v.dropped, 4);
	assert_int_equal(vsock_status(&c), STATUS_PENDING);
	carrier_free(k);
}

/* Every op in both living states: what is allowed and what it leaves. */
static void each_op_is_allowed_or_resets(void **state)
{
	(void)state;
	for (unsigned op = 0; op < 300; op = op == 9 ? 255 : op + 1) {
		for (int open = 0; open < 2; open++) {
			struct vsock v;
			struct vsock_connection c;
			struct carrier *k = carrier_new(&v);
			if (open) {
				open_connection(&v, k, &c, 1234);
			} else {
				assert_int_equal(vsock_connect(&v, &c, 1, 2, 1234), STATUS_OK);
				assert_sent(k, &c, OP_REQUEST);
			}
			peer_sends(k, &c, (uint16_t)op, NULL, 0);
			assert_ptr_equal(poll_all(&v), &c);
			if (op == OP_RST) {
				assert_int_equal(vsock_status(&c),
					open ? ERR_TRANSPORT_CLOSED : ERR_TRANSPORT_REFUSED);
			} else if (open ? op >= OP_SHUTDOWN && op <= OP_CREDIT_REQUEST :
				op == OP_RESPONSE) {
				assert_int_equal(vsock_status(&c), STATUS_OK);
				if (op == OP_CREDIT_REQUEST)
					assert_sent(k, &c, OP_CREDIT_UPDATE);
			} else {
				assert_int_equal(vsock_status(&c), ERR_TRANSPORT_PROTOCOL);
				assert_sent(k, &c, OP_RST);
			}
			assert_nothing_sent(k);
			assert_false(vsock_blocked(&v));
			carrier_free(k);
		}
	}
}

static void control_packets_carry_no_payload_and_only_streams_exist(void **state)
{
	(void)state;
	for (unsigned op = OP_REQUEST; op <= OP_CREDIT_REQUEST; op++) {
		struct vsock v;
		struct vsock_connection c;
		struct carrier *k = carrier_new(&v);
		open_connection(&v, k, &c, 1234);
		peer_sends(k, &c, (uint16_t)op, pattern, 5);
		assert_ptr_equal(poll_all(&v), &c);
		assert_int_equal(vsock_status(&c), op == OP_RW ? STATUS_OK :
			op == OP_RST ? ERR_TRANSPORT_CLOSED : ERR_TRANSPORT_PROTOCOL);
		carrier_free(k);
	}
	for (unsigned type = 0; type < 4; type++) {
		struct vsock v;
		struct vsock_connection c;
		struct carrier *k = carrier_new(&v);
		open_connection(&v, k, &c, 1234);
		struct vsock_header h = from_peer(&c, OP_RW, 3);
		h.type = (uint16_t)type;
		carrier_queue(k, &h, pattern);
		poll_all(&v);
		assert_int_equal(vsock_status(&c), type == 1 ? STATUS_OK : ERR_TRANSPORT_PROTOCOL);
		carrier_free(k);
	}
}

static void data_arrive_in_order_across_the_end_of_the_ring(void **state)
{
	struct vsock v;
	struct vsock_connection c;
	struct carrier *k = carrier_new(&v);
	const struct stream s = stream_of(&c);
	uint8_t got[VSOCK_WINDOW];
	size_t sent = 0, taken = 0;

	(void)state;
	open_connection(&v, k, &c, 1234);
	for (uint32_t size = 1; sent + size < 40000; size = size % 211 + 13) {
		peer_sends(k, &c, OP_RW, pattern + sent, size);
		sent += size;
		poll_all(&v);
		assert_int_equal(vsock_rx_waiting(&c), sent - taken);
		const size_t n = stream_rx(&s, got, size % 97 + 100);
		assert_memory_equal(got, pattern + taken, n);
		taken += n;
		if (sent - taken > 250) {
			const size_t rest = stream_rx(&s, got, sizeof(got));
			assert_memory_equal(got, pattern + taken, rest);
			taken += rest;
			assert_int_equal(taken, sent);
		}
	}
	taken += stream_rx(&s, got, sizeof(got));
	assert_int_equal(taken, sent);
	assert_true(taken > 30000);
	assert_int_equal(stream_rx(&s, got, sizeof(got)), 0);
	assert_int_equal(vsock_status(&c), STATUS_OK);
	carrier_free(k);
}

static void reading_and_writing_nothing_does_nothing(void **state)
{
	struct vsock v;
	struct vsock_connection c;
	struct carrier *k = carrier_new(&v);
	const struct stream s = stream_of(&c);
	uint8_t got[8];

	(void)state;
	open_connection(&v, k, &c, 1234);
	assert_int_equal(stream_rx(&s, got, sizeof(got)), 0);
	assert_int_equal(stream_rx(&s, NULL, 0), 0);
	for (int i = 0; i < 100; i++)
		peer_sends(k, &c, OP_RW, NULL, 0);
	assert_ptr_equal(poll_all(&v), &c);
	assert_int_equal(vsock_rx_waiting(&c), 0);
	peer_sends(k, &c, OP_RW, pattern, 4);
	poll_all(&v);
	assert_int_equal(stream_rx(&s, NULL, 0), 0);
	assert_int_equal(stream_rx(&s, got, sizeof(got)), 4);
	assert_int_equal(stream_tx(&s, NULL, 0), STATUS_OK);
	assert_nothing_sent(k);
	carrier_free(k);
}

static void the_window_is_told_when_half_of_it_was_taken(void **state)
{
	struct vsock v;
	struct vsock_connection c;
	struct carrier *k = carrier_new(&v);
	const struct stream s = stream_of(&c);
	uint8_t got[VSOCK_WINDOW];

	(void)state;
	open_connection(&v, k, &c, 1234);
	peer_sends(k, &c, OP_RW, pattern, VSOCK_WINDOW);
	poll_all(&v);
	/* Arrival alone opens no window. */
	assert_nothing_sent(k);
	assert_int_equal(stream_rx(&s, got, VSOCK_WINDOW / 2 - 1), VSOCK_WINDOW / 2 - 1);
	vsock_flush(&c);
	assert_nothing_sent(k);
	assert_int_equal(stream_rx(&s, got, 1), 1);
	assert_nothing_sent(k);
	vsock_flush(&c);
	const struct sent *update = next_sent(k);
	assert_int_equal(update->h.op, OP_CREDIT_UPDATE);
	assert_int_equal(update->h.buf_alloc, VSOCK_WINDOW);
	assert_int_equal(update->h.fwd_cnt, VSOCK_WINDOW / 2);
	vsock_flush(&c);
	assert_nothing_sent(k);
	/* Data tell it too: half a window that was taken before them needs no update. */
	assert_int_equal(stream_rx(&s, got, VSOCK_WINDOW / 2), VSOCK_WINDOW / 2);
	assert_int_equal(stream_tx(&s, pattern, 10), STATUS_OK);
	assert_int_equal(next_sent(k)->h.fwd_cnt, VSOCK_WINDOW);
	vsock_flush(&c);
	assert_nothing_sent(k);
	/* And so does the answer to a question. */
	peer_sends(k, &c, OP_RW, pattern, 100);
	peer_sends(k, &c, OP_CREDIT_REQUEST, NULL, 0);
	poll_all(&v);
	assert_int_equal(next_sent(k)->h.fwd_cnt, VSOCK_WINDOW);
	assert_int_equal(stream_rx(&s, got, sizeof(got)), 100);
	vsock_flush(&c);
	assert_nothing_sent(k);
	carrier_free(k);
}

static void one_byte_beyond_the_window_resets(void **state)
{
	(void)state;
	for (uint32_t first = 0; first <= VSOCK_WINDOW; first += 64) {
		struct vsock v;
		struct vsock_connection c;
		struct carrier *k = carrier_new(&v);
		open_connection(&v, k, &c, 1234);
		peer_sends(k, &c, OP_RW, pattern, first);
		poll_all(&v);
		assert_int_equal(vsock_status(&c), STATUS_OK);
		peer_sends(k, &c, OP_RW, pattern, VSOCK_WINDOW - first + 1);
		assert_ptr_equal(poll_all(&v), &c);
		assert_int_equal(vsock_status(&c), ERR_TRANSPORT_PROTOCOL);
		assert_int_equal(vsock_rx_waiting(&c), 0);
		assert_sent(k, &c, OP_RST);
		carrier_free(k);
	}
}

static void the_peers_credit_is_used_up_waited_for_and_used_again(void **state)
{
	struct vsock v;
	struct vsock_connection c;
	struct carrier *k = carrier_new(&v);
	const struct stream s = stream_of(&c);

	(void)state;
	assert_int_equal(vsock_connect(&v, &c, 1, 2, 1234), STATUS_OK);
	assert_sent(k, &c, OP_REQUEST);
	struct vsock_header h = from_peer(&c, OP_RESPONSE, 0);
	h.buf_alloc = 3000;
	carrier_queue(k, &h, NULL);
	poll_all(&v);

	assert_int_equal(stream_tx_room(&s), VSOCK_PAYLOAD_MAX);
	assert_int_equal(stream_tx(&s, pattern, VSOCK_PAYLOAD_MAX), STATUS_OK);
	assert_int_equal(stream_tx_room(&s), 3000 - VSOCK_PAYLOAD_MAX);
	assert_int_equal(stream_tx(&s, pattern, 3000 - VSOCK_PAYLOAD_MAX), STATUS_OK);
	assert_int_equal(stream_tx_room(&s), 0);
	assert_int_equal(k->sent_count, 3);
	assert_int_equal(stream_tx(&s, pattern, 1), ERR_INTERNAL);
	assert_int_equal(k->sent_count, 3);

	static const struct {
		uint32_t buf_alloc, fwd_cnt;
		size_t room;
	} row[] = {
		{3000, 400, 400},
		{3000, 399, 399 + 1},	/* late: the counter does not go back */
		{2000, 400, 0},		/* less than is in flight */
		{2601, 400, 1},
		{0, 3000, 0},
		{0xffffffff, 3000, VSOCK_PAYLOAD_MAX},
		{7, 3000, 7},
	};
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		h = from_peer(&c, OP_CREDIT_UPDATE, 0);
		h.buf_alloc = row[i].buf_alloc;
		h.fwd_cnt = row[i].fwd_cnt;
		carrier_queue(k, &h, NULL);
		assert_ptr_equal(poll_all(&v), &c);
		assert_int_equal(vsock_status(&c), STATUS_OK);
		assert_int_equal(stream_tx_room(&s), row[i].room);
	}
	carrier_free(k);
}

static void a_counter_ahead_of_what_was_sent_resets(void **state)
{
	static const uint32_t ahead[] = {1, 2, 1000, 0x7fffff00};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ahead); i++) {
		struct vsock v;
		struct vsock_connection c;
		struct carrier *k = carrier_new(&v);
		const struct stream s = stream_of(&c);
		open_connection(&v, k, &c, 1234);
		assert_int_equal(stream_tx(&s, pattern, 100), STATUS_OK);
		struct vsock_header h = from_peer(&c, OP_RW, 1);
		h.fwd_cnt = 100;
		carrier_queue(k, &h, pattern);
		poll_all(&v);
		assert_int_equal(vsock_status(&c), STATUS_OK);
		h.fwd_cnt = 100 + ahead[i];
		carrier_queue(k, &h, pattern);
		poll_all(&v);
		assert_int_equal(vsock_status(&c), ERR_TRANSPORT_PROTOCOL);
		carrier_free(k);
	}
}

static void packets_cut_at_any_byte_are_dropped_or_reset_their_connection(void **state)
{
	(void)state;
	for (size_t n = 0; n <= VSOCK_HEADER_SIZE + 20; n++) {
		struct vsock v;
		struct vsock_connection c, other;
		struct carrier *k = carrier_new(&v);
		uint8_t got[20];
		open_connection(&v, k, &other, 1233);
		open_connection(&v, k, &c, 1234);
		const struct vsock_header h = from_peer(&c, OP_RW, 20);
		carrier_queue_cut(k, &h, pattern, 20, n);
		struct vsock_connection *touched = poll_all(&v);
		const struct stream s = stream_of(&c);
		if (n < VSOCK_HEADER_SIZE) {
			assert_null(touched);
			assert_int_equal(v.dropped, 1);
			assert_int_equal(vsock_status(&c), STATUS_OK);
		} else if (n < VSOCK_HEADER_SIZE + 20) {
			assert_ptr_equal(touched, &c);
			assert_int_equal(vsock_status(&c), ERR_TRANSPORT_PROTOCOL);
			assert_sent(k, &c, OP_RST);
			assert_int_equal(stream_rx(&s, got, sizeof(got)), 0);
		} else {
			assert_int_equal(stream_rx(&s, got, sizeof(got)), 20);
			assert_memory_equal(got, pattern, 20);
		}
		assert_nothing_sent(k);
		assert_int_equal(vsock_status(&other), STATUS_OK);
		carrier_free(k);
	}
}

static void lengths_that_lie_reset_their_connection(void **state)
{
	static const uint32_t size[] = {0, 1, 19, 21, 512, 513, 65536, 0x7fffffff, 0xffffffec,
		0xffffffff};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(size); i++) {
		struct vsock v;
		struct vsock_connection c;
		struct carrier *k = carrier_new(&v);
		open_connection(&v, k, &c, 1234);
		const struct vsock_header h = from_peer(&c, OP_RW, size[i]);
		carrier_queue_cut(k, &h, pattern, 20, VSOCK_HEADER_SIZE + 20);
		assert_ptr_equal(poll_all(&v), &c);
		assert_int_equal(vsock_status(&c), ERR_TRANSPORT_PROTOCOL);
		assert_int_equal(vsock_rx_waiting(&c), 0);
		carrier_free(k);
	}
}

static void any_changed_header_byte_harms_no_other_connection(void **state)
{
	(void)state;
	for (size_t at = 0; at < VSOCK_HEADER_SIZE; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			struct vsock v;
			struct vsock_connection c, other;
			struct carrier *k = carrier_new(&v);
			open_connection(&v, k, &other, 9999);
			open_connection(&v, k, &c, 1234);
			uint8_t bytes[VSOCK_HEADER_SIZE];
			struct vsock_header h = from_peer(&c, OP_RW, 20);
			vsock_header_write(&h, bytes);
			bytes[at] ^= (uint8_t)(1u << bit);
			struct reader r = reader_of(bytes, sizeof(bytes));
			h = vsock_header_read(&r);
			carrier_queue_cut(k, &h, pattern, 20, VSOCK_HEADER_SIZE + 20);
			peer_sends(k, &other, OP_RW, pattern, 7);
			poll_all(&v);
			assert_int_equal(vsock_status(&other), STATUS_OK);
			assert_int_equal(vsock_rx_waiting(&other), 7);
			/*
			 * Addresses lead elsewhere; length, type, op and counter are wrong; flags and
			 * window are free, and half of all counters are merely late.
			 */
			const bool taken = (at >= 32 && at < 40) || (at == 43 && bit == 7);
			assert_int_equal(vsock_rx_waiting(&c), taken ? 20 : 0);
			carrier_free(k);
		}
	}
}

static void local_ports_are_unique_and_wrap_inside_their_range(void **state)
{
	struct vsock v;
	struct vsock_connection c[200];
	struct carrier *k = carrier_new(&v);

	(void)state;
	for (size_t i = 0; i < 100; i++)
		open_connection(&v, k, &c[i], 1234);
	v.next_port = 0xfffffffe - 9;
	for (size_t i = 100; i < 200; i++) {
		open_connection(&v, k, &c[i], 1234);
		assert_true(c[i].local_port >= 40001 && c[i].local_port < 0xffffffff);
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(c[j].local_port, c[i].local_port);
	}
	/* All found, and all gone after. */
	for (size_t i = 0; i < 200; i++) {
		peer_sends(k, &c[i], OP_RW, pattern, 1);
		assert_ptr_equal(poll_all(&v), &c[i]);
	}
	for (size_t i = 0; i < 200; i++)
		vsock_close(&c[(i * 77) % 200]);
	for (size_t i = 0; i < VSOCK_BUCKETS; i++)
		assert_null(v.bucket[i]);
	carrier_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_leaves_from_a_fresh_port_and_a_response_opens),
		cmocka_unit_test(headers_have_the_layout_of_the_specification),
		cmocka_unit_test(a_reset_while_connecting_is_a_refusal),
		cmocka_unit_test(only_the_exact_pair_can_answer),
		cmocka_unit_test(each_op_is_allowed_or_resets),
		cmocka_unit_test(control_packets_carry_no_payload_and_only_streams_exist),
		cmocka_unit_test(data_arrive_in_order_across_the_end_of_the_ring),
		cmocka_unit_test(reading_and_writing_nothing_does_nothing),
		cmocka_unit_test(the_window_is_told_when_half_of_it_was_taken),
		cmocka_unit_test(one_byte_beyond_the_window_resets),
		cmocka_unit_test(the_peers_credit_is_used_up_waited_for_and_used_again),
		cmocka_unit_test(a_counter_ahead_of_what_was_sent_resets),
		cmocka_unit_test(packets_cut_at_any_byte_are_dropped_or_reset_their_connection),
		cmocka_unit_test(lengths_that_lie_reset_their_connection),
		cmocka_unit_test(any_changed_header_byte_harms_no_other_connection),
		cmocka_unit_test(local_ports_are_unique_and_wrap_inside_their_range),
	};
	return cmocka_run_group_tests(tests, fill_pattern, NULL);
}
