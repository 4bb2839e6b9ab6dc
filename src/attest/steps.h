/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The steps of a verification that are the same wherever the collateral comes from: a bundle that
 * was opened at start-up (verify.c) or the VMM (fetched.c).
 */
#ifndef ATTEST_STEPS_H
#define ATTEST_STEPS_H

#include "attest/work.h"

/* The certificate's key becomes the anchor, with nothing accepted under it. */
enum status anchor_take(struct trust_anchor *anchor, const struct x509 *cert) MUST_CHECK;
/* A root certificate of the anchor's key; its own signature is the caller's to check. */
enum status anchor_check_root(const struct trust_anchor *anchor, const struct x509 *root)
	MUST_CHECK;

/* As chain_check_issued() with the issuer's key; the signature may have been accepted before. */
enum status anchor_check_issued(struct trust_anchor *anchor, enum accept_role role,
	const struct x509 *cert, const struct x509 *issuer) MUST_CHECK;

/* The same for a signature over a digest; `failure` unless it is by the key `point`. */
enum status anchor_check_digest(struct trust_anchor *anchor, enum accept_role role,
	const uint8_t point[P256_POINT_SIZE], const uint8_t digest[SHA256_SIZE],
	const uint8_t signature[P256_SIGNATURE_SIZE], enum status failure) MUST_CHECK;

bool collateral_version_is_known(uint64_t major, uint64_t minor);

/* The certificates of the quote's chain by their roles; they lie in the work's first three. */
struct pck_chain {
	const struct x509 *pck, *intermediate, *root;
};

/* Reads the chain of w->quote and tells the roles by the names. */
enum status pck_chain_read(struct attest_work *w, struct pck_chain *chain) MUST_CHECK;
/*
 * Checks the certificates below the root, which the caller has found to be right, but for
 * revocation.  A CA certificate with the digest `known_ca` counts as signed (NULL: none).
 */
enum status pck_chain_check(const struct pck_chain *chain, struct trust_anchor *anchor,
	const uint8_t *known_ca) MUST_CHECK;

/* Sets w->tcb up to be read for the platform of w->quote and w->sgx; what came out is right. */
void tcb_info_ask(struct attest_work *w);
enum status tcb_info_check(const struct attest_work *w) MUST_CHECK;

/* The QE report is signed by the PCK certificate's key and names the attestation key. */
enum status qe_report_check(const struct quote *q, struct trust_anchor *anchor,
	const struct x509 *pck) MUST_CHECK;
/* Sets w->qe up to be read for the quoting enclave of w->quote. */
void qe_identity_ask(struct attest_work *w);
enum status quote_signature_check(const struct quote *q) MUST_CHECK;

/* The status of w->tcb and w->qe together is one that is accepted. */
enum status tcb_status_check(const struct attest_work *w, struct quote_details *details)
	MUST_CHECK;
enum status quote_result_write(const struct attest_work *w, struct quote_result *result)
	MUST_CHECK;

#endif
