/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What the makers of seeds share: saving, failing, and a world with the keys of keys.h. */
#ifndef TESTS_FUZZ_SEEDS_H
#define TESTS_FUZZ_SEEDS_H

#include "../attest/world.h"

/* Ends the program unless ok. */
void seeds_need(bool ok, const char *what);
/* One seed of a target; `prefix` stands before the bytes, -1 for none. */
void seeds_save(const char *target, int prefix, const void *from, size_t n);
void seeds_save_text(const char *target, int prefix, const char *text);
/* One file that lies beside the seeds; most are loaded by a target. */
void seeds_save_fixed(const char *name, const void *from, size_t n);
/* Where it lies; good until the next call. */
const char *seeds_path(const char *name);

void seeds_begin(struct world *w);
/* Makes its certificates, CRLs and documents: the text of the bundle, good or bad. */
const char *seeds_bundle_of(struct world *w);

void seeds_bundles(void);
/* For the world of all quotes. */
void seeds_fetched(struct world *w, const char *bundle);
void seeds_certificates(void);
void seeds_texts(void);
void seeds_answers(void);
void seeds_policies(void);
void seeds_policies_v1(void);
void seeds_measure(void);

#endif
