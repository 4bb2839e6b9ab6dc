/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * What every file of the core may use: fixed-width types, the four mem* functions the port
 * supplies, and the must-check status.  Nothing here comes from a C library.
 */
#ifndef MIGTD_BASE_H
#define MIGTD_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "migtd/status.h"

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *at, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *text);

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
