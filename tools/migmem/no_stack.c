/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "migmem/td_stack.h"

const bool td_stack_is_own = false;

bool td_stack_run(const struct td_stack *s, void (*run)(void *), void *argument)
{
	(void)s;
	run(argument);
	return true;
}

void td_stack_leave(void (*run)(void *), void *argument)
{
	run(argument);
}
