/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * A Migration TD inside of this process: the same core as `migtd`, in a memory of its own with the
 * same regions and guards, on its own painted stack.
 */
#ifndef MIGMEM_INPROC_TD_H
#define MIGMEM_INPROC_TD_H

#include <jansson.h>
#include <stdio.h>

#include "common/tool.h"
#include "migmem/seeded.h"
#include "ports/linux/td_memory.h"

struct inproc_td;

/* The path of a file that is not given is NULL. */
struct inproc_td_start {
	struct td_sizes sizes;
	const char *policy, *chain, *root_ca;
	bool raw;		/* vmcall-raw */
	uint64_t rx_pages, cid, timeout_ms, sessions_max;
	const char *log_level;	/* a word */
	FILE *log;		/* the console */
	const uint64_t *clock;
	struct seeded random;
	/* Executes a TDCALL, registers as in struct packet_tdcall; false when the TD is detached. */
	bool (*tdcall)(void *ctx, uint64_t *registers);
	void *ctx;
};

/* Its memory and configuration; to be destroyed either way. */
int inproc_td_create(const struct inproc_td_start *start, struct inproc_td **created) MUST_USE;
void inproc_td_destroy(struct inproc_td *td);
/* The memory, for the host: the descriptor is the receiver's. */
int inproc_td_memory(struct inproc_td *td);
/* An interrupt; may come while the TD runs. */
void inproc_td_interrupt(void *td, uint8_t vector);

/* Runs migtd_start().  NULL, or why it failed. */
const char *inproc_td_begin(struct inproc_td *td);
/* When it wants to run: 0 for at once. */
uint64_t inproc_td_next(const struct inproc_td *td);
/* One round.  NULL, or why the TD is at an end. */
const char *inproc_td_round(struct inproc_td *td);

/* A command of ports/linux/control.h. */
json_t *inproc_td_control(struct inproc_td *td, const char *line);

#endif
