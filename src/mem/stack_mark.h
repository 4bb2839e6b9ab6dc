/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Painted-stack high-water mark: the unused part of the stack is filled with a mark at start; the
 * deepest word that no longer carries it is the peak.
 */
#ifndef MEM_STACK_MARK_H
#define MEM_STACK_MARK_H

#include "migtd/base.h"

#define STACK_MARK 0x5a5a5a5a5a5a5a5aull

/*
 * Paints [low, high); both 8-byte aligned.  When it paints the stack it runs on, `high` must leave
 * the caller's frame and 128 bytes for this call above it.
 */
void stack_paint(uint8_t *low, uint8_t *high);

/* Bytes from the deepest overwritten word up to `high`; high - low when all were overwritten. */
size_t stack_peak(const uint8_t *low, const uint8_t *high);

#endif
