/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What documents and platforms have to be (attestation spec 3.5 to 3.10). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rules.h"

/* --- documents ------------------------------------------------------------------------------ */

static json_t *levels_of(json_t *document)
{
	return json_object_get(document, "tcbLevels");
}

static void set_levels(struct world *w, json_t *a, json_t *b, json_t *c)
{
	json_t *levels = levels_of(w->tcb);

	json_array_clear(levels);
	json_array_append_new(levels, a);
	if (b != NULL)
		json_array_append_new(levels, b);
	if (c != NULL)
		json_array_append_new(levels, c);
}

static json_t *first_tcb(struct world *w)
{
	return json_object_get(json_array_get(levels_of(w->tcb), 0), "tcb");
}

static void set_component(struct world *w, const char *list, json_int_t svn)
{
	json_object_set_new(json_array_get(json_object_get(first_tcb(w), list), 7), "svn",
		json_integer(svn));
}

#define TCB(key, value) json_object_set_new(w->tcb, key, value)
#define QE(key, value) json_object_set_new(w->qe, key, value)

CHANGE(tcb_sgx, TCB("id", json_string("SGX")))
CHANGE(tcb_v2, TCB("version", json_integer(2)))
CHANGE(tcb_version_text, TCB("version", json_string("3")))
CHANGE(tcb_version_real, TCB("version", json_real(3.0)))
CHANGE(tcb_type1, TCB("tcbType", json_integer(1)))
CHANGE(tcb_date, TCB("issueDate", json_string("2026-02-30T00:00:00Z")))
CHANGE(tcb_issue_epoch, TCB("issueDate", json_string("1970-01-01T00:00:00Z")))
CHANGE(qe_next_epoch, QE("nextUpdate", json_string("1970-01-01T00:00:00Z")))
CHANGE(tcb_next, json_object_del(w->tcb, "nextUpdate"))
CHANGE(tcb_pceid, TCB("pceId", json_string("0100")))
CHANGE(tcb_fmspc, TCB("fmspc", json_string("00A06F0000D2")))
CHANGE(tcb_fmspc_long, TCB("fmspc", json_string("00A06F0000D100")))
CHANGE(tcb_evaluation, TCB("tcbEvaluationDataNumber", json_integer(4294967296)))
CHANGE(tcb_negative, TCB("tcbEvaluationDataNumber", json_integer(-1)))
CHANGE(tcb_unknown, TCB("unknown", json_pack("[{s:[i,s]}]", "id", 1, "x")))
CHANGE(tcb_twice, w->tcb_extra = "\"id\":\"TDX\",")
CHANGE(tcb_nested_id, w->tcb_extra = "\"x\":{\"id\":\"SGX\",\"id\":1},")
CHANGE(tcb_space, w->tcb_extra = " ")
CHANGE(tcb_signer, w->tcb_signer = w->key[OTHER])
CHANGE(tcb_no_levels, json_array_clear(levels_of(w->tcb)))
CHANGE(tcb_components15, json_array_remove(json_object_get(first_tcb(w), "sgxtcbcomponents"), 3))
CHANGE(tcb_components17, json_array_append_new(json_object_get(first_tcb(w), "tdxtcbcomponents"),
	json_pack("{s:i}", "svn", 0)))
CHANGE(tcb_component256, set_component(w, "sgxtcbcomponents", 256))
CHANGE(tdx_component256, set_component(w, "tdxtcbcomponents", 256))
CHANGE(tcb_pcesvn, json_object_set_new(first_tcb(w), "pcesvn", json_integer(65536)))
CHANGE(tcb_no_identities, TCB("tdxModuleIdentities", json_array()))
CHANGE(tcb_module_mask, json_object_del(json_object_get(w->tcb, "tdxModule"), "attributesMask"))
CHANGE(tcb_status, set_levels(w, world_level(5, 10, 3, 0, "Uptodate", "2026-01-01"), NULL, NULL))
CHANGE(tcb_relaunch, set_levels(w, world_level(5, 10, 3, 0, "TDRelaunchAdvised", "2026-01-01"),
	NULL, NULL))
CHANGE(tcb_epoch, set_levels(w, world_level(5, 10, 3, 0, "UpToDate", "1970-01-01"), NULL, NULL))
CHANGE(tcb_lower, w->bundle_fmspc = "00a06F0000D1")
CHANGE(tcb_other_platform, w->bundle_fmspc = "00A06F0000D2";
	TCB("fmspc", json_string("00A06F0000D2")))
