/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "policy/policy.h"

#include <string.h>

#include <openssl/err.h>

#define CHAIN_MOST 16

struct chain {
	X509 *certificate[CHAIN_MOST];
	size_t n;
};

static void cleanup_chain(struct chain *c)
{
	for (size_t i = 0; i < c->n; i++)
		X509_free(c->certificate[i]);
}

#define AUTO_CHAIN CLEANUP(cleanup_chain) struct chain

/* Policy spec 2.8: each certificate verifies with the next one's key, P-384 and SHA-384 only. */
static int chain_read(const struct named_text *pem, struct chain *c)
{
	TOOL_TRY(certificates_read(pem->name, &pem->text, c->certificate, CHAIN_MOST, &c->n));
	for (size_t i = 0; i < c->n; i++) {
		EVP_PKEY *key = X509_get0_pubkey(c->certificate[i]);
		if (X509_get_version(c->certificate[i]) != X509_VERSION_3)
			return tool_fail(TOOL_REJECT, "%s: certificate %zu is not X.509 v3",
				pem->name, i + 1);
		if (key == NULL || !key_is_p384(key) ||
			X509_get_signature_nid(c->certificate[i]) != NID_ecdsa_with_SHA384)
			return tool_fail(TOOL_REJECT,
				"%s: certificate %zu is not P-384 with SHA-384", pem->name, i + 1);
		if (i > 0 && X509_verify(c->certificate[i - 1], key) != 1) {
			ERR_clear_error();
			return tool_fail(TOOL_REJECT,
				"%s: certificate %zu is not signed by the next one", pem->name, i);
		}
	}
	return TOOL_OK;
}

int policy_mrowner(const struct named_text *chain, uint8_t mrowner[DIGEST_SHA384_SIZE])
{
	AUTO_CHAIN c = {0};
	uint8_t point[POINT_P384_SIZE];

	TOOL_TRY(chain_read(chain, &c));
	key_point(X509_get0_pubkey(c.certificate[0]), point, sizeof(point));
	digest_sha384(point, sizeof(point), mrowner);
	return TOOL_OK;
}

/* Verifies an envelope that is the text of `member`'s value inside an object. */
static int verify_nested(const char *file, const struct json_span *servtd, const char *envelope,
	const char *member, const char *chain_member)
{
	AUTO_BLOB text = {0};
	AUTO_BLOB inner = {0};
	struct json_span value;

	blob_add(&text, servtd->at, servtd->size);
	AUTO_JSON tree = json_read_text(file, &text);
	const json_t *pem = json_object_get(tree, chain_member);
	if (!json_is_string(pem) || !json_verbatim(&text, envelope, &value))
		return tool_fail(TOOL_REJECT, "%s: servtdCollateral lacks %s or %s", file, envelope,
			chain_member);
	AUTO_TEXT chain_name = tool_text("%s: %s", file, chain_member);
	CLEANUP(cleanup_blob) struct blob chain_text = {0};
	blob_add(&chain_text, json_string_value(pem), json_string_length(pem));
	AUTO_CHAIN chain = {0};
	TOOL_TRY(chain_read(&(struct named_text){chain_name, chain_text}, &chain));
	blob_add(&inner, value.at, value.size);
	return envelope_verify(file, &inner, member, X509_get0_pubkey(chain.certificate[0]));
}

static int verify_data(const char *file, const struct json_span *data)
{
	AUTO_BLOB text = {0};
	struct json_span servtd;

	blob_add(&text, data->at, data->size);
	AUTO_JSON tree = json_read_text(file, &text);
	const char *id = json_string_value(json_object_get(tree, "id"));
	const char *version = json_string_value(json_object_get(tree, "version"));
	const json_t *svn = json_object_get(tree, "policySvn");
	if (id == NULL || id[0] == '\0' || version == NULL || strcmp(version, "2.0") != 0)
		return tool_fail(TOOL_REJECT, "%s: id is empty or version is not 2.0", file);
	if (!json_is_integer(svn) || json_integer_value(svn) < 0 ||
		json_integer_value(svn) > UINT32_MAX)
		return tool_fail(TOOL_REJECT, "%s: policySvn is not a 32-bit number", file);
	if (!json_is_object(json_object_get(tree, "collaterals")))
		return tool_fail(TOOL_REJECT, "%s: collaterals is missing", file);
	if (!json_verbatim(&text, "servtdCollateral", &servtd) || servtd.at[0] != '{')
		return tool_fail(TOOL_REJECT, "%s: servtdCollateral is missing", file);
	TOOL_TRY(verify_nested(
		file, &servtd, "servtdIdentity", "tdIdentity", "servtdIdentityIssuerChain"));
	return verify_nested(
		file, &servtd, "servtdTcbMapping", "tdTcbMapping", "servtdTcbMappingIssuerChain");
}

int policy_verify(const struct named_text *policy, const struct named_text *chain)
{
	AUTO_CHAIN c = {0};
	struct json_span data;

	TOOL_TRY(chain_read(chain, &c));
	TOOL_TRY(envelope_verify(
		policy->name, &policy->text, "policyData", X509_get0_pubkey(c.certificate[0])));
	if (!json_verbatim(&policy->text, "policyData", &data))
		return tool_fail(TOOL_REJECT, "%s: policyData is missing", policy->name);
	return verify_data(policy->name, &data);
}
