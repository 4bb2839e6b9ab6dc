/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Migration policy v2: the own policy, read in place; the peer's, streamed; evaluation of the
 * peer's facts under the own policy.  Policy spec section 2.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include "attest/attest.h"
#include "crypto/crypto.h"
#include "json/json.h"
#include "policy/reason.h"

#define POLICY_MAPPINGS_MAX 16
#define POLICY_LEVELS_MAX 16
#define POLICY_DATE_MAX 20
/* Largest peer-data blob accepted: policy and issuer chain with their two length fields. */
#define POLICY_BLOB_MAX (512u * 1024u)
/* Smallest: neither of the two texts is empty. */
#define POLICY_BLOB_MIN 10u

enum tcb_status {
	TCB_UNKNOWN,		/* fact not known */
	TCB_UNRECOGNISED,	/* known, but a text no rule knows */
	TCB_UP_TO_DATE,
	TCB_SW_HARDENING_NEEDED,
	TCB_CONFIGURATION_NEEDED,
	TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED,
	TCB_OUT_OF_DATE,
	TCB_OUT_OF_DATE_CONFIGURATION_NEEDED,
	TCB_REVOKED,
};

struct policy_date {
	uint8_t n;
	uint8_t text[POLICY_DATE_MAX];
};

/* The status that a tcbStatus text names; TCB_UNRECOGNISED for another text. */
enum tcb_status tcb_status_of(const uint8_t *text, size_t n);
/* The text that names a status; of the first two, a word for people. */
const char *tcb_status_name(enum tcb_status status);

/* tdMeasurements -> isvsvn: the digest covers MRTD, RTMR0, RTMR1 and what else `pins` names. */
struct policy_mapping {
	uint8_t digest[SHA384_SIZE];
	uint16_t isvsvn;
	uint8_t pins;		/* enum policy_pin bits */
};

enum policy_pin {
	POLICY_PIN_RTMR2 = 1,
	POLICY_PIN_RTMR3 = 2,
	POLICY_PIN_UNMATCHABLE = 4,	/* a measurement is not 96 hex digits: matches nothing */
};

/*
 * A date of up to POLICY_DATE_MAX characters, four bits each.  Only characters that dates are
 * written with have a code (policy/dates.h): a policy with others in a level is refused.
 */
struct packed_date {
	uint8_t digits[POLICY_DATE_MAX / 2];
};

struct policy_level {
	uint16_t isvsvn;
	uint8_t status;		/* enum tcb_status */
	struct packed_date date;
};

enum policy_standing {
	POLICY_PRIVATE,		/* of one session only: incomplete, or with a failed verdict */
	POLICY_PUBLISHED,	/* complete and verified: shared by digest, immutable */
	POLICY_OWN,		/* not in the store */
};

/* What a signed JSON value comes with; its signer's point lies elsewhere. */
struct signed_value {
	uint8_t digest[SHA384_SIZE];	/* of its verbatim text */
	uint8_t signature[P384_SIGNATURE_SIZE];
};

/* All that is kept of a policy once it has streamed by. */
struct policy_record {
	union {
		struct {
			uint8_t blob_digest[SHA384_SIZE];	/* of the peer-data blob; its key */
			uint8_t chain_digest[SHA384_SIZE];	/* of the issuer chain file */
		};
		struct {			/* while it is being read: see reader.h */
			uint8_t identity_point[P384_POINT_SIZE];
			struct signed_value identity;
			struct signed_value mapping;
		} parked;
	};
	uint8_t policy_digest[SHA384_SIZE];	/* of the policy file */
	uint32_t policy_svn;
	uint16_t references;
	uint8_t standing;	/* enum policy_standing */
	uint8_t mapping_count;
	uint8_t level_count;
	enum status format;	/* envelope and schema */
	enum status signature;	/* the three document signatures and chain walks; the first fault */
	enum status chain;	/* the three chains against the local ones */
	struct policy_mapping mapping[POLICY_MAPPINGS_MAX];
	struct policy_level level[POLICY_LEVELS_MAX];
};

_Static_assert(sizeof(struct policy_record) <= 1520, "one is reserved for every session");

