/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Rules of verification one by one, each on a world that breaks no other. */
#ifndef ATTEST_TEST_RULES_H
#define ATTEST_TEST_RULES_H

#include "world.h"

typedef void change_fn(struct world *w);

struct rule {
	const char *what;
	change_fn *change;
	enum status verdict;
	const char *text;	/* status in the result of an accepted quote */
};

#define CHANGE(name, ...) static void name(struct world *w) { __VA_ARGS__; }

/* Each world is judged with a bundle and fetched; names those with another verdict and fails. */
void check_rules(const struct rule *rules, size_t n);

#endif
