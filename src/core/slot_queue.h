/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Who waits for one of a few places that are all alike (work slots, quote buffers): first come,
 * first served.  A session is in one queue at most, session->queue; while it is, its time limit
 * stands still and that of the queue runs (session_clock()).
 */
#ifndef CORE_SLOT_QUEUE_H
#define CORE_SLOT_QUEUE_H

#include "migtd/base.h"

/* How long a session may wait in one. */
#define SLOT_QUEUE_MS 30000

struct session;

struct slot_queue {
	struct session *first;
	struct session *last;
	uint32_t queued;
};

/*
 * STATUS_OK: a place is free, and it is the session's turn; it is in no queue any more and takes
 * the place now.  STATUS_PENDING: it is in the queue, and becomes runnable when its turn comes.
 */
enum status slot_queue_pass(struct slot_queue *q, struct session *s, bool is_free) MUST_CHECK;
/* A place may have come free: the one whose turn it is looks. */
void slot_queue_wake(struct slot_queue *q);
/* Gives up the session's place in this queue, if it has one, and lets the next one look. */
void slot_queue_leave(struct slot_queue *q, struct session *s);

#endif
