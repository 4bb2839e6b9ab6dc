/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A peer's policy as it streams by, and the store of what is kept.  Include policy.h. */
#ifndef POLICY_PEER_H
#define POLICY_PEER_H

#include "mem/heap.h"
#include "policy/reader.h"

/* Records live in the heap's records pool (element size: sizeof(struct policy_record)). */
struct policy_store {
	struct heap *heap;
};

struct peer_policy_reader {
	const struct policy_own *own;
	struct policy_store *store;
	uint32_t size;			/* of the whole blob */
	uint32_t equal;			/* bytes that were those of the own blob */
	enum status error;		/* it cannot be a blob */
	struct policy_reader reader;	/* its record is NULL while the blob equals the own one */
};

_Static_assert(sizeof(struct peer_policy_reader) <= 1256, "lies in every session");

void policy_store_init(struct policy_store *store, struct heap *heap);

#endif
