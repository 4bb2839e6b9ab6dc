/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A quote and the collateral it is judged by, made with throw-away keys. */
#ifndef TESTS_BENCH_GENERATED_H
#define TESTS_BENCH_GENERATED_H

#include "common/tool.h"

/* A version 4 quote of one platform, and a bundle that knows so many. */
int generated_make(size_t platforms, struct blob *quote, struct blob *bundle) MUST_USE;

#endif