CHANGE(qe_sgx, QE("id", json_string("QE")))
CHANGE(qe_v3, QE("version", json_integer(3)))
CHANGE(qe_mask, QE("miscselectMask", json_string("FFFFFF")))
CHANGE(qe_twice, w->qe_extra = "\"isvprodid\":2,")
CHANGE(qe_signer, w->qe_signer = w->key[OTHER])
CHANGE(qe_status, json_array_insert_new(levels_of(w->qe), 0, world_svn_level(9,
	"SWHardeningNeeded", "2026-01-01")))
CHANGE(qe_prod_id, w->qe_prod_id = 1)
CHANGE(qe_debug, w->qe_attributes = 0x17)
CHANGE(qe_misc, w->qe_misc = 1)
CHANGE(qe_misc_masked, w->qe_misc = 1; QE("miscselectMask", json_string("FEFFFFFF")))
CHANGE(qe_no_auth, w->qe_auth = 0)
CHANGE(qe_long_auth, w->qe_auth = 200)

static void documents_are_well_formed_and_signed(void **state)
{
	static const struct rule rules[] = {
		{"id SGX", tcb_sgx, ERR_COLLATERAL, NULL},
		{"version 2", tcb_v2, ERR_COLLATERAL, NULL},
		{"version as text", tcb_version_text, ERR_COLLATERAL, NULL},
		{"version 3.0", tcb_version_real, ERR_COLLATERAL, NULL},
		{"tcbType 1", tcb_type1, ERR_COLLATERAL, NULL},
		{"no date", tcb_date, ERR_COLLATERAL, NULL},
		{"nextUpdate missing", tcb_next, ERR_COLLATERAL, NULL},
		{"another PCEID", tcb_pceid, ERR_COLLATERAL_PLATFORM, NULL},
		{"another FMSPC", tcb_fmspc, ERR_COLLATERAL, NULL},
		{"FMSPC of 7 bytes", tcb_fmspc_long, ERR_COLLATERAL, NULL},
		{"evaluation number of 33 bits", tcb_evaluation, ERR_COLLATERAL, NULL},
		{"negative evaluation number", tcb_negative, ERR_COLLATERAL, NULL},
		{"unknown member", tcb_unknown, STATUS_OK, NULL},
		{"member twice", tcb_twice, ERR_COLLATERAL, NULL},
		{"twice in an unknown member", tcb_nested_id, STATUS_OK, NULL},
		{"signed white space", tcb_space, STATUS_OK, NULL},
		{"TCB info by another", tcb_signer, ERR_COLLATERAL_SIGNATURE, NULL},
		{"no levels", tcb_no_levels, ERR_COLLATERAL, NULL},
		{"15 components", tcb_components15, ERR_COLLATERAL, NULL},
		{"17 components", tcb_components17, ERR_COLLATERAL, NULL},
		{"component of 256", tcb_component256, ERR_COLLATERAL, NULL},
		{"TDX component of 256", tdx_component256, ERR_COLLATERAL, NULL},
		{"PCESVN of 65536", tcb_pcesvn, ERR_COLLATERAL, NULL},
		{"empty list of identities", tcb_no_identities, ERR_COLLATERAL, NULL},
		{"module without mask", tcb_module_mask, ERR_COLLATERAL, NULL},
		{"unknown status", tcb_status, ERR_COLLATERAL, NULL},
		{"status only we give", tcb_relaunch, ERR_COLLATERAL, NULL},
		{"issued at zero", tcb_issue_epoch, ERR_COLLATERAL, NULL},
		{"QE identity until zero", qe_next_epoch, ERR_COLLATERAL, NULL},
		{"date zero", tcb_epoch, ERR_TCB_RESULT, NULL},
		{"bundle's FMSPC in lower case", tcb_lower, ERR_COLLATERAL, NULL},
		{"no such platform", tcb_other_platform, ERR_COLLATERAL_PLATFORM, NULL},
		{"QE identity of SGX", qe_sgx, ERR_COLLATERAL, NULL},
		{"QE identity version 3", qe_v3, ERR_COLLATERAL, NULL},
		{"mask of 3 bytes", qe_mask, ERR_COLLATERAL, NULL},
		{"QE member twice", qe_twice, ERR_COLLATERAL, NULL},
		{"QE identity by another", qe_signer, ERR_COLLATERAL_SIGNATURE, NULL},
		{"QE status of platforms", qe_status, ERR_COLLATERAL, NULL},
		{"ISVPRODID", qe_prod_id, ERR_QE_IDENTITY, NULL},
		{"QE in debug mode", qe_debug, ERR_QE_IDENTITY, NULL},
		{"MISCSELECT", qe_misc, ERR_QE_IDENTITY, NULL},
		{"MISCSELECT masked", qe_misc_masked, STATUS_OK, NULL},
		{"no authentication data", qe_no_auth, STATUS_OK, NULL},
		{"much authentication data", qe_long_auth, STATUS_OK, NULL},
	};

	(void)state;
	check_rules(rules, ARRAY_SIZE(rules));
}

