/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Policies on the making side.  Version 2 (policy spec 2.2 to 2.8, 5.1 to 5.5): signed envelopes,
 * composition, verification, and a policy of the public template's shape for a generated
 * hierarchy.  Version 1 (1.2, 5.3): policies from collateral.  Names stand in error lines only.
 */
#ifndef TOOLS_POLICY_H
#define TOOLS_POLICY_H

#include "common/json_text.h"
#include "common/key.h"

/* --- envelopes: {"NAME":value,"signature":"HEX"} ------------------------------------------- */

/* TOOL_REJECT unless the value is its own canonical form. */
int envelope_check_canonical(const char *file, const struct blob *value) MUST_USE;
void envelope_write(const char *member, const struct blob *value, const struct blob *signature,
	struct blob *out);
/* Signs the value as it is and appends the document. */
void envelope_sign(const char *member, const struct blob *value, EVP_PKEY *key, struct blob *out);
/* Exactly two members; verifies over the verbatim text.  TOOL_REJECT if it does not. */
int envelope_verify(const char *file, const struct blob *document, const char *member,
	EVP_PKEY *key) MUST_USE;

/* --- composition --------------------------------------------------------------------------- */

struct named_text {
	const char *name;
	struct blob text;
};
void cleanup_named_text(struct named_text *t);
#define AUTO_NAMED CLEANUP(cleanup_named_text) struct named_text
/* A file under its own path. */
int named_text_read(const char *path, struct named_text *t) MUST_USE;

/* Inputs are inserted verbatim, chains as strings. */
int servtd_collateral_compose(const struct named_text *identity,
	const struct named_text *identity_chain, const struct named_text *mapping,
	const struct named_text *mapping_chain, struct blob *out) MUST_USE;
/* Sets `collaterals` and `servtdCollateral` of the base, in place or appended; canonical. */
int policy_data_compose(const struct named_text *base, const struct named_text *collaterals,
	const struct named_text *servtd, struct blob *out) MUST_USE;

/* --- verification -------------------------------------------------------------------------- */

/* What a MigTD checks of its own policy at start-up, done with OpenSSL. */
int policy_verify(const struct named_text *policy, const struct named_text *chain) MUST_USE;

/* SHA-384 of the chain's leaf point: the MROWNER of a TD that may run the chain's policies. */
int policy_mrowner(const struct named_text *chain, uint8_t mrowner[DIGEST_SHA384_SIZE]) MUST_USE;

/* --- generation ---------------------------------------------------------------------------- */

#define POLICY_SIZE_DEFAULT 172021	/* the signed public template */
#define POLICY_IMAGES_MAX 15

struct policy_options {
	const char *pki;	/* folder that pki_generate() made */
	uint8_t mrtd[POLICY_IMAGES_MAX][DIGEST_SHA384_SIZE];
	size_t images;
	size_t size;		/* of policy.json exactly; 0 = as it comes */
	uint32_t svn;
	const char *salt;	/* policies with different salts differ from their first bytes on */
};

/*
 * Writes policy.json, policy_issuer_chain.pem, launch.json {"mrowner","mrownerconfig"}, and the
 * parts they were made of: policy_data.json, servtd_collateral.json, td_identity_signed.json,
 * tcb_mapping_signed.json.
 */
int policy_generate(const struct policy_options *options, const char *folder) MUST_USE;

/* Looks like any other GUID; equal salts give equal ones. */
char *policy_id(const char *salt);

/* --- version 1 ----------------------------------------------------------------------------- */

#define POLICY_V1_SIZE_DEFAULT 48893	/* the public pre-production policy */

struct policy_v1_options {
	size_t size;		/* exactly, with as many platforms as fit; 0 = all, as it comes */
	bool pre_production;	/* chooses between the two published identifiers */
	const char *salt;	/* or one of its own; NULL = none */
	bool other_policies;	/* peers may run another policy: RTMR2 and its event not compared */
};

/*
 * The policy that the published generator makes of the newest TCB levels, with 4 spaces of
 * indentation.  `collaterals` is a bundle, or a folder with TCB infos and the QE identity as
 * served.
 */
int policy_v1_compose(const struct policy_v1_options *options, const char *collaterals,
	struct blob *out) MUST_USE;

/*
 * Writes policy.json for a folder that pki_generate() made, its hosts' platforms first, and
 * root_ca.der, that hierarchy's root.
 */
int policy_v1_generate(const struct policy_v1_options *options, const char *pki,
	const char *folder) MUST_USE;

#endif
