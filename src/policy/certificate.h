/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * A certificate of a policy's issuer chain, read from a stream of DER with no buffer for it: a
 * session that reads a peer's policy cannot afford one.  It finds what chain rules ask for (policy
 * spec 2.8) and no more: names, dates and unknown extensions are passed over, being under the
 * issuer's signature.  Certificates that are held whole are read by attest/x509.h.
 */
#ifndef POLICY_CERTIFICATE_H
#define POLICY_CERTIFICATE_H

#include "policy/window.h"

/* Largest certificate taken, in DER. */
#define POLICY_CERTIFICATE_MAX 4096
/* BIT STRING of an ECDSA P-384 signature: no unused bits, and at most 104 bytes of DER. */
#define CERTIFICATE_CAPTURE_MAX 105
#define CERTIFICATE_DEPTH 5

enum certificate_event {
	CERTIFICATE_MORE,	/* all bytes were taken */
	CERTIFICATE_SUBJECT,	/* `part`: bytes of the Subject, in order, header included */
	CERTIFICATE_KEY,	/* `point`: the public key */
	CERTIFICATE_DONE,	/* complete: tbs_digest, digest, signature, is_ca */
};

struct certificate_reader {
	struct window_hash hash;	/* from the first byte of TBSCertificate on */
	struct stream_window window;	/* what is captured is the end of it */
	uint16_t left;		/* content bytes of the element at hand still to come */
	uint16_t end[CERTIFICATE_DEPTH];	/* of the containers entered */
	uint8_t depth;
	uint8_t step;		/* in the table of expected elements */
	uint8_t header_n;
	uint8_t header[4];
	uint8_t captured;
	bool in_content;
	bool unsettled;		/* the key was delivered; the walk goes on with the next byte */
	bool overflow;		/* the captured element is longer than may be */
	bool basic_constraints;	/* the extension at hand; seen_constraints: one came */
	bool seen_constraints;
	bool is_ca;
	bool ecdsa_sha384;	/* signed with this algorithm, in a form that can be verified */
};

_Static_assert(CERTIFICATE_CAPTURE_MAX <= SHA384_BLOCK, "the window holds what is captured");

/* What the events refer to; lent by the caller for one call. */
struct certificate_piece {
	enum certificate_event event;
	const uint8_t *part;
	size_t part_n;
	uint8_t point[P384_POINT_SIZE];
	uint8_t *tbs_digest;				/* SHA384_SIZE each, set by the caller */
	uint8_t *signature;				/* P384_SIGNATURE_SIZE */
	uint8_t digest[SHA384_SIZE];			/* of all but the outermost header */
};

void certificate_begin(struct certificate_reader *c);
/* Its last byte was taken. */
bool certificate_complete(const struct certificate_reader *c);
/*
 * Takes *taken of n bytes and tells why it stopped.  piece->tbs_digest and piece->signature are
 * written before CERTIFICATE_DONE, and after CERTIFICATE_KEY.  ERR_X509, or ERR_POLICY_LIMIT for a
 * certificate that is too large.
 */
enum status certificate_feed(struct certificate_reader *c, const uint8_t *from, size_t n,
	size_t *taken, struct certificate_piece *piece) MUST_CHECK;

#endif
