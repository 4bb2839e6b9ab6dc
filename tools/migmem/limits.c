/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "limits.h"

#include <string.h>

#include "attest/collateral.h"
#include "attest/tcb_info.h"
#include "attest/work.h"
#include "core/session.h"
#include "core/work_slot.h"
#include "measure/event_log.h"
#include "policy/certificate.h"
#include "policy/chain.h"
#include "policy/policy.h"
#include "policy/reader.h"
#include "spdm/engine.h"
#include "tdx/get_collateral.h"

/* Of an answer to GET_COLLATERAL: framing, as for a quote. */
#define COLLATERAL_SIZE_MOST (GET_COLLATERAL_PAGES * 4096 - 24 - 4 - 48)

/* The row of POLICY_LINKS_MAX says so. */
_Static_assert(DOCUMENT_COUNT + POLICY_LINKS_MAX == 9, "what a stranger may have verified");

/* Op 0x03 with the own quote and log: what those two leave of a message is the rest of it. */
static int64_t largest_message(const struct limits_today *t)
{
	if (t->quote_bytes == 0 || t->event_log_bytes == 0)
		return 0;
	return SPDM_MAX_MESSAGE_SIZE - ATTEST_VARIABLE_MAX + t->quote_bytes + t->event_log_bytes;
}

size_t fixed_limits(const struct limits_today *t, struct fixed_limit table[FIXED_LIMITS])
{
	const struct fixed_limit rows[] = {
		{"policy blob of a peer", "bytes", POLICY_BLOB_MAX, t->policy_bytes, "policy of this run",
			"invalid parameter (1)"},
		{"TCB levels in a peer's policy", "", POLICY_LEVELS_MAX, t->policy_levels, "generated policy",
			"invalid policy (9)"},
		{"TCB mappings in a peer's policy", "", POLICY_MAPPINGS_MAX, t->policy_mappings, "generated policy",
			"invalid policy (9)"},
		{"certificate links of a peer's policy that are not our own", "", POLICY_LINKS_MAX,
			t->certificate_links,
			"generated policy, three chains of three certificates by strangers; with three "
			"documents the 9 signatures that a stranger may have verified",
			"invalid policy (9)"},
		{"certificate in such a chain, DER", "bytes", POLICY_CERTIFICATE_MAX,
			t->certificate_der, "generated policy", "invalid policy (9)"},
		{"platforms in the own collateral", "", COLLATERAL_PLATFORMS_MAX, t->platforms,
			"generated policy, as the public template", "does not start"},
		{"TCB levels of a TCB info", "", TCB_LEVELS_MAX, t->tcb_levels, "generated platforms",
			"attestation (7)"},
		{"quote of a peer", "bytes", PEER_QUOTE_MAX, 5006, "real quotes",
			"attestation (7)"},
		{"own quote as delivered", "bytes", QUOTE_SIZE_MAX, 5006, "real quotes",
			"attestation (7)"},
		{"PCK chain of a quote, DER", "bytes", CHAIN_DER_MAX, t->pck_chain_der,
			"generated platform",
			"attestation (7)"},
		{"fetched collateral (policy v1)", "bytes", COLLATERAL_SIZE_MOST, 18000,
			"Intel's service", "attestation (7)"},
		{"events of the own log", "", EVENT_LOG_EVENTS_MAX, t->events, "this run", "does not start"},
		{"SPDM message", "bytes", SPDM_MAX_MESSAGE_SIZE, largest_message(t),
			"op 0x03 with the longest event log", "secure session (6)"},
		{"bignum arena", "bytes", CRYPTO_ARENA_SIZE, t->bignum_peak, "this run",
			"cannot be reached: reserved before each operation"},
		{"stack by the call graph", "bytes", t->stack_size, t->stack_bound, "this build", "a guard page"},
	};

	_Static_assert(ARRAY_SIZE(rows) <= FIXED_LIMITS, "room for every limit");
	memcpy(table, rows, sizeof(rows));
	return ARRAY_SIZE(rows);
}
