/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What the file of a Migration TD says of itself before it runs. */
#ifndef MIGMEM_PROGRAM_H
#define MIGMEM_PROGRAM_H

#include <jansson.h>

#include "common/tool.h"

struct program {
	size_t static_data;	/* bytes of the sections a process of it can write */
	json_t *sections;	/* those, {".bss": bytes, ...} */
	json_t *symbols;	/* variables of 256 bytes or more in them, {"name": bytes, ...} */
	size_t stack_static_bound;	/* from the call graph; 0: not known */
	json_t *stack_path;	/* its deepest calls, [["function", bytes], ...], or NULL */
};

/*
 * Reads the ELF file and the stack_bound.json that the build wrote beside it, if that is about
 * this very file.  Release it either way.
 */
int program_look(const char *path, struct program *p) MUST_USE;
void program_release(struct program *p);

#endif
