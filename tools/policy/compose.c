/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "policy/policy.h"

#include <string.h>

void cleanup_named_text(struct named_text *t)
{
	cleanup_blob(&t->text);
}

int named_text_read(const char *path, struct named_text *t)
{
	t->name = path;
	return file_read(path, &t->text);
}

static int add_verbatim(const struct named_text *part, struct blob *out)
{
	AUTO_JSON tree = json_read_text(part->name, &part->text);

	if (tree == NULL)
		return TOOL_USAGE;
	blob_add(out, part->text.data, part->text.size);
	return TOOL_OK;
}

static int add_string(const struct named_text *part, struct blob *out)
{
	AUTO_JSON string = json_stringn((const char *)part->text.data, part->text.size);

	if (string == NULL ||
		strstr((const char *)part->text.data, "-----BEGIN CERTIFICATE-----") == NULL)
		return tool_fail(TOOL_USAGE, "%s: is not a PEM certificate chain", part->name);
	AUTO_TEXT quoted = json_compact(string);
	blob_add_text(out, quoted);
	return TOOL_OK;
}

int servtd_collateral_compose(const struct named_text *identity,
	const struct named_text *identity_chain, const struct named_text *mapping,
	const struct named_text *mapping_chain, struct blob *out)
{
	blob_add_text(out, "{\"majorVersion\":1,\"minorVersion\":0,\"servtdIdentity\":");
	TOOL_TRY(add_verbatim(identity, out));
	blob_add_text(out, ",\"servtdIdentityIssuerChain\":");
	TOOL_TRY(add_string(identity_chain, out));
	blob_add_text(out, ",\"servtdTcbMapping\":");
	TOOL_TRY(add_verbatim(mapping, out));
	blob_add_text(out, ",\"servtdTcbMappingIssuerChain\":");
	TOOL_TRY(add_string(mapping_chain, out));
	blob_add_byte(out, '}');
	return TOOL_OK;
}

static void add_name(const char *name, struct blob *out)
{
	AUTO_JSON string = json_string(name);
	AUTO_TEXT quoted = json_compact(string);

	blob_format(out, "%s%s:", out->data[out->size - 1] == '{' ? "" : ",", quoted);
}

int policy_data_compose(const struct named_text *base, const struct named_text *collaterals,
	const struct named_text *servtd, struct blob *out)
{
	static const char *const names[] = {"collaterals", "servtdCollateral"};
	const struct named_text *const parts[] = {collaterals, servtd};
	AUTO_JSON tree = json_read_text(base->name, &base->text);
	AUTO_BLOB plain = {0};
	const char *key;
	json_t *value;

	if (tree == NULL)
		return TOOL_USAGE;
	if (!json_is_object(tree))
		return tool_fail(TOOL_USAGE, "%s: is not a JSON object", base->name);
	blob_add_byte(&plain, '{');
	json_object_foreach(tree, key, value)
	{
		struct json_span own;
		add_name(key, &plain);
		if (strcmp(key, names[0]) == 0)
			TOOL_TRY(add_verbatim(parts[0], &plain));
		else if (strcmp(key, names[1]) == 0)
			TOOL_TRY(add_verbatim(parts[1], &plain));
		else if (json_verbatim(&base->text, key, &own))
			blob_add(&plain, own.at, own.size);
	}
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (json_object_get(tree, names[i]) == NULL) {
			add_name(names[i], &plain);
			TOOL_TRY(add_verbatim(parts[i], &plain));
		}
	blob_add_byte(&plain, '}');
	return json_canonical(base->name, &plain, out);
}
