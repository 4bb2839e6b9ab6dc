/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "core/slot_queue.h"

#include "core/td.h"

static void append(struct slot_queue *q, struct session *s)
{
	s->queue_next = NULL;
	s->queue = q;
	s->queue_ms = 0;
	if (q->last != NULL)
		q->last->queue_next = s;
	else
		q->first = s;
	q->last = s;
	q->queued++;
}

static void take_out(struct slot_queue *q, struct session *s)
{
	struct session *before = NULL;

	for (struct session *at = q->first; at != s; at = at->queue_next)
		before = at;
	if (before != NULL)
		before->queue_next = s->queue_next;
	else
		q->first = s->queue_next;
	if (q->last == s)
		q->last = before;
	s->queue_next = NULL;
	s->queue = NULL;
	q->queued--;
}

enum status slot_queue_pass(struct slot_queue *q, struct session *s, bool is_free)
{
	if (s->queue != NULL && s->queue != q)
		return ERR_INTERNAL;
	/* A free place belongs to the head of the queue. */
	if (!is_free || (q->first != NULL && q->first != s)) {
		if (s->queue == NULL)
			append(q, s);
		return STATUS_PENDING;
	}
	if (s->queue != NULL)
		take_out(q, s);
	/* Two places may have come free before the new head looked. */
	slot_queue_wake(q);
	return STATUS_OK;
}

void slot_queue_wake(struct slot_queue *q)
{
	if (q->first != NULL)
		session_run(q->first);
}

void slot_queue_leave(struct slot_queue *q, struct session *s)
{
	if (s->queue != q)
		return;
	take_out(q, s);
	slot_queue_wake(q);
}
