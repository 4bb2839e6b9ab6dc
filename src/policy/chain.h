/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * An issuer chain (policy spec 2.8), leaf first, read as a stream of PEM text: each certificate
 * must be signed by the next one's key, with ECDSA P-384 and SHA-384.
 */
#ifndef POLICY_CHAIN_H
#define POLICY_CHAIN_H

#include "attest/pem.h"
#include "attest/x509.h"

/* Largest certificate taken, in DER. */
#define POLICY_CERTIFICATE_MAX 1024
/* Signatures of certificates by certificates that one policy may make us verify, in all. */
#define POLICY_LINKS_MAX 6

/* What is known of a chain once it has been read. */
struct policy_chain {
	uint8_t leaf_point[P384_POINT_SIZE];
	uint8_t subject_digest[SHA384_SIZE];	/* of the leaf's Subject in DER */
	uint8_t root_digest[SHA384_SIZE];	/* of the last certificate in DER */
	bool issuers_are_ca;	/* all certificates but the leaf have cA TRUE */
};

struct issuer_chain_reader {
	enum status status;	/* first fault */
	uint8_t count;		/* certificates so far */
	struct pem_decoder pem;
	struct x509_signature previous;		/* of the certificate before */
	struct policy_chain found;
	uint8_t der[POLICY_CERTIFICATE_MAX];
};

void issuer_chain_begin(struct issuer_chain_reader *c);
/*
 * Takes text; faults are kept for the end.  *links counts the signatures verified for one policy,
 * over all its chains.
 */
void issuer_chain_feed(struct issuer_chain_reader *c, const uint8_t *from, size_t n, uint8_t *links);
/*
 * The walk of the complete chain: ERR_POLICY_SIGNATURE, or ERR_POLICY_LIMIT for a larger
 * certificate or more links than are taken.
 */
enum status issuer_chain_end(struct issuer_chain_reader *c) MUST_CHECK;

/* The rules of a peer's chain against the own one: same root, same leaf Subject, CA issuers. */
bool issuer_chain_matches(const struct policy_chain *own, const struct policy_chain *peer);

#endif
