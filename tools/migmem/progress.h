/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A line on the terminal, rewritten every now and then while something takes long. */
#ifndef MIGMEM_PROGRESS_H
#define MIGMEM_PROGRESS_H

/* Nothing unless stderr is a terminal, and before the first half second of a wait has passed. */
void progress_show(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The wait is over: the line goes. */
void progress_clear(void);

#endif