/* --- levels and statuses -------------------------------------------------------------------- */

static void set_qe(struct world *w, unsigned isvsvn, json_t *a, json_t *b)
{
	json_t *levels = levels_of(w->qe);

	w->qe_isvsvn = (uint16_t)isvsvn;
	json_array_clear(levels);
	json_array_append_new(levels, a);
	if (b != NULL)
		json_array_append_new(levels, b);
}

static void set_modules(struct world *w, unsigned version, unsigned svn, json_t *a, json_t *b)
{
	json_t *list = json_array();

	json_array_append_new(list, a);
	if (b != NULL)
		json_array_append_new(list, b);
	TCB("tdxModuleIdentities", list);
	w->tee_tcb_svn[1] = (uint8_t)version;
	w->tee_tcb_svn[0] = (uint8_t)svn;
}

#define LEVEL(sgx, pce, tdx, status) world_level(sgx, pce, tdx, 0, status, "2026-01-01")
#define SVN(svn, status) world_svn_level(svn, status, "2026-01-01")
#define MODULE(id, ...) world_module(id, json_pack("[" __VA_ARGS__))
#define ONE(status) set_levels(w, LEVEL(5, 10, 3, status), NULL, NULL)

CHANGE(pcesvn_low, w->pcesvn = 9)
CHANGE(sgx_low, w->sgx_components[0] = 4)
CHANGE(tdx_low, w->tee_tcb_svn[0] = 2)
CHANGE(all_high, w->sgx_components[0] = w->tee_tcb_svn[0] = 255; w->pcesvn = 65535)
CHANGE(last_low, set_component(w, "sgxtcbcomponents", 1))
CHANGE(seam_signer, w->mr_signer_seam = 1)
CHANGE(seam_attributes, w->seam_attributes = 1)
CHANGE(seam_attributes_expected, w->seam_attributes = 1;
	json_object_set_new(json_object_get(w->tcb, "tdxModule"), "attributes",
	json_string("0100000000000000")))
CHANGE(seam_attributes_unmet, json_object_set_new(json_object_get(w->tcb, "tdxModule"),
	"attributes", json_string("0100000000000000")))
CHANGE(revoked, ONE("Revoked"))
CHANGE(both_too_long, ONE("ConfigurationAndSWHardeningNeeded"))
CHANGE(out_conf, ONE("OutOfDateConfigurationNeeded"))
CHANGE(sgx_revoked_tdx_below, set_levels(w, LEVEL(5, 10, 9, "Revoked"),
	LEVEL(4, 10, 3, "OutOfDate"), NULL))
CHANGE(second_level_revoked, set_levels(w, LEVEL(4, 10, 1, "Revoked"),
	LEVEL(5, 10, 3, "SWHardeningNeeded"), NULL))
CHANGE(levels_equal, set_levels(w, LEVEL(5, 10, 3, "UpToDate"), LEVEL(1, 1, 1, "OutOfDate"),
	LEVEL(5, 10, 3, "OutOfDate")))
CHANGE(qe_out, set_qe(w, 3, SVN(4, "UpToDate"), SVN(3, "OutOfDate")))
CHANGE(qe_first_wins, set_qe(w, 5, SVN(3, "OutOfDate"), SVN(5, "Revoked")))
CHANGE(qe_revoked, set_qe(w, 3, SVN(4, "UpToDate"), SVN(3, "Revoked")))
CHANGE(qe_none, set_qe(w, 2, SVN(4, "UpToDate"), SVN(3, "OutOfDate")))
CHANGE(module_ok, set_modules(w, 1, 5, MODULE("TDX_01", "o]", SVN(5, "UpToDate")), NULL))
CHANGE(module_lower_id, set_modules(w, 0xab, 5, MODULE("tdx_aB", "o]", SVN(5, "UpToDate")), NULL))
CHANGE(module_skips_two, module_ok(w); set_levels(w, LEVEL(5, 10, 99, "UpToDate"), NULL, NULL))
CHANGE(module_third_low, module_ok(w); set_levels(w, world_level(5, 10, 0, 1, "UpToDate",
	"2026-01-01"), NULL, NULL))
