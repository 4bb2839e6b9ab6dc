/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "pki/pki.h"

#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "common/options.h"

static const char usage[] =
	"migtd-tool pki --out DIR [options]\n"
	"   or: migtd-tool pki quote --pki DIR --host NAME --out FILE [options]\n\n"
	"A root, platforms, PCK certificates and collateral in any TCB state; quotes of them.\n"
	"A description is JSON, and all but the hosts' names may be left out:\n\n"
	"  {\"platforms\": 32, \"ca\": \"platform\", \"tcb_evaluation_data_number\": 5,\n"
	"   \"root_ca_crl_number\": 1, \"pck_crl_number\": 1, \"revoke\": [WHAT, ...],\n"
	"   \"qe_status\": STATUS or \"qe_levels\": [LEVEL, ...],\n"
	"   \"hosts\": [{\"name\": \"a\", \"fmspc\": HEX, \"pceid\": HEX, \"ca\": \"platform\",\n"
	"              \"cpusvn\": [SVN, ...], \"pcesvn\": N, \"tee_tcb_svn\": [SVN, ...],\n"
	"              \"tee_tcb_svn2\": [SVN, ...], \"qe_isvsvn\": N, \"quote_bytes\": N,\n"
	"              \"tcb_status\": STATUS or \"levels\": [TCB LEVEL, ...],\n"
	"              \"module_status\": STATUS or\n"
	"              \"modules\": [{\"major\": N, \"levels\": [LEVEL, ...]}, ...]}, ...]}\n\n"
	"  LEVEL      {\"isvsvn\": N, \"status\": STATUS, \"date\": DATE, \"advisories\": [ID, ...]}\n"
	"  TCB LEVEL  the same with \"sgx\": [SVN, ...], \"tdx\": [SVN, ...] and \"pcesvn\": N\n"
	"             in place of isvsvn";

/* "a,b,c"; cuts the text up. */
static int split_hosts(char *text, struct pki_options *options)
{
	for (char *rest = text; rest != NULL;) {
		const char *name = strsep(&rest, ",");
		if (options->host_count == PKI_HOSTS_MAX)
			return tool_fail(TOOL_USAGE, "--hosts: more than %d", PKI_HOSTS_MAX);
		if (pki_find_host(options, name) != NULL)
			return tool_fail(TOOL_USAGE, "--hosts: %s is named twice", name);
		options->hosts[options->host_count++].name = name;
	}
	return TOOL_OK;
}

static int apply_status(const struct option_list *list, struct pki_options *options)
{
	for (size_t i = 0; i < list->n; i++) {
		const char *equals = strchr(list->item[i], '=');
		if (equals == NULL)
			return tool_fail(
				TOOL_USAGE, "--tcb-status: '%s' is not HOST=STATUS", list->item[i]);
		AUTO_TEXT name = tool_text("%.*s", (int)(equals - list->item[i]), list->item[i]);
		struct pki_host *host = pki_find_host(options, name);
		if (host == NULL)
			return tool_fail(TOOL_USAGE, "--tcb-status: no host is named %s", name);
		if (host->levels != NULL)
			return tool_fail(TOOL_USAGE, "--tcb-status: %s has its levels described", name);
		host->tcb_status = equals + 1;
		pki_check_status("--tcb-status", host->tcb_status);
	}
	return TOOL_OK;
}

static int apply_revoked(const struct option_list *list, struct pki_options *options)
{
	for (size_t i = 0; i < list->n; i++)
		if (!pki_revoke(options, list->item[i]))
			return tool_fail(TOOL_USAGE,
				"--revoke: '%s' is none of pck:HOST, platform-ca, processor-ca, "
				"tcb-signing",
				list->item[i]);
	return TOOL_OK;
}

static int apply_common(const char *qe_status, const char *module_status,
	struct pki_options *options)
{
	if (qe_status != NULL && options->qe_levels != NULL)
		return tool_fail(TOOL_USAGE, "--qe-status: the QE has its levels described");
	if (qe_status != NULL)
		options->qe_status = qe_status;
	options->module_status = module_status;
	if (qe_status != NULL)
		pki_check_status("--qe-status", qe_status);
	if (module_status != NULL)
		pki_check_status("--module-status", module_status);
	return TOOL_OK;
}

int command_pki(int argc, char **argv)
{
	const char *out = NULL, *hosts = NULL, *qe_status = NULL, *module_status = NULL,
		   *description = NULL;
	struct option_list status = {0}, revoke = {0};
	uint64_t platforms = 0;
	CLEANUP(cleanup_pki_options) struct pki_options options = {.platforms = 32};
	const struct option_spec specs[] = {
		{"out", 'o', OPTION_TEXT, &out, "DIR", "folder to make; must not exist or be empty",
			true},
		{"describe", 0, OPTION_TEXT, &description, "FILE",
			"hosts and their states as JSON; options come on top", false},
		{"platforms", 0, OPTION_NUMBER, &platforms, "N",
			"platforms the collateral covers (32)", false},
		{"hosts", 0, OPTION_TEXT, &hosts, "NAME,NAME", "emulated hosts among them (a,b)",
			false},
		{"tcb-status", 0, OPTION_LIST, &status, "HOST=STATUS",
			"status of the TCB level the host matches (UpToDate)", false},
		{"qe-status", 0, OPTION_TEXT, &qe_status, "STATUS", "of the QE identity (UpToDate)",
			false},
		{"module-status", 0, OPTION_TEXT, &module_status, "STATUS",
			"of the TDX module identities (UpToDate)", false},
		{"revoke", 0, OPTION_LIST, &revoke, "WHAT",
			"pck:HOST, platform-ca, processor-ca or tcb-signing", false},
	};

	if (argc > 1 && strcmp(argv[1], "quote") == 0)
		return pki_quote_command(argc - 1, argv + 1);
	TOOL_TRY(options_parse(argc, argv, usage, specs, COUNT_OF(specs), NULL));
	if (description != NULL && hosts != NULL)
		return tool_fail(TOOL_USAGE, "--hosts: the description names them");
	AUTO_TEXT host_names = tool_text("%s", hosts != NULL ? hosts : "a,b");
	if (description != NULL)
		TOOL_TRY(pki_describe(description, &options));
	else
		TOOL_TRY(split_hosts(host_names, &options));
	if (platforms != 0)
		options.platforms =
			platforms < PKI_PLATFORMS_MAX ? platforms : PKI_PLATFORMS_MAX + 1;
	TOOL_TRY(apply_status(&status, &options));
	TOOL_TRY(apply_common(qe_status, module_status, &options));
	TOOL_TRY(apply_revoked(&revoke, &options));
	return pki_generate(&options, out);
}
