/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define _GNU_SOURCE
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>

#define ISV_SVN 1
/* DER of a P-384 signature: 102 to 104 bytes in all but one case of 128; 103 in every second. */
#define SIGNATURE_SIZE 103
#define SIGNATURE_TRIES 1000

struct inputs {
	EVP_PKEY *policy_key, *identity_key, *mapping_key;
	struct named_text policy_chain, identity_chain, mapping_chain, collaterals;
};

static void cleanup_inputs(struct inputs *in)
{
	EVP_PKEY_free(in->policy_key);
	EVP_PKEY_free(in->identity_key);
	EVP_PKEY_free(in->mapping_key);
	cleanup_blob(&in->policy_chain.text);
	cleanup_blob(&in->identity_chain.text);
	cleanup_blob(&in->mapping_chain.text);
	cleanup_blob(&in->collaterals.text);
}

static int read_chain(const char *pki, const char *name, EVP_PKEY **key, struct named_text *chain)
{
	AUTO_TEXT key_path = tool_text("%s/%s/leaf.key", pki, name);
	AUTO_TEXT chain_path = tool_text("%s/%s/chain.pem", pki, name);

	chain->name = name;
	*key = key_read_private(key_path);
	if (*key == NULL)
		return TOOL_USAGE;
	if (!key_is_p384(*key))
		return tool_fail(TOOL_USAGE, "%s: is not a P-384 key", key_path);
	return file_read(chain_path, &chain->text);
}

static int read_inputs(const char *pki, struct inputs *in)
{
	AUTO_TEXT path = tool_text("%s/collateral.json", pki);

	TOOL_TRY(read_chain(pki, "policy", &in->policy_key, &in->policy_chain));
	TOOL_TRY(read_chain(pki, "identity", &in->identity_key, &in->identity_chain));
	TOOL_TRY(read_chain(pki, "mapping", &in->mapping_key, &in->mapping_chain));
	in->collaterals.name = "collateral.json";
	return file_read(path, &in->collaterals.text);
}

/* --- the MigTD's identity and measurements ------------------------------------------------- */

static json_t *made(json_t *value)
{
	if (value == NULL)
		exit(tool_fail(TOOL_USAGE, "out of memory"));
	return value;
}

static void to_text(json_t *value, struct blob *out)
{
	AUTO_TEXT text = json_compact(made(value));
	json_decref(value);
	blob_add_text(out, text);
}

static const char zero_48[] = "000000000000000000000000000000000000000000000000"
			      "000000000000000000000000000000000000000000000000";

static void identity_text(struct blob *out)
{
	/* clang-format off */
	to_text(json_pack("{s:s, s:i, s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:i,"
		" s:[{s:{s:i}, s:s, s:s}]}",
		"id", "5E0D6C2B-7B1F-4E0C-9B0A-2F1D8A63C7E4",
		"version", 1,
		"issueDate", "2026-01-01T00:00:00Z",
		"nextUpdate", "2027-01-01T00:00:00Z",
		"tcbEvaluationNumber", 1,
		"xfam", "E71A060000000000",
		"attributes", "0000000000000000",
		"mrConfigId", zero_48,
		"mrOwner", zero_48,
		"mrOwnerConfig", zero_48,
		"mrsigner", zero_48,
		"isvProdId", 1,
		"tcbLevels",
			"tcb", "isvsvn", ISV_SVN,
			"tcbDate", "2026-01-01T00:00:00Z",
			"tcbStatus", "UpToDate"), out);
	/* clang-format on */
}

/* What a MigTD of this image measures before its policy: RTMR0 and RTMR1 (policy spec 3.9). */
static void boot_rtmrs(const struct blob *chain, char **rtmr0_hex, char **rtmr1_hex)
{
	static const uint8_t separator[4];
	uint8_t rtmr[DIGEST_SHA384_SIZE] = {0};

	rtmr_measure(rtmr, separator, sizeof(separator));
	*rtmr0_hex = hex_upper(rtmr, sizeof(rtmr));
	rtmr_measure(rtmr, chain->data, chain->size);
	*rtmr1_hex = hex_upper(rtmr, sizeof(rtmr));
}

static void mapping_text(
	const struct policy_options *options, const struct blob *chain, struct blob *out)
{
	AUTO_TEXT rtmr0 = NULL;
	AUTO_TEXT rtmr1 = NULL;
	json_t *mappings = made(json_array());

	boot_rtmrs(chain, &rtmr0, &rtmr1);
	for (size_t i = 0; i < options->images; i++) {
		AUTO_TEXT mrtd = hex_upper(options->mrtd[i], sizeof(options->mrtd[i]));
		/* clang-format off */
		json_array_append_new(mappings, made(json_pack("{s:i, s:{s:s, s:s, s:s}}",
			"isvsvn", ISV_SVN,
			"tdMeasurements",
				"mrtd", mrtd,
				"rtmr0", rtmr0,
				"rtmr1", rtmr1)));
		/* clang-format on */
	}
	/* clang-format off */
	to_text(json_pack("{s:s, s:s, s:i, s:s, s:s, s:o, s:i}",
		"id", "0D7B4B0E-31D6-4C8F-8E55-96B4C1A7F203",
		"issueDate", "2026-01-01T00:00:00Z",
		"isvProdId", 1,
		"mrSigner", zero_48,
		"nextUpdate", "2027-01-01T00:00:00Z",
		"svnMappings", mappings,
		"version", 1), out);
	/* clang-format on */
}

