/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* TCB info, QE identity and bundle: which of them, the first byte says. */
#include "fuzz.h"

#include "attest/work.h"

static void tcb_info(struct text_reader text, bool asked)
{
	static struct tcb_info_seen seen;
	static struct signed_json json;
	const struct tcb_svns platform = {.sgx = {9}, .pcesvn = 9, .tdx = {9, 1}};
	const uint8_t svn2[16] = {9, 2};
	struct tcb_info info = {.seen = &seen};

	if (asked)
		info = (struct tcb_info){.platform = &platform, .tee_tcb_svn2 = svn2};
	if (tcb_info_read(&info, &json, text) != STATUS_OK)
		return;
	HOLDS(info.level_count > 0 && info.level_count <= TCB_LEVELS_MAX);
	HOLDS(!info.tdx_level.found || info.sgx_level.found);
	HOLDS(!info.tdx_level.found ||
		tcb_svns_compare(&info.sgx_level.svns, &info.tdx_level.svns) >= 0);
}

static void qe_identity(struct text_reader text)
{
	static struct signed_json json;
	struct qe_identity qe = {.isvsvn = 5};

	if (qe_identity_read(&qe, &json, text) == STATUS_OK && qe.level_found)
		HOLDS(qe.level_isvsvn <= 5 && qe.level_status <= LEVEL_REVOKED);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct attest_scratch scratch;
	static struct collateral collateral;

	if (n < 1)
		return 0;
	const struct text_reader text = bytes[0] & 4 ? text_escaped(bytes + 1, n - 1) :
		text_plain(bytes + 1, n - 1);
	switch (bytes[0] & 3) {
	case 0:
	case 1:
		tcb_info(text, bytes[0] & 1);
		break;
	case 2:
		qe_identity(text);
		break;
	default:
		if (collateral_open(&collateral, &scratch, bytes + 1, n - 1) != STATUS_OK)
			HOLDS(collateral.platform_count == 0);
		break;
	}
	return 0;
}
