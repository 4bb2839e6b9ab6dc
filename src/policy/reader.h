/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * A policy and its issuer chain as one stream, the peer-data blob (policy spec 2.10): fills a record,
 * and holds what its three signatures need until the end, when the caller knows whether they must be
 * verified at all.
 */
#ifndef POLICY_READER_H
#define POLICY_READER_H

#include "policy/chain.h"
#include "policy/schema.h"

enum policy_document { DOCUMENT_POLICY, DOCUMENT_IDENTITY, DOCUMENT_MAPPING, DOCUMENT_COUNT };

/* A place in the policy text; begin == end when absent. */
struct policy_span {
	uint32_t begin;
	uint32_t end;
};

/* What the own policy is indexed by, and compared with a peer's chains. */
struct policy_index {
	struct policy_span common;	/* the value of `policy`; so on */
	struct policy_span forward;
	struct policy_span backward;
	struct policy_span collaterals;
	struct policy_chain chain[DOCUMENT_COUNT];
	struct known_links links;
};

/* DER of an ECDSA P-384 signature. */
#define POLICY_SIGNATURE_DER_MAX 104
#define POLICY_MEASUREMENTS 5	/* MRTD, RTMR0 to RTMR3 */

/* What is at work only while some values stream by. */
union policy_reader_now {
	struct issuer_chain_reader chain;
	struct {
		struct window_hash hash;	/* of the tdIdentity or tdTcbMapping at hand */
		uint8_t measurement[POLICY_MEASUREMENTS][SHA384_SIZE];
		uint8_t present;	/* bit i: measurement i came */
		uint8_t unusable;	/* bit i: it is not 96 hex digits */
		uint8_t digits;		/* of the measurement at hand */
	} value;
	struct {
		uint8_t der[POLICY_SIGNATURE_DER_MAX];
		uint8_t digits;
		bool bad;
	} signature;
};

/*
 * The size of this struct is what every session pays while its peer's policy streams by; what only
 * one that differs needs is parked in the record.
 */
struct policy_reader {
	struct policy_record *record;
	struct policy_index *index;		/* filled for the own policy; NULL for a peer's */
	const struct policy_index *own;		/* a peer's chains are held against it; or NULL */
	const uint8_t *piece;			/* of the blob, being fed; at offset window.size */
	uint32_t size;				/* of the blob, of the policy in it, of the chain */
	uint32_t policy_size;
	uint32_t chain_size;
	uint8_t links;
	bool in_data;				/* inside of policyData */
	bool in_value;				/* inside of tdIdentity or tdTcbMapping */
	struct utf8 utf8;			/* of the chain text */
	struct stream_window window;		/* of the blob */
	struct window_hash blob;
	struct window_hash text;		/* of the policy, then of the chain */
	struct window_hash data;		/* of policyData */
	uint8_t data_signature[P384_SIGNATURE_SIZE];
	uint8_t mapping_point[P384_POINT_SIZE];
	union {
		struct {			/* while the policy is read */
			struct json_reader json;
			struct policy_schema schema;
		};
		uint8_t data_point[P384_POINT_SIZE];	/* from the issuer chain on */
	};
	union policy_reader_now now;
};

/*
 * For a zeroed record.  Exactly one is set: `index`, filled for the own policy, or `own`, what a
 * peer's chains are held against.  `size` is that of the blob.
 */
void policy_reader_begin(struct policy_reader *r, struct policy_record *record,
	struct policy_index *index, const struct policy_index *own, uint32_t size);
/*
 * Pieces of a peer-data blob.  ERR_PRE_SESSION when its lengths do not add up; every other fault
 * goes to the record.
 */
enum status policy_reader_feed(struct policy_reader *r, const uint8_t *from, size_t n) MUST_CHECK;
/* All of the blob came, and r->blob.digest is its digest.  ERR_PRE_SESSION when bytes are missing. */
enum status policy_reader_end(struct policy_reader *r) MUST_CHECK;
/* Verifies the three signatures, unless the policy has failed already, and completes the record. */
void policy_reader_finish(struct policy_reader *r);

#endif
