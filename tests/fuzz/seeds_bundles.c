/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Bundles, the documents in them, and quotes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "seeds.h"

/* --- bundles and documents ------------------------------------------------------------------ */

typedef void change_fn(struct world *w);

#define CHANGE(name, ...) static void name(struct world *w) { __VA_ARGS__; }

static const uint64_t signing_serial[] = {4};
static const uint64_t other_serials[] = {5, 6, 7};

CHANGE(nothing, (void)w)
CHANGE(roots_first, w->pair_order = "rl")
CHANGE(three_in_a_pair, w->pair_order = "lrl")
CHANGE(no_root_in_a_pair, w->pair_order = "ll")
CHANGE(root_named_otherwise, w->root.subject_cn = w->root.issuer_cn = "Root CA")
CHANGE(root_signed_otherwise, w->root.signer = w->key[OTHER])
CHANGE(root_is_no_ca, w->root.is_ca = false)
CHANGE(anchor_of_same_key, w->own_anchor = true; w->anchor = w->root; w->anchor.serial = 9)
CHANGE(anchor_of_other_key, w->own_anchor = true; w->anchor = w->root;
	w->anchor.key = w->anchor.signer = w->key[OTHER])
CHANGE(crl_ca_otherwise, w->own_crl_ca = true; w->crl_ca = w->ca; w->crl_ca.serial = 9;
	w->crl_ca.key = w->key[OTHER])
CHANGE(root_crl_signed_otherwise, w->root_crl.signer = w->key[OTHER])
CHANGE(pck_crl_signed_otherwise, w->pck_crl.signer = w->key[OTHER])
CHANGE(ca_named_otherwise, w->ca.subject_cn = "Platform")
CHANGE(ca_signed_otherwise, w->ca.signer = w->key[OTHER])
CHANGE(ca_issued_otherwise, w->ca.issuer_cn = "Intel SGX Other CA")
CHANGE(signing_named_otherwise, w->signing.subject_cn = "Signing")
CHANGE(signing_without_key_usage, w->signing.without = NID_key_usage)
CHANGE(signing_is_revoked, w->root_crl.serials = signing_serial; w->root_crl.serial_count = 1)
CHANGE(some_are_revoked, w->root_crl.serials = other_serials; w->root_crl.serial_count = 3)
CHANGE(tcb_signed_otherwise, w->tcb_signer = w->key[OTHER])
CHANGE(qe_signed_otherwise, w->qe_signer = w->key[OTHER])
CHANGE(other_fmspc, w->bundle_fmspc = "00A06F0000D2")
CHANGE(small_fmspc, w->bundle_fmspc = "00a06f0000d1")

static change_fn *const bundle_changes[] = {nothing, roots_first, three_in_a_pair,
	no_root_in_a_pair, root_named_otherwise, root_signed_otherwise, root_is_no_ca,
	anchor_of_same_key, anchor_of_other_key, crl_ca_otherwise, root_crl_signed_otherwise,
	pck_crl_signed_otherwise, ca_named_otherwise,
	ca_signed_otherwise, ca_issued_otherwise, signing_named_otherwise,
	signing_without_key_usage, signing_is_revoked, some_are_revoked, tcb_signed_otherwise,
	qe_signed_otherwise, other_fmspc, small_fmspc};

/* The bundle with another value for one of its members. */
static void save_bundle_with(const char *text, const char *member, json_t *value)
{
	json_t *bundle = json_loads(text, 0, NULL);

	seeds_need(bundle != NULL && json_object_set_new(bundle, member, value) == 0, "change a bundle");
	char *changed = json_dumps(bundle, JSON_COMPACT);
	seeds_save_text("bundle", -1, changed);
	free(changed);
	json_decref(bundle);
}

/* The DER of a CRL in the digits that the older form of collateral has. */
static json_t *crl_in_digits(const struct oracle_crl *what)
{
	uint8_t der[1024];
	char text[2 * sizeof(der) + 1];
	const size_t n = oracle_crl(what, der, sizeof(der));

	for (size_t i = 0; i < n; i++)
		snprintf(text + 2 * i, 3, "%02x", der[i]);
	return json_string(text);
}

static json_t *two_platforms(const char *text)
{
	json_t *bundle = json_loads(text, 0, NULL);
	json_t *platforms = json_deep_copy(json_object_get(bundle, "platforms"));

	json_array_append(platforms, json_array_get(platforms, 0));
	json_decref(bundle);
	return platforms;
}

static void bundles(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(bundle_changes); i++) {
		struct world w;

		seeds_begin(&w);
		bundle_changes[i](&w);
		const char *text = seeds_bundle_of(&w);
		seeds_save_text("bundle", -1, text);
		if (bundle_changes[i] == nothing) {
			save_bundle_with(text, "majorVersion", json_integer(3));
			save_bundle_with(text, "minorVersion", json_integer(1));
			save_bundle_with(text, "teeType", json_integer(0));
			save_bundle_with(text, "rootCaCrl", crl_in_digits(&w.root_crl));
			save_bundle_with(text, "platforms", two_platforms(text));
			save_bundle_with(text, "platforms", json_array());
		}
		world_free(&w);
	}
}

