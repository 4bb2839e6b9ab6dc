/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "commands.h"
#include "common/json_text.h"
#include "common/key.h"
#include "common/options.h"

struct collateral_options {
	const char *root_ca, *pck_crl_chain, *root_ca_crl, *pck_crl, *tcb_chain, *qe_chain,
		*qe_identity;
	const char *output;
	struct option_list tcb_infos;
};

/* The file as a JSON string. */
static json_t *text_of(const char *path)
{
	AUTO_BLOB text = {0};

	if (file_read(path, &text) != TOOL_OK)
		return NULL;
	json_t *string = json_stringn((const char *)text.data, text.size);
	if (string == NULL)
		tool_fail(TOOL_USAGE, "%s: is not text", path);
	return string;
}

static json_t *pem_string(struct blob *pem)
{
	while (pem->size > 0 && isspace(pem->data[pem->size - 1]))
		pem->size--;
	return json_stringn((const char *)pem->data, pem->size);
}

/* A certificate or CRL in PEM or DER, as PEM without its last newline. */
static json_t *item_of(const char *path, bool crl)
{
	AUTO_BLOB file = {0};
	AUTO_BLOB pem = {0};

	if (file_read(path, &file) != TOOL_OK)
		return NULL;
	if (strncmp((const char *)file.data, "-----BEGIN", 10) == 0)
		return pem_string(&file);
	const uint8_t *at = file.data;
	X509 *certificate = crl ? NULL : d2i_X509(NULL, &at, (long)file.size);
	X509_CRL *list = crl ? d2i_X509_CRL(NULL, &at, (long)file.size) : NULL;
	if (certificate != NULL)
		certificate_pem(certificate, &pem);
	if (list != NULL)
		crl_pem(list, &pem);
	X509_free(certificate);
	X509_CRL_free(list);
	ERR_clear_error();
	if (pem.size == 0) {
		tool_fail(TOOL_USAGE, "%s: is not a %s in PEM or DER", path,
			crl ? "CRL" : "certificate");
		return NULL;
	}
	return pem_string(&pem);
}

static json_t *platform_of(const char *path, const char *chain)
{
	AUTO_JSON tree = json_read_file(path);
	uint8_t fmspc[6];

	if (tree == NULL)
		return NULL;
	const json_t *info = json_member(path, tree, "tcbInfo", JSON_OBJECT);
	if (info == NULL || json_member_hex(path, info, "fmspc", fmspc, sizeof(fmspc)) != TOOL_OK)
		return NULL;
	AUTO_JSON text = text_of(path);
	AUTO_JSON chain_text = text_of(chain);
	AUTO_TEXT hex = hex_upper(fmspc, sizeof(fmspc));
	if (text == NULL || chain_text == NULL)
		return NULL;
	return json_pack(
		"{s:s, s:O, s:O}", "fmspc", hex, "tcbInfoIssuerChain", chain_text, "tcbInfo", text);
}

static json_t *platforms_of(const struct collateral_options *o)
{
	AUTO_JSON list = json_array();

	for (size_t i = 0; i < o->tcb_infos.n; i++) {
		json_t *platform = platform_of(o->tcb_infos.item[i], o->tcb_chain);
		if (platform == NULL || json_array_append_new(list, platform) != 0)
			return NULL;
	}
	return json_incref(list);
}

/* False, with `value` released, when there is none. */
static bool set(json_t *bundle, const char *name, json_t *value)
{
	return value != NULL && json_object_set_new(bundle, name, value) == 0;
}

int command_collateral(int argc, char **argv)
{
	struct collateral_options o = {0};
	const struct option_spec specs[] = {
		{"root-ca", 0, OPTION_TEXT, &o.root_ca, "FILE", "root certificate, PEM or DER",
			true},
		{"pck-crl-chain", 0, OPTION_TEXT, &o.pck_crl_chain, "FILE",
			"PEM: platform CA, root", true},
		{"root-ca-crl", 0, OPTION_TEXT, &o.root_ca_crl, "FILE", "PEM or DER", true},
		{"pck-crl", 0, OPTION_TEXT, &o.pck_crl, "FILE", "PEM or DER", true},
		{"tcb-chain", 0, OPTION_TEXT, &o.tcb_chain, "FILE", "PEM: TCB signing, root", true},
		{"tcb-info", 0, OPTION_LIST, &o.tcb_infos, "FILE", "one per platform, as served",
			true},
		{"qe-chain", 0, OPTION_TEXT, &o.qe_chain, "FILE", "PEM: TCB signing, root", true},
		{"qe-identity", 0, OPTION_TEXT, &o.qe_identity, "FILE", "as served", true},
		{"output", 'o', OPTION_TEXT, &o.output, "FILE", "bundle, compact JSON", true},
	};

	TOOL_TRY(options_parse(argc, argv, "migtd-tool collateral --root-ca FILE ... -o FILE",
		specs, COUNT_OF(specs), NULL));
	AUTO_JSON bundle =
		json_pack("{s:i, s:i, s:i}", "majorVersion", 1, "minorVersion", 0, "teeType", 0x81);
	if (!set(bundle, "rootCa", item_of(o.root_ca, false)) ||
		!set(bundle, "pckCrlIssuerChain", text_of(o.pck_crl_chain)) ||
		!set(bundle, "rootCaCrl", item_of(o.root_ca_crl, true)) ||
		!set(bundle, "pckCrl", item_of(o.pck_crl, true)) ||
		!set(bundle, "platforms", platforms_of(&o)) ||
		!set(bundle, "qeIdentityIssuerChain", text_of(o.qe_chain)) ||
		!set(bundle, "qeIdentity", text_of(o.qe_identity)))
		return TOOL_USAGE;
	AUTO_TEXT text = json_compact(bundle);
	return file_write_text(o.output, text);
}
