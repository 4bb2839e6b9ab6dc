/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "policy/policy.h"

#include <string.h>

int envelope_check_canonical(const char *file, const struct blob *value)
{
	AUTO_BLOB canonical = {0};

	TOOL_TRY(json_canonical(file, value, &canonical));
	if (canonical.size == value->size && memcmp(canonical.data, value->data, value->size) == 0)
		return TOOL_OK;
	size_t at = 0;
	while (at < value->size && at < canonical.size && value->data[at] == canonical.data[at])
		at++;
	return tool_fail(TOOL_REJECT,
		"%s: not canonical JSON from byte %zu on (no whitespace, no final "
		"newline, plain numbers, fewest escapes)",
		file, at);
}

void envelope_write(const char *member, const struct blob *value, const struct blob *signature,
	struct blob *out)
{
	AUTO_JSON name = json_string(member);
	AUTO_TEXT quoted = json_compact(name);
	AUTO_TEXT hex = hex_upper(signature->data, signature->size);

	blob_format(out, "{%s:", quoted);
	blob_add(out, value->data, value->size);
	blob_format(out, ",\"signature\":\"%s\"}", hex);
}

void envelope_sign(const char *member, const struct blob *value, EVP_PKEY *key, struct blob *out)
{
	AUTO_BLOB signature = {0};

	key_sign_der(key, value->data, value->size, &signature);
	envelope_write(member, value, &signature, out);
}

int envelope_verify(
	const char *file, const struct blob *document, const char *member, EVP_PKEY *key)
{
	AUTO_JSON tree = json_read_text(file, document);
	AUTO_BLOB signature = {0};
	struct json_span value;

	if (tree == NULL)
		return TOOL_USAGE;
	const json_t *hex = json_object_get(tree, "signature");
	if (json_object_size(tree) != 2 || !json_verbatim(document, member, &value) ||
		!json_is_string(hex))
		return tool_fail(
			TOOL_REJECT, "%s: is not an object of just %s and signature", file, member);
	if (!hex_read_blob(json_string_value(hex), json_string_length(hex), &signature))
		return tool_fail(TOOL_REJECT, "%s: member signature is not hexadecimal", file);
	if (!key_verify_der(key, value.at, value.size, signature.data, signature.size))
		return tool_fail(
			TOOL_REJECT, "%s: the signature of %s does not verify", file, member);
	return TOOL_OK;
}
