/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Random bytes that follow from a seed and a name, for runs that must be the same twice.  Whoever
 * uses them protects nothing.
 */
#ifndef MIGMEM_SEEDED_H
#define MIGMEM_SEEDED_H

#include <stddef.h>
#include <stdint.h>

struct seeded {
	uint8_t key[32];
	uint64_t block;
};

void seeded_init(struct seeded *s, uint64_t seed, const char *name);
void seeded_fill(struct seeded *s, uint8_t *to, size_t n);
/* A number below n (at least 1), as good as even for the small n of an order. */
size_t seeded_below(struct seeded *s, size_t n);

/* All that OpenSSL draws in this process comes from the seed, until the end. */
void seeded_openssl_begin(uint64_t seed);
void seeded_openssl_end(void);

#endif