CHANGE(module_other, set_modules(w, 2, 5, MODULE("TDX_01", "o]", SVN(5, "UpToDate")), NULL))
CHANGE(module_low, set_modules(w, 1, 4, MODULE("TDX_01", "o]", SVN(5, "UpToDate")), NULL))
CHANGE(module_unsorted, set_modules(w, 1, 5, MODULE("TDX_01", "ooo]", SVN(2, "Revoked"),
	SVN(5, "UpToDate"), SVN(3, "OutOfDate")), NULL))
CHANGE(module_twice_svn, set_modules(w, 1, 5, MODULE("TDX_01", "oo]", SVN(5, "UpToDate"),
	SVN(5, "OutOfDate")), NULL))
CHANGE(module_twice_id, set_modules(w, 1, 5, MODULE("TDX_01", "o]", SVN(5, "UpToDate")),
	MODULE("tdx_01", "o]", SVN(4, "OutOfDate"))))
CHANGE(module_revoked, set_modules(w, 1, 5, MODULE("TDX_01", "o]", SVN(5, "Revoked")), NULL))
CHANGE(module_strange, set_modules(w, 1, 5, MODULE("TDX_01", "o]", SVN(5, "SWHardeningNeeded")),
	NULL))
CHANGE(module_strange_unused, set_modules(w, 1, 5, MODULE("TDX_01", "oo]", SVN(6, "Strange"),
	SVN(5, "UpToDate")), NULL))
CHANGE(module_svn_large, set_modules(w, 1, 5, MODULE("TDX_01", "oo]", SVN(65536, "UpToDate"),
	SVN(5, "UpToDate")), NULL))
CHANGE(module_signer, module_ok(w); w->mr_signer_seam = 1)

static void levels_decide(void **state)
{
	static const struct rule rules[] = {
		{"PCESVN below", pcesvn_low, ERR_TCB_UNSUPPORTED, NULL},
		{"SGX component below", sgx_low, ERR_TCB_UNSUPPORTED, NULL},
		{"TDX component below", tdx_low, ERR_TCB_UNSUPPORTED, NULL},
		{"everything above", all_high, STATUS_OK, "UpToDate"},
		{"a later component below", last_low, ERR_TCB_UNSUPPORTED, NULL},
		{"MRSIGNERSEAM", seam_signer, ERR_TCB_MODULE, NULL},
		{"SEAM attributes", seam_attributes, ERR_TCB_MODULE, NULL},
		{"SEAM attributes expected", seam_attributes_expected, ERR_TCB_MODULE, NULL},
		{"SEAM attributes unmet", seam_attributes_unmet, ERR_TCB_MODULE, NULL},
		{"revoked", revoked, ERR_TCB_REVOKED, NULL},
		{"status of 33 characters", both_too_long, ERR_TCB_RESULT, NULL},
		{"out of date", out_conf, STATUS_OK, "OutOfDateConfigurationNeeded"},
		{"SGX level alone revoked", sgx_revoked_tdx_below, STATUS_OK, "OutOfDate"},
		{"lower level revoked", second_level_revoked, STATUS_OK, "SWHardeningNeeded"},
		{"two equal levels, not side by side", levels_equal, ERR_COLLATERAL, NULL},
		{"QE out of date", qe_out, STATUS_OK, "UpToDate"},
		{"first QE level in the file", qe_first_wins, STATUS_OK, "UpToDate"},
		{"QE revoked", qe_revoked, ERR_TCB_REVOKED, NULL},
		{"no QE level", qe_none, ERR_TCB_UNSUPPORTED, NULL},
		{"module", module_ok, STATUS_OK, "UpToDate"},
		{"module id in lower case", module_lower_id, STATUS_OK, "UpToDate"},
		{"module judges the first two", module_skips_two, STATUS_OK, "UpToDate"},
		{"third TDX component", module_third_low, ERR_TCB_UNSUPPORTED, NULL},
		{"another module", module_other, ERR_TCB_MODULE, NULL},
		{"module below its levels", module_low, ERR_TCB_UNSUPPORTED, NULL},
		{"module levels unsorted", module_unsorted, STATUS_OK, "UpToDate"},
		{"module level twice", module_twice_svn, ERR_COLLATERAL, NULL},
		{"module identity twice", module_twice_id, ERR_COLLATERAL, NULL},
		{"module revoked", module_revoked, ERR_TCB_REVOKED, NULL},
		{"module status of platforms", module_strange, ERR_TCB_MODULE, NULL},
		{"unknown status of another level", module_strange_unused, STATUS_OK, "UpToDate"},
		{"module isvsvn of 65536", module_svn_large, ERR_COLLATERAL, NULL},
		{"module's signer", module_signer, ERR_TCB_MODULE, NULL},
	};

	(void)state;
	check_rules(rules, ARRAY_SIZE(rules));
}

