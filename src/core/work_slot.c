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

enum status work_slot_take(struct work_slots *slots, struct session *s)
{
	struct work_slot *slot = free_slot(slots);

	if (s->slot != NULL)
		return STATUS_OK;
	TRY(slot_queue_pass(&slots->queue, s, slot != NULL));
	slot->holder = s;
	s->slot = slot;
	s->slot_peer_ms = 0;
	slots->used++;
	if (slots->used > slots->peak)
		slots->peak = slots->used;
	return STATUS_OK;
}

void work_slot_give(struct work_slots *slots, struct session *s)
{
	slot_queue_leave(&slots->queue, s);
	if (s->slot == NULL)
		return;
	collateral_fetch_end(s->td, &s->slot->fetch);
	wipe(s->slot, sizeof(*s->slot));
	s->slot = NULL;
	slots->used--;
	slot_queue_wake(&slots->queue);
}

void work_slots_run_fetching(struct work_slots *slots)
{
	for (unsigned i = 0; i < WORK_SLOTS; i++) {
		struct session *s = slots->slot[i].holder;

		if (s != NULL && s->wait == SESSION_WAIT_COLLATERAL)
			session_run(s);
	}
}
