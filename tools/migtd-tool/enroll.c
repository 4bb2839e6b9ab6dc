/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include <string.h>

#include "commands.h"
#include "common/cfv_write.h"
#include "common/options.h"
#include "measure/cfv.h"

int command_enroll(int argc, char **argv)
{
	const char *policy = NULL, *chain = NULL, *root_ca = NULL, *output = NULL;
	uint64_t size = CFV_SIZE_DEFAULT;
	const struct option_spec specs[] = {
		{"policy", 0, OPTION_TEXT, &policy, "FILE", "policy, JSON", true},
		{"policy-issuer-chain", 0, OPTION_TEXT, &chain, "FILE",
			"PEM, leaf first (policy v2)", false},
		{"root-ca", 0, OPTION_TEXT, &root_ca, "FILE", "SGX root CA, DER (policy v1)",
			false},
		{"size", 0, OPTION_SIZE, &size, "BYTES", "of the volume (0xa0000)", false},
		{"output", 'o', OPTION_TEXT, &output, "FILE", "configuration volume", true},
	};
	struct cfv_file files[3] = {0};
	AUTO_BLOB volume = {0};
	size_t n = 0;
	int code = TOOL_OK;

	TOOL_TRY(options_parse(argc, argv,
		"migtd-tool enroll --policy FILE [--policy-issuer-chain FILE]"
		" [--root-ca FILE] -o FILE",
		specs, COUNT_OF(specs), NULL));
	if (chain == NULL && root_ca == NULL)
		return tool_fail(TOOL_USAGE,
			"--policy-issuer-chain (policy v2) or --root-ca (v1) is needed");
	const struct {
		const char *path;
		const uint8_t *guid;
	} given[] = {{policy, cfv_guid_policy}, {chain, cfv_guid_issuer_chain},
		{root_ca, cfv_guid_root_ca}};
	for (size_t i = 0; i < COUNT_OF(given) && code == TOOL_OK; i++) {
		if (given[i].path == NULL)
			continue;
		files[n].name = given[i].path;
		memcpy(files[n].guid, given[i].guid, sizeof(files[n].guid));
		code = file_read(given[i].path, &files[n].data);
		n++;
	}
	if (code == TOOL_OK)
		code = size <= UINT32_MAX ? cfv_write(files, n, size, &volume)
					  : tool_fail(TOOL_USAGE, "--size: larger than 4 GiB");
	for (size_t i = 0; i < n; i++)
		cleanup_blob(&files[i].data);
	return code == TOOL_OK ? file_write(output, volume.data, volume.size) : code;
}
