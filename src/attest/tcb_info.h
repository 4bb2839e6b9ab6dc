/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * TCB info of one platform (attestation spec 4.1), read in one pass.  Given a platform, the pass
 * selects its levels as it goes (3.7, 3.8): nothing of the document is kept but candidates.
 */
#ifndef ATTEST_TCB_INFO_H
#define ATTEST_TCB_INFO_H

#include "attest/signed_json.h"
#include "attest/tcb_level.h"

/* Documents with more are refused: TCB levels, levels of one TDX module. */
#define TCB_LEVELS_MAX 96
#define TCB_MODULE_LEVELS_MAX 64

/* What a TDX module identity, or "tdxModule" for modules without version, demands. */
struct tdx_module {
	uint8_t mr_signer[48];
	uint8_t attributes[8];
	bool found;
};

struct tdx_module_level {
	uint16_t isvsvn;
	uint8_t status;		/* enum level_status */
	bool found;
};

/* The levels seen so far, to find two that are equal; only for the check at start-up. */
struct tcb_info_seen {
	struct tcb_svns level[TCB_LEVELS_MAX];
	uint16_t module_level[TCB_MODULE_LEVELS_MAX];
	uint8_t module_version[TCB_MODULE_LEVELS_MAX];
};

struct tcb_info {
	/* asked: what the platform has, its TDX components being TEE_TCB_SVN of the quote */
	const struct tcb_svns *platform;	/* NULL: only the document is checked */
	const uint8_t *tee_tcb_svn2;		/* NULL unless the quote has it */
	struct tcb_info_seen *seen;		/* NULL: equal levels are not looked for */
	bool verified;				/* signature known to be good: nothing is hashed */

	/* found */
	uint8_t fmspc[6];
	uint8_t pce_id[2];
	uint32_t evaluation_number;
	struct tcb_level sgx_level;		/* first that matches the SGX part */
	struct tcb_level tdx_level;		/* first that matches both */
	struct tcb_svns top;			/* of the highest level */
	struct tdx_module module;		/* for the platform's module version */
	struct tdx_module_level module_level;	/* first its module SVN reaches */
	bool module2_found;			/* identity for the version in TEE_TCB_SVN2 */
	uint16_t module2_top;			/* its highest isvsvn */

	/* being read */
	struct tcb_level level;
	struct tdx_module identity;
	struct tdx_module_level identity_level;	/* candidate of the identity being read */
	struct tdx_module_level identity_now;
	uint16_t identity_top;
	uint16_t level_count;
	uint16_t identity_level_count;
	uint8_t identity_count;
	uint8_t identity_version;
	uint8_t component;
};

/*
 * Reads and checks the document; `info` holds the questions, the rest is filled in.  Signature
 * and FMSPC are the caller's to check.
 */
enum status tcb_info_read(struct tcb_info *info, struct signed_json *s, struct text_reader text)
	MUST_CHECK;

#endif
