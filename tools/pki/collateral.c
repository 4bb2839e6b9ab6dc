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
		.tee_tcb_svn2 = {5, 1, 5},
		.qe_isvsvn = QE_ISVSVN,
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

/* Adds what levels of every kind have; takes over `tcb`. */
static json_t *level_of(json_t *tcb, const struct pki_level *l)
{
	/* clang-format off */
	json_t *level = packed(json_pack("{s:o, s:s, s:s}",
		"tcb", tcb,
		"tcbDate", l->date != NULL ? l->date : TCB_DATE,
		"tcbStatus", l->status));
	/* clang-format on */

	if (l->advisories != NULL)
		json_object_set(level, "advisoryIDs", l->advisories);
	return level;
}

json_t *platform_level(const struct pki_level *level)
{
	/* clang-format off */
	return level_of(packed(json_pack("{s:o, s:i, s:o}",
		"sgxtcbcomponents", components(level->sgx, false),
		"pcesvn", level->svn,
		"tdxtcbcomponents", components(level->tdx, true))), level);
	/* clang-format on */
}

json_t *isvsvn_level(const struct pki_level *level)
{
	return level_of(packed(json_pack("{s:i}", "isvsvn", level->svn)), level);
}

/* One level that every platform reaches; for hosts an older one below it too. */
static json_t *default_levels(bool host, const char *status)
{
	const struct pki_level now = {
		.sgx = {4, 4, 2, 2, 3, 1, 0, 3},
		.tdx = {4, 0, 4},
		.svn = 11,
		.status = status,
	};
	static const struct pki_level older = {
		.sgx = {2, 2, 2, 2, 3, 1, 0, 3},
		.tdx = {3, 0, 2},
		.svn = 5,
		.status = "OutOfDate",
		.date = OLD_TCB_DATE,
	};
	json_t *levels = packed(json_array());

	json_array_append_new(levels, platform_level(&now));
	if (host)
		json_array_append_new(levels, platform_level(&older));
	return levels;
}

/* The only level of a TDX module or of the quoting enclave, in a list. */
static json_t *only_level(uint16_t isvsvn, const char *status)
{
	json_t *levels = packed(json_array());

	json_array_append_new(
		levels, isvsvn_level(&(struct pki_level){.svn = isvsvn, .status = status}));
	return levels;
}

json_t *module_identity(unsigned major, json_t *levels)
{
	AUTO_TEXT id = tool_text("TDX_%02X", major);

	/* clang-format off */
	return packed(json_pack("{s:s, s:s, s:s, s:s, s:o}",
		"id", id,
		"mrsigner", zero_48,
		"attributes", "0000000000000000",
		"attributesMask", "FFFFFFFFFFFFFFFF",
		"tcbLevels", levels));
	/* clang-format on */
}

static json_t *default_modules(const char *status)
{
	/* No module of version 4 is known. */
	static const unsigned majors[] = {1, 2, 3, 5};
	json_t *list = packed(json_array());

	for (size_t i = 0; i < COUNT_OF(majors); i++)
		json_array_append_new(
			list, module_identity(majors[i], only_level(MODULE_ISVSVN, status)));
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

static json_t *or_default(json_t *described, json_t *otherwise)
{
	if (described == NULL)
		return otherwise;
	json_decref(otherwise);
	return json_incref(described);
}

void pki_check_status(const char *what, const char *status)
{
	static const char *const known[] = {"UpToDate", "SWHardeningNeeded", "ConfigurationNeeded",
		"ConfigurationAndSWHardeningNeeded", "OutOfDate", "OutOfDateConfigurationNeeded",
		"Revoked"};

	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (strcmp(status, known[i]) == 0)
			return;
	tool_warn("%s: '%s' is no status that TCB levels have: quotes will be rejected", what,
		status);
}

static uint32_t evaluation_number(const struct pki_options *options)
{
	return options->evaluation_number != 0 ? options->evaluation_number : EVALUATION_NUMBER;
}

char *tcb_info_make(const struct pki_options *options, const struct platform *p,
	const struct pki_host *host, EVP_PKEY *signing_key)
{
	static const struct pki_host nobody;
	const struct pki_host *h = host != NULL ? host : &nobody;
	const char *module_status =
		h->module_status != NULL ? h->module_status : options->module_status;
	AUTO_TEXT fmspc = hex_upper(p->fmspc, sizeof(p->fmspc));
	AUTO_TEXT pceid = hex_upper(p->pceid, sizeof(p->pceid));
	json_t *modules = or_default(h->modules, default_modules(or_up_to_date(module_status)));
	json_t *levels =
		or_default(h->levels, default_levels(host != NULL, or_up_to_date(h->tcb_status)));
	/* clang-format off */
	json_t *body = packed(json_pack("{s:s, s:i, s:s, s:s, s:s, s:s, s:i, s:I, s:{s:s, s:s, s:s}}",
		"id", "TDX",
		"version", 3,
		"issueDate", ISSUE_DATE,
		"nextUpdate", NEXT_UPDATE,
		"fmspc", fmspc,
		"pceId", pceid,
		"tcbType", 0,
		"tcbEvaluationDataNumber", (json_int_t)evaluation_number(options),
		"tdxModule",
			"mrsigner", zero_48,
			"attributes", "0000000000000000",
			"attributesMask", "FFFFFFFFFFFFFFFF"));
	/* clang-format on */

	if (json_array_size(modules) != 0)
		json_object_set(body, "tdxModuleIdentities", modules);
	json_decref(modules);
	json_object_set_new(body, "tcbLevels", levels);
	return sign_body("tcbInfo", body, signing_key);
}

char *qe_identity_make(const struct pki_options *options, EVP_PKEY *signing_key)
{
	json_t *levels = or_default(options->qe_levels,
		only_level(QE_LEVEL_ISVSVN, or_up_to_date(options->qe_status)));
	/* clang-format off */
	json_t *body = json_pack("{s:s, s:i, s:s, s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:i, s:o}",
		"id", "TD_QE",
		"version", 2,
		"issueDate", ISSUE_DATE,
		"nextUpdate", NEXT_UPDATE,
		"tcbEvaluationDataNumber", (json_int_t)evaluation_number(options),
		"miscselect", "00000000",
		"miscselectMask", "FFFFFFFF",
		"attributes", "11000000000000000000000000000000",
		"attributesMask", "FBFFFFFFFFFFFFFF0000000000000000",
		"mrsigner", qe_mrsigner_hex,
		"isvprodid", QE_ISVPRODID,
		"tcbLevels", levels);
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
