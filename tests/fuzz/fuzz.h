/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What every fuzz target shares: the entry point's declaration and a check that ends the run. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "migtd/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

#define HOLDS(condition)                   \
	do {                               \
		if (!(condition))          \
			__builtin_trap();  \
	} while (0)

#endif
