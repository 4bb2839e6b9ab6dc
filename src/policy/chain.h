/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * An issuer chain (policy spec 2.8), leaf first, read as a stream of PEM text: each certificate
 * must be signed by the next one's key, with ECDSA P-384 and SHA-384.
 */
#ifndef POLICY_CHAIN_H
#define POLICY_CHAIN_H

#include "attest/pem.h"
#include "policy/certificate.h"

/* Signatures of certificates by certificates that one peer's policy may make us verify, in all. */
#define POLICY_LINKS_MAX 6
/* Verified links of the own chains that are remembered. */
#define POLICY_KNOWN_LINKS 8
/* Largest Subject of an own leaf. */
#define POLICY_SUBJECT_MAX 512

/* What is kept of an own chain, for peers' chains to be held against. */
struct policy_chain {
	uint8_t root_digest[SHA384_SIZE];	/* of the last certificate, as certificate.h has it */
	uint16_t subject_n;
	uint8_t subject[POLICY_SUBJECT_MAX];	/* of the leaf, in DER */
};

/*
 * Links that verified at start-up, by the SHA-384 of all that went into the verification: signed
 * digest, signature, issuer's point.  A peer's chain that has them costs nothing.
 */
struct known_links {
	uint8_t count;
	uint8_t id[POLICY_KNOWN_LINKS][SHA384_SIZE];
};

/* Where a chain's facts go; exactly one of `keep` and `own` is set. */
struct issuer_chain_target {
	uint8_t *leaf_point;			/* P384_POINT_SIZE */
	uint8_t *links;				/* verified for this policy so far */
	struct policy_chain *keep;		/* an own chain is kept */
	struct known_links *learn;
	const struct policy_chain *own;		/* a peer's is compared */
	const struct known_links *known;
};

struct issuer_chain_reader {
	enum status status;	/* first fault */
	uint8_t count;		/* certificates so far */
	bool signature_usable;	/* of the certificate before: below */
	bool issuers_are_ca;	/* all certificates but the leaf have cA TRUE */
	bool other_subject;	/* the leaf's Subject is not the own leaf's */
	bool other_root;	/* the last certificate so far is not the own root */
	uint16_t subject_n;
	uint8_t digest[SHA384_SIZE];
	uint8_t signature[P384_SIGNATURE_SIZE];
	struct pem_decoder pem;
	struct certificate_reader certificate;
};

void issuer_chain_begin(struct issuer_chain_reader *c);
/* Takes text; faults are kept for the end. */
void issuer_chain_feed(struct issuer_chain_reader *c, const struct issuer_chain_target *target,
	const uint8_t *from, size_t n);
/*
 * The walk of the complete chain: ERR_POLICY_SIGNATURE, or ERR_POLICY_LIMIT for a larger
 * certificate or Subject, or more links, than are taken.
 */
enum status issuer_chain_end(struct issuer_chain_reader *c,
	const struct issuer_chain_target *target) MUST_CHECK;
/* A peer's complete chain has the own root, the own leaf's Subject, and only CAs above the leaf. */
bool issuer_chain_matches(const struct issuer_chain_reader *c);

#endif
