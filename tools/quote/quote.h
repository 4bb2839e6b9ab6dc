/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Quotes and their collateral offline.  Verdicts come from the code that the Migration TD runs
 * (attest/attest.h); what is added here is reading collateral in the forms it is handed around in,
 * and telling what a quote says.
 */
#ifndef TOOLS_QUOTE_H
#define TOOLS_QUOTE_H

#include <jansson.h>

#include "attest/attest.h"
#include "common/tool.h"

/* --- collateral bundles -------------------------------------------------------------------- */

/* What a bundle consists of (attestation spec 4.4), all of it text. */
struct collateral_parts {
	struct blob root_ca;		/* PEM, as are the chains: leaf, root */
	struct blob pck_crl_chain;
	struct blob root_ca_crl;	/* PEM or hexadecimal */
	struct blob pck_crl;
	struct blob qe_chain;
	struct blob qe_identity;	/* as served */
	json_t *platforms;		/* NULL until the first */
};
void cleanup_collateral_parts(struct collateral_parts *parts);
#define AUTO_PARTS CLEANUP(cleanup_collateral_parts) struct collateral_parts

/* A certificate or CRL in PEM, DER or (CRLs only) hexadecimal, as text without a last newline. */
int collateral_item(const char *name, const struct blob *file, bool crl, struct blob *text)
	MUST_USE;
/* One platform by its TCB info as served; the FMSPC is read there. */
int collateral_add_platform(struct collateral_parts *parts, const char *name,
	const struct blob *tcb_info, const struct blob *chain) MUST_USE;
/* `name` stands in error lines. */
int collateral_compose(const char *name, const struct collateral_parts *parts,
	struct blob *bundle) MUST_USE;

/*
 * Collateral as a bundle, from a bundle, from the packed form (4.5), or from a folder with the
 * provisioning service's answers.  `root` names the certificate (PEM or DER) that takes the place
 * of the collateral's own root, NULL for none.  TOOL_USAGE, after a line with file and offset, for
 * what cannot be read as collateral; whether it is sound is the judge's to say.
 */
int collateral_read(const char *path, const char *root, struct blob *bundle) MUST_USE;

/* From a folder.  parts->root_ca may hold a root already. */
int collateral_gather(const char *folder, struct collateral_parts *parts) MUST_USE;

/* --- verdicts ------------------------------------------------------------------------------ */

struct quote_verdict {
	enum status status;		/* STATUS_OK: accepted */
	const char *stage;		/* where a reject came from; "collateral" before the quote */
	const char *converged_status;	/* NULL when not reached */
	struct quote_result result;	/* zeros for a reject */
};
void quote_judge(const struct blob *bundle, const struct blob *quote, struct quote_verdict *v);

/*
 * {"verdict", "tcb_status", "converged_status", "tcb_date", "fmspc", "advisories", "reject_stage",
 * "reject_reason", "supplemental_sha256"}, null where a verdict leaves nothing to say.  The FMSPC
 * of a reject is what the quote claims.
 */
json_t *quote_verdict_json(const struct quote_verdict *v, const struct blob *bundle,
	const struct blob *quote);

/*
 * Identifiers of the advisories that the matched levels of platform, TDX module and QE list, each
 * once.  For an accepted quote.
 */
json_t *quote_advisories(const struct blob *bundle, const struct quote_result *result);

/* Opens the collateral and tells its platforms and CRL numbers; *status is the judge's. */
json_t *collateral_report(const struct blob *bundle, enum status *status);

/* --- looking inside ------------------------------------------------------------------------ */

/* A quote from its file; of one that is larger than any quote may be, enough to be refused. */
int quote_read(const char *path, struct blob *quote) MUST_USE;

/* Where a quote is no quote: "version" "is neither 4 nor 5" at byte 0. */
struct quote_fault {
	const char *field, *why;
	size_t at;
};
/* False when it can be parsed. */
bool quote_find_fault(const struct blob *quote, struct quote_fault *fault);
/* TOOL_REJECT, after a line that tells the fault. */
int quote_tell_fault(const char *name, const struct blob *quote) MUST_USE;

/* The fields of a quote, nothing verified; TOOL_REJECT after an error line if it is malformed. */
int quote_fields(const char *name, const struct blob *quote, json_t **fields) MUST_USE;
/* Upper-case FMSPC of the PCK certificate, NULL when there is none to be read. */
char *quote_fmspc(const struct blob *quote);

/*
 * The fields of a TDREPORT and whether its hashes hold; the MAC is the platform's to check.
 * TOOL_REJECT after an error line if it is malformed or a hash does not hold (*fields is set then).
 */
int tdreport_fields(const char *name, const struct blob *report, json_t **fields) MUST_USE;

#endif
