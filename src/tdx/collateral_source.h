/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Collateral of one platform as the VMM hands it over (GET_COLLATERAL, attestation spec 2.2): seven
 * texts in memory that others may change while they are read.
 */
#ifndef TDX_COLLATERAL_SOURCE_H
#define TDX_COLLATERAL_SOURCE_H

#include "migtd/base.h"

enum collateral_ca { COLLATERAL_CA_PLATFORM, COLLATERAL_CA_PROCESSOR };

/* What to ask for: it depends on the PCK certificate of the quote to be verified. */
struct collateral_request {
	uint8_t fmspc[6];
	enum collateral_ca ca;
};

/* The blobs in the message's order: PEM, but for the two JSON texts; CRLs may be DER as well. */
enum collateral_blob {
	COLLATERAL_PCK_CRL_CHAIN,
	COLLATERAL_ROOT_CRL,
	COLLATERAL_PCK_CRL,
	COLLATERAL_TCB_INFO_CHAIN,
	COLLATERAL_TCB_INFO,
	COLLATERAL_QE_IDENTITY_CHAIN,
	COLLATERAL_QE_IDENTITY,
	COLLATERAL_BLOBS
};

struct collateral_source {
	/*
	 * Copies the next n bytes of a blob to private memory, fewer only at its end.  Each byte
	 * comes once and is not looked at again where it came from; blobs may be read in any
	 * order.  Sets *failed and returns 0 when the blob is not what it was said to be.
	 */
	size_t (*read)(void *ctx, enum collateral_blob blob, uint8_t *to, size_t n, bool *failed);
	void *ctx;
	uint16_t major, minor;	/* version of the collateral; 3.0 in what is known */
};

#endif
