/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The TD's memory: one memfd of --memory bytes, shared with the platform, whose offset 0 is guest
 * physical address 0.  From the bottom: a guard, the stack, a guard, the heap, a guard, the shared
 * region, each region of exactly the configured size.  Of all of it this process can touch the
 * three regions only: what the figures say is what there is.
 */
#ifndef PORTS_LINUX_MEMORY_H
#define PORTS_LINUX_MEMORY_H

#include "options.h"

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

void memory_map(struct td_memory *m, const struct options *o);

struct file {
	const uint8_t *bytes;
	size_t n;
};

/* A whole file, read-only, in memory of its own; ends the process with `option` in the line. */
struct file file_read(const char *option, const char *path);

#endif
