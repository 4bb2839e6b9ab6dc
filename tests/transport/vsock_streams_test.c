/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Several connections over a carrier that is full at times, against a peer that keeps the rules. */
#include "scripted_carrier.h"

/* The other end of one connection: strict about our credit, sparing with its own. */
struct peer {
	struct vsock_connection *c;
	uint32_t window;	/* its buf_alloc */
	uint32_t tx_cnt;	/* bytes it sent */
	uint32_t our_fwd_cnt;
	uint32_t our_buf_alloc;
	uint32_t rx_cnt;	/* bytes it got, */
	uint32_t rx_taken;	/* and took */
	size_t checked;		/* of the carrier's packets */
	uint64_t sent_total, got_total;
};

static uint8_t stream_byte(uint64_t seed, uint64_t i)
{
	const uint64_t x = (i + seed * 977) * 0x9e3779b97f4a7c15ull;

	return (uint8_t)(x >> 56);
}

static uint32_t random_below(uint64_t *seed, uint32_t n)
{
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(*seed >> 33) % n;
}

/* Looks at one packet of ours. */
static void peer_gets(struct peer *p, const struct sent *s, uint64_t seed)
{
	p->our_fwd_cnt = s->h.fwd_cnt;
	p->our_buf_alloc = s->h.buf_alloc;
	assert_true(p->tx_cnt - p->our_fwd_cnt <= p->our_buf_alloc);
	if (s->h.op != OP_RW)
		return;
	p->rx_cnt += s->h.size;
	/* Never more than the window it was told. */
	assert_true(p->rx_cnt - p->rx_taken <= p->window);
	for (uint32_t i = 0; i < s->h.size; i++)
		assert_int_equal(s->payload[i], stream_byte(seed, p->got_total + i));
	p->got_total += s->h.size;
}

static void peer_queues(struct peer *p, struct carrier *k, uint16_t op, const uint8_t *payload,
	uint32_t n)
{
	struct vsock_header h = from_peer(p->c, op, n);

	h.buf_alloc = p->window;
	h.fwd_cnt = p->rx_taken;
	carrier_queue(k, &h, payload);
}

static void peer_looks(struct peer *p, const struct carrier *k, uint64_t stream_seed)
{
	while (p->checked < k->sent_count) {
		const struct sent *s = &k->sent[p->checked++];
		if (s->h.src_port == p->c->local_port)
			peer_gets(p, s, stream_seed);
	}
}

static void peer_steps(struct peer *p, struct carrier *k, uint64_t *seed, uint64_t stream_seed)
{
	peer_looks(p, k, stream_seed);
	if (random_below(seed, 2) == 0 && p->rx_taken != p->rx_cnt) {
		p->rx_taken += random_below(seed, p->rx_cnt - p->rx_taken) + 1;
		peer_queues(p, k, OP_CREDIT_UPDATE, NULL, 0);
	}
	const uint32_t credit = p->our_buf_alloc - (p->tx_cnt - p->our_fwd_cnt);
	if (credit > 0 && random_below(seed, 2) == 0) {
		uint8_t payload[VSOCK_WINDOW];
		const uint32_t n = random_below(seed, credit) + 1;
		for (uint32_t i = 0; i < n; i++)
			payload[i] = stream_byte(stream_seed + 1, p->sent_total + i);
		peer_queues(p, k, OP_RW, payload, n);
		p->tx_cnt += n;
		p->sent_total += n;
	}
}

struct session {
	struct vsock_connection c;
	struct peer peer;
	uint64_t tx_total, rx_total;
};

static void session_steps(struct session *s, uint64_t *seed, uint64_t stream_seed)
{
	const struct stream stream = stream_of(&s->c);
	uint8_t bytes[VSOCK_PAYLOAD_MAX];

	const size_t got = stream_rx(&stream, bytes, random_below(seed, 700));
	for (size_t i = 0; i < got; i++)
		assert_int_equal(bytes[i], stream_byte(stream_seed + 1, s->rx_total + i));
	s->rx_total += got;

	size_t n = stream_tx_room(&stream);
	if (n > 0) {
		n = random_below(seed, (uint32_t)n) + 1;
		for (size_t i = 0; i < n; i++)
			bytes[i] = stream_byte(stream_seed, s->tx_total + i);
		assert_int_equal(stream_tx(&stream, bytes, n), STATUS_OK);
		s->tx_total += n;
	}
	vsock_flush(&s->c);
}

