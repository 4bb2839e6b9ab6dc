/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A TDX quote, version 4 or 5, taken apart in place (attestation spec 1.3 to 1.5). */
#ifndef ATTEST_QUOTE_H
#define ATTEST_QUOTE_H

#include "attest/der.h"
#include "crypto/crypto.h"

/* Largest quote accepted. */
#define QUOTE_MAX 8192

#define QUOTE_BODY_SIZE 584

/* SGX enclave report of the quoting enclave. */
#define QE_REPORT_SIZE 384
enum qe_report_field {
	QE_REPORT_MISCSELECT = 16,
	QE_REPORT_ATTRIBUTES = 48,
	QE_REPORT_MR_ENCLAVE = 64,
	QE_REPORT_MR_SIGNER = 128,
	QE_REPORT_ISV_PROD_ID = 256,
	QE_REPORT_ISV_SVN = 258,
	QE_REPORT_DATA = 320,
};

struct quote {
	struct span signed_bytes;	/* header to the end of the body */
	const uint8_t *body;		/* QUOTE_BODY_SIZE bytes of TD report 1.0 */
	const uint8_t *tee_tcb_svn2;	/* 16 bytes, NULL without TD report 1.5 */
	const uint8_t *signature;	/* by the attestation key, r || s */
	const uint8_t *attestation_key;	/* x || y */
	const uint8_t *qe_report;
	const uint8_t *qe_report_signature;	/* directly behind the report */
	struct span qe_auth;
	struct span chain;		/* PEM certificates, without the NUL behind them */
};

/* As far as a quote must be read to know where its parts lie. */
#define QUOTE_HEAD_SIZE 54

/* Where in a quote the two fields lie that no two quotes of a TD on one platform have in common. */
struct quote_places {
	uint16_t report_data;	/* REPORTDATA_SIZE bytes */
	uint16_t signature;	/* P256_SIGNATURE_SIZE bytes */
};

/*
 * From the first QUOTE_HEAD_SIZE bytes of a quote of n bytes.  ERR_QUOTE_FORMAT for what
 * quote_parse() would not take up to there, and if the signature does not lie within the quote.
 */
enum status quote_find_places(struct quote_places *places, const uint8_t head[QUOTE_HEAD_SIZE],
	size_t n) MUST_CHECK;

/* ERR_QUOTE_FORMAT for anything but an ECDSA P-256 TDX quote with its PCK chain. */
enum status quote_parse(struct quote *q, const uint8_t *bytes, size_t n) MUST_CHECK;

#endif
