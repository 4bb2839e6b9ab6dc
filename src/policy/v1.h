/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Migration policy v1 (policy spec section 1): JSON without a signature, measured as a file, of
 * which only the own one is ever used.  It is checked once and read in place ever after, with the
 * same fixed memory whatever its size.
 *
 * Verdicts are upstream's.  Stricter, and nothing that upstream's own policies have:
 *  - an array in place of an object is refused: upstream takes its elements for members;
 *  - nesting ends at JSON_DEPTH_MAX containers, upstream's at 128;
 *  - a known member that comes twice is refused also in a part of a block that is not used;
 *  - a rule on the SVN event fails for data that its digest does not cover or that are longer
 *    than 8 bytes (measure/event_log.h).
 * Laxer, and without effect on what a policy means: `id` and `operation` may have escapes.
 */
#ifndef POLICY_V1_H
#define POLICY_V1_H

#include "attest/attest.h"
#include "measure/event_log.h"
#include "policy/reason.h"

struct policy_v1 {
	const uint8_t *text;	/* the document: the file without NULs at either end */
	size_t size;
	size_t blocks;		/* offset of the first element of `policy` */
	bool self_only;		/* one platform block, and its fmspc is `self` */
};

/*
 * Checks the whole file (1.1 to 1.3), which must stay where it is.  ERR_JSON, ERR_JSON_DEPTH,
 * ERR_POLICY_FORMAT: upstream's InvalidPolicy.
 */
enum status policy_v1_open(struct policy_v1 *p, const uint8_t *file, size_t n) MUST_CHECK;

/*
 * The verdict of this side on its peer (1.6), `peer_events` being of a log that replays to the
 * peer's RTMRs.  `reason` is set when the verdict is not STATUS_OK.
 *
 *   upstream                       here
 *   PlatformNotFound               ERR_POLICY_PLATFORM_UNKNOWN
 *   PlatformNotMatch               ERR_POLICY_PLATFORM
 *   UnqualifiedPlatformInfo        ERR_POLICY_TCB
 *   UnqualifiedTdxModuleInfo       ERR_POLICY_MODULE
 *   UnqualifiedQeInfo              ERR_POLICY_QE
 *   UnqualifiedMigTdInfo           ERR_POLICY_MIGTD
 *   InvalidParameter               ERR_POLICY_NAME
 *   InvalidEventLog                ERR_POLICY_EVENT
 */
enum status policy_v1_evaluate(const struct policy_v1 *p, bool is_source,
	const struct quote_result *local, const struct event_digests *local_events,
	const struct quote_result *peer, const struct event_digests *peer_events,
	struct policy_reason *reason) MUST_CHECK;

#endif
