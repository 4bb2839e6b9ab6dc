/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#ifndef PORTS_LINUX_CALL_ON_STACK_H
#define PORTS_LINUX_CALL_ON_STACK_H

/* Runs run(argument) on the stack that ends at `top` (16-byte aligned) and comes back. */
void call_on_stack(void (*run)(void *), void *argument, void *top);

#endif
