/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * One migration session: a state machine stepped by the scheduler.  session_step() does what can
 * be done now and returns at the latest when the phase changes; it never waits.  All a session
 * keeps lies in its arena, which is wiped whole when it ends, on every path.
 */
#ifndef CORE_SESSION_H
#define CORE_SESSION_H

#include "core/link.h"
#include "core/own_quote.h"
#include "core/work_slot.h"
#include "migtd/migtd.h"
#include "policy/policy.h"
#include "spdm/spdm.h"
#include "tdx/service.h"

/* What a session waits for when session_step() returned STATUS_PENDING. */
enum session_wait {
	SESSION_WAIT_NONE,	/* nothing: step again */
	SESSION_WAIT_IO,	/* bytes of its peer, or room for its own */
	SESSION_WAIT_QUOTE,	/* the quoting service, or the time of the next try */
	SESSION_WAIT_REFERENCE,	/* the local reference */
	SESSION_WAIT_SLOT,	/* a work slot, or a buffer for the own quote */
	SESSION_WAIT_COLLATERAL, /* policy v1: the quoting service, for the peer's collateral */
};

/* Pre-session exchange (SPDM spec 1.4): both directions of three packets. */
struct pre_session {
	uint32_t tx_offset;	/* of the current packet, header included */
	uint32_t rx_offset;
	uint32_t rx_size;	/* announced size of the peer's blob */
	uint8_t rx_header[16];
	struct peer_policy_reader peer;
};

/* What the attestation and migration-info messages carry besides the slot. */
struct exchange {
	/* Source: of the SERVTD_EXT that is being sent.  Destination: to be accepted with the keys. */
	uint8_t ext_hash[SHA384_SIZE];
	uint8_t tee_tcb_svn[16];		/* of the own TDREPORT behind the own quote */
	union {
		/* Of the own quote, until that is sent, when it lies in another session's buffer. */
		uint8_t quote_signature[P256_SIGNATURE_SIZE];
		struct {			/* ops 0x05 and 0x06, which come after it */
			uint8_t own_key[32];
			uint8_t peer_key[32];
		};
	};
	uint8_t own_version[4];			/* u16 min, u16 max */
	uint8_t peer_version[4];
};

struct session {
	struct migtd *td;
	struct session *run_next;		/* runnable list */
	struct slot_queue *queue;		/* the one it is in, or NULL */
	struct session *queue_next;
	struct work_slot *slot;
	struct own_quote *quote;		/* asked for, or being sent */
	const struct policy_record *peer;	/* the peer's policy, reference held */
	uint8_t *init_tdinfo;			/* from the VMM, in the heap's pool; NULL: none */
	uint64_t request_id;
	uint64_t last_ms;			/* when the clocks below were last advanced */
	struct servtd_binding target;
	uint32_t budget_ms;			/* left of the time limit at hand */
	uint16_t slot_peer_ms;			/* spent waiting for the peer with a slot in hand */
	uint16_t queue_ms;			/* spent in the queue */
	uint16_t quote_ms;			/* until the quote must be there, or be tried again */
	uint8_t quote_try;
	bool quote_is_shared;			/* sent with quote_signature in its place */
	bool quote_framed_failed;		/* of the last try (struct get_quote) */
	uint8_t phase;				/* enum phase */
	uint8_t wait;				/* enum session_wait */
	bool is_source;
	bool runnable;				/* on the runnable list */
	bool held;
	bool in_spdm;				/* which arm of `stage` is live */
	bool keys_written;
	uint8_t refused_index;			/* struct policy_place: where the own policy refused */
	const char *refused_block;
	const char *refused_property;
	struct link link;
	union {
		struct pre_session pre;
		struct {
			struct spdm spdm;
			struct exchange exchange;
		};
	} stage;
};

/* With its bytes of live map 2,048 at most. */
_Static_assert(sizeof(struct session) <= 2032, "what every session costs");

/*
 * Fills a fresh, zeroed arena from the VMM's request; PHASE_CONNECT.  ERR_OUT_OF_RESOURCE when no
 * block is left for the initial TDINFO that came with it: nothing but the arena is to be given back.
 */
enum status session_begin(struct session *s, struct migtd *td,
	const struct migration_request *request) MUST_CHECK;