static void begin(struct session *s, struct vsock *v, struct carrier *k, uint32_t port,
	uint32_t counters)
{
	memset(s, 0, sizeof(*s));
	open_connection(v, k, &s->c, port);
	/* As if four gigabytes less a little had gone through already. */
	s->c.tx_cnt = s->c.peer_fwd_cnt = s->c.rx_cnt = s->c.rx_told = counters;
	s->peer = (struct peer){.c = &s->c, .window = 3000, .tx_cnt = counters,
		.our_fwd_cnt = counters, .our_buf_alloc = VSOCK_WINDOW, .rx_cnt = counters,
		.rx_taken = counters, .checked = k->sent_count};
	s->c.peer_buf_alloc = s->peer.window;
}

/* Keeps the carrier's record from filling up: all look, then it starts over. */
static void recycle(struct vsock *v, struct carrier *k, struct session *s, uint32_t n)
{
	if (k->queued_count > QUEUE / 2) {
		poll_all(v);
		k->queued_first = k->queued_count = 0;
	}
	if (k->sent_count > QUEUE / 2) {
		for (uint32_t i = 0; i < n; i++) {
			peer_looks(&s[i].peer, k, i * 10);
			s[i].peer.checked = 0;
		}
		k->sent_count = k->looked_at = 0;
	}
}

static void run(uint32_t counters, bool full_at_times)
{
	static struct vsock v;
	struct carrier *k = carrier_new(&v);
	struct session s[3];
	struct vsock_connection *touched;
	uint64_t seed = counters + full_at_times;

	for (uint32_t i = 0; i < ARRAY_SIZE(s); i++)
		begin(&s[i], &v, k, 1000 + i, counters);
	for (int round = 0; round < 20000; round++) {
		if (full_at_times)
			k->room = random_below(&seed, 3);
		const uint32_t i = random_below(&seed, ARRAY_SIZE(s));
		session_steps(&s[i], &seed, i * 10);
		peer_steps(&s[i].peer, k, &seed, i * 10);
		for (uint32_t polls = random_below(&seed, 4); polls > 0; polls--) {
			const enum status status = vsock_poll(&v, &touched);
			assert_true(status == STATUS_OK || status == STATUS_PENDING);
		}
		recycle(&v, k, s, ARRAY_SIZE(s));
	}
	/* With room again, everything still held goes out. */
	k->room = UNLIMITED;
	poll_all(&v);
	assert_false(vsock_blocked(&v));
	for (uint32_t i = 0; i < ARRAY_SIZE(s); i++) {
		peer_looks(&s[i].peer, k, i * 10);
		assert_int_equal(vsock_status(&s[i].c), STATUS_OK);
		assert_int_equal(s[i].peer.got_total, s[i].tx_total);
		assert_int_equal(s[i].rx_total + vsock_rx_waiting(&s[i].c), s[i].peer.sent_total);
		assert_true(s[i].tx_total > 100000 && s[i].rx_total > 100000);
	}
	carrier_free(k);
}

static void interleaved_streams_arrive_whole_and_within_credit(void **state)
{
	(void)state;
	run(0, false);
}

static void counters_may_wrap_around(void **state)
{
	(void)state;
	run(0xffffff00, false);
	run(0x7fffff00, false);
}

static void nothing_is_lost_over_a_carrier_that_is_full_at_times(void **state)
{
	(void)state;
	run(0, true);
	run(0xffff0000, true);
}

static void a_full_carrier_holds_one_packet_and_wakes_who_wanted_room(void **state)
{
	struct vsock v;
	struct vsock_connection a, b, *touched;
	struct carrier *k = carrier_new(&v);
	const struct stream sa = stream_of(&a), sb = stream_of(&b);
	uint8_t bytes[300];

	(void)state;
	memset(bytes, 0x42, sizeof(bytes));
	open_connection(&v, k, &a, 1);
	open_connection(&v, k, &b, 2);
	assert_false(vsock_blocked(&v));
	k->room = 0;
	assert_int_equal(stream_tx(&sa, bytes, sizeof(bytes)), STATUS_OK);
	memset(bytes, 0, sizeof(bytes));
	assert_true(vsock_blocked(&v));
	assert_int_equal(stream_tx_room(&sa), 0);
	assert_int_equal(stream_tx_room(&sb), 0);
	assert_int_equal(vsock_poll(&v, &touched), STATUS_PENDING);
	assert_nothing_sent(k);

	k->room = 1;
	assert_int_equal(vsock_poll(&v, &touched), STATUS_OK);
	struct vsock_connection *const first = touched;
	assert_int_equal(vsock_poll(&v, &touched), STATUS_OK);
	assert_true((first == &a && touched == &b) || (first == &b && touched == &a));
	assert_int_equal(vsock_poll(&v, &touched), STATUS_PENDING);
	const struct sent *s = next_sent(k);
	assert_int_equal(s->h.op, OP_RW);
	assert_int_equal(s->h.src_port, a.local_port);
	assert_int_equal(s->h.size, 300);
	assert_int_equal(s->payload[0] & s->payload[299], 0x42);
	assert_true(stream_tx_room(&sa) > 0 && stream_tx_room(&sb) > 0);
	assert_false(vsock_blocked(&v));
	carrier_free(k);
}