/* A world whose collateral knows a level, a module and a quoting enclave of every kind. */
static void begin_rich(struct world *w)
{
	static const uint64_t revoked_ca[] = {66}, revoked_pck[] = {77};
	static const char *const statuses[] = {"Revoked", "OutOfDateConfigurationNeeded",
		"OutOfDate", "ConfigurationAndSWHardeningNeeded", "ConfigurationNeeded",
		"SWHardeningNeeded", "UpToDate"};
	json_t *levels = json_array();

	seeds_begin(w);
	/* SVN 3 + i of the first component has status i; 20 has only a later TDX module. */
	json_array_append_new(levels, world_level(20, 10, 9, 0, "UpToDate", "2026-01-01"));
	for (int i = ARRAY_SIZE(statuses) - 1; i >= 0; i--)
		json_array_append_new(levels, world_level(3 + (unsigned)i, 10, 3, 0, statuses[i],
			"2025-06-01"));
	json_object_set_new(w->tcb, "tcbLevels", levels);
	json_object_set_new(w->tcb, "tdxModuleIdentities", json_pack("[o,o,o,o]",
		world_module("TDX_01", json_pack("[o,o,o]",
			world_svn_level(3, "UpToDate", "2026-01-01"),
			world_svn_level(2, "OutOfDate", "2025-01-01"),
			world_svn_level(1, "Revoked", "2024-01-01"))),
		world_module("tdx_03", json_pack("[o]", world_svn_level(4, "UpToDate", "2026-01-01"))),
		world_module("TDX_05", json_pack("[o]",
			world_svn_level(1, "ConfigurationNeeded", "2026-01-01"))),
		world_module("other", json_pack("[o]",
			world_svn_level(1, "UpToDate", "2026-01-01")))));
	json_object_set_new(w->qe, "tcbLevels", json_pack("[o,o,o,o]",
		world_svn_level(8, "UpToDate", "2026-01-02"),
		world_svn_level(6, "OutOfDate", "2025-01-02"),
		world_svn_level(4, "ConfigurationNeeded", "2025-01-02"),
		world_svn_level(3, "Revoked", "1969-01-02")));
	w->root_crl.serials = revoked_ca;
	w->pck_crl.serials = revoked_pck;
	w->root_crl.serial_count = w->pck_crl.serial_count = 1;
	w->sgx_components[0] = 9;
	w->qe_isvsvn = 8;
}

/* A document as the bundle holds it, plain and with its escapes. */
static void save_document(const char *target, int prefix, const char *text)
{
	json_t *string = json_string(text);
	char *escaped = json_dumps(string, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);

	seeds_save_text(target, prefix, text);
	seeds_save_text("json", 40, text);
	if (prefix < 0x80 && strcmp(target, "tcb_info") == 0)
		seeds_save(target, prefix | 0x80, escaped + 1, strlen(escaped) - 2);
	free(escaped);
	json_decref(string);
}

static void documents(void)
{
	struct world w;
	const char *tcb, *qe;

	for (int rich = 0; rich < 2; rich++) {
		if (rich)
			begin_rich(&w);
		else
			seeds_begin(&w);
		json_t *bundle = json_loads(seeds_bundle_of(&w), 0, NULL);
		seeds_need(json_unpack(bundle, "{s:[{s:s}],s:s}", "platforms", "tcbInfo", &tcb,
			"qeIdentity", &qe) == 0, "take a bundle apart");
		save_document("tcb_info", 0x0b, tcb);
		save_document("tcb_info", 0x03, tcb);
		save_document("qe_identity", 8, qe);
		save_document("qe_identity", 3, qe);
		json_decref(bundle);
		world_free(&w);
	}
}

/* --- quotes --------------------------------------------------------------------------------- */

/* Changes that only concern a quote: its collateral stays the same. */
#define LEVEL_CHANGE(svn) \
	static void level_##svn(struct world *w) { w->sgx_components[0] = svn; }
LEVEL_CHANGE(2) LEVEL_CHANGE(3) LEVEL_CHANGE(4) LEVEL_CHANGE(5)
LEVEL_CHANGE(6) LEVEL_CHANGE(7) LEVEL_CHANGE(8) LEVEL_CHANGE(20)

static void module(struct world *w, uint8_t version, uint8_t svn)
{
	w->tee_tcb_svn[0] = svn;
	w->tee_tcb_svn[1] = version;
}

static void relaunch(struct world *w, uint8_t sgx, uint8_t version2, uint8_t svn2)
{
	w->version = 5;
	w->body_type = 3;
	w->sgx_components[0] = sgx;
	module(w, 1, 2);
	w->tee_tcb_svn2[0] = svn2;
	w->tee_tcb_svn2[1] = version2;
}

static void own_ca(struct world *w, uint64_t serial, EVP_PKEY *key)
{
	w->own_quote_ca = true;
	w->quote_ca.serial = serial;
	w->quote_ca.key = key;
	w->pck.signer = key;
}

