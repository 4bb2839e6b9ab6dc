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
	/* Sends one packet; STATUS_PENDING when the carrier is full for now. */
	enum status (*send)(void *ctx, uint64_t request_id, const uint8_t *header,
		const uint8_t *payload, size_t n);
	/* Next packet (header and payload) in private memory; STATUS_PENDING when there is none. */
	enum status (*receive)(void *ctx, const uint8_t **packet, size_t *n);
	void *ctx;
};

enum vsock_state { VSOCK_CLOSED, VSOCK_CONNECTING, VSOCK_OPEN, VSOCK_CLOSING, VSOCK_RESET };

/* One connection; lies in its session's arena.  All fields private to vsock.c. */
struct vsock_connection {
	struct vsock_connection *next;
	struct vsock *vsock;
	uint64_t request_id;
	uint64_t remote_cid;
	uint32_t remote_port;
	uint32_t local_port;
	uint8_t state;
	uint8_t peer_shutdown;
	enum status error;	/* why it went to VSOCK_RESET */
	uint32_t peer_buf_alloc;
	uint32_t peer_fwd_cnt;
	uint32_t tx_cnt;
	uint32_t rx_cnt;	/* bytes taken by the session */
	uint32_t rx_told;	/* fwd_cnt last sent */
	uint16_t rx_head;
	uint16_t rx_used;
	uint8_t rx_ring[VSOCK_WINDOW];
};

struct vsock {
	struct vsock_carrier carrier;
	uint64_t local_cid;
	uint32_t next_port;
	struct vsock_connection *connections;
	uint64_t dropped;	/* malformed or unknown packets */
};

void vsock_init(struct vsock *v, const struct vsock_carrier *carrier, uint64_t local_cid);

/* Sends the connection request; the connection is VSOCK_CONNECTING until vsock_poll() says so. */
enum status vsock_connect(struct vsock *v, struct vsock_connection *c, uint64_t request_id,
	uint64_t remote_cid, uint32_t remote_port) MUST_CHECK;

/*
 * Takes one packet from the carrier and applies it to its connection.  STATUS_PENDING: none was
 * there.  A packet that breaks the protocol resets the connection it names and no other; packets
 * for unknown connections are answered with a reset.  *touched is the connection or NULL.
 */
enum status vsock_poll(struct vsock *v, struct vsock_connection **touched) MUST_CHECK;

/* STATUS_PENDING while connecting, STATUS_OK when open, else why it ended. */
enum status vsock_status(const struct vsock_connection *c) MUST_CHECK;

/* Bytes the peer sent that the session has not taken. */
size_t vsock_rx_waiting(const struct vsock_connection *c);

/* Sends shutdown and forgets the connection: a late packet finds no one and is answered by reset. */
void vsock_close(struct vsock_connection *c);

/* The stream of an open connection (ctx is the connection). */
extern const struct stream_ops vsock_stream_ops;

#endif
