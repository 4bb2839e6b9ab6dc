/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The TD's memory: one memfd of --memory bytes, shared with the platform, whose offset 0 is guest
 * physical address 0.  From the bottom: a guard page, the stack, the heap, the shared region, each
 * of exactly the configured size; the rest stays untouched.
 */
#ifndef PORTS_LINUX_MEMORY_H
#define PORTS_LINUX_MEMORY_H

#include "options.h"

struct td_memory {
	int fd;
	uint8_t *ram;
	uint8_t *guard;
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
