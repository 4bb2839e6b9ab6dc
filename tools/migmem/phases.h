/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The words that --hold takes: the core's phases in their order. */
#ifndef MIGMEM_PHASES_H
#define MIGMEM_PHASES_H

#include <stddef.h>

extern const char *const phase_words[];
extern const size_t phase_count;

#endif
