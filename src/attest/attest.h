/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Quote verification (DCAP, TDX) with its 822-byte result: verify_quote() with local collateral,
 * checked once at start-up and indexed in place (policy v2), and verify_quote_fetched() with
 * collateral that the VMM has fetched for this quote (policy v1).  All calls are synchronous and
 * take their working memory from the caller.
 *
 * Verdicts are those of attestation spec 3: versions 4 and 5 with TD reports 1.0 and 1.5, no
 * clock.  Where the spec leaves a choice or asks for one:
 *  - TCB info and QE identity are hashed as they stand, so white space counts; duplicates of known
 *    members, SVNs beyond their width and two identities of one TDX module are refused;
 *  - the root certificate is the same, byte for byte, in the quote's chain and in those of TCB infos
 *    and QE identity; its key is that of the anchor, which a bundle names in rootCa;
 *  - basicConstraints must say CA for root and CAs and must not for leaves; inner and outer
 *    signature algorithm agree; no extension comes twice; a PCK certificate names its issuer byte for
 *    byte as that names itself;
 *  - the signature part of a quote holds its certification data and nothing else; padding behind
 *    it is free; the chain has LF line ends, begins with the PCK certificate and ends with one NUL
 *    or none;
 *  - one malformed platform entry makes the whole bundle unusable;
 *  - a serial number has at most 20 bytes;
 *  - CRLs may be PEM, hexadecimal or (fetched) DER and name their issuer byte for byte; an unknown
 *    critical extension, of the CRL or of an entry, voids the CRL;
 *  - a level "ConfigurationAndSWHardeningNeeded", whose name the result cannot hold, is refused, and
 *    so are a TCB date that is not after 1970 and any date of issue or expiry that is zero.
 */
#ifndef ATTEST_ATTEST_H
#define ATTEST_ATTEST_H

#include "crypto/crypto.h"

#include "attest/collateral.h"	/* struct collateral, struct attest_scratch */
#include "tdx/collateral_source.h"

/* The result of a verified quote: 822 packed bytes (attestation spec section 5). */
#define QUOTE_RESULT_SIZE 822
struct quote_result {
	uint8_t bytes[QUOTE_RESULT_SIZE];
};

/* Offsets into the result. */
enum quote_result_field {
	RESULT_TEE_TCB_SVN = 0,
	RESULT_MRSEAM = 16,
	RESULT_MRSIGNERSEAM = 64,
	RESULT_SEAM_ATTRIBUTES = 112,
	RESULT_TD_ATTRIBUTES = 120,
	RESULT_XFAM = 128,
	RESULT_MRTD = 136,
	RESULT_MRCONFIGID = 184,
	RESULT_MROWNER = 232,
	RESULT_MROWNERCONFIG = 280,
	RESULT_RTMR0 = 328,
	RESULT_REPORTDATA = 520,
	RESULT_FMSPC = 584,
	RESULT_TDX_COMPONENTS = 590,
	RESULT_PCESVN = 606,
	RESULT_SGX_COMPONENTS = 608,
	RESULT_MODULE_MAJOR = 624,
	RESULT_MODULE_SVN = 625,
	RESULT_QE_MISCSELECT = 626,
	RESULT_QE_MISCSELECT_MASK = 630,
	RESULT_QE_ATTRIBUTES = 634,
	RESULT_QE_ATTRIBUTES_MASK = 650,
	RESULT_QE_MRENCLAVE = 666,
	RESULT_QE_MRSIGNER = 698,
	RESULT_QE_ISVPRODID = 730,
	RESULT_QE_ISVSVN = 732,
	RESULT_TCB_DATE = 734,
	RESULT_TCB_STATUS = 742,
	RESULT_PLATFORM_TCB_DATE = 774,
	RESULT_QE_TCB_DATE = 782,
	RESULT_QE_TCB_STATUS = 790,
};

/*
 * Indexes a collateral bundle (the JSON object text of attestation spec 4.4) in place: the text
 * must stay where it is.  Then checks everything that does not depend on a quote: root, root CA CRL,
 * QE identity, every platform's TCB info, with the key of the bundle's rootCa as anchor; and the PCK
 * CRL, whose signature is left to each quote when its issuer chain is not the CA that issued it and
 * the root.
 */
enum status collateral_open(struct collateral *c, struct attest_scratch *scratch,
	const uint8_t *bundle, size_t n) MUST_CHECK;

/*
 * Verifies a quote (in private memory) against the collateral of its FMSPC.  It costs one P-256
 * verification, that of the quote itself, for a platform whose chain and QE report were accepted
 * lately, else three, or four with a CA certificate that is not the bundle's.  A PCK CRL that could
 * not be verified at start-up costs one more.
 */
enum status verify_quote(struct collateral *c, struct attest_scratch *scratch,
	const uint8_t *quote, size_t n, struct quote_result *result) MUST_CHECK;

/* What an offline judge tells beside the result; no session needs it. */
struct quote_details {
	/* The step reached last: "quote", "pck_chain", "tcb_info", "qe_identity", ... */
	const char *stage;
	/* Status of level, TDX module, relaunch rule and QE together (3.10); NULL when not reached. */
	const char *converged_status;
};

/* The same, with details for either verdict. */
enum status verify_quote_in_detail(struct collateral *c, struct attest_scratch *scratch,
	const uint8_t *quote, size_t n, struct quote_result *result,
	struct quote_details *details) MUST_CHECK;

/*
 * With fetched collateral there is no start-up but that the root certificate (DER) is read, whose
 * key is the anchor.  ERR_X509: malformed, ERR_X509_ROOT: its key is not of P-256.
 */
enum status trust_anchor_open(struct trust_anchor *anchor, const uint8_t *der, size_t n) MUST_CHECK;

/*
 * What collateral a quote (in private memory) needs.  Nothing is verified; the collateral will be
 * refused if it is not that of the quote's platform.
 */
enum status quote_collateral_request(struct attest_scratch *scratch, const uint8_t *quote, size_t n,
	struct collateral_request *request) MUST_CHECK;

/*
 * Verifies a quote (in private memory) with the collateral fetched for it: the verdict is that of
 * verify_quote() with a bundle of the same content.  Of the source each byte is asked for once,
 * however long it is, and none before the quote's own signatures have been found good.  It costs
 * one P-256 verification when all else was accepted lately, else ten, or eleven when TCB info and
 * QE identity have different signers.
 */
enum status verify_quote_fetched(struct trust_anchor *anchor, struct attest_scratch *scratch,
	const struct collateral_source *source, const uint8_t *quote, size_t n,
	struct quote_result *result) MUST_CHECK;

/* tcbEvaluationDataNumber of the TCB info of an FMSPC; ERR_COLLATERAL_PLATFORM when unknown. */
enum status collateral_evaluation_number(const struct collateral *c, const uint8_t fmspc[6],
	uint32_t *number) MUST_CHECK;
uint32_t collateral_pck_crl_number(const struct collateral *c);
uint32_t collateral_root_crl_number(const struct collateral *c);
/* False when the PCK CRL's signature was left to each quote. */
bool collateral_pck_crl_is_verified(const struct collateral *c);

#endif
