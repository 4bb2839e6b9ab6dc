/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* How connections end: by the peer, by resets, by ourselves. */
#include "scripted_carrier.h"

static void queued_data_stay_readable_after_the_peer_has_ended(void **state)
{
	static const struct {
		uint16_t op;
		uint32_t flags;
		bool answered;
	} row[] = {{OP_RST, 0, false}, {OP_SHUTDOWN, 2, false}, {OP_SHUTDOWN, 3, true}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct vsock v;
		struct vsock_connection c;
		struct carrier *k = carrier_new(&v);
		const struct stream s = stream_of(&c);
		uint8_t got[VSOCK_WINDOW];
		open_connection(&v, k, &c, 1234);
		peer_sends(k, &c, OP_RW, pattern, 400);
		struct vsock_header h = from_peer(&c, row[i].op, 0);
		h.flags = row[i].flags;
		carrier_queue(k, &h, NULL);
		assert_ptr_equal(poll_all(&v), &c);
		if (row[i].answered)
			assert_sent(k, &c, OP_RST);
		assert_int_equal(vsock_status(&c), STATUS_OK);
		assert_int_equal(vsock_was_reset(&c), row[i].op == OP_RST);
		assert_int_equal(stream_rx(&s, got, 399), 399);
		assert_int_equal(vsock_status(&c), STATUS_OK);
		assert_int_equal(stream_rx(&s, got + 399, 100), 1);
		assert_memory_equal(got, pattern, 400);
		assert_int_equal(vsock_status(&c), ERR_TRANSPORT_CLOSED);
		/* No window is offered to a peer that has ended. */
		assert_nothing_sent(k);
		if (row[i].flags == 2) {
			assert_int_equal(stream_tx_room(&s), VSOCK_PAYLOAD_MAX);
			assert_int_equal(stream_tx(&s, pattern, 5), STATUS_OK);
			assert_sent(k, &c, OP_RW);
		} else {
			assert_true(stream_tx_room(&s) > 0);
			assert_int_equal(stream_tx(&s, pattern, 5), ERR_TRANSPORT_CLOSED);
		}
		assert_nothing_sent(k);
		carrier_free(k);
	}
}

static void a_peer_that_only_stops_receiving_may_still_send(void **state)
{
	struct vsock v;
	struct vsock_connection c;
	struct carrier *k = carrier_new(&v);
	const struct stream s = stream_of(&c);

	(void)state;
	open_connection(&v, k, &c, 1234);
	struct vsock_header h = from_peer(&c, OP_SHUTDOWN, 0);
	h.flags = 1;
	carrier_queue(k, &h, NULL);
	poll_all(&v);
	assert_int_equal(vsock_status(&c), STATUS_OK);
	assert_true(stream_tx_room(&s) > 0);
	assert_int_equal(stream_tx(&s, pattern, 1), ERR_TRANSPORT_CLOSED);
	peer_sends(k, &c, OP_RW, pattern, 30);
	poll_all(&v);
	assert_int_equal(vsock_rx_waiting(&c), 30);
	/* The other half ends it; data after that break the protocol only while it is open. */
	h.flags = 2;
	carrier_queue(k, &h, NULL);
	poll_all(&v);
	assert_sent(k, &c, OP_RST);
	peer_sends(k, &c, OP_RW, pattern, 30);
	poll_all(&v);
	assert_sent(k, &c, OP_RST);
	assert_int_equal(vsock_rx_waiting(&c), 30);
	carrier_free(k);
}

static void data_after_the_peer_said_it_sends_no_more_reset(void **state)
{
	struct vsock v;
	struct vsock_connection c;
	struct carrier *k = carrier_new(&v);

	(void)state;
	open_connection(&v, k, &c, 1234);
	struct vsock_header h = from_peer(&c, OP_SHUTDOWN, 0);
	h.flags = 2;
	carrier_queue(k, &h, NULL);
	peer_sends(k, &c, OP_RW, pattern, 1);
	poll_all(&v);
	assert_int_equal(vsock_status(&c), ERR_TRANSPORT_PROTOCOL);
	assert_true(vsock_was_reset(&c));
	carrier_free(k);
}

