/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * What the socat pairs of a hand-made run do, in one process: for each session two Unix listeners,
 * PREFIX_A_PORT and PREFIX_B_PORT; the two connections that come in are joined byte by byte.
 */
#ifndef MIGMEM_RELAY_H
#define MIGMEM_RELAY_H

#include "migmem/stage.h"

/* Ports of session i on hosts a and b, as in the seed document: 1234 and 1235, then 1236 and 1237. */
static inline uint32_t relay_port_a(size_t i)
{
	return (uint32_t)(1234 + 2 * i);
}

static inline uint32_t relay_port_b(size_t i)
{
	return (uint32_t)(1235 + 2 * i);
}

/* Listens for n sessions, then starts the process that serves them. */
int relay_start(struct stage *s, const char *prefix_a, const char *prefix_b, size_t n) MUST_USE;

#endif