/* Facts about one MigTD that policies judge.  Unknown ones are marked so. */
struct policy_facts {
	bool platform_known;
	struct policy_date tcb_date;
	uint8_t tcb_status;
	uint32_t tcb_evaluation_number;
	uint8_t fmspc[6];
	uint32_t pck_crl_number;
	uint32_t root_crl_number;
	bool migtd_known;
	uint16_t isvsvn;
	uint8_t migtd_status;
	struct policy_date migtd_date;
};

#include "policy/own.h"		/* struct policy_own */
#include "policy/peer.h"	/* struct peer_policy_reader */

/*
 * Start-up: verifies the own policy with its chain (policy spec 2.9), indexes it in place and
 * opens its collateral.  Both texts must stay where they are.
 */
enum status policy_own_open(struct policy_own *own, struct attest_scratch *scratch,
	const uint8_t *policy, size_t policy_size, const uint8_t *chain, size_t chain_size)
	MUST_CHECK;

/* Own TDINFO against the own policy (2.9 step 4): MROWNERCONFIG first, then MROWNER. */
enum status policy_own_check_tdinfo(const struct policy_own *own, const uint8_t tdinfo[512])
	MUST_CHECK;

/* The VMM's initial TDINFO against the own policy (2.15 A). */
enum status policy_check_init_tdinfo(const struct policy_own *own, const uint8_t init[512])
	MUST_CHECK;

/* Own peer-data blob: u32 policy size, policy, u32 chain size, chain. */
size_t policy_own_blob_size(const struct policy_own *own);
void policy_own_blob_read(const struct policy_own *own, size_t offset, uint8_t *to, size_t n);
/* The bytes from an offset on that lie in one place: *n of them, 0 at the end. */
const uint8_t *policy_own_blob_run(const struct policy_own *own, size_t offset,
	uint8_t length[4], size_t *n);

/*
 * A peer's blob, pushed in pieces of any size.  While it equals the own blob nothing is kept but
 * the position; a differing one is read into a record of the store (one is there for every admitted
 * session).  peer_policy_feed() fails only when the blob cannot be one (lengths); everything else
 * is remembered in the record, for the caller to report in upstream's order (2.11): `format`,
 * the event log, `signature`, `chain`.
 *
 * A malformed policy is told as such even where upstream would find its signature wrong first:
 * no signature of a document that breaks the schema is verified.  One peer's policy costs at most
 * DOCUMENT_COUNT + POLICY_LINKS_MAX verifications; links of the own chains cost none, and a blob
 * that another session holds verified costs none of its documents'.
 */
void peer_policy_begin(struct peer_policy_reader *r, const struct policy_own *own,
	struct policy_store *store, uint32_t blob_size);
enum status peer_policy_feed(struct peer_policy_reader *r, const uint8_t *from, size_t n)
	MUST_CHECK;
/* The record of the complete blob, reference taken; own.record when equal to the own blob. */
enum status peer_policy_end(struct peer_policy_reader *r, const struct policy_record **record)
	MUST_CHECK;
/* Drops a reader that did not reach its end (its record goes back, wiped). */
void peer_policy_abort(struct peer_policy_reader *r);
/* Gives a reference back; the record is wiped and freed at zero. */
void policy_record_drop(struct policy_store *store, const struct policy_record *record);

/* Facts from a verified quote; `record` is the policy of the MigTD that was quoted. */
enum status policy_facts_of(const struct policy_own *own, const struct policy_record *record,
	const struct quote_result *result, struct policy_facts *facts) MUST_CHECK;

/*
 * The verdict of one side on its peer's facts under its own policy (2.14): common list, then the
 * forward (source) or backward (destination) one, then for the source policySvn.  `reason` is set
 * when the verdict is not STATUS_OK.
 */
enum status policy_evaluate(const struct policy_own *own, bool is_source,
	const struct policy_record *peer, const struct policy_facts *facts,
	const struct policy_facts *local, struct policy_reason *reason) MUST_CHECK;

/*
 * Initial-MigTD checks of the destination (2.15 B, C, D), in that order.  `reason` is set when the
 * verdict is not STATUS_OK: its block is "initial", and what it tells is the initial MigTD's.
 */
enum status policy_check_initial(const struct policy_own *own, const struct quote_result *peer,
	const uint8_t init_tdinfo[512], const uint8_t servtd_ext[272],
	struct policy_reason *reason) MUST_CHECK;

#endif
