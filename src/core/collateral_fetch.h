/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Policy v1: the collateral of one quote, asked of the quoting service through the VMM (attestation
 * spec 2.2 and 3.1).  Asynchronous, with tries and pauses as for quotes, and bounded as a whole.
 *
 * A peer's is fetched with its quote in a work slot, which stays held: there is nowhere else to
 * keep the quote.  No deadlock comes of that: the service answers whoever asks, each role has
 * slots of its own, and every slot has pages of its own for the answer (COLLATERAL_FETCHES_MAX).
 * COLLATERAL_WAIT_MS and WORK_SLOT_PEER_MS together are less than what a session waits for a slot,
 * so that a silent service or peer does not fail those that queue behind.
 */
#ifndef CORE_COLLATERAL_FETCH_H
#define CORE_COLLATERAL_FETCH_H

#include "attest/attest.h"
#include "tdx/get_collateral.h"

/* From the first try until the answer must be there, pauses included. */
#define COLLATERAL_WAIT_MS 20000
/* Tries after "busy", with pauses of 1, 2, 4 and 8 s. */
#define COLLATERAL_TRIES 5
/* The work slots of both roles, and the local reference. */
#define COLLATERAL_FETCHES_MAX 5

struct collateral_fetch {
	struct get_collateral request;
	uint32_t left_ms;	/* of COLLATERAL_WAIT_MS */
	uint32_t pause_ms;	/* until the next try */
	uint8_t tries;
	bool begun;
};

struct migtd;

/*
 * Asks for the collateral of the quote's FMSPC and CA, or looks whether it has come.  STATUS_OK:
 * f->request has the answer, to be read once, and collateral_fetch_end() follows.  STATUS_PENDING:
 * step again.  Else why there is none, and f is as collateral_fetch_end() leaves it.
 */
enum status collateral_fetch_step(struct migtd *td, struct collateral_fetch *f,
	const uint8_t *quote, size_t n) MUST_CHECK;
/*
 * Verifies the quote with the answer, trusting the own root CA, and ends the fetch.  Only after
 * collateral_fetch_step() has returned STATUS_OK for the same quote.
 */
enum status collateral_fetch_verify(struct migtd *td, struct collateral_fetch *f,
	const uint8_t *quote, size_t n, struct quote_result *result) MUST_CHECK;
/* Advances its clock. */
void collateral_fetch_clock(struct collateral_fetch *f, uint64_t elapsed_ms);
/* Gives the pages back, or abandons a request in flight; harmless when there is none. */
void collateral_fetch_end(struct migtd *td, struct collateral_fetch *f);

#endif
