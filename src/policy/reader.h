/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * A policy and its issuer chain as a stream: fills a record, and holds what its three signatures
 * need until the end, when the caller knows whether they must be verified at all.
 */
#ifndef POLICY_READER_H
#define POLICY_READER_H

#include "policy/chain.h"
#include "policy/schema.h"

enum policy_document { DOCUMENT_POLICY, DOCUMENT_IDENTITY, DOCUMENT_MAPPING, DOCUMENT_COUNT };

/* A signed JSON value. */
struct signed_value {
	uint8_t digest[SHA384_SIZE];	/* of its verbatim text */
	uint8_t signature[P384_SIGNATURE_SIZE];
	uint8_t point[P384_POINT_SIZE];	/* of the leaf of its chain */
};

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
		struct sha384 hash;	/* of the tdIdentity or tdTcbMapping at hand */
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

struct policy_reader {
	struct policy_record *record;
	struct policy_index *index;		/* filled for the own policy; NULL for a peer's */
	const struct policy_index *own;		/* a peer's chains are held against it; or NULL */
	const uint8_t *piece;			/* being fed, and its offset in the policy */
	uint32_t piece_at;
	uint32_t data_hashed;			/* offsets up to which signed values are hashed */
	uint32_t value_hashed;
	bool in_data;				/* inside of policyData */
	bool in_value;				/* inside of tdIdentity or tdTcbMapping */
	uint8_t links;
	struct utf8 utf8;			/* of the chain text */
	struct json_reader json;
	struct policy_schema schema;
	struct sha384 text;			/* of the policy, then of the chain */
	struct sha384 data;			/* of policyData */
	struct signed_value document[DOCUMENT_COUNT];
	union policy_reader_now now;
};

/*
 * For a zeroed record.  Exactly one is set: `index`, filled for the own policy, or `own`, what a
 * peer's chains are held against.
 */
void policy_reader_begin(struct policy_reader *r, struct policy_record *record,
	struct policy_index *index, const struct policy_index *own);
/* Pieces of the policy text, its end, pieces of the chain text, its end; faults go to the record. */
void policy_reader_policy(struct policy_reader *r, const uint8_t *from, size_t n);
void policy_reader_policy_end(struct policy_reader *r);
void policy_reader_chain(struct policy_reader *r, const uint8_t *from, size_t n);
void policy_reader_chain_end(struct policy_reader *r);
/* Verifies the three signatures, unless the policy has failed already. */
void policy_reader_verify(struct policy_reader *r);

#endif
