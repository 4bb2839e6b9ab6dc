/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * How large a TD has to be for n sessions, by measured equations: of a baseline, of a sweep, or
 * those that the build was made with (ports/sizing.h).  MEMORY.md, fits-in and the regions of a
 * run with --memory all ask here.
 */
#ifndef MIGMEM_SIZING_H
#define MIGMEM_SIZING_H

#include "migmem/material.h"
#include "migmem/sweep.h"

/* What a TD has beside stack, heap and shared region, at most: the text is the firmware's goal. */
#define TD_TEXT_BYTES (1024 * 1024)
#define TD_VOLUME_BYTES 0xA0000
#define TD_STATIC_BYTES 0x20000
#define TD_SET_ASIDE (TD_TEXT_BYTES + TD_VOLUME_BYTES + TD_STATIC_BYTES)

/* The larger of all sweeps in each term; of those over one transport unless it is NULL. */
int sizing_of(const char *name, const json_t *baseline, const char *transport,
	struct equation e[QUANTITY_COUNT]) MUST_USE;
/* The equations of a sweep that can size a region: it passed, and had different policies. */
int sizing_read(const char *path, json_t **sweep, struct equation e[QUANTITY_COUNT]) MUST_USE;
/* Those of the build, for that transport. */
void sizing_committed(bool raw, struct equation e[QUANTITY_COUNT]);

/* Stack that is reserved at least: the static bound, or what was painted when there is none. */
int64_t sizing_stack(const json_t *baseline);
int64_t sizing_static(const json_t *baseline);

/* Bytes of all three regions for so many sessions. */
struct equation sizing_total(const struct equation e[QUANTITY_COUNT]);
/* Most sessions whose need, by one equation, stays within `room`; -1 = without limit. */
int64_t sessions_in(const struct equation *e, int64_t room);
/* Sessions in a TD of `size` bytes, TD_SET_ASIDE apart. */
int64_t sessions_in_td(const struct equation e[QUANTITY_COUNT], int64_t size);
/* Whole pages of a region for so many sessions. */
uint64_t region_bytes(const struct equation *e, uint64_t sessions);

/*
 * Sizes of a measured Migration TD's regions as options say them; NULL is the Migration TD's own
 * default.  What the user gave stays.  For a TD whose --memory was given the others are what the
 * build's equations say; else roomy, with tables for just these sessions.
 */
struct regions {
	char *memory, *heap, *shared, *sessions_max;
};
void regions_choose(const struct run_options *o, struct regions *r);
void regions_release(struct regions *r);

#endif
