/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What a Migration TD must reach with policy v2 and n different peer policies, in bytes. */
#ifndef MIGMEM_GOALS_H
#define MIGMEM_GOALS_H

#include <stdio.h>

#include "migmem/sweep.h"

#define GOAL_STACK 0x4000
#define GOAL_STACK_STRETCH 0x2000
#define GOAL_HEAP_FIXED 0x20000
#define GOAL_HEAP_FIXED_STRETCH 0x10000
#define GOAL_HEAP_PER_SESSION 0x1000
#define GOAL_HEAP_PER_SESSION_STRETCH 0x800	/* with equal policies */
#define GOAL_SHARED_FIXED 0x20000
#define GOAL_SHARED_PER_SESSION 0x4000		/* over vmcall-raw, as the next */
#define GOAL_SHARED_PER_SESSION_STRETCH 0x2000
#define GOAL_SESSIONS 1024			/* in a TD of 32 MiB */
#define GOAL_SESSIONS_STRETCH 4096

/* Equations beside the seed document's and, where they apply, the goals with a verdict. */
void goals_print(FILE *to, const struct equation e[QUANTITY_COUNT], bool apply);

#endif
