/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "core/work_slot.h"

#include "core/td.h"

static struct work_slot *free_slot(struct work_slots *slots)
{
	for (unsigned i = 0; i < WORK_SLOTS; i++)
		if (slots->slot[i].holder == NULL)
			return &slots->slot[i];
	return NULL;
}

static void queue_append(struct work_slots *slots, struct session *s)
{
	s->slot_next = NULL;
	s->in_queue = true;
	s->slot_queue_ms = 0;
	if (slots->last != NULL)
		slots->last->slot_next = s;
	else
		slots->first = s;
	slots->last = s;
	slots->queued++;
}

static void queue_remove(struct work_slots *slots, struct session *s)
{
	struct session *before = NULL;

	for (struct session *at = slots->first; at != s; at = at->slot_next)
		before = at;
	if (before != NULL)
		before->slot_next = s->slot_next;
	else
		slots->first = s->slot_next;
	if (slots->last == s)
		slots->last = before;
	s->slot_next = NULL;
	s->in_queue = false;
	slots->queued--;
}

enum status work_slot_take(struct work_slots *slots, struct session *s)
{
	struct work_slot *slot = free_slot(slots);

	if (s->slot != NULL)
		return STATUS_OK;
	/* A free slot belongs to the head of the queue. */
	if (slot == NULL || (slots->first != NULL && slots->first != s)) {
		if (!s->in_queue)
			queue_append(slots, s);
		return STATUS_PENDING;
	}
	if (s->in_queue)
		queue_remove(slots, s);
	slot->holder = s;
	s->slot = slot;
	s->slot_peer_ms = 0;
	slots->used++;
	if (slots->used > slots->peak)
		slots->peak = slots->used;
	/* Two slots may have come free before the new head looked. */
	if (slots->first != NULL)
		session_run(slots->first);
	return STATUS_OK;
}

void work_slot_give(struct work_slots *slots, struct session *s)
{
	if (s->in_queue)
		queue_remove(slots, s);
	if (s->slot != NULL) {
		collateral_fetch_end(s->td, &s->slot->fetch);
		wipe(s->slot, sizeof(*s->slot));
		s->slot = NULL;
		slots->used--;
	}
	if (slots->first != NULL)
		session_run(slots->first);
}
