/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include <stdio.h>

#include "commands.h"
#include "common/options.h"
#include "policy/policy.h"

struct sign_options {
	bool sign, finalize, verify, detach, json;
	const char *private_key, *public_key, *signature, *name, *input, *output;
};

static EVP_PKEY *p384_only(const char *path, EVP_PKEY *key)
{
	if (key != NULL && !key_is_p384(key)) {
		tool_fail(TOOL_USAGE, "%s: is not a P-384 key", path);
		EVP_PKEY_free(key);
		return NULL;
	}
	return key;
}

static int write_output(const struct sign_options *o, const struct blob *result)
{
	TOOL_TRY(file_write(o->output, result->data, result->size));
	print_written(o->output, result->size, o->json);
	return TOOL_OK;
}

static int sign(const struct sign_options *o, const struct blob *input)
{
	AUTO_BLOB result = {0};

	if (o->private_key == NULL || o->output == NULL)
		return tool_fail(TOOL_USAGE, "--sign needs --private-key and --output");
	AUTO_KEY key = p384_only(o->private_key, key_read_private(o->private_key));
	if (key == NULL)
		return TOOL_USAGE;
	TOOL_TRY(envelope_check_canonical(o->input, input));
	if (o->detach)
		key_sign_der(key, input->data, input->size, &result);
	else
		envelope_sign(o->name, input, key, &result);
	return write_output(o, &result);
}

static int finalize(const struct sign_options *o, const struct blob *input)
{
	AUTO_BLOB signature = {0};
	AUTO_BLOB canonical = {0};
	AUTO_BLOB result = {0};

	if (o->signature == NULL || o->output == NULL)
		return tool_fail(TOOL_USAGE, "--finalize needs --signature and --output");
	TOOL_TRY(file_read(o->signature, &signature));
	TOOL_TRY(json_canonical(o->input, input, &canonical));
	envelope_write(o->name, &canonical, &signature, &result);
	return write_output(o, &result);
}

static int check(const struct sign_options *o, const struct blob *input, EVP_PKEY *key)
{
	AUTO_BLOB signature = {0};

	if (!o->detach)
		return envelope_verify(o->input, input, o->name, key);
	TOOL_TRY(file_read(o->signature, &signature));
	if (!key_verify_der(key, input->data, input->size, signature.data, signature.size))
		return tool_fail(TOOL_REJECT, "%s: the signature in %s does not verify", o->input,
			o->signature);
	return TOOL_OK;
}

static int verify(const struct sign_options *o, const struct blob *input)
{
	if (o->public_key == NULL || (o->detach && o->signature == NULL))
		return tool_fail(
			TOOL_USAGE, "--verify needs --public-key, and --signature with --detach");
	AUTO_KEY key = p384_only(o->public_key, key_read_public(o->public_key));
	if (key == NULL)
		return TOOL_USAGE;
	const int code = check(o, input, key);
	if (o->json && code != TOOL_USAGE)
		printf("{\"accepted\":%s}\n", code == TOOL_OK ? "true" : "false");
	else if (code == TOOL_OK)
		puts("Signature verification succeeded");
	return code;
}

int command_json_sign(int argc, char **argv)
{
	struct sign_options o = {0};
	const struct option_spec specs[] = {
		{"sign", 0, OPTION_FLAG, &o.sign, NULL, "sign the input, which must be canonical",
			false},
		{"finalize", 0, OPTION_FLAG, &o.finalize, NULL, "embed an existing signature",
			false},
		{"verify", 0, OPTION_FLAG, &o.verify, NULL,
			"verify; goes before --sign and --finalize", false},
		{"detach", 0, OPTION_FLAG, &o.detach, NULL,
			"the DER signature is a file of its own", false},
		{"private-key", 0, OPTION_TEXT, &o.private_key, "FILE", "P-384, PEM PKCS#8", false},
		{"public-key", 0, OPTION_TEXT, &o.public_key, "FILE", "P-384, PEM", false},
		{"signature", 0, OPTION_TEXT, &o.signature, "FILE", "DER", false},
		{"name", 'n', OPTION_TEXT, &o.name, "NAME",
			"policyData, tdIdentity or tdTcbMapping", true},
		{"input", 'i', OPTION_TEXT, &o.input, "FILE", "JSON document", true},
		{"output", 'o', OPTION_TEXT, &o.output, "FILE", "result of --sign and --finalize",
			false},
		{"json", 0, OPTION_FLAG, &o.json, NULL, "verdict, or what was written, as JSON",
			false},
	};
	AUTO_BLOB input = {0};

	TOOL_TRY(options_parse(argc, argv,
		"migtd-tool json-sign --sign|--finalize|--verify --name NAME "
		"--input FILE [options]",
		specs, COUNT_OF(specs), NULL));
	if (!o.verify && !o.sign && !o.finalize)
		return tool_fail(TOOL_USAGE, "one of --sign, --finalize, --verify is needed");
	TOOL_TRY(file_read(o.input, &input));
	return o.verify ? verify(&o, &input) : o.sign ? sign(&o, &input) : finalize(&o, &input);
}

int command_servtd_collateral(int argc, char **argv)
{
	enum { IDENTITY, IDENTITY_CHAIN, MAPPING, MAPPING_CHAIN, PARTS };
	struct named_text part[PARTS] = {0};
	const char *output = NULL;
	bool json = false;
	const struct option_spec specs[] = {
		{"identity", 0, OPTION_TEXT, &part[IDENTITY].name, "FILE", "signed tdIdentity",
			true},
		{"identity-chain", 0, OPTION_TEXT, &part[IDENTITY_CHAIN].name, "FILE", "PEM", true},
		{"mapping", 0, OPTION_TEXT, &part[MAPPING].name, "FILE", "signed tdTcbMapping",
			true},
		{"mapping-chain", 0, OPTION_TEXT, &part[MAPPING_CHAIN].name, "FILE", "PEM", true},
		{"output", 'o', OPTION_TEXT, &output, "FILE", "result", true},
		{"json", 0, OPTION_FLAG, &json, NULL, "tell what was written as JSON", false},
	};
	AUTO_BLOB result = {0};
	int code = TOOL_OK;

	TOOL_TRY(options_parse(argc, argv,
		"migtd-tool servtd-collateral --identity FILE "
		"--identity-chain FILE --mapping FILE --mapping-chain FILE -o FILE",
		specs, COUNT_OF(specs), NULL));
	for (size_t i = 0; i < PARTS && code == TOOL_OK; i++)
		code = file_read(part[i].name, &part[i].text);
	if (code == TOOL_OK)
		code = servtd_collateral_compose(&part[IDENTITY], &part[IDENTITY_CHAIN],
			&part[MAPPING], &part[MAPPING_CHAIN], &result);
	for (size_t i = 0; i < PARTS; i++)
		cleanup_blob(&part[i].text);
	TOOL_TRY(code);
	TOOL_TRY(file_write(output, result.data, result.size));
	print_written(output, result.size, json);
	return TOOL_OK;
}