static void control_packets_without_room_are_sent_later(void **state)
{
	struct vsock v;
	struct vsock_connection a, b, c, d;
	struct carrier *k = carrier_new(&v);
	uint8_t bytes[VSOCK_WINDOW + 1] = {0};

	(void)state;
	open_connection(&v, k, &a, 1);
	open_connection(&v, k, &b, 2);
	open_connection(&v, k, &d, 4);
	k->room = 0;
	/* a: credit update; b: reset; c: request; d: shutdown; and a stranger's reset */
	peer_sends(k, &a, OP_RW, bytes, VSOCK_WINDOW);
	peer_sends(k, &b, OP_RW, bytes, VSOCK_WINDOW + 1);
	struct vsock_header h = from_peer(&a, OP_RW, 0);
	h.src_port = 77;
	carrier_queue(k, &h, NULL);
	poll_all(&v);
	const struct stream sa = stream_of(&a);
	assert_int_equal(stream_rx(&sa, bytes, VSOCK_WINDOW), VSOCK_WINDOW);
	vsock_flush(&a);
	assert_int_equal(vsock_connect(&v, &c, 9, 2, 3), STATUS_OK);
	const uint32_t d_port = d.local_port;
	vsock_close(&d);
	assert_nothing_sent(k);
	assert_true(vsock_blocked(&v));
	assert_int_equal(vsock_status(&a), STATUS_OK);
	assert_int_equal(vsock_status(&b), ERR_TRANSPORT_PROTOCOL);
	assert_int_equal(vsock_status(&c), STATUS_PENDING);

	unsigned seen = 0;
	for (int i = 0; i < 10; i++) {
		k->room = 1;
		poll_all(&v);
	}
	assert_int_equal(k->sent_count - k->looked_at, 5);
	while (k->looked_at < k->sent_count) {
		const struct sent *s = next_sent(k);
		if (s->h.src_port == a.local_port && s->h.dst_port == 1)
			seen |= s->h.op == OP_CREDIT_UPDATE && s->h.fwd_cnt == VSOCK_WINDOW ? 1 : 0;
		else if (s->h.src_port == b.local_port)
			seen |= s->h.op == OP_RST ? 2 : 0;
		else if (s->h.src_port == c.local_port)
			seen |= s->h.op == OP_REQUEST ? 4 : 0;
		else if (s->h.src_port == d_port)
			seen |= s->h.op == OP_SHUTDOWN ? 8 : 0;
		else if (s->h.dst_port == 77)
			seen |= s->h.op == OP_RST ? 16 : 0;
	}
	assert_int_equal(seen, 31);
	assert_false(vsock_blocked(&v));
	carrier_free(k);
}

static void a_request_that_never_left_is_not_reset(void **state)
{
	struct vsock v;
	struct vsock_connection c;
	struct carrier *k = carrier_new(&v);

	(void)state;
	k->room = 0;
	assert_int_equal(vsock_connect(&v, &c, 9, 2, 3), STATUS_OK);
	vsock_close(&c);
	k->room = UNLIMITED;
	poll_all(&v);
	assert_nothing_sent(k);
	assert_false(vsock_blocked(&v));
	carrier_free(k);
}

static void closing_does_not_overtake_what_is_held(void **state)
{
	struct vsock v;
	struct vsock_connection a, b;
	struct carrier *k = carrier_new(&v);
	const struct stream sa = stream_of(&a);
	const uint8_t bytes[16] = {7};

	(void)state;
	open_connection(&v, k, &a, 1);
	open_connection(&v, k, &b, 2);
	k->room = 0;
	assert_int_equal(stream_tx(&sa, bytes, sizeof(bytes)), STATUS_OK);
	/* The carrier has room again, but the session closes before anyone polls. */
	k->room = UNLIMITED;
	const struct vsock_connection was = a;
	vsock_close(&a);
	memset(&a, 0, sizeof(a));
	vsock_close(&b);
	poll_all(&v);
	assert_sent(k, &was, OP_RW);
	assert_sent(k, &was, OP_SHUTDOWN);
	assert_int_equal(next_sent(k)->h.op, OP_SHUTDOWN);
	assert_nothing_sent(k);
	carrier_free(k);
}

