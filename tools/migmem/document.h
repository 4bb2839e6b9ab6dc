/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* MEMORY.md: every figure of the memory test, from a baseline and nothing else. */
#ifndef MIGMEM_DOCUMENT_H
#define MIGMEM_DOCUMENT_H

#include "common/json_text.h"
#include "migmem/sweep.h"

/* The envelope that regions are sized by: the larger of all sweeps in each of its terms. */
int sizing_of(const char *name, const json_t *baseline,
	struct equation e[QUANTITY_COUNT]) MUST_USE;
/* The equations of a sweep that can size a region: it passed, and had different policies. */
int sizing_read(const char *path, json_t **sweep, struct equation e[QUANTITY_COUNT]) MUST_USE;
/* Stack that is reserved at least: the static bound, or what was painted when there is none. */
int64_t sizing_stack(const json_t *baseline);
int64_t sizing_static(const json_t *baseline);

/*
 * Sessions in a TD of `size` bytes: what they need by the equations, beside the stack, static data
 * of its whole budget, 1 MiB of text and a full configuration volume.
 */
int64_t sessions_in_td(const struct equation e[QUANTITY_COUNT], int64_t size);
#define TD_TEXT_BYTES (1024 * 1024)
#define TD_VOLUME_BYTES 0xA0000
#define TD_STATIC_BYTES 0x20000

/* --- document_tables.c ------------------------------------------------------------------------- */

void document_equations(struct blob *to, const json_t *baseline);
void document_points(struct blob *to, const json_t *baseline);
void document_pools(struct blob *to, const json_t *baseline);
void document_stack(struct blob *to, const json_t *baseline);
void document_static(struct blob *to, const json_t *baseline);
void document_limits(struct blob *to, const json_t *baseline);

#endif
