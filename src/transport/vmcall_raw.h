/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * vmcall-raw (platform spec 5.5): one byte stream per migration request, by asynchronous Send and
 * Receive of sub-function 0x10006.  There is no connection: the VMM knows the request.
 *
 * A stream has `rx_pages` shared pages for Receive and one for Send from its opening to its end, and
 * no private copy: bytes are copied out of the page once, to whoever reads them, and into it once.
 * Two buffers, not one for both in turn: in the pre-session both sides send a whole policy before
 * they have read the other's, and a page lent to a Receive does not come back until the peer says
 * something.  What is written is gathered and sent when the page is full or the session has said
 * all for now (vmcall_raw_flush()).
 *
 * A Receive is asked for when the session wants bytes and none are there, and while it waits for
 * something else (vmcall_raw_listen()), because a VMM can tell of a cancel in no other way; not when
 * a session has had all it wants, so that nothing is in flight after a regular end.  A page that the
 * VMM still has at the end is abandoned (tdx/migtd_call.h).
 *
 * A completion that says success over no bytes, or over more than the buffer holds, ends the stream.
 */
#ifndef TRANSPORT_VMCALL_RAW_H
#define TRANSPORT_VMCALL_RAW_H

#include "tdx/migtd_call.h"
#include "transport/stream.h"

/* Pages of one Receive: ours, and as many as upstream takes, which is the most there can be. */
#define VMCALL_RAW_RX_PAGES 1
#define VMCALL_RAW_RX_PAGES_MAX 16
/* Payload of one Send: what a page holds. */
#define VMCALL_RAW_TX_MAX (PAGE_SIZE - MIGTD_CALL_HEADER)

/* What all streams of a TD share. */
struct vmcall_raw {
	struct tdx *tdx;
	struct shared *shared;
	uint32_t rx_pages;
	uint8_t vector;		/* of completions */
};

/* One stream; lies in its session's arena.  All fields private to vmcall_raw.c. */
struct vmcall_raw_stream {
	struct vmcall_raw *raw;		/* NULL: not open */
	uint8_t *rx;			/* rx_pages pages; the one behind them is tx */
	uint8_t *tx;
	uint64_t request_id;
	uint32_t rx_at;			/* bytes of the payload that have been read, */
	uint32_t rx_size;		/* of so many */
	uint16_t tx_size;		/* gathered in tx and not sent */
	bool receiving;			/* rx is the VMM's */
	bool sending;			/* tx is the VMM's */
	enum status error;		/* why the stream has ended, or STATUS_OK */
};

/* rx_pages: 1 to VMCALL_RAW_RX_PAGES_MAX. */
void vmcall_raw_init(struct vmcall_raw *raw, struct tdx *tdx, struct shared *shared,
	uint32_t rx_pages, uint8_t vector);
/* Gives back pages of streams that have ended and whose calls have completed since. */
void vmcall_raw_reclaim(struct vmcall_raw *raw);
/* Pages of ended streams that the VMM still has. */
uint32_t vmcall_raw_abandoned(const struct vmcall_raw *raw);
/* Shared pages of one stream. */
uint32_t vmcall_raw_pages(const struct vmcall_raw *raw);

/* Takes the pages; ERR_OUT_OF_RESOURCE when there are none. */
enum status vmcall_raw_open(struct vmcall_raw *raw, struct vmcall_raw_stream *s,
	uint64_t request_id) MUST_CHECK;
/* Looks whether calls of the stream have completed; true when the session may be able to go on. */
bool vmcall_raw_poll(struct vmcall_raw_stream *s);
/*
 * STATUS_OK, or why the stream has ended: ERR_CANCELED, ERR_TRANSPORT_CLOSED, ERR_TRANSPORT_PROTOCOL,
 * or why a call was refused.  What had been received before can still be read.
 */
enum status vmcall_raw_status(const struct vmcall_raw_stream *s) MUST_CHECK;
/* Bytes have come that the session has not read. */
bool vmcall_raw_rx_waiting(const struct vmcall_raw_stream *s);
/* Sends what has been gathered. */
void vmcall_raw_flush(struct vmcall_raw_stream *s);
/* Has a Receive in flight unless bytes wait to be read. */
void vmcall_raw_listen(struct vmcall_raw_stream *s);
/* Bytes that the VMM has not taken yet. */
bool vmcall_raw_unsent(const struct vmcall_raw_stream *s);
/* Ends the stream; harmless for one that is zeroed or closed already. */
void vmcall_raw_close(struct vmcall_raw_stream *s);

/* The stream, as vsock_stream_ops: of one that has ended tx_room() is not 0, and tx() says why. */
extern const struct stream_ops vmcall_raw_stream_ops;

#endif