struct parts {
	struct named_text identity, mapping, servtd, base;
};

static void cleanup_parts(struct parts *p)
{
	cleanup_blob(&p->identity.text);
	cleanup_blob(&p->mapping.text);
	cleanup_blob(&p->servtd.text);
	cleanup_blob(&p->base.text);
}

static int servtd_make(
	const struct policy_options *options, const struct inputs *in, struct parts *p)
{
	AUTO_BLOB identity = {0};
	AUTO_BLOB mapping = {0};

	identity_text(&identity);
	mapping_text(options, &in->policy_chain.text, &mapping);
	envelope_sign("tdIdentity", &identity, in->identity_key, &p->identity.text);
	envelope_sign("tdTcbMapping", &mapping, in->mapping_key, &p->mapping.text);
	return servtd_collateral_compose(&p->identity, &in->identity_chain, &p->mapping,
		&in->mapping_chain, &p->servtd.text);
}

/* --- policyData ---------------------------------------------------------------------------- */

char *policy_id(const char *salt)
{
	uint8_t d[DIGEST_SHA256_SIZE];

	digest_sha256(salt, strlen(salt), d);
	/* Version 4, variant 1, as random ones have. */
	d[6] = (uint8_t)((d[6] & 0x0f) | 0x40);
	d[8] = (uint8_t)((d[8] & 0x3f) | 0x80);
	AUTO_TEXT hex = hex_upper(d, 16);
	return tool_text("%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

/* The platforms that the collateral knows. */
static int fmspc_list(const struct named_text *collaterals, json_t **list)
{
	AUTO_JSON bundle = json_read_text(collaterals->name, &collaterals->text);
	const json_t *platform;
	size_t i;

	if (bundle == NULL)
		return TOOL_USAGE;
	const json_t *platforms = json_member(collaterals->name, bundle, "platforms", JSON_ARRAY);
	if (platforms == NULL)
		return TOOL_USAGE;
	*list = made(json_array());
	json_array_foreach(platforms, i, platform)
	{
		const json_t *fmspc =
			json_member(collaterals->name, platform, "fmspc", JSON_STRING);
		if (fmspc == NULL) {
			json_decref(*list);
			return TOOL_USAGE;
		}
		json_array_append_new(*list, made(json_string(json_string_value(fmspc))));
	}
	return TOOL_OK;
}

static json_t *property(const char *operation, json_t *reference)
{
	return made(json_pack("{s:s, s:o}", "operation", operation, "reference", reference));
}

static json_t *block_list(json_t *fmspcs)
{
	/* clang-format off */
	return json_pack("[{s:{s:{s:o, s:o, s:o}, s:{s:o}, s:{s:o, s:o}}}]",
		"global",
			"tcb",
				"tcbEvaluationDataNumber",
				property("greater-or-equal", json_integer(5)),
				"tcbDate",
				property("greater-or-equal", json_string("2022-11-09T00:00:00Z")),
				"tcbStatusAccepted",
				property("allow-list",
					json_pack("[s, s]", "UpToDate", "ConfigurationNeeded")),
			"platform",
				"fmspc", property("allow-list", fmspcs),
			"crl",
				"pckCrlNum", property("greater-or-equal", json_integer(1)),
				"rootCaCrlNum", property("greater-or-equal", json_integer(1)));
	/* clang-format on */
}

/* A peer must not be older than the side that judges it. */
static json_t *engine_block_list(void)
{
	return json_pack("[{s:{s:{s:o}}}]", "servtd", "migtdIdentity", "isvsvn",
		property("greater-or-equal", json_string("self")));
}

#define REMARK_MEMBER ",\"remark\":\"\""

/* `padding` characters of a member that every verifier ignores, or none. */
static int base_make(const struct policy_options *options, const struct inputs *in, size_t padding,
	struct blob *out)
{
	json_t *fmspcs = NULL;
	AUTO_TEXT id = policy_id(options->salt);

	TOOL_TRY(fmspc_list(&in->collaterals, &fmspcs));
	/* clang-format off */
	AUTO_JSON base = made(json_pack("{s:s, s:s, s:I, s:o, s:o, s:o}",
		"id", id,
		"version", "2.0",
		"policySvn", (json_int_t)options->svn,
		"policy", block_list(fmspcs),
		"forwardPolicy", engine_block_list(),
		"backwardPolicy", engine_block_list()));
	/* clang-format on */
	if (padding != 0) {
		AUTO_TEXT text = tool_alloc(padding + 1);
		memset(text, '.', padding);
		json_object_set_new(base, "remark", made(json_string(text)));
	}
	AUTO_TEXT text = json_compact(base);
	out->size = 0;
	blob_add_text(out, text);
	return TOOL_OK;
}

/* Signs until the signature has the size that was counted on. */
static int sign_sized(const struct blob *data, EVP_PKEY *key, struct blob *out)
{
	for (int tries = 0; tries < SIGNATURE_TRIES; tries++) {
		AUTO_BLOB signature = {0};
		key_sign_der(key, data->data, data->size, &signature);
		if (signature.size == SIGNATURE_SIZE) {
			envelope_write("policyData", data, &signature, out);
			return TOOL_OK;
		}
	}
	return tool_fail(TOOL_REJECT, "no signature of %d bytes came up", SIGNATURE_SIZE);
}

static int policy_make(const struct policy_options *options, const struct inputs *in,
	struct parts *p, struct blob *data, struct blob *policy)
{
	const size_t frame = strlen("{\"policyData\":,\"signature\":\"\"}") + 2 * SIGNATURE_SIZE;
	const size_t member = strlen(REMARK_MEMBER);

	TOOL_TRY(base_make(options, in, 0, &p->base.text));
	TOOL_TRY(policy_data_compose(&p->base, &in->collaterals, &p->servtd, data));
	if (options->size == 0 || data->size + frame == options->size)
		return sign_sized(data, in->policy_key, policy);
	const size_t least = data->size + frame + member + 1;
	if (options->size < least)
		return tool_fail(TOOL_USAGE,
			"--size %zu: a policy with %s has %zu bytes or more; with fewer platforms less",
			options->size, in->collaterals.name, least);
	TOOL_TRY(base_make(options, in, options->size - least + 1, &p->base.text));
	data->size = 0;
	TOOL_TRY(policy_data_compose(&p->base, &in->collaterals, &p->servtd, data));
	return sign_sized(data, in->policy_key, policy);
}

/* --- all of it ----------------------------------------------------------------------------- */

static int write_part(const char *folder, const char *name, const struct blob *text)
{
	AUTO_TEXT path = tool_text("%s/%s", folder, name);
	return file_write(path, text->data, text->size);
}

/* How a TD must be launched to be allowed to run this policy (policy spec 2.9 step 4). */
static int write_launch(
	const struct policy_options *options, const struct inputs *in, const char *folder)
{
	uint8_t mrowner[DIGEST_SHA384_SIZE], config[DIGEST_SHA384_SIZE] = {0};
	AUTO_BLOB text = {0};

	TOOL_TRY(policy_mrowner(&in->policy_chain, mrowner));
	for (size_t i = 0; i < 4; i++)
		config[i] = (uint8_t)(options->svn >> 8 * i);
	AUTO_TEXT mrowner_hex = hex_lower(mrowner, sizeof(mrowner));
	AUTO_TEXT config_hex = hex_lower(config, sizeof(config));
	to_text(json_pack("{s:s, s:s}", "mrowner", mrowner_hex, "mrownerconfig", config_hex),
		&text);
	return write_part(folder, "launch.json", &text);
}

int policy_generate(const struct policy_options *options, const char *folder)
{
	CLEANUP(cleanup_inputs) struct inputs in = {0};
	CLEANUP(cleanup_parts)
	struct parts p = {
		.identity.name = "tdIdentity",
		.mapping.name = "tdTcbMapping",
		.servtd.name = "servtdCollateral",
		.base.name = "policyData",
	};
	AUTO_BLOB data = {0};
	AUTO_BLOB policy = {0};

	if (options->images == 0 || options->images > POLICY_IMAGES_MAX)
		return tool_fail(
			TOOL_USAGE, "one image or MRTD is needed, at most %d", POLICY_IMAGES_MAX);
	TOOL_TRY(read_inputs(options->pki, &in));
	TOOL_TRY(servtd_make(options, &in, &p));
	TOOL_TRY(policy_make(options, &in, &p, &data, &policy));
	TOOL_TRY(policy_verify(&(struct named_text){"policy.json", policy}, &in.policy_chain));
	TOOL_TRY(folder_make(folder));
	TOOL_TRY(write_part(folder, "td_identity_signed.json", &p.identity.text));
	TOOL_TRY(write_part(folder, "tcb_mapping_signed.json", &p.mapping.text));
	TOOL_TRY(write_part(folder, "servtd_collateral.json", &p.servtd.text));
	TOOL_TRY(write_part(folder, "policy_data.json", &data));
	TOOL_TRY(write_part(folder, "policy_issuer_chain.pem", &in.policy_chain.text));
	TOOL_TRY(write_launch(options, &in, folder));
	return write_part(folder, "policy.json", &policy);
}
