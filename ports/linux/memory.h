/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The memory and the files of a Migration TD that its command line describes. */
#ifndef PORTS_LINUX_MEMORY_H
#define PORTS_LINUX_MEMORY_H

#include "options.h"
#include "td_memory.h"

/* Maps the TD's memory, or ends the process. */
void memory_map(struct td_memory *m, const struct options *o);

struct file {
	const uint8_t *bytes;
	size_t n;
};

/* A whole file, read-only, in memory of its own; ends the process with `option` in the line. */
struct file file_read(const char *option, const char *path);

#endif
