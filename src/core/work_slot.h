/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Work slots: the large, short-lived memory of an attestation.  A session holds one from the first
 * byte of the peer's attestation message until its verdict, never while it waits for a quote of
 * its own, but under policy v1 while it waits for collateral (core/collateral_fetch.h).  Source and
 * destination sessions have a pool each and neither waits on the other's: two hosts migrating in
 * both directions would deadlock (core/own_quote.h).
 */
#ifndef CORE_WORK_SLOT_H
#define CORE_WORK_SLOT_H

#include "attest/attest.h"
#include "core/collateral_fetch.h"
#include "core/slot_queue.h"
#include "measure/event_log.h"
#include "tdx/get_quote.h"

/* Slots of each role. */
#define WORK_SLOTS 2
/* How long, in all, a peer may keep the holder of a slot waiting for bytes. */
#define WORK_SLOT_PEER_MS 2000

/* Largest peer quote taken; upstream's buffer has the same size. */
#define PEER_QUOTE_MAX 8192
#define SERVTD_EXT_SIZE 272

struct session;

struct work_slot {
	struct session *holder;
	uint32_t quote_size;
	uint8_t quote[PEER_QUOTE_MAX];
	struct event_log_reader event_log;
	uint8_t policy_hash[SHA384_SIZE];
	uint8_t servtd_ext[SERVTD_EXT_SIZE];
	uint8_t init_tdinfo[TDINFO_SIZE];
	struct quote_result result;
	struct collateral_fetch fetch;		/* policy v1: for the quote above */
};

struct work_slots {
	struct work_slot *slot;		/* WORK_SLOTS of them */
	struct slot_queue queue;
	uint32_t used;
	uint32_t peak;
};

/*
 * A slot for the session, or STATUS_PENDING: it is in the queue, and becomes runnable when its
 * turn comes.  Sets session->slot.
 */
enum status work_slot_take(struct work_slots *slots, struct session *s) MUST_CHECK;
/* Wipes and gives back the session's slot, or its place in the queue; harmless when it has neither. */
void work_slot_give(struct work_slots *slots, struct session *s);
/* Has those look who hold a slot and wait for collateral. */
void work_slots_run_fetching(struct work_slots *slots);

#endif
