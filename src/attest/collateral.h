/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * What is kept of a collateral bundle: places in its text, the few values that were verified at
 * start-up, and the signatures accepted since.  All fields are private to src/attest.
 */
#ifndef ATTEST_COLLATERAL_H
#define ATTEST_COLLATERAL_H

#include "attest/anchor.h"
#include "crypto/crypto.h"

/* Bundles with more platforms are refused. */
#define COLLATERAL_PLATFORMS_MAX 64

/* A JSON string of the bundle: the bytes between its quotes, escapes and all. */
struct collateral_string {
	uint32_t offset;
	uint32_t n;
};

struct collateral_platform {
	uint8_t fmspc[6];
	struct collateral_string tcb_info_chain;
	struct collateral_string tcb_info;
	uint32_t evaluation_number;
};

struct collateral {
	const uint8_t *text;
	struct collateral_string root_ca;
	struct collateral_string root_crl;
	struct collateral_string pck_crl_chain;
	struct collateral_string pck_crl;
	struct collateral_string qe_identity_chain;
	struct collateral_string qe_identity;
	uint32_t root_crl_number;
	uint32_t pck_crl_number;
	uint8_t root_digest[SHA256_SIZE];	/* of the root certificate */
	/* Of the CA certificate that issued the PCK CRL, if its issuer chain has it. */
	bool issuer_known;
	uint8_t issuer_digest[SHA256_SIZE];
	uint8_t issuer_point[P256_POINT_SIZE];
	struct trust_anchor anchor;	/* the key of rootCa */
	uint32_t platform_count;
	struct collateral_platform platform[COLLATERAL_PLATFORMS_MAX];
};

/*
 * Working memory of the calls of attest.h, lent by the caller for the call and wiped at its end.
 * What lies in it is private to src/attest.
 */
#define ATTEST_SCRATCH_SIZE 7168
struct attest_scratch {
	uint64_t words[ATTEST_SCRATCH_SIZE / 8];
};

#endif
