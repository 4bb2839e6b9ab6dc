/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * A Migration TD's own stack inside of this process, and the way out of it for code that is not
 * the Migration TD's.  own_stack.c; no_stack.c for sanitizers, which know no stack but the
 * thread's: everything runs on that.
 */
#ifndef MIGMEM_TD_STACK_H
#define MIGMEM_TD_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct td_stack {
	uint8_t *low, *top;
	const uint8_t *guard;	/* below it */
	size_t guard_size;
};

/* Whether what runs uses the stack that it is given. */
extern const bool td_stack_is_own;

/* False when it grew into the guard: what ran has been left as it was, not to be run again. */
bool td_stack_run(const struct td_stack *s, void (*run)(void *), void *argument);
/* Called by what runs there: `run` gets a stack outside.  Not nested. */
void td_stack_leave(void (*run)(void *), void *argument);

#endif
