/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "quote/quote.h"

#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "common/json_text.h"
#include "common/options.h"

struct collateral_options {
	const char *root_ca, *pck_crl_chain, *root_ca_crl, *pck_crl, *tcb_chain, *qe_chain,
		*qe_identity;
	const char *output;
	bool json;
	struct option_list tcb_infos;
};

static int read_item(const char *path, bool crl, struct blob *text)
{
	AUTO_BLOB file = {0};

	TOOL_TRY(file_read(path, &file));
	return collateral_item(path, &file, crl, text);
}

static int read_platforms(const struct collateral_options *o, struct collateral_parts *parts)
{
	AUTO_BLOB chain = {0};

	TOOL_TRY(file_read(o->tcb_chain, &chain));
	for (size_t i = 0; i < o->tcb_infos.n; i++) {
		AUTO_BLOB tcb_info = {0};
		TOOL_TRY(file_read(o->tcb_infos.item[i], &tcb_info));
		TOOL_TRY(collateral_add_platform(parts, o->tcb_infos.item[i], &tcb_info, &chain));
	}
	return TOOL_OK;
}

static int check(int argc, char **argv)
{
	const char *root = NULL;
	bool json = false;
	struct option_list files = {0};
	const struct option_spec specs[] = {
		{"root", 'r', OPTION_TEXT, &root, "FILE",
			"trusted root certificate, PEM or DER (the collateral's own)", false},
		{"json", 0, OPTION_FLAG, &json, NULL, "print one JSON object", false},
	};
	AUTO_BLOB bundle = {0};
	enum status status;

	TOOL_TRY(options_parse(argc, argv, "migtd-tool collateral check FILE [--root FILE] [--json]",
		specs, COUNT_OF(specs), &files));
	if (files.n != 1)
		return tool_fail(TOOL_USAGE, "one file is needed; see --help");
	TOOL_TRY(collateral_read(files.item[0], root, &bundle));
	AUTO_JSON report = collateral_report(&bundle, &status);
	print_fields(report, json);
	if (status == STATUS_OK)
		return TOOL_OK;
	return tool_fail(TOOL_REJECT, "%s: rejected: %s", files.item[0], status_text(status));
}

/* What upstream's generator fetches, from a folder with what the service answered. */
static int build(int argc, char **argv)
{
	const char *from = NULL, *root = NULL, *output = NULL;
	bool json = false;
	const struct option_spec specs[] = {
		{"from", 0, OPTION_TEXT, &from, "DIR",
			"answers of the provisioning service: bodies, and chains from its headers",
			true},
		{"root", 'r', OPTION_TEXT, &root, "FILE",
			"root certificate, PEM or DER (the one in the folder)", false},
		{"output", 'o', OPTION_TEXT, &output, "FILE", "bundle, compact JSON", true},
		{"json", 0, OPTION_FLAG, &json, NULL, "tell what was written as JSON", false},
	};
	AUTO_BLOB bundle = {0};

	TOOL_TRY(options_parse(argc, argv, "migtd-tool collateral build --from DIR -o FILE [options]",
		specs, COUNT_OF(specs), NULL));
	TOOL_TRY(collateral_read(from, root, &bundle));
	TOOL_TRY(file_write(output, bundle.data, bundle.size));
	print_written(output, bundle.size, json);
	return TOOL_OK;
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
		{"json", 0, OPTION_FLAG, &o.json, NULL, "tell what was written as JSON", false},
	};
	AUTO_PARTS parts = {0};
	AUTO_BLOB bundle = {0};

	if (argc > 1 && strcmp(argv[1], "check") == 0)
		return check(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "build") == 0)
		return build(argc - 1, argv + 1);
	TOOL_TRY(options_parse(argc, argv,
		"migtd-tool collateral --root-ca FILE ... -o FILE\n"
		"   or: migtd-tool collateral build --from DIR -o FILE [--root FILE]\n"
		"   or: migtd-tool collateral check FILE [--root FILE] [--json]",
		specs, COUNT_OF(specs), NULL));
	TOOL_TRY(read_item(o.root_ca, false, &parts.root_ca));
	TOOL_TRY(file_read(o.pck_crl_chain, &parts.pck_crl_chain));
	TOOL_TRY(read_item(o.root_ca_crl, true, &parts.root_ca_crl));
	TOOL_TRY(read_item(o.pck_crl, true, &parts.pck_crl));
	TOOL_TRY(read_platforms(&o, &parts));
	TOOL_TRY(file_read(o.qe_chain, &parts.qe_chain));
	TOOL_TRY(file_read(o.qe_identity, &parts.qe_identity));
	TOOL_TRY(collateral_compose(o.output, &parts, &bundle));
	TOOL_TRY(file_write(o.output, bundle.data, bundle.size));
	print_written(o.output, bundle.size, o.json);
	return TOOL_OK;
}
