/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "attest/tcb_level.h"

static const char *const texts[] = {
	[LEVEL_UP_TO_DATE] = "UpToDate",
	[LEVEL_SW_HARDENING_NEEDED] = "SWHardeningNeeded",
	[LEVEL_CONFIGURATION_NEEDED] = "ConfigurationNeeded",
	[LEVEL_CONFIGURATION_AND_SW_HARDENING_NEEDED] = "ConfigurationAndSWHardeningNeeded",
	[LEVEL_OUT_OF_DATE] = "OutOfDate",
	[LEVEL_OUT_OF_DATE_CONFIGURATION_NEEDED] = "OutOfDateConfigurationNeeded",
	[LEVEL_REVOKED] = "Revoked",
	[LEVEL_RELAUNCH_ADVISED] = "TDRelaunchAdvised",
	[LEVEL_RELAUNCH_ADVISED_CONFIGURATION_NEEDED] = "TDRelaunchAdvisedConfigurationNeeded",
	[LEVEL_UNKNOWN] = "",
};

enum level_status level_status_of(const uint8_t *text, size_t n)
{
	for (unsigned i = 0; i <= LEVEL_REVOKED; i++) {
		if (strlen(texts[i]) == n && memcmp(texts[i], text, n) == 0)
			return (enum level_status)i;
	}
	return LEVEL_UNKNOWN;
}

const char *level_status_text(enum level_status status)
{
	return status < LEVEL_UNKNOWN ? texts[status] : "";
}

int tcb_svns_compare(const struct tcb_svns *a, const struct tcb_svns *b)
{
	const int sgx = memcmp(a->sgx, b->sgx, TCB_COMPONENTS);
	if (sgx != 0)
		return sgx;
	if (a->pcesvn != b->pcesvn)
		return a->pcesvn < b->pcesvn ? -1 : 1;
	return memcmp(a->tdx, b->tdx, TCB_COMPONENTS);
}

static bool reaches(const uint8_t *platform, const uint8_t *level, size_t first)
{
	for (size_t i = first; i < TCB_COMPONENTS; i++) {
		if (platform[i] < level[i])
			return false;
	}
	return true;
}

bool tcb_sgx_matches(const struct tcb_svns *platform, const struct tcb_svns *level)
{
	return platform->pcesvn >= level->pcesvn && reaches(platform->sgx, level->sgx, 0);
}

bool tcb_tdx_matches(const struct tcb_svns *platform, const struct tcb_svns *level)
{
	/* The identity of a versioned TDX module judges the first two instead. */
	return reaches(platform->tdx, level->tdx, platform->tdx[1] > 0 ? 2 : 0);
}

enum level_status level_status_combine(enum level_status level, enum level_status beside)
{
	if (level == LEVEL_REVOKED || beside == LEVEL_REVOKED)
		return LEVEL_REVOKED;
	if (beside == LEVEL_UP_TO_DATE)
		return level;
	if (beside != LEVEL_OUT_OF_DATE)
		return LEVEL_UNKNOWN;
	switch (level) {
	case LEVEL_UP_TO_DATE:
	case LEVEL_SW_HARDENING_NEEDED:
	case LEVEL_OUT_OF_DATE:
		return LEVEL_OUT_OF_DATE;
	case LEVEL_CONFIGURATION_NEEDED:
	case LEVEL_CONFIGURATION_AND_SW_HARDENING_NEEDED:
	case LEVEL_OUT_OF_DATE_CONFIGURATION_NEEDED:
		return LEVEL_OUT_OF_DATE_CONFIGURATION_NEEDED;
	case LEVEL_RELAUNCH_ADVISED:
	case LEVEL_RELAUNCH_ADVISED_CONFIGURATION_NEEDED:
		return level;
	case LEVEL_REVOKED:
	case LEVEL_UNKNOWN:
		break;
	}
	return LEVEL_UNKNOWN;
}
