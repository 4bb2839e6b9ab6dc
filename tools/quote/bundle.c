/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "quote/quote.h"

#include <ctype.h>
#include <string.h>

#include <openssl/err.h>

#include "common/json_text.h"
#include "common/key.h"

void cleanup_collateral_parts(struct collateral_parts *parts)
{
	cleanup_blob(&parts->root_ca);
	cleanup_blob(&parts->pck_crl_chain);
	cleanup_blob(&parts->root_ca_crl);
	cleanup_blob(&parts->pck_crl);
	cleanup_blob(&parts->qe_chain);
	cleanup_blob(&parts->qe_identity);
	cleanup_json(&parts->platforms);
}

static size_t trimmed(const struct blob *text)
{
	size_t n = text->size;

	while (n > 0 && isspace(text->data[n - 1]))
		n--;
	return n;
}

static bool is_hexadecimal(const struct blob *text)
{
	const size_t n = trimmed(text);

	for (size_t i = 0; i < n; i++)
		if (!isxdigit(text->data[i]))
			return false;
	return n > 0;
}

int collateral_item(const char *name, const struct blob *file, bool crl, struct blob *text)
{
	AUTO_BLOB pem = {0};

	if ((file->size > 10 && memcmp(file->data, "-----BEGIN", 10) == 0) ||
		(crl && is_hexadecimal(file))) {
		blob_add(text, file->data, trimmed(file));
		return TOOL_OK;
	}
	const uint8_t *at = file->data;
	X509 *certificate = crl ? NULL : d2i_X509(NULL, &at, (long)file->size);
	X509_CRL *list = crl ? d2i_X509_CRL(NULL, &at, (long)file->size) : NULL;
	const bool whole = at == file->data + file->size;
	if (whole && certificate != NULL)
		certificate_pem(certificate, &pem);
	if (whole && list != NULL)
		crl_pem(list, &pem);
	X509_free(certificate);
	X509_CRL_free(list);
	ERR_clear_error();
	if (pem.size == 0)
		return tool_fail(TOOL_USAGE, "%s: is not a %s in PEM or DER (byte 0)", name,
			crl ? "CRL" : "certificate");
	blob_add(text, pem.data, trimmed(&pem));
	return TOOL_OK;
}

/* NULL after an error line when the bytes are not UTF-8. */
static json_t *string_of(const char *name, const struct blob *text)
{
	json_t *string = json_stringn((const char *)text->data, text->size);

	if (string == NULL)
		tool_fail(TOOL_USAGE, "%s: is not text", name);
	return string;
}

int collateral_add_platform(struct collateral_parts *parts, const char *name,
	const struct blob *tcb_info, const struct blob *chain)
{
	AUTO_JSON tree = json_read_text(name, tcb_info);
	uint8_t fmspc[6];

	if (tree == NULL)
		return TOOL_USAGE;
	const json_t *info = json_member(name, tree, "tcbInfo", JSON_OBJECT);
	if (info == NULL)
		return TOOL_USAGE;
	TOOL_TRY(json_member_hex(name, info, "fmspc", fmspc, sizeof(fmspc)));
	AUTO_JSON text = string_of(name, tcb_info);
	AUTO_JSON chain_text = string_of(name, chain);
	AUTO_TEXT hex = hex_upper(fmspc, sizeof(fmspc));
	if (text == NULL || chain_text == NULL)
		return TOOL_USAGE;
	if (parts->platforms == NULL)
		parts->platforms = json_array();
	if (json_array_append_new(parts->platforms,
		    json_pack("{s:s, s:O, s:O}", "fmspc", hex, "tcbInfoIssuerChain", chain_text,
			    "tcbInfo", text)) != 0)
		return tool_fail(TOOL_USAGE, "out of memory");
	return TOOL_OK;
}

int collateral_compose(
	const char *name, const struct collateral_parts *parts, struct blob *bundle)
{
	const struct {
		const char *member;
		const struct blob *text;	/* NULL: the platforms */
	} members[] = {
		{"rootCa", &parts->root_ca},
		{"pckCrlIssuerChain", &parts->pck_crl_chain},
		{"rootCaCrl", &parts->root_ca_crl},
		{"pckCrl", &parts->pck_crl},
		{"platforms", NULL},
		{"qeIdentityIssuerChain", &parts->qe_chain},
		{"qeIdentity", &parts->qe_identity},
	};
	AUTO_JSON tree =
		json_pack("{s:i, s:i, s:i}", "majorVersion", 1, "minorVersion", 0, "teeType", 0x81);

	for (size_t i = 0; i < COUNT_OF(members); i++) {
		json_t *value = members[i].text != NULL ? string_of(name, members[i].text)
							: json_incref(parts->platforms);
		if (value == NULL || json_object_set_new(tree, members[i].member, value) != 0)
			return TOOL_USAGE;
	}
	AUTO_TEXT text = json_compact(tree);
	blob_add_text(bundle, text);
	return TOOL_OK;
}
