/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The core's code inside of a tool. */
#ifndef TOOLS_CORE_H
#define TOOLS_CORE_H

/* Before any call that computes: gives its bignum arena and randomness.  May be called again. */
void core_begin(void);

#endif
