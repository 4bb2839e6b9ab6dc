/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Faults that the platform commits on purpose: `--fault NAME[=ARG][,NAME...]` and the control verb
 * "fault".  Each stays set until "none", unless it says how often it fires.
 */
#ifndef HOST_FAULT_H
#define HOST_FAULT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fault_id {
	FAULT_WRONG_REPORTDATA,		/* quotes carry another REPORTDATA, rightly signed */
	FAULT_QUOTE_FLIP,		/* =OFFSET: one byte of the finished quote is inverted */
	FAULT_QUOTE_LATE,		/* =MS */
	FAULT_QUOTE_BUSY,		/* =N: the next N GetQuotes answer "retry" */
	FAULT_QUOTE_UNAVAILABLE,	/* =N: the next N end as "quoting service unavailable" */
	FAULT_QUOTE_ERROR,		/* status "error" */
	FAULT_QUOTE_GARBAGE,		/* status "success" over random bytes */
	FAULT_QUOTE_TRUNCATED,		/* half a quote, framed consistently */
	FAULT_QUOTE_NEVER,		/* in flight for ever */
	FAULT_QUOTE_REPLAY,		/* the first quote ever made, again and again */
	FAULT_COLLATERAL_LATE,		/* as for quotes, for GET_COLLATERAL */
	FAULT_COLLATERAL_BUSY,
	FAULT_COLLATERAL_UNAVAILABLE,
	FAULT_COLLATERAL_ERROR,
	FAULT_COLLATERAL_GARBAGE,
	FAULT_COLLATERAL_TRUNCATED,
	FAULT_COLLATERAL_NEVER,
	FAULT_COLLATERAL_FLIP,		/* =OFFSET in the message */
	FAULT_COLLATERAL_MINOR_0,	/* answers as a service of protocol 1.0 */
	FAULT_TDCALL_FAIL,		/* =LEAF[:N] the N-th such call; leaf "any" */
	FAULT_VMCALL_FAIL,		/* =SUBFUNC[:N] */
	FAULT_VSOCK_RESET_AFTER,	/* =BYTES of both directions of a connection */
	FAULT_REPORT_STATUS_FAIL,	/* ReportStatus answers "invalid operand" */
	FAULT_REQUEST_TWICE,		/* =N: the next N requests are handed out twice */
	FAULT_RAW_ZERO,			/* vmcall-raw: Receives complete with no bytes */
	FAULT_RAW_OVERSIZE,		/* ... with more than the buffer holds */
	FAULT_RAW_STATUS,		/* =N: ... with this data status */
	FAULT_RAW_NEVER,		/* ... never */
	FAULT_RAW_SEND_NEVER,		/* Sends never complete */
	FAULT_RAW_LATE,			/* =MS: Sends and Receives complete so much later */
	FAULT_RAW_INJECT,		/* a Receive of a request that is over completes with data */
	FAULT_RAW_REPORT_NEVER,		/* ReportStatus never completes */
	FAULT_DEBUG_ATTRIBUTES,		/* TDs attach with ATTRIBUTES.DEBUG */
	FAULT_COUNT
};

#define FAULT_ANY UINT64_MAX

struct fault {
	bool set;
	uint64_t arg;
	uint64_t nth;		/* of FAULT_*_FAIL */
	uint64_t seen;
	uint64_t fired;
};

struct faults {
	struct fault of[FAULT_COUNT];
};

/* 0, or -1 and one line in `why`: then nothing has been set. */
int fault_parse(struct faults *faults, const char *text, char *why, size_t why_size);
/* Whether the fault is set; announces and counts it if so. */
bool fault_fires(struct faults *faults, enum fault_id id);
/* For faults that fire =N times. */
bool fault_spends(struct faults *faults, enum fault_id id);
/* Whether this call of `what` (leaf, sub-function) is the one to fail. */
bool fault_hits(struct faults *faults, enum fault_id id, uint64_t what);
json_t *fault_list(const struct faults *faults);
/* Names and arguments, a line each, for --help. */
void fault_help(void);

#endif
