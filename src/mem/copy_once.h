/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Taking bytes out of shared memory.  The host may change them between two looks, so there is only
 * one: the copy is checked and used, the original never again.
 */
#ifndef MEM_COPY_ONCE_H
#define MEM_COPY_ONCE_H

#include "migtd/base.h"

static inline void copy_once(void *to, const uint8_t *shared, size_t n)
{
	memcpy(to, shared, n);
	/* Without this the compiler may read the original again in place of the copy. */
	__asm__ volatile("" : : "r"(to) : "memory");
}

#endif
