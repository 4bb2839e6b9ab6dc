/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The own policy: verified once at start-up, read in place ever after.  Include policy.h. */
#ifndef POLICY_OWN_H
#define POLICY_OWN_H

#include "policy/reader.h"

struct policy_own {
	const uint8_t *policy;
	size_t policy_size;
	const uint8_t *chain;
	size_t chain_size;
	uint8_t signer_digest[SHA384_SIZE];	/* of the issuer chain leaf's point: MROWNER */
	struct policy_index index;
	struct policy_record record;
	struct collateral collateral;
};

#endif
