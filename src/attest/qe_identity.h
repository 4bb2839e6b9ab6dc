/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* QE identity (attestation spec 4.2), read in one pass. */
#ifndef ATTEST_QE_IDENTITY_H
#define ATTEST_QE_IDENTITY_H

#include "attest/signed_json.h"
#include "attest/tcb_level.h"

struct qe_identity {
	/* asked: the ISVSVN of the quoting enclave */
	uint16_t isvsvn;
	bool verified;		/* signature known to be good: nothing is hashed */

	/* found; byte strings in the order of the report */
	uint8_t miscselect[4], miscselect_mask[4];
	uint8_t attributes[16], attributes_mask[16];
	uint8_t mr_signer[32];
	uint16_t isv_prod_id;
	bool level_found;
	uint8_t level_status;	/* enum level_status */
	uint16_t level_isvsvn;
	int64_t level_date;

	/* being read */
	uint16_t now_isvsvn;
	uint8_t now_status;
	int64_t now_date;
};

/* Reads and checks the document; the signature is the caller's to check. */
enum status qe_identity_read(struct qe_identity *qe, struct signed_json *s,
	struct text_reader text) MUST_CHECK;

/* ERR_QE_IDENTITY unless the report (384 bytes) is of an enclave with this identity. */
enum status qe_identity_match(const struct qe_identity *qe, const uint8_t *report) MUST_CHECK;

#endif
