/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Signatures that were verified and accepted before.  The chain and the QE report of a platform are
 * the same in each of its quotes, and so is what the VMM fetches, until it is issued anew; once they
 * are known, only the quote's own signature is verified.
 *
 * What is remembered is one fact: this key signed exactly these bytes, under this trust anchor, in
 * this role.  An entry is the SHA-384 of all of that.  Nothing else is taken from it: names,
 * extensions, revocation, TCB level and QE identity are checked for every quote.  They are all that
 * depends on the collateral, so it is no part of the entry.  The cache lies with the anchor.
 *
 * Only what was accepted is stored, so a peer cannot insert anything without a genuine signature.
 * With genuine ones he can push others out, which costs their owners the verification again.
 * Look-ups are over public data; their duration tells at most which platforms were here lately.
 */
#ifndef ATTEST_ACCEPT_CACHE_H
#define ATTEST_ACCEPT_CACHE_H

#include "crypto/crypto.h"

/*
 * With a bundle two entries a platform, three when its CA certificate is not the bundle's.  With
 * fetched collateral three, and six that platforms share.
 */
#define ACCEPT_CACHE_ENTRIES 16

enum accept_role {
	ACCEPT_INTERMEDIATE = 1,	/* a CA certificate under the root */
	ACCEPT_PCK,			/* a PCK certificate under a CA certificate */
	ACCEPT_QE_REPORT,		/* a QE report and its signature under a PCK certificate */
	/* With fetched collateral only: */
	ACCEPT_ROOT,			/* the root certificate, by itself */
	ACCEPT_TCB_SIGNING,		/* a TCB signing certificate under the root */
	ACCEPT_CRL,			/* digest and signature of a CRL */
	ACCEPT_TCB_INFO,		/* the same of a TCB info */
	ACCEPT_QE_IDENTITY,		/* and of a QE identity */
};

struct accept_key {
	uint8_t digest[SHA384_SIZE];
};

/* All zero is empty. */
struct accept_cache {
	uint32_t count;
	struct accept_key entry[ACCEPT_CACHE_ENTRIES];	/* used last comes first */
};

/* `n` bytes: what is signed, with its signature; `issuer` is the point of the signer's key. */
void accept_key_of(struct accept_key *key, enum accept_role role,
	const uint8_t anchor[P256_POINT_SIZE], const uint8_t issuer[P256_POINT_SIZE],
	const uint8_t *bytes, size_t n);

/* Looks the key up, which then counts as used last. */
bool accept_cache_find(struct accept_cache *cache, const struct accept_key *key);

/* Stores a key that was not found, in place of the one not used for longest when full. */
void accept_cache_store(struct accept_cache *cache, const struct accept_key *key);

#endif