/* STATUS_PENDING (see s->wait), STATUS_OK: the keys are exchanged; else why it failed. */
enum status session_step(struct session *s) MUST_CHECK;

/*
 * Advances the session's clocks to now; the status when one has run out.  While a hold is set
 * (migtd_hold(): measuring) only those of the quoting service go on, and no session that waits for
 * its peer or for its turn runs out of time.
 */
enum status session_clock(struct session *s, uint64_t now) MUST_CHECK;

/*
 * What the VMM is told of a session that ended with `status`, of its own accord or because a clock
 * ran out.  A source that has written the keys has succeeded: it loses nothing by a lost
 * END_SESSION_ACK.  A destination needs END_SESSION as the proof that the source got its answer, and
 * loses nothing either when its own answer to that is lost.
 */
enum status session_outcome(const struct session *s, enum status status) MUST_CHECK;

/* Tells the peer if that is still possible and gives everything back but the arena itself. */
void session_end(struct session *s, enum status why);

/* --- the parts of a session ---------------------------------------------------------------- */

/* pre_session.c: PHASE_HELLO to PHASE_START, which policy v1 does not have. */
void pre_session_begin(struct session *s);
enum status pre_session_step(struct session *s) MUST_CHECK;

/* attest_exchange.c: ops 0x03 and 0x04; migration_info.c: ops 0x05 and 0x06. */
extern const struct spdm_owner_ops session_owner_ops;

/*
 * What one message has room for: quote and event log in op 0x03, the larger of the two, whose
 * payload has at most 65,523 bytes, 4 of them its header and 6 the header of each element.
 */
#define ATTEST_VARIABLE_MAX (65523 - 4 - 5 * 6 - SHA384_SIZE - SERVTD_EXT_SIZE - TDINFO_SIZE)

/* ERR_ATTEST_SIZE if the own log and a quote of that size (at most QUOTE_SIZE_MAX) do not fit. */
enum status attest_size_check(const struct event_log *log, size_t quote_size) MUST_CHECK;
enum status attest_ready(struct session *s, enum vdm_op op, bool outgoing) MUST_CHECK;
uint32_t attest_element_size(const struct session *s, enum vdm_element type);
enum status attest_element_read(struct session *s, enum vdm_element type, uint32_t offset,
	uint8_t *to, size_t n) MUST_CHECK;
enum status attest_element_begin(struct session *s, enum vdm_element type, uint32_t size)
	MUST_CHECK;
enum status attest_element_write(struct session *s, enum vdm_element type, uint32_t offset,
	const uint8_t *from, size_t n) MUST_CHECK;
enum status attest_received(struct session *s, enum vdm_op op) MUST_CHECK;

enum status migration_info_ready(struct session *s, enum vdm_op op, bool outgoing) MUST_CHECK;
enum status migration_info_received(struct session *s, enum vdm_op op) MUST_CHECK;
/* The 4- or 32-byte field of an element, own (outgoing) or the peer's; NULL for another type. */
uint8_t *migration_info_field(struct session *s, enum vdm_element type, bool outgoing,
	uint32_t *size);

/*
 * verdict.c and verdict_v1.c: judge the peer's complete attestation message in the slot, in
 * upstream's order.  With policy v1 the collateral has come before (slot->fetch).
 */
enum status verdict(struct session *s) MUST_CHECK;
enum status verdict_v1(struct session *s) MUST_CHECK;

/*
 * servtd_ext.c.  A source reads the SERVTD_EXT of its target TD when it begins to send it, and keeps
 * the hash alone; for each piece it reads it again, ERR_SERVTD_EXT when it is not the same any more.
 */
enum status servtd_ext_begin(struct session *s) MUST_CHECK;
enum status servtd_ext_piece(struct session *s, uint32_t offset, uint8_t *to, size_t n) MUST_CHECK;
/* All of it; its hash as the destination accepts it. */
enum status servtd_ext_read(struct tdx *tdx, struct servtd_binding *target,
	uint8_t ext[SERVTD_EXT_SIZE]) MUST_CHECK;
void servtd_ext_approved_hash(const uint8_t ext[SERVTD_EXT_SIZE], uint8_t hash[SHA384_SIZE]);

#endif
