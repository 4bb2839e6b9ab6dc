/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The local reference: facts about this MigTD as its own policy sees them ("self" in a policy),
 * from a quote of its own over zero REPORTDATA, verified like a peer's: with policy v2 against the
 * collateral in it, with policy v1 against collateral that is fetched for it.
 *
 * It is the same for every session on one platform state, so it is made once and used by all
 * sessions for at most LOCAL_REFERENCE_MS and only while the TEE_TCB_SVN that a session sees in its
 * own fresh TDREPORT equals the one in the reference.  Nothing secret or session-bound is in it.
 * The one at hand serves the sessions that began with it until its successor is there.
 */
#ifndef CORE_LOCAL_REFERENCE_H
#define CORE_LOCAL_REFERENCE_H

#include "core/collateral_fetch.h"
#include "policy/policy.h"
#include "core/own_quote.h"

#define LOCAL_REFERENCE_MS 60000
/*
 * A session starts an attestation only with a reference that stays valid this much longer; under
 * policy v1 the peer's collateral has yet to come.
 */
#define LOCAL_REFERENCE_MARGIN_MS 10000
#define LOCAL_REFERENCE_MARGIN_V1_MS (LOCAL_REFERENCE_MARGIN_MS + COLLATERAL_WAIT_MS)

struct local_reference {
	union {
		struct policy_facts facts;	/* policy v2 */
		struct quote_result result;	/* policy v1 */
	};
	uint8_t tee_tcb_svn[16];
	uint8_t next_tee_tcb_svn[16];	/* of the TDREPORT behind the quote in flight */
	bool valid;
	bool wanted;
	uint8_t tries;
	enum status failure;	/* of the last attempt */
	uint64_t made_at;
	uint64_t retry_at;
	uint64_t deadline;	/* of the quote in flight */
	struct get_quote quote;
	uint8_t *copy;		/* private copy of the quote, QUOTE_SIZE_MAX bytes */
	uint16_t copy_size;
	bool fetching;		/* the quote is there, and its collateral on the way */
	uint64_t fetch_ms;	/* when the clock of `fetch` was last advanced */
	struct collateral_fetch fetch;
};

struct migtd;

/*
 * STATUS_OK: the reference will serve an attestation that begins now.  STATUS_PENDING: a new one
 * is being made.  Else why none can be made; `waited` says that the caller has been told PENDING
 * before, so that a failed attempt is the answer to it.
 */
enum status local_reference_ready(struct migtd *td, const uint8_t tee_tcb_svn[16], bool waited)
	MUST_CHECK;
/* Moves a wanted reference on; true when sessions that wait for it should run. */
bool local_reference_step(struct migtd *td);
/* Still valid at the time of the verdict. */
bool local_reference_fresh(const struct migtd *td, const uint8_t tee_tcb_svn[16]);

#endif
