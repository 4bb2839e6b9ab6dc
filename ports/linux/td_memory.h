/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * A TD's memory: one memfd, shared with the platform, whose offset 0 is guest
 * physical address 0.  From the bottom: a guard, the stack, a guard, the heap, a guard, the shared
 * region, each region of exactly the configured size.  Of all of it the process can touch the
 * three regions only: what the figures say is what there is.
 */
#ifndef PORTS_LINUX_TD_MEMORY_H
#define PORTS_LINUX_TD_MEMORY_H

#include <stdint.h>

#include "regions.h"

/*
 * More than any function takes from the stack at once (64 KiB, GMP's TMP_ALLOC), so that none can
 * reach over it.
 */
#define GUARD_SIZE (17u * 4096)

struct td_memory {
	int fd;
	uint8_t *ram;
	uint8_t *guard;		/* GUARD_SIZE below the stack */
	uint8_t *stack;
	uint8_t *heap;
	uint8_t *shared;
};

struct td_sizes {
	uint64_t memory, stack, heap, shared;	/* whole pages */
};

#define TD_SIZES_DEFAULT \
	{.memory = DEFAULT_MEMORY, .stack = DEFAULT_STACK, .heap = DEFAULT_HEAP, \
		.shared = DEFAULT_SHARED}

/* Bytes of memory that regions and guards take. */
uint64_t td_memory_needed(const struct td_sizes *sizes);
/* NULL, or what failed, with errno: then *m holds nothing. */
const char *td_memory_map(struct td_memory *m, const struct td_sizes *sizes);
/* The descriptor stays the caller's. */
void td_memory_unmap(struct td_memory *m, const struct td_sizes *sizes);

#endif
