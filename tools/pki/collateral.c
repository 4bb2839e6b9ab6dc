/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* TCB info and QE identity in the provisioning service's formats (attestation spec 4.1, 4.2). */
#include "pki/pki.h"

#include <stdlib.h>
#include <string.h>

#define ISSUE_DATE "2026-07-01T10:00:00Z"
#define NEXT_UPDATE "2026-07-31T10:00:00Z"
#define TCB_DATE "2024-03-13T00:00:00Z"
#define OLD_TCB_DATE "2023-02-15T00:00:00Z"
#define EVALUATION_NUMBER 5
#define MODULE_ISVSVN 4
#define QE_LEVEL_ISVSVN 4

const char qe_mrsigner_hex[65] = "DC9E2A7C6F948F17474E34A7FC43ED030F7C1563F1BABDDF6340C82E0E54A8C5";

static const char zero_48[] = "000000000000000000000000000000000000000000000000"
			      "000000000000000000000000000000000000000000000000";

static json_t *packed(json_t *value)
{
	if (value == NULL)
		exit(tool_fail(TOOL_USAGE, "out of memory"));
	return value;
}

void platform_describe(size_t index, struct platform *p)
{
	*p = (struct platform){
		/* Read as text: X0806FYY0000, the look of the real ones. */
		.fmspc = {(uint8_t)(index << 4), 0x80, 0x6f, (uint8_t)(index >> 4)},
		.cpusvn = {5, 5, 2, 2, 4, 1, 0, 3},
		.pcesvn = 13,
		/* Module SVN 5 of major version 1, late microcode 5. */
		.tee_tcb_svn = {5, 1, 5},
	};
}

