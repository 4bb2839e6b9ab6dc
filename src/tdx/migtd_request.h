/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * What WaitForRequest of sub-function 0x10006 brings (platform spec 2.1, 2.3): the operation, in the
 * data status, and a payload of fixed sizes by operation.
 *
 *	StartMigration	56, or with an initial TDINFO 568 (policy v2 only)
 *	GetTDReport	8, or 72 with REPORTDATA, which nobody looks at
 *	EnableLogArea	16: request id, level 1..5, 7 x 0
 *	GetMigtdData	as GetTDReport; policy v2 only
 *
 * StartRebinding is not there.
 */
#ifndef TDX_MIGTD_REQUEST_H
#define TDX_MIGTD_REQUEST_H

#include "tdx/service.h"

enum migtd_operation {
	OPERATION_START_MIGRATION = 1,
	OPERATION_START_REBINDING,
	OPERATION_GET_TD_REPORT,
	OPERATION_ENABLE_LOG_AREA,
	OPERATION_GET_MIGTD_DATA,
};

/* Largest payload of any operation. */
#define MIGTD_REQUEST_MAX (56 + TDINFO_SIZE)

struct migtd_request {
	uint8_t operation;		/* enum migtd_operation */
	bool has_id;			/* the payload has the bytes for one */
	uint8_t log_level;		/* EnableLogArea, 1..5 */
	/* StartMigration; of every operation the request id, unless it has none. */
	struct migration_request migration;
};

/*
 * Reads n bytes of private memory.  ERR_REQUEST: they are malformed; ERR_UNSUPPORTED_OPERATION: there
 * is no such operation, or not under policy v1.  The id is there in either case, if it can be.
 */
enum status migtd_request_read(uint8_t operation, const uint8_t *payload, size_t n, bool v1,
	struct migtd_request *request) MUST_CHECK;

#endif
