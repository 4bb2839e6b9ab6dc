/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The process's side of the emulated platform: attach, the TDCALL instruction, interrupts.
 *
 * The core executes the real TDCALL instruction.  It raises SIGILL here; the handler, on a stack
 * of its own, forwards the registers to the platform, waits for its answer and steps over the
 * instruction.  A SIGILL anywhere else is a fault of ours and ends the process.
 */
#ifndef PORTS_LINUX_PLATFORM_H
#define PORTS_LINUX_PLATFORM_H

#include "options.h"
#include "tdx/tdx.h"

/* Connects and attaches with the TD's memory; ends the process when that fails. */
void platform_attach(const struct options *o, int memory);

/* Handlers of SIGILL and, for the guard [low, low + size), of SIGSEGV. */
void platform_handlers(const uint8_t *guard, size_t size);

/* Executes TDCALL (struct migtd_port). */
void platform_tdcall(void *ctx, struct tdcall_regs *regs);

/* The socket, to sleep on; takes what has come in without blocking. */
int platform_socket(void);
void platform_take_interrupts(void);

/* MIGTD_EVENT_ bits since the last call. */
uint32_t platform_events(void *ctx);
/* One came in during a TDCALL: the socket will not tell of it again. */
bool platform_interrupted(void);

/* tdcall.S */
void tdcall_execute(struct tdcall_regs *regs);
extern const uint8_t tdcall_instruction[];

#endif