CHANGE(v5, w->version = 5)
CHANGE(v5_type_3, w->version = 5; w->body_type = 3)
CHANGE(module_1_up_to_date, module(w, 1, 3))
CHANGE(module_1_out_of_date, module(w, 1, 2))
CHANGE(module_1_revoked, module(w, 1, 1))
CHANGE(module_1_too_old, module(w, 1, 0))
CHANGE(module_5, module(w, 5, 1))
CHANGE(module_7, module(w, 7, 1))
CHANGE(tdx_too_old, module(w, 0, 2))
CHANGE(relaunch_1, relaunch(w, 9, 1, 3))
CHANGE(relaunch_3, relaunch(w, 9, 3, 4))
CHANGE(relaunch_configuration, relaunch(w, 7, 1, 3))
CHANGE(relaunch_unversioned, relaunch(w, 9, 0, 9))
CHANGE(relaunch_too_old, relaunch(w, 9, 3, 3))
CHANGE(relaunch_unknown, relaunch(w, 9, 8, 3))
CHANGE(qe_out_of_date, w->qe_isvsvn = 7)
CHANGE(qe_configuration, w->qe_isvsvn = 5)
CHANGE(qe_revoked, w->qe_isvsvn = 3)
CHANGE(qe_too_old, w->qe_isvsvn = 2)
CHANGE(qe_other_product, w->qe_prod_id = 3)
CHANGE(qe_without_auth, w->qe_auth = 0)
CHANGE(relaunch_out_of_date, relaunch(w, 9, 1, 3); w->qe_isvsvn = 7)
CHANGE(pck_revoked, w->pck.serial = 77)
CHANGE(pck_named_otherwise, w->pck.subject_cn = "PCK")
CHANGE(pck_issued_otherwise, w->pck.issuer_cn = "Intel SGX CA")
CHANGE(pck_signed_otherwise, w->pck.signer = w->key[OTHER])
CHANGE(pck_is_ca, w->pck.is_ca = true)
CHANGE(pck_of_five_members, w->sgx_members = 5)
CHANGE(pck_with_one_twice, w->sgx_twice = true)
CHANGE(platform_unknown, w->fmspc[0] = 1)
CHANGE(pce_unknown, w->pce_id[0] = 1)
CHANGE(ca_of_another_serial, own_ca(w, 9, w->key[CA]))
CHANGE(ca_revoked, own_ca(w, 66, w->key[CA]))
CHANGE(ca_of_another_key, own_ca(w, 9, w->key[OTHER]))
CHANGE(ca_is_none, own_ca(w, 9, w->key[CA]); w->quote_ca.is_ca = false)
CHANGE(ca_not_ours, own_ca(w, 9, w->key[CA]); w->quote_ca.signer = w->key[OTHER])
CHANGE(root_not_ours, w->own_quote_root = true; w->quote_root.serial = 9)
CHANGE(root_second, w->quote_order = "prc")
CHANGE(root_twice, w->quote_order = "prr")
CHANGE(four, w->quote_order = "pcrr")
CHANGE(dos_lines, w->line_end = "\r\n")
CHANGE(seam_signed, w->mr_signer_seam = 1)
CHANGE(seam_attributes, w->seam_attributes = 1)

static change_fn *const quote_changes[] = {nothing, level_2, level_3, level_4, level_5, level_6,
	level_7, level_8, level_20, v5, v5_type_3, module_1_up_to_date, module_1_out_of_date,
	module_1_revoked, module_1_too_old, module_5, module_7, tdx_too_old, relaunch_1,
	relaunch_3, relaunch_configuration, relaunch_unversioned, relaunch_too_old,
	relaunch_unknown, relaunch_out_of_date, qe_out_of_date, qe_configuration, qe_revoked,
	qe_too_old, qe_other_product, qe_without_auth, pck_revoked, pck_named_otherwise,
	pck_issued_otherwise, pck_signed_otherwise, pck_is_ca, pck_of_five_members,
	pck_with_one_twice, platform_unknown, pce_unknown, ca_of_another_serial, ca_revoked,
	ca_of_another_key, ca_is_none, ca_not_ours, root_not_ours, root_second, root_twice, four,
	dos_lines, seam_signed, seam_attributes};

static void quotes(void)
{
	struct world w;

	begin_rich(&w);
	const char *bundle = seeds_bundle_of(&w);
	seeds_save_fixed("collateral.json", bundle, strlen(bundle));
	seeds_fetched(&w, bundle);
	w.kept = 1 << ROOT | 1 << CA | 1 << SIGNING;
	for (size_t i = 0; i < ARRAY_SIZE(quote_changes); i++) {
		struct world changed = w;
		size_t n;

		quote_changes[i](&changed);
		world_issue(&changed);
		const uint8_t *quote = world_quote(&changed, &n);
		seeds_save("verify", -1, quote, n);
		if (quote_changes[i] == nothing)
			seeds_save_fixed("quote.bin", quote, n);
		if (quote_changes[i] == nothing || quote_changes[i] == v5 ||
			quote_changes[i] == v5_type_3)
			seeds_save("quote", -1, quote, n);
	}
	world_free(&w);
}

void seeds_bundles(void)
{
	bundles();
	documents();
	quotes();
}
