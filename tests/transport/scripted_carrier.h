/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * A carrier that keeps what is sent, delivers what the test queues, and can be full or broken.  A
 * received packet lies in a block of exactly its size that is freed at the next send or receive,
 * so that a sanitizer sees both an overread and a late look.
 */
#ifndef TESTS_TRANSPORT_SCRIPTED_CARRIER_H
#define TESTS_TRANSPORT_SCRIPTED_CARRIER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "transport/vsock.h"
#include "transport/vsock_packet.h"

#define QUEUE 4096
#define LOCAL_CID 33
#define UNLIMITED SIZE_MAX

struct sent {
	uint64_t request_id;
	struct vsock_header h;
	uint8_t payload[VSOCK_PAYLOAD_MAX];
};

struct carrier {
	struct sent sent[QUEUE];
	size_t sent_count;
	size_t looked_at;	/* by next_sent() */
	size_t room;		/* packets it still takes */
	enum status failure;	/* of every send, unless STATUS_OK */
	uint8_t *queued[QUEUE];
	size_t queued_size[QUEUE];
	size_t queued_first, queued_count;
	uint8_t *delivered;
};

/* What is sent through a connection; fill_pattern() is a setup function of cmocka's. */
static uint8_t pattern[65536];

static inline int fill_pattern(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = (uint8_t)(i * 7 + i / 251);
	return 0;
}

static inline void carrier_forget_delivered(struct carrier *k)
{
	free(k->delivered);
	k->delivered = NULL;
}

static inline enum status carrier_send(void *ctx, uint64_t request_id, const uint8_t *header,
	const uint8_t *payload, size_t n)
{
	struct carrier *k = ctx;

	carrier_forget_delivered(k);
	if (k->failure != STATUS_OK)
		return k->failure;
	if (k->room == 0)
		return STATUS_PENDING;
	if (k->room != UNLIMITED)
		k->room--;
	assert_true(k->sent_count < QUEUE && n <= VSOCK_PAYLOAD_MAX);
	struct sent *s = &k->sent[k->sent_count++];
	struct reader r = reader_of(header, VSOCK_HEADER_SIZE);
	s->request_id = request_id;
	s->h = vsock_header_read(&r);
	assert_int_equal(s->h.size, n);
	assert_int_equal(s->h.src_cid, LOCAL_CID);
	assert_int_equal(s->h.type, 1);
	if (n > 0)
		memcpy(s->payload, payload, n);
	return STATUS_OK;
}

static inline enum status carrier_receive(void *ctx, const uint8_t **packet, size_t *n)
{
	struct carrier *k = ctx;

	carrier_forget_delivered(k);
	if (k->queued_first == k->queued_count)
		return STATUS_PENDING;
	k->delivered = k->queued[k->queued_first];
	*n = k->queued_size[k->queued_first++];
	*packet = k->delivered;
	return STATUS_OK;
}

/* Queues the first n bytes of a packet whose header says what it likes. */
static inline void carrier_queue_cut(struct carrier *k, const struct vsock_header *h,
	const uint8_t *payload, size_t payload_size, size_t n)
{
	uint8_t whole[VSOCK_HEADER_SIZE + 65536];

	assert_true(k->queued_count < QUEUE);
	vsock_header_write(h, whole);
	if (payload != NULL)
		memcpy(whole + VSOCK_HEADER_SIZE, payload, payload_size);
	uint8_t *exact = malloc(n > 0 ? n : 1);
	memcpy(exact, whole, n);
	k->queued[k->queued_count] = exact;
	k->queued_size[k->queued_count++] = n;
}

static inline void carrier_queue(struct carrier *k, const struct vsock_header *h,
	const uint8_t *payload)
{
	carrier_queue_cut(k, h, payload, h->size, VSOCK_HEADER_SIZE + h->size);
}

/* The next packet sent that the test has not seen; fails the test when there is none. */
static inline const struct sent *next_sent(struct carrier *k)
{
	assert_true(k->looked_at < k->sent_count);
	return &k->sent[k->looked_at++];
}

static inline void assert_sent(struct carrier *k, const struct vsock_connection *c, uint16_t op)
{
	const struct sent *s = next_sent(k);

	assert_int_equal(s->h.op, op);
	assert_int_equal(s->h.src_port, c->local_port);
	assert_int_equal(s->h.dst_port, c->remote_port);
	assert_int_equal(s->h.dst_cid, c->remote_cid);
}

static inline void assert_nothing_sent(const struct carrier *k)
{
	assert_int_equal(k->looked_at, k->sent_count);
}

static inline struct carrier *carrier_new(struct vsock *v)
{
	struct carrier *k = calloc(1, sizeof(*k));
	const struct vsock_carrier carrier = {
		.send = carrier_send, .receive = carrier_receive, .ctx = k};

	assert_non_null(k);
	k->room = UNLIMITED;
	vsock_init(v, &carrier, LOCAL_CID);
	return k;
}

static inline void carrier_free(struct carrier *k)
{
	carrier_forget_delivered(k);
	while (k->queued_first < k->queued_count)
		free(k->queued[k->queued_first++]);
	free(k);
}

/* A packet from the peer of c. */
static inline struct vsock_header from_peer(const struct vsock_connection *c, uint16_t op,
	uint32_t size)
{
	return (struct vsock_header){
		.src_cid = c->remote_cid,
		.dst_cid = LOCAL_CID,
		.src_port = c->remote_port,
		.dst_port = c->local_port,
		.size = size,
		.type = 1,
		.op = op,
		.buf_alloc = 0x40000,
		.fwd_cnt = c->peer_fwd_cnt,
	};
}

static inline void peer_sends(struct carrier *k, const struct vsock_connection *c, uint16_t op,
	const uint8_t *payload, uint32_t size)
{
	const struct vsock_header h = from_peer(c, op, size);

	carrier_queue(k, &h, payload);
}

/* Polls until nothing is left; returns the last connection touched. */
static inline struct vsock_connection *poll_all(struct vsock *v)
{
	struct vsock_connection *last = NULL, *touched;
	enum status status;

	while ((status = vsock_poll(v, &touched)) == STATUS_OK)
		last = touched != NULL ? touched : last;
	assert_int_equal(status, STATUS_PENDING);
	return last;
}

/* An open connection to port `port` of CID 2; what opening sent has been looked at. */
static inline void open_connection(struct vsock *v, struct carrier *k, struct vsock_connection *c,
	uint32_t port)
{
	assert_int_equal(vsock_connect(v, c, port, 2, port), STATUS_OK);
	assert_sent(k, c, OP_REQUEST);
	assert_int_equal(vsock_status(c), STATUS_PENDING);
	peer_sends(k, c, OP_RESPONSE, NULL, 0);
	assert_ptr_equal(poll_all(v), c);
	assert_int_equal(vsock_status(c), STATUS_OK);
	assert_nothing_sent(k);
}

static inline struct stream stream_of(struct vsock_connection *c)
{
	return (struct stream){.ops = &vsock_stream_ops, .ctx = c};
}

#endif
