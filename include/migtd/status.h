/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * One status for the whole Migration TD.  Every status has a module, a text and the GHCI result
 * code that the VMM is told (status.def); the first error of a session wins.
 */
#ifndef MIGTD_STATUS_H
#define MIGTD_STATUS_H

/* Result codes of the GHCI (MigrationResult), as ReportStatus and the ERROR message carry them. */
enum migration_result {
	RESULT_SUCCESS = 0,
	RESULT_INVALID_PARAMETER = 1,
	RESULT_UNSUPPORTED = 2,
	RESULT_OUT_OF_RESOURCE = 3,
	RESULT_TDX_MODULE_ERROR = 4,
	RESULT_NETWORK_ERROR = 5,
	RESULT_SECURE_SESSION_ERROR = 6,
	RESULT_MUTUAL_ATTESTATION_ERROR = 7,
	RESULT_POLICY_UNSATISFIED = 8,
	RESULT_INVALID_POLICY = 9,
	RESULT_VMM_CANCELED = 10,
	RESULT_VMM_INTERNAL_ERROR = 11,
	RESULT_UNSUPPORTED_OPERATION = 12,
	RESULT_INITIALIZATION_ERROR = 255,
};

enum status {
#define STATUS(name, module, result, text) name,
#include "migtd/status.def"
#undef STATUS
	STATUS_COUNT
};

/* Functions that return a status are declared MUST_CHECK; a caller that drops it fails to build. */
#define MUST_CHECK __attribute__((warn_unused_result))

/* Hands any status other than STATUS_OK (STATUS_PENDING too) to the caller's caller. */
#define TRY(call)                                     \
	do {                                          \
		const enum status try_status = (call); \
		if (try_status != STATUS_OK)          \
			return try_status;            \
	} while (0)

/* Name of the enumerator ("ERR_QUOTE_SIGNATURE"), the module ("attest") and one sentence. */
const char *status_name(enum status s);
const char *status_module(enum status s);
const char *status_text(enum status s);

/* The GHCI result code of a status.  STATUS_PENDING and unknown values map to 6, never to 0. */
enum migration_result status_result(enum status s);

#endif
