/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Quotes of this MigTD: asking the quoting service for them, and the few shared buffers they are
 * sent from.
 *
 * There are QUOTE_BUFFERS of them for any number of sessions, one of which is kept for the local
 * reference.  Whoever finds none free queues: first come, first served.  So there are never more
 * requests of ours in flight than buffers; VMMs take few at a time.
 *
 * Two quotes of one TD on one platform differ in REPORTDATA and in the signature made over it, and
 * in nothing else: what certifies the attestation key is made once.  So a session whose quote has
 * come and is, but for these two, the same as one that lies in another buffer keeps its signature
 * only, gives its buffer back, and sends what lies in the other one, with its own two fields in their
 * places.  That is done only if what it would send then is, byte for byte, what it was given; else
 * (the platform's certificates have changed, or the host plays tricks) the quote stays in its own
 * buffer.  What the host changes in a buffer later on harms nobody: signature and REPORTDATA are
 * private, and a peer refuses what they do not fit.
 *
 * How long a buffer is held:
 *   in flight	GET_QUOTE_WAIT_MS at most, and never while a session pauses between two tries;
 *   abandoned	until the VMM answers: it counts as used meanwhile;
 *   sent from	as long as there are sessions between their quote's arrival and the last byte of op
 *		0x03 or 0x04, each no longer than its time limit.
 * The last one is what a slow peer could draw out.  But one buffer serves all whose quotes are of a
 * kind, so slow peers take none from anybody while the platform stays as it is.
 *
 * Waiting here closes no circle.  A source asks before op 0x03 and holds its buffer until the
 * destination has a work slot for that; work slots do not wait for buffers: a destination asks for
 * its quote after the verdict, with its slot given back.  It holds its buffer until the source has a
 * slot for op 0x04, and a source's slot waits for nothing of these.
 */
#ifndef CORE_OWN_QUOTE_H
#define CORE_OWN_QUOTE_H

#include "attest/quote.h"
#include "core/slot_queue.h"
#include "tdx/get_quote.h"

/* Shared buffers for quotes, GET_QUOTE_PAGES each; the last free one is the local reference's. */
#define QUOTE_BUFFERS 8
/* How long one GetQuote may be in flight. */
#define GET_QUOTE_WAIT_MS 30000
/* Tries after "busy", with pauses of 1, 2, 4, 8 and 16 s; each queues for a buffer anew. */
#define GET_QUOTE_TRIES 6

struct migtd;
struct session;

/* A quote that was asked for, or is being sent; unused when it has neither asker nor senders. */
struct own_quote {
	struct get_quote request;
	struct session *asker;		/* until it has come */
	uint32_t senders;		/* sessions that send it, with fields of their own or not */
	struct quote_places places;	/* both 0: unlike any other */
};

struct own_quotes {
	struct own_quote quote[QUOTE_BUFFERS - 1];
	struct slot_queue queue;
};

/*
 * Makes a fresh TDREPORT over `bound` (48 bytes, or NULL for zero REPORTDATA) and asks for its
 * quote.  tee_tcb_svn gets the 16 bytes of that TDREPORT.
 */
enum status own_quote_request(struct migtd *td, struct get_quote *q, const uint8_t *bound,
	uint8_t tee_tcb_svn[16]) MUST_CHECK;
/* tee_tcb_svn of a fresh TDREPORT. */
enum status own_tee_tcb_svn(struct migtd *td, uint8_t tee_tcb_svn[16]) MUST_CHECK;

/*
 * The session's own quote, bound to TH1 and its role.  STATUS_OK: it is there to be read.
 * STATUS_PENDING: s->wait says what for.  Else why there will be none.
 */
enum status own_quote_step(struct session *s) MUST_CHECK;
/* True while the session waits for it. */
bool own_quote_awaited(const struct session *s);
/* Its size, 0 before it is there; its bytes, each of which is taken from shared memory once. */
uint32_t own_quote_size(const struct session *s);
void own_quote_read(const struct session *s, uint32_t offset, uint8_t *to, size_t n);
/* Gives back what the session has of the above, on whatever path; harmless when that is nothing. */
void own_quote_end(struct session *s);
/* Has those look whose quote has come, and whose turn has. */
void own_quotes_poll(struct migtd *td);

/* What the REPORTDATA of a quote must begin with: SHA-384 of the role's tag and TH1. */
void report_data_of(bool is_source, const uint8_t th1[SHA384_SIZE], uint8_t bound[SHA384_SIZE]);

/* The pause in ms before try number `tries` (1 = the first repetition). */
uint32_t own_quote_pause_ms(unsigned tries);

#endif
