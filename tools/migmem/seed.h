/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The seed document's figures: intel/MigTD, doc "Multi Session Memory Consumption Test", SPDM,
 * destination, policy v2.  Its shared memory was deduced, not measured.
 */
#ifndef MIGMEM_SEED_H
#define MIGMEM_SEED_H

#define SEED_STACK 0x160000
#define SEED_HEAP_FIXED 0x120000
#define SEED_HEAP_PER_SESSION 0x50000
#define SEED_SHARED_FIXED 0x40000
#define SEED_SHARED_PER_SESSION 0x20000
/* Upstream's constant for a TD of 32 MiB. */
#define SEED_SESSIONS 12

struct seed_equation {
	long long fixed, per_session;
};

/* By enum quantity (migmem/sweep.h). */
static const struct seed_equation seed_equation[] = {
	{SEED_STACK, 0},
	{SEED_HEAP_FIXED, SEED_HEAP_PER_SESSION},
	{SEED_SHARED_FIXED, SEED_SHARED_PER_SESSION},
};

#endif
