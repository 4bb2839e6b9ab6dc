/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * vsock stream sockets over packets of 44 bytes of header and payload: connect, credit, shutdown
 * and reset, any number of connections, each with its own small receive queue.  What carries the
 * packets (Service Send/Receive here, virtio in the firmware) is a carrier.
 */
#ifndef TRANSPORT_VSOCK_H
#define TRANSPORT_VSOCK_H

#include "transport/stream.h"

/* Receive window of one connection: advertised as buf_alloc, and all that is ever queued. */
#define VSOCK_WINDOW 512
/* Largest payload of one packet we send. */
#define VSOCK_PAYLOAD_MAX 2048
#define VSOCK_HEADER_SIZE 44

struct vsock_carrier {
	/* Sends one packet; STATUS_PENDING when the carrier is full for now and took nothing. */
	enum status (*send)(void *ctx, uint64_t request_id, const uint8_t *header,
		const uint8_t *payload, size_t n);
	/*
	 * Next packet (header and payload) in private memory, valid until the next send or receive;
	 * STATUS_PENDING when there is none.
	 */
	enum status (*receive)(void *ctx, const uint8_t **packet, size_t *n);
	void *ctx;
};

/* Request id of packets that belong to no session (resets of unknown connections). */
#define VSOCK_NO_REQUEST 0xffffffffffffffffull

/*
 * CLOSED: not in use.  CLOSING: the peer has ended the connection; what is queued can be read.
 * RESET: it was refused or broken, and says why.
 */
enum vsock_state { VSOCK_CLOSED, VSOCK_CONNECTING, VSOCK_OPEN, VSOCK_CLOSING, VSOCK_RESET };

/*
 * One connection; lies in its session's arena.  All fields private to vsock.c, but until
 * vsock_connect() the session keeps the address of its peer in it.
 */
struct vsock_connection {
	struct vsock_connection *next;	/* in its bucket */
	struct vsock *vsock;
	uint64_t request_id;
	uint64_t remote_cid;
	uint32_t remote_port;
	uint32_t local_port;
	uint8_t state;
	uint8_t peer_shutdown;
	uint8_t unsent;			/* control packets the carrier had no room for yet */
	bool was_reset;			/* by the peer's reset, without a shutdown before */
	enum status error;		/* why it went to VSOCK_RESET */
	uint32_t peer_buf_alloc;
	uint32_t peer_fwd_cnt;
	uint32_t tx_cnt;		/* bytes sent; all counters are modulo 2^32 */
	uint32_t rx_cnt;		/* bytes taken by the session */
	uint32_t rx_told;		/* fwd_cnt last sent */
	uint16_t rx_head;
	uint16_t rx_used;
	uint8_t rx_ring[VSOCK_WINDOW];
};

/* Connections are found by local port; ports are handed out in order, so buckets fill evenly. */
#define VSOCK_BUCKETS 64
/* Last packets of connections that are gone, waiting for room in the carrier. */
#define VSOCK_FAREWELLS 16

struct vsock_farewell {
	uint64_t request_id;
	uint64_t remote_cid;
	uint32_t remote_port;
	uint32_t local_port;
	uint32_t buf_alloc;
	uint32_t fwd_cnt;
	uint16_t op;
};

struct vsock {
	struct vsock_carrier carrier;
	uint64_t local_cid;
	uint32_t next_port;
	uint32_t unsent;		/* connections with something unsent */
	uint32_t next_bucket;		/* where the next look for them begins */
	uint32_t farewells;
	uint32_t held_size;		/* of the one data packet taken from a session and not yet */
	uint32_t held_port;		/* by the carrier, and its connection's local port */
	uint64_t held_request_id;
	uint64_t dropped;		/* malformed or unknown packets, farewells without room */
	struct vsock_connection *bucket[VSOCK_BUCKETS];
	struct vsock_farewell farewell[VSOCK_FAREWELLS];
	uint8_t held[VSOCK_HEADER_SIZE + VSOCK_PAYLOAD_MAX];
};

void vsock_init(struct vsock *v, const struct vsock_carrier *carrier, uint64_t local_cid);

/*
 * Sends the connection request; the connection is VSOCK_CONNECTING until vsock_poll() says so.  An
 * error is the carrier's; the connection is then not in use.
 */
enum status vsock_connect(struct vsock *v, struct vsock_connection *c, uint64_t request_id,
	uint64_t remote_cid, uint32_t remote_port) MUST_CHECK;

/*
 * Sends what waits for room, then takes one packet from the carrier and applies it to its
 * connection.  STATUS_PENDING: none was there.  A packet that breaks the protocol resets the
 * connection it names and no other; packets for unknown connections are answered with a reset.
 * *touched is the connection that may be able to go on, or NULL.  Any other status is the
 * carrier's: no packet could be had, and no connection is at fault.
 */
enum status vsock_poll(struct vsock *v, struct vsock_connection **touched) MUST_CHECK;

/* True while packets wait for room in the carrier: poll again soon, no interrupt will tell. */
bool vsock_blocked(const struct vsock *v);

/*
 * STATUS_PENDING while connecting, STATUS_OK when open, else why it ended.  What the peer sent
 * before it ended the connection can still be read, until then it counts as open.
 */
enum status vsock_status(const struct vsock_connection *c) MUST_CHECK;

/*
 * True for a connection that was broken off: reset by the peer or its VMM, without the shutdown of
 * a peer that has said all, or broken on this side.  What was sent before may still be read.
 */
bool vsock_was_reset(const struct vsock_connection *c);

/* Bytes the peer sent that the session has not taken. */
size_t vsock_rx_waiting(const struct vsock_connection *c);

/*
 * Tells the peer of the window that reading has made free, unless bytes sent since have told it.
 * After each turn of the session: rx() by itself tells nothing.  Harmless for a connection that is
 * zeroed or closed.
 */
void vsock_flush(struct vsock_connection *c);

/*
 * Ends and forgets the connection: a late packet finds no one and is answered by reset.  Harmless
 * for a connection that is zeroed or closed already.
 */
void vsock_close(struct vsock_connection *c);

/*
 * The stream of a connection (ctx is the connection).  tx_room() of a connection that can send no
 * more is not 0, so that tx() is tried and says why.  tx() takes all of its n bytes or fails.
 */
extern const struct stream_ops vsock_stream_ops;

#endif
