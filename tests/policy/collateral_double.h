/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#ifndef TESTS_POLICY_COLLATERAL_DOUBLE_H
#define TESTS_POLICY_COLLATERAL_DOUBLE_H

#include "attest/attest.h"

extern struct collateral_double {
	const uint8_t *bundle;
	size_t n;
	enum status open;	/* what collateral_open() says */
} collateral_double;

#endif
