/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The key under which every chain has to end, and the signatures accepted under it.  The fields are
 * private to src/attest.
 */
#ifndef ATTEST_ANCHOR_H
#define ATTEST_ANCHOR_H

#include "attest/accept_cache.h"

struct trust_anchor {
	uint8_t point[P256_POINT_SIZE];
	struct accept_cache accepted;
};

#endif