static void a_reset_after_the_shutdown_takes_nothing_back(void **state)
{
	struct vsock v;
	struct vsock_connection c;
	struct carrier *k = carrier_new(&v);

	(void)state;
	open_connection(&v, k, &c, 1234);
	assert_false(vsock_was_reset(&c));
	peer_sends(k, &c, OP_RW, pattern, 9);
	struct vsock_header h = from_peer(&c, OP_SHUTDOWN, 0);
	h.flags = 3;
	carrier_queue(k, &h, NULL);
	h.op = OP_RST;
	carrier_queue(k, &h, NULL);
	poll_all(&v);
	assert_false(vsock_was_reset(&c));
	assert_int_equal(vsock_rx_waiting(&c), 9);
	vsock_close(&c);
	/* And the next connection begins anew. */
	assert_int_equal(vsock_connect(&v, &c, 1, 2, 1234), STATUS_OK);
	assert_false(vsock_was_reset(&c));
	carrier_free(k);
}

static void closing_says_so_and_late_packets_are_reset(void **state)
{
	struct vsock v;
	struct vsock_connection c;
	struct carrier *k = carrier_new(&v);
	const struct stream s = stream_of(&c);
	uint8_t got[8];

	(void)state;
	open_connection(&v, k, &c, 1234);
	peer_sends(k, &c, OP_RW, pattern, 16);
	poll_all(&v);
	assert_int_equal(stream_rx(&s, got, sizeof(got)), 8);
	const struct vsock_connection was = c;
	vsock_close(&c);
	assert_sent(k, &was, OP_SHUTDOWN);
	/* With counters like any other packet: peers take credit from all of them. */
	const struct vsock_header *shutdown = &k->sent[k->sent_count - 1].h;
	assert_int_equal(shutdown->flags, 3);
	assert_int_equal(shutdown->buf_alloc, VSOCK_WINDOW);
	assert_int_equal(shutdown->fwd_cnt, 8);
	assert_int_equal(vsock_status(&c), ERR_TRANSPORT_CLOSED);
	assert_int_equal(stream_rx(&s, got, sizeof(got)), 0);
	assert_int_equal(stream_tx(&s, pattern, 1), ERR_TRANSPORT_CLOSED);
	vsock_close(&c);
	memset(&c, 0, sizeof(c));
	vsock_close(&c);
	assert_nothing_sent(k);

	peer_sends(k, &was, OP_RW, pattern, 8);
	assert_null(poll_all(&v));
	const struct sent *reset = next_sent(k);
	assert_int_equal(reset->h.op, OP_RST);
	assert_int_equal(reset->h.src_port, was.local_port);
	assert_int_equal(reset->request_id, VSOCK_NO_REQUEST);
	peer_sends(k, &was, OP_RST, NULL, 0);
	assert_null(poll_all(&v));
	assert_nothing_sent(k);
	carrier_free(k);
}

static void closing_before_the_answer_resets(void **state)
{
	struct vsock v;
	struct vsock_connection c;
	struct carrier *k = carrier_new(&v);

	(void)state;
	assert_int_equal(vsock_connect(&v, &c, 5, 2, 1234), STATUS_OK);
	assert_sent(k, &c, OP_REQUEST);
	const struct vsock_connection was = c;
	vsock_close(&c);
	assert_sent(k, &was, OP_RST);
	assert_int_equal(k->sent[k->sent_count - 1].request_id, 5);
	carrier_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queued_data_stay_readable_after_the_peer_has_ended),
		cmocka_unit_test(a_peer_that_only_stops_receiving_may_still_send),
		cmocka_unit_test(data_after_the_peer_said_it_sends_no_more_reset),
		cmocka_unit_test(a_reset_after_the_shutdown_takes_nothing_back),
		cmocka_unit_test(closing_says_so_and_late_packets_are_reset),
		cmocka_unit_test(closing_before_the_answer_resets),
	};
	return cmocka_run_group_tests(tests, fill_pattern, NULL);
}