/* --- relaunch ------------------------------------------------------------------------------- */

/*
 * The TD runs on module TDX_01 of SVN 4, out of date, and TEE_TCB_SVN2 is {svn2, version2, third2}.
 * The result says the level's own status; that relaunch was advised shows only in that the quote
 * is accepted or refused when the QE is revoked or module 2 is unknown.
 */
static void relaunch(struct world *w, unsigned version2, unsigned svn2)
{
	w->version = 5;
	w->body_type = 3;
	set_modules(w, 1, 4, MODULE("TDX_01", "oo]", SVN(5, "UpToDate"), SVN(4, "OutOfDate")),
		MODULE("TDX_03", "o]", SVN(2, "UpToDate")));
	set_levels(w, LEVEL(5, 10, 3, "UpToDate"), NULL, NULL);
	w->tee_tcb_svn2[0] = (uint8_t)svn2;
	w->tee_tcb_svn2[1] = (uint8_t)version2;
}

CHANGE(relaunch_same, relaunch(w, 1, 5))
CHANGE(relaunch_old, relaunch(w, 1, 4))
CHANGE(relaunch_unversioned, relaunch(w, 0, 3))
CHANGE(relaunch_other, relaunch(w, 3, 2))
CHANGE(relaunch_unknown, relaunch(w, 2, 9))
CHANGE(relaunch_unknown_v4, relaunch(w, 2, 9); w->version = 4)
CHANGE(relaunch_unknown_qe_out, relaunch(w, 2, 9); qe_out(w))
CHANGE(relaunch_sgx_out, relaunch(w, 2, 9); ONE("OutOfDate"))
CHANGE(relaunch_current, relaunch(w, 2, 9); w->tee_tcb_svn[0] = 5)
CHANGE(relaunch_qe_revoked, relaunch(w, 1, 5); qe_revoked(w))

static void relaunch_is_advised_by_the_module_now_loaded(void **state)
{
	static const struct rule rules[] = {
		{"same module, current", relaunch_same, STATUS_OK, "UpToDate"},
		{"same module, old", relaunch_old, STATUS_OK, "UpToDate"},
		{"module without version", relaunch_unversioned, STATUS_OK, "UpToDate"},
		{"other module", relaunch_other, STATUS_OK, "UpToDate"},
		{"unknown module", relaunch_unknown, ERR_TCB_MODULE, NULL},
		{"not asked in v4", relaunch_unknown_v4, STATUS_OK, "UpToDate"},
		{"not asked with an old QE", relaunch_unknown_qe_out, STATUS_OK, "UpToDate"},
		{"not asked with an old platform", relaunch_sgx_out, STATUS_OK, "OutOfDate"},
		{"not asked with a current module", relaunch_current, STATUS_OK, "UpToDate"},
		{"QE revoked", relaunch_qe_revoked, ERR_TCB_REVOKED, NULL},
	};

	(void)state;
	check_rules(rules, ARRAY_SIZE(rules));
}

/* --- costs and fields ----------------------------------------------------------------------- */

static uint64_t field_u64(const struct world *w, size_t at)
{
	uint64_t value = 0;

	for (size_t i = 8; i > 0; i--)
		value = value << 8 | w->result.bytes[at + i - 1];
	return value;
}

static void the_earlier_date_is_the_date(void **state)
{
	struct world w;

	(void)state;
	world_create(&w);
	set_levels(&w, world_level(5, 10, 3, 0, "UpToDate", "2026-01-05"), NULL, NULL);
	assert_int_equal(world_judge(&w), STATUS_OK);
	assert_int_equal(field_u64(&w, RESULT_PLATFORM_TCB_DATE), 1767571200);
	assert_int_equal(field_u64(&w, RESULT_QE_TCB_DATE), 1767312000);
	assert_int_equal(field_u64(&w, RESULT_TCB_DATE), 1767312000);
	set_levels(&w, world_level(5, 10, 3, 0, "UpToDate", "2025-12-31"), NULL, NULL);
	assert_int_equal(world_judge(&w), STATUS_OK);
	assert_int_equal(field_u64(&w, RESULT_TCB_DATE), 1767139200);
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents_are_well_formed_and_signed),
		cmocka_unit_test(levels_decide),
		cmocka_unit_test(relaunch_is_advised_by_the_module_now_loaded),
		cmocka_unit_test(the_earlier_date_is_the_date),
	};

	oracle_start_crypto();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
