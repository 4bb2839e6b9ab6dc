/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The local reference: facts about this MigTD as its own policy sees them ("self" in a policy),
 * from a quote of its own over zero REPORTDATA, verified like a peer's.
 *
 * It is the same for every session on one platform state, so it is made once and used by all
 * sessions for at most LOCAL_REFERENCE_MS and only while the TEE_TCB_SVN that a session sees in its
 * own fresh TDREPORT equals the one in the reference.  Nothing secret or session-bound is in it.
 * The one at hand serves the sessions that began with it until its successor is there.
 */
#ifndef CORE_LOCAL_REFERENCE_H
#define CORE_LOCAL_REFERENCE_H

#include "policy/policy.h"
#include "tdx/get_quote.h"

#define LOCAL_REFERENCE_MS 60000
/* A session starts an attestation only with a reference that stays valid this much longer. */
#define LOCAL_REFERENCE_MARGIN_MS 10000

struct local_reference {
	struct policy_facts facts;
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
