/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The VMM's half of vmcall-raw (tdx-platform.md 1.6, 2.3, 5.5): TDVMCALL sub-function 0x10006 of one
 * Migration TD.
 *
 * raw.c takes the calls, hands out requests and takes reports; raw_stream.c joins the Send and
 * Receive buffers of one migration request to a connection.
 *
 * It is made when the request is handed out, and to where a vsock connection of the guest to that
 * port would go, so that the same relays serve both transports; with --raw a source connects and a
 * destination listens, as with intel/MigTD's emulation (raw_wire.c).  On it every Send of a Migration
 * TD becomes a frame, u32 little-endian length and as many bytes; a Receive takes what it has room
 * for and leaves the rest to the next.
 */
#ifndef HOST_RAW_H
#define HOST_RAW_H

#include "host/platform.h"

#define RAW_HEADER 12
#define RAW_MTU 65524u

/* Data status, byte 0 and 1. */
enum { RAW_IN_FLIGHT, RAW_DONE, RAW_NOT_COMPLETED };
#define RAW_CANCELED 3

/* A buffer that a call has given to the VMM until it is completed. */
struct raw_buffer {
	bool pending;
	uint64_t gpa;		/* with the shared bit */
	uint64_t size;
	uint8_t vector;
};

struct raw_stream;
struct raw_operation;

/* Interrupts: at most this many of a vector until the TD calls again. */
#define RAW_SIGNALS_MAX 8

struct raw_host {
	struct migtd *td;
	struct raw_buffer wait;	/* WaitForRequest */
	struct raw_operation *operations;	/* asked for by clients, oldest first */
	struct raw_stream *streams;
	struct timer signal_again;
	uint8_t signals[256];	/* sent since the TD's last call, by vector */
	bool more[256];
};

/* Writes payload and length, then the status, and tells the TD. */
void raw_complete(struct raw_host *host, struct raw_buffer *buffer, uint64_t status,
	const void *payload, uint32_t n, uint32_t length);

/* raw_stream.c; calls answer with R10. */
struct raw_stream *raw_stream_open(struct raw_host *host, const struct user_td *td);
struct raw_stream *raw_stream_find(const struct raw_host *host, uint64_t request_id);
uint64_t raw_stream_send(struct raw_stream *s, const struct raw_buffer *buffer);
uint64_t raw_stream_receive(struct raw_stream *s, const struct raw_buffer *buffer);
/* Every call, pending or to come, completes as cancelled; the connection is closed. */
void raw_stream_cancel(struct raw_stream *s);
/* The request is over: pending calls complete as cancelled. */
void raw_stream_end(struct raw_stream *s);

#endif
