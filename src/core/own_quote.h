/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Asking the quoting service for a quote of this MigTD. */
#ifndef CORE_OWN_QUOTE_H
#define CORE_OWN_QUOTE_H

#include "core/td.h"

/* How long one GetQuote may be in flight. */
#define GET_QUOTE_WAIT_MS 30000
/* Tries after "busy", with pauses of 1, 2, 4, 8 and 16 s. */
#define GET_QUOTE_TRIES 6

/*
 * Makes a fresh TDREPORT over `bound` (48 bytes, or NULL for zero REPORTDATA) and asks for its
 * quote.  tee_tcb_svn gets the 16 bytes of that TDREPORT.
 */
enum status own_quote_request(struct migtd *td, struct get_quote *q, const uint8_t *bound,
	uint8_t tee_tcb_svn[16]) MUST_CHECK;

/* What the REPORTDATA of a quote must begin with: SHA-384 of the role's tag and TH1. */
void report_data_of(bool is_source, const uint8_t th1[SHA384_SIZE], uint8_t bound[SHA384_SIZE]);

/* The pause in ms before try number `tries` (1 = the first repetition). */
uint32_t own_quote_pause_ms(unsigned tries);

#endif
