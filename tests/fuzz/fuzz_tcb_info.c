/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * TCB info, read as at start-up and for platforms of several kinds (by the first byte): the check
 * at start-up refuses what any of them refuses.
 */
#include "fuzz.h"

#include "attest/tcb_info.h"

static void check_platform(const struct tcb_info *info)
{
	const struct tcb_svns *platform = info->platform;

	HOLDS(info->level_count > 0 && info->level_count <= TCB_LEVELS_MAX);
	HOLDS(!info->tdx_level.found || info->sgx_level.found);
	if (info->sgx_level.found)
		HOLDS(tcb_sgx_matches(platform, &info->sgx_level.svns) &&
			tcb_svns_compare(&info->top, &info->sgx_level.svns) >= 0);
	if (info->tdx_level.found)
		HOLDS(tcb_tdx_matches(platform, &info->tdx_level.svns) &&
			tcb_svns_compare(&info->sgx_level.svns, &info->tdx_level.svns) >= 0 &&
			info->tdx_level.status < LEVEL_RELAUNCH_ADVISED);
	HOLDS(!info->module_level.found || info->module.found);
	if (info->module_level.found)
		HOLDS(info->module_level.isvsvn <= platform->tdx[0]);
}

static enum status read_for(const struct tcb_svns *platform, const uint8_t *svn2,
	struct text_reader text)
{
	static struct signed_json json;
	struct tcb_info info = {.platform = platform, .tee_tcb_svn2 = svn2};

	TRY(tcb_info_read(&info, &json, text));
	check_platform(&info);
	HOLDS(svn2 != NULL || !info.module2_found);
	return STATUS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct tcb_info_seen seen;
	static struct signed_json json;
	static const uint8_t point[P256_POINT_SIZE] = {1};
	const uint8_t svn2[16] = {5, 2};
	struct tcb_info checked = {.seen = &seen};

	fuzz_start_crypto();
	if (n < 1)
		return 0;
	const struct tcb_svns platform = {.sgx = {[0] = 5, [2] = 9}, .pcesvn = 10,
		.tdx = {bytes[0] & 7, bytes[0] >> 3 & 3, bytes[0] >> 5 & 3}};
	const struct text_reader text = bytes[0] & 0x80 ? text_escaped(bytes + 1, n - 1) :
		text_plain(bytes + 1, n - 1);

	const enum status at_start = tcb_info_read(&checked, &json, text);
	const enum status bare = read_for(&platform, NULL, text);
	HOLDS(bare == read_for(&platform, svn2, text));
	HOLDS(at_start != STATUS_OK || bare == STATUS_OK);
	if (at_start == STATUS_OK) {
		HOLDS(signed_json_verify(&json, point) != STATUS_OK);
		ACCEPTED();
	}
	return 0;
}
