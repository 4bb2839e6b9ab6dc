/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "measure/tdinfo.h"
#include "policy/dates.h"
#include "policy/mapping.h"
#include "policy/policy.h"
#include "wire/reader.h"

#define TCB_STATUS_SIZE 32u

static const char *const status_names[] = {
	[TCB_UNKNOWN] = "(unknown)",
	[TCB_UNRECOGNISED] = "(unrecognised)",
	[TCB_UP_TO_DATE] = "UpToDate",
	[TCB_SW_HARDENING_NEEDED] = "SWHardeningNeeded",
	[TCB_CONFIGURATION_NEEDED] = "ConfigurationNeeded",
	[TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED] = "ConfigurationAndSWHardeningNeeded",
	[TCB_OUT_OF_DATE] = "OutOfDate",
	[TCB_OUT_OF_DATE_CONFIGURATION_NEEDED] = "OutOfDateConfigurationNeeded",
	[TCB_REVOKED] = "Revoked",
};

enum tcb_status tcb_status_of(const uint8_t *text, size_t n)
{
	for (size_t i = TCB_UP_TO_DATE; i < ARRAY_SIZE(status_names); i++)
		if (strlen(status_names[i]) == n && memcmp(status_names[i], text, n) == 0)
			return (enum tcb_status)i;
	return TCB_UNRECOGNISED;
}

const char *tcb_status_name(enum tcb_status status)
{
	return status < ARRAY_SIZE(status_names) ? status_names[status] : status_names[TCB_UNRECOGNISED];
}

/* --- SVN mapping --------------------------------------------------------------------------- */

static void measurement_digest(const struct measurements *m, uint8_t pins,
	uint8_t digest[SHA384_SIZE])
{
	struct sha384 hash;

	sha384_init(&hash);
	sha384_update(&hash, m->mrtd, SHA384_SIZE);
	sha384_update(&hash, m->rtmr, 2 * (size_t)SHA384_SIZE);
	if ((pins & POLICY_PIN_RTMR2) != 0)
		sha384_update(&hash, m->rtmr + 2 * SHA384_SIZE, SHA384_SIZE);
	if ((pins & POLICY_PIN_RTMR3) != 0)
		sha384_update(&hash, m->rtmr + 3 * SHA384_SIZE, SHA384_SIZE);
	sha384_final(&hash, digest);
}

bool policy_svn_of(const struct policy_record *record, const struct measurements *m, uint16_t *svn)
{
	uint8_t digest[POLICY_PIN_RTMR2 + POLICY_PIN_RTMR3 + 1][SHA384_SIZE];
	const uint8_t offered = m->has_rtmr23 ? POLICY_PIN_RTMR2 | POLICY_PIN_RTMR3 : 0;
	uint8_t computed = 0;

	for (size_t i = 0; i < record->mapping_count; i++) {
		const struct policy_mapping *mapping = &record->mapping[i];
		const uint8_t pins = mapping->pins;
		if ((pins & ~offered) != 0)
			continue;
		if ((computed >> pins & 1) == 0)
			measurement_digest(m, pins, digest[pins]);
		computed |= (uint8_t)(1u << pins);
		if (memcmp(digest[pins], mapping->digest, SHA384_SIZE) == 0) {
			*svn = mapping->isvsvn;
			return true;
		}
	}
	return false;
}

/* The level with the greatest SVN that is not above `svn`, the last of equal ones; or NULL. */
static const struct policy_level *level_of(const struct policy_record *record, uint16_t svn)
{
	const struct policy_level *best = NULL;

	for (size_t i = 0; i < record->level_count; i++) {
		const struct policy_level *level = &record->level[i];
		if (level->isvsvn <= svn && (best == NULL || level->isvsvn >= best->isvsvn))
			best = level;
	}
	return best;
}

/* --- facts --------------------------------------------------------------------------------- */

static uint8_t status_of_field(const uint8_t field[TCB_STATUS_SIZE])
{
	size_t n = 0;

	while (n < TCB_STATUS_SIZE && field[n] != '\0')
		n++;
	return (uint8_t)tcb_status_of(field, n);
}

enum status policy_facts_of(const struct policy_own *own, const struct policy_record *record,
	const struct quote_result *result, struct policy_facts *facts)
{
	const uint8_t *bytes = result->bytes;
	struct reader date = reader_of(bytes + RESULT_TCB_DATE, 8);
	const struct measurements measured = {
		.mrtd = bytes + RESULT_MRTD,
		.rtmr = bytes + RESULT_RTMR0,
		.has_rtmr23 = true,
	};

	memset(facts, 0, sizeof(*facts));
	TRY(policy_date_of(reader_u64(&date), &facts->tcb_date));
	facts->tcb_status = status_of_field(bytes + RESULT_TCB_STATUS);
	memcpy(facts->fmspc, bytes + RESULT_FMSPC, sizeof(facts->fmspc));
	TRY(collateral_evaluation_number(&own->collateral, facts->fmspc,
		&facts->tcb_evaluation_number));
	facts->pck_crl_number = collateral_pck_crl_number(&own->collateral);
	facts->root_crl_number = collateral_root_crl_number(&own->collateral);
	facts->platform_known = true;

	if (!policy_svn_of(record, &measured, &facts->isvsvn))
		return STATUS_OK;
	const struct policy_level *level = level_of(record, facts->isvsvn);
	facts->migtd_known = true;
	if (level != NULL) {
		facts->migtd_status = level->status;
		policy_date_unpack(&level->date, &facts->migtd_date);
	}
	return STATUS_OK;
}