static void strangers_crowd_out_no_more_than_their_own_resets(void **state)
{
	struct vsock v;
	struct vsock_connection c;
	struct carrier *k = carrier_new(&v);

	(void)state;
	open_connection(&v, k, &c, 1);
	k->room = 0;
	for (uint32_t i = 0; i < 1000; i++) {
		struct vsock_header h = from_peer(&c, OP_RW, 0);
		h.src_port = 10000 + i;
		carrier_queue(k, &h, NULL);
	}
	poll_all(&v);
	assert_int_equal(v.farewells, VSOCK_FAREWELLS);
	assert_int_equal(v.dropped, 1000 + 1000 - VSOCK_FAREWELLS);
	k->room = UNLIMITED;
	poll_all(&v);
	assert_int_equal(k->sent_count - k->looked_at, VSOCK_FAREWELLS);
	assert_int_equal(vsock_status(&c), STATUS_OK);
	carrier_free(k);
}

static void one_connection_breaks_and_the_other_goes_on(void **state)
{
	struct vsock v;
	struct vsock_connection a, b;
	struct carrier *k = carrier_new(&v);
	const struct stream sa = stream_of(&a), sb = stream_of(&b);
	uint8_t bytes[VSOCK_WINDOW + 1] = {1, 2, 3};

	(void)state;
	open_connection(&v, k, &a, 1);
	open_connection(&v, k, &b, 2);
	for (int round = 0; round < 50; round++) {
		peer_sends(k, &a, OP_RW, bytes, VSOCK_WINDOW + 1);
		peer_sends(k, &b, OP_RW, bytes, 100);
		poll_all(&v);
		assert_int_equal(vsock_status(&a), ERR_TRANSPORT_PROTOCOL);
		assert_int_equal(stream_tx(&sa, bytes, 1), ERR_TRANSPORT_PROTOCOL);
		assert_int_equal(vsock_status(&b), STATUS_OK);
		assert_int_equal(stream_rx(&sb, bytes, 200), 100);
		assert_int_equal(stream_tx(&sb, bytes, 50), STATUS_OK);
	}
	carrier_free(k);
}

static void a_failing_carrier_fails_only_who_uses_it(void **state)
{
	struct vsock v;
	struct vsock_connection a, b, c, *touched;
	struct carrier *k = carrier_new(&v);
	const struct stream sa = stream_of(&a), sb = stream_of(&b);
	uint8_t bytes[16] = {0};

	(void)state;
	open_connection(&v, k, &a, 1);
	open_connection(&v, k, &b, 2);
	k->failure = ERR_VMCALL;
	assert_int_equal(stream_tx(&sa, bytes, 16), ERR_VMCALL);
	assert_int_equal(vsock_status(&a), ERR_VMCALL);
	assert_int_equal(vsock_connect(&v, &c, 1, 2, 3), ERR_VMCALL);
	assert_int_equal(vsock_status(&c), ERR_TRANSPORT_CLOSED);
	k->failure = STATUS_OK;
	assert_int_equal(vsock_status(&b), STATUS_OK);
	assert_int_equal(stream_tx(&sb, bytes, 16), STATUS_OK);

	/* A packet that was held and is refused then breaks its own connection. */
	k->room = 0;
	assert_int_equal(stream_tx(&sb, bytes, 16), STATUS_OK);
	k->room = UNLIMITED;
	k->failure = ERR_VMCALL;
	assert_int_equal(vsock_poll(&v, &touched), STATUS_OK);
	assert_ptr_equal(touched, &b);
	assert_int_equal(vsock_status(&b), ERR_VMCALL);
	assert_int_equal(vsock_poll(&v, &touched), STATUS_PENDING);
	assert_false(vsock_blocked(&v));
	carrier_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interleaved_streams_arrive_whole_and_within_credit),
		cmocka_unit_test(counters_may_wrap_around),
		cmocka_unit_test(nothing_is_lost_over_a_carrier_that_is_full_at_times),
		cmocka_unit_test(a_full_carrier_holds_one_packet_and_wakes_who_wanted_room),
		cmocka_unit_test(control_packets_without_room_are_sent_later),
		cmocka_unit_test(a_request_that_never_left_is_not_reset),
		cmocka_unit_test(closing_does_not_overtake_what_is_held),
		cmocka_unit_test(strangers_crowd_out_no_more_than_their_own_resets),
		cmocka_unit_test(one_connection_breaks_and_the_other_goes_on),
		cmocka_unit_test(a_failing_carrier_fails_only_who_uses_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
