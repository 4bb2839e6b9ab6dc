/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* TCB levels: their order, which of them a platform reaches, and how statuses combine. */
#ifndef ATTEST_TCB_LEVEL_H
#define ATTEST_TCB_LEVEL_H

#include "migtd/base.h"

#define TCB_COMPONENTS 16
#define TCB_STATUS_TEXT_MAX 31	/* room in the result, without the NUL */

enum level_status {
	LEVEL_UP_TO_DATE,
	LEVEL_SW_HARDENING_NEEDED,
	LEVEL_CONFIGURATION_NEEDED,
	LEVEL_CONFIGURATION_AND_SW_HARDENING_NEEDED,
	LEVEL_OUT_OF_DATE,
	LEVEL_OUT_OF_DATE_CONFIGURATION_NEEDED,
	LEVEL_REVOKED,
	LEVEL_RELAUNCH_ADVISED,
	LEVEL_RELAUNCH_ADVISED_CONFIGURATION_NEEDED,
	LEVEL_UNKNOWN,		/* another text */
};

/* What levels are compared and matched by. */
struct tcb_svns {
	uint8_t sgx[TCB_COMPONENTS];
	uint16_t pcesvn;
	uint8_t tdx[TCB_COMPONENTS];
};

struct tcb_level {
	struct tcb_svns svns;
	uint8_t status;		/* enum level_status */
	bool found;
	int64_t date;		/* seconds since 1970 */
};

/* One of the seven statuses a level may have, else LEVEL_UNKNOWN. */
enum level_status level_status_of(const uint8_t *text, size_t n);
const char *level_status_text(enum level_status status);

/* Order of levels: SGX components, then PCESVN, then TDX components.  Like memcmp(). */
int tcb_svns_compare(const struct tcb_svns *a, const struct tcb_svns *b);

/* The platform reaches the level's SGX part; its TDX part (attestation spec 3.7). */
bool tcb_sgx_matches(const struct tcb_svns *platform, const struct tcb_svns *level);
bool tcb_tdx_matches(const struct tcb_svns *platform, const struct tcb_svns *level);

/* A level's status with that of the TDX module or the QE beside it (3.10). */
enum level_status level_status_combine(enum level_status level, enum level_status beside);

#endif
