/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* MEMORY.md: every figure of the memory test, from a baseline and nothing else. */
#ifndef MIGMEM_DOCUMENT_H
#define MIGMEM_DOCUMENT_H

#include "common/json_text.h"
#include "migmem/sweep.h"

/* --- document_tables.c ------------------------------------------------------------------------- */

void document_equations(struct blob *to, const json_t *baseline);
void document_points(struct blob *to, const json_t *baseline);
void document_pools(struct blob *to, const json_t *baseline);
void document_stack(struct blob *to, const json_t *baseline);
void document_static(struct blob *to, const json_t *baseline);
void document_limits(struct blob *to, const json_t *baseline);

#endif
