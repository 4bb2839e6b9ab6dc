/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Stands in for src/attest's collateral, whose own tests judge it: takes any bundle, remembers
 * which, and answers with fixed numbers.
 */
#include <string.h>

#include "collateral_double.h"

struct collateral_double collateral_double;

enum status collateral_open(struct collateral *c, struct attest_scratch *scratch,
	const uint8_t *bundle, size_t n)
{
	(void)c;
	(void)scratch;
	collateral_double.bundle = bundle;
	collateral_double.n = n;
	return collateral_double.open;
}

enum status collateral_evaluation_number(const struct collateral *c, const uint8_t fmspc[6],
	uint32_t *number)
{
	static const uint8_t known[6] = {0x10, 0xc0, 0x6f, 0, 0, 0};

	(void)c;
	*number = 15;
	return memcmp(fmspc, known, 6) == 0 ? STATUS_OK : ERR_COLLATERAL_PLATFORM;
}

uint32_t collateral_pck_crl_number(const struct collateral *c)
{
	(void)c;
	return 3;
}

uint32_t collateral_root_crl_number(const struct collateral *c)
{
	(void)c;
	return 4;
}