static json_t *components(const uint8_t svn[COMPONENTS], bool tdx)
{
	/* category and type: of the SGX components, then of the TDX ones */
	static const char *const text[2][COMPONENTS][2] = {
		{
			{"BIOS", "Early Microcode Update"},
			{"OS/VMM", "SGX Late Microcode Update"},
			{"OS/VMM", "TXT SINIT"},
			{"BIOS", NULL},
			{"BIOS", NULL},
			{"BIOS", NULL},
			{NULL, NULL},
			{"OS/VMM", "SEAMLDR ACM"},
		},
		{
			{"OS/VMM", "TDX Module"},
			{"OS/VMM", "TDX Module"},
			{"OS/VMM", "TDX Late Microcode Update"},
		},
	};
	json_t *list = packed(json_array());

	for (size_t i = 0; i < COMPONENTS; i++) {
		json_t *one = packed(json_pack("{s:i}", "svn", svn[i]));
		const char *const *words = text[tdx][i];
		if (words[0] != NULL)
			json_object_set_new(one, "category", json_string(words[0]));
		if (words[1] != NULL)
			json_object_set_new(one, "type", json_string(words[1]));
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *tcb_level(const uint8_t sgx[COMPONENTS], const uint8_t tdx[COMPONENTS], int pcesvn,
	const char *date, const char *status)
{
	/* clang-format off */
	return packed(json_pack("{s:{s:o, s:i, s:o}, s:s, s:s}",
		"tcb",
			"sgxtcbcomponents", components(sgx, false),
			"pcesvn", pcesvn,
			"tdxtcbcomponents", components(tdx, true),
		"tcbDate", date,
		"tcbStatus", status));
	/* clang-format on */
}

/* One level that every platform reaches; for hosts an older one below it too. */
static json_t *tcb_levels(bool host, const char *status)
{
	static const uint8_t sgx[COMPONENTS] = {4, 4, 2, 2, 3, 1, 0, 3};
	static const uint8_t tdx[COMPONENTS] = {4, 0, 4};
	static const uint8_t old_sgx[COMPONENTS] = {2, 2, 2, 2, 3, 1, 0, 3};
	static const uint8_t old_tdx[COMPONENTS] = {3, 0, 2};
	json_t *levels = packed(json_array());

	json_array_append_new(levels, tcb_level(sgx, tdx, 11, TCB_DATE, status));
	if (host)
		json_array_append_new(
			levels, tcb_level(old_sgx, old_tdx, 5, OLD_TCB_DATE, "OutOfDate"));
	return levels;
}

/* The only level of a TDX module or of the quoting enclave, in a list. */
static json_t *isvsvn_levels(int isvsvn, const char *status)
{
	return packed(json_pack("[{s:{s:i}, s:s, s:s}]", "tcb", "isvsvn", isvsvn, "tcbDate",
		TCB_DATE, "tcbStatus", status));
}

static json_t *module_identities(const char *status)
{
	json_t *list = packed(json_array());

	for (int major = 1; major <= 5; major++) {
		AUTO_TEXT id = tool_text("TDX_%02X", (unsigned)major);
		if (major == 4)
			continue; /* no module of that version is known */
				  /* clang-format off */
		json_array_append_new(list, packed(json_pack("{s:s, s:s, s:s, s:s, s:o}",
			"id", id,
			"mrsigner", zero_48,
			"attributes", "0000000000000000",
			"attributesMask", "FFFFFFFFFFFFFFFF",
			"tcbLevels", isvsvn_levels(MODULE_ISVSVN, status))));
				  /* clang-format on */
	}
	return list;
}

/* {"NAME":body,"signature":"r || s in hexadecimal"}; takes over `body`. */
static char *sign_body(const char *name, json_t *body, EVP_PKEY *signing_key)
{
	AUTO_TEXT text = json_compact(body);
	uint8_t signature[64];

	json_decref(body);
	key_sign_raw(signing_key, text, strlen(text), signature);
	AUTO_TEXT hex = hex_lower(signature, sizeof(signature));
	return tool_text("{\"%s\":%s,\"signature\":\"%s\"}", name, text, hex);
}

static const char *or_up_to_date(const char *status)
{
	return status != NULL ? status : "UpToDate";
}

char *tcb_info_make(const struct platform *p, bool host, const char *tcb_status,
	const char *module_status, EVP_PKEY *signing_key)
{
	AUTO_TEXT fmspc = hex_upper(p->fmspc, sizeof(p->fmspc));
	AUTO_TEXT pceid = hex_upper(p->pceid, sizeof(p->pceid));
	/* clang-format off */
	json_t *body = json_pack("{s:s, s:i, s:s, s:s, s:s, s:s, s:i, s:i,"
		" s:{s:s, s:s, s:s}, s:o, s:o}",
		"id", "TDX",
		"version", 3,
		"issueDate", ISSUE_DATE,
		"nextUpdate", NEXT_UPDATE,
		"fmspc", fmspc,
		"pceId", pceid,
		"tcbType", 0,
		"tcbEvaluationDataNumber", EVALUATION_NUMBER,
		"tdxModule",
			"mrsigner", zero_48,
			"attributes", "0000000000000000",
			"attributesMask", "FFFFFFFFFFFFFFFF",
		"tdxModuleIdentities", module_identities(or_up_to_date(module_status)),
		"tcbLevels", tcb_levels(host, or_up_to_date(tcb_status)));
	/* clang-format on */

	return sign_body("tcbInfo", packed(body), signing_key);
}

char *qe_identity_make(const char *status, EVP_PKEY *signing_key)
{
	/* clang-format off */
	json_t *body = json_pack("{s:s, s:i, s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:i, s:o}",
		"id", "TD_QE",
		"version", 2,
		"issueDate", ISSUE_DATE,
		"nextUpdate", NEXT_UPDATE,
		"tcbEvaluationDataNumber", EVALUATION_NUMBER,
		"miscselect", "00000000",
		"miscselectMask", "FFFFFFFF",
		"attributes", "11000000000000000000000000000000",
		"attributesMask", "FBFFFFFFFFFFFFFF0000000000000000",
		"mrsigner", qe_mrsigner_hex,
		"isvprodid", QE_ISVPRODID,
		"tcbLevels", isvsvn_levels(QE_LEVEL_ISVSVN, or_up_to_date(status)));
	/* clang-format on */

	return sign_body("enclaveIdentity", packed(body), signing_key);
}

char *chain_text(const X509 *leaf, const X509 *issuer)
{
	struct blob pem = {0};

	certificate_pem(leaf, &pem);
	certificate_pem(issuer, &pem);
	return (char *)pem.data;
}
