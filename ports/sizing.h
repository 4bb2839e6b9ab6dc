/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Measured sizes of a Migration TD's regions, written by 'migmem header' (MEMORY.md): the lowest
 * lines that no measured point lies above, the larger of all kinds of run.  The stack is the static
 * bound.
 */
#ifndef MIGTD_SIZING_H
#define MIGTD_SIZING_H

/* Bytes: a fixed part, and so many for each session held at once. */
#define MIGTD_STACK_FIXED 7264u
#define MIGTD_STACK_PER_SESSION 0u
#define MIGTD_HEAP_FIXED 85853u
#define MIGTD_HEAP_PER_SESSION 4069u
#define MIGTD_SHARED_FIXED 237568u
#define MIGTD_SHARED_PER_SESSION 8192u
/* The same where nothing but vsock is spoken. */
#define MIGTD_VSOCK_HEAP_FIXED 85853u
#define MIGTD_VSOCK_HEAP_PER_SESSION 4067u
#define MIGTD_VSOCK_SHARED_FIXED 237568u
#define MIGTD_VSOCK_SHARED_PER_SESSION 0u

/* Whole pages. */
#define MIGTD_PAGES(bytes) (((bytes) + 4095u) / 4096u * 4096u)
#define MIGTD_STACK_SIZE(sessions) \
	MIGTD_PAGES(MIGTD_STACK_FIXED + MIGTD_STACK_PER_SESSION * (sessions))
#define MIGTD_HEAP_SIZE(sessions) \
	MIGTD_PAGES(MIGTD_HEAP_FIXED + MIGTD_HEAP_PER_SESSION * (sessions))
#define MIGTD_SHARED_SIZE(sessions) \
	MIGTD_PAGES(MIGTD_SHARED_FIXED + MIGTD_SHARED_PER_SESSION * (sessions))

/* Everything else the process port can write to. */
#define MIGTD_STATIC_BYTES 93792u

#endif
