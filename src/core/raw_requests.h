/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Requests and reports of vmcall-raw (platform spec 1.6, 2.3): one WaitForRequest is always with the
 * VMM, in a page of its own; each report has a page for as long as the VMM needs it, and nobody waits
 * for that.
 *
 * GetTDReport makes a TDREPORT over a constant, GetMigtdData one over zeroes: no byte of the host's
 * reaches REPORTDATA, or it could have quotes made that pass for a session's.
 */
#ifndef CORE_RAW_REQUESTS_H
#define CORE_RAW_REQUESTS_H

#include "tdx/migtd_request.h"

/* Shared pages that sessions leave to reports, of refused requests above all. */
#define RAW_REPORT_PAGES 4

struct raw_requests {
	uint8_t *page;		/* shared: WaitForRequest's */
	uint8_t *log_page;	/* shared: the log area of the only vCPU */
	bool waiting;		/* the page is the VMM's */
	struct migtd_request request;
};

struct migtd;

/* Takes the pages. */
enum status raw_requests_init(struct migtd *td) MUST_CHECK;
/* Takes a request if there is one; true when there may be more. */
bool raw_requests_poll(struct migtd *td);
/*
 * ReportStatus with n bytes of data, or of text when `result` is a failure.  Does not wait for the
 * VMM to take it.
 */
enum status raw_requests_report(struct migtd *td, uint64_t request_id, enum status result,
	const uint8_t *data, size_t n) MUST_CHECK;

#endif
