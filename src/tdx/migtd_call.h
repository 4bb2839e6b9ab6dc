/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The buffers of TDG.VP.VMCALL sub-function 0x10006 (GHCI 1.5; platform spec 1.6): a header of 12
 * bytes, data status u64 and length u32, and the payload.
 *
 *	byte 0	0 in flight, 1 done, 2 not completed
 *	byte 1	WaitForRequest: the operation; with byte 0 = 2: 3 cancelled by the VMM
 *	2..7	zero
 *
 * A buffer is the VMM's from the call until byte 0 leaves 0.  Whoever does not want to wait that
 * long abandons it: the pages stay in use, under a tag of their own, until the VMM has completed the
 * call, so that a late completion never lands in pages that belong to someone else.  A VMM that never
 * does keeps them for ever; what it can keep is bounded by the shared region.
 *
 * Nothing is parsed where it lies: the header is read from a private copy, the payload by whoever
 * copies it out.
 */
#ifndef TDX_MIGTD_CALL_H
#define TDX_MIGTD_CALL_H

#include "mem/shared.h"
#include "tdx/tdx.h"

#define MIGTD_CALL_HEADER 12
/* Payload bytes of one Send or Receive at the most: 64 KiB less the header. */
#define MIGTD_CALL_MTU 65524u

/* What the VMM wrote into the header. */
struct migtd_completion {
	uint8_t detail;		/* byte 1 */
	uint32_t size;		/* of the payload, as the VMM says */
};

/*
 * Asks for the next request: its answer comes into the whole page.  ERR_VMCALL, ERR_TDCALL: refused,
 * and the page is not the VMM's.
 */
enum status migtd_wait_for_request(struct tdx *tdx, uint8_t *page, uint8_t vector) MUST_CHECK;
/*
 * Sends the n bytes that lie behind the header, at most MIGTD_CALL_MTU and what the buffer's pages
 * hold.  Errors as above.
 */
enum status migtd_send(struct tdx *tdx, uint64_t request_id, uint8_t *buffer, size_t n,
	uint8_t vector) MUST_CHECK;
/* Asks for up to `pages` pages less the header. */
enum status migtd_receive(struct tdx *tdx, uint64_t request_id, uint8_t *buffer, uint32_t pages,
	uint8_t vector) MUST_CHECK;
/*
 * Tells the VMM how a request ended, with n bytes of operation data or text, at most a page less the
 * header.  The VMM is told of the whole page, as intel/MigTD tells it; n stands in the buffer's header.
 * Takes a page under SHARED_REPORT for as long as the VMM needs it; migtd_reclaim() gives it back.
 * ERR_OUT_OF_RESOURCE: there is none.
 */
enum status migtd_report_status(struct tdx *tdx, struct shared *shared, uint64_t request_id,
	enum migration_result result, const uint8_t *data, size_t n, uint8_t vector) MUST_CHECK;

/*
 * Whether a call has completed.  STATUS_PENDING: it is in flight.  STATUS_OK: done.  ERR_CANCELED:
 * the VMM cancelled the request.  ERR_TRANSPORT_CLOSED: not completed.  ERR_TRANSPORT_PROTOCOL: no
 * status there is.  The completion is set unless pending.
 */
enum status migtd_completed(const uint8_t *buffer, struct migtd_completion *completion) MUST_CHECK;

/*
 * Gives pages back, or, while the VMM has them, leaves them in use under the tag `abandoned`.
 */
void migtd_abandon(struct shared *shared, uint8_t *buffer, uint32_t pages,
	enum shared_tag abandoned);
/* Gives back the buffers of `pages` pages each under the tag whose calls have completed. */
void migtd_reclaim(struct shared *shared, enum shared_tag tag, uint32_t pages);

#endif
