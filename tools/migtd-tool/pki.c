/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "pki/pki.h"

#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "common/options.h"

static struct pki_host *find_host(struct pki_options *options, const char *name)
{
	for (size_t i = 0; i < options->host_count; i++)
		if (strcmp(options->hosts[i].name, name) == 0)
			return &options->hosts[i];
	tool_fail(TOOL_USAGE, "no host is named %s", name);
	return NULL;
}

/* "a,b,c"; cuts the text up. */
static int split_hosts(char *text, struct pki_options *options)
{
	for (char *rest = text; rest != NULL;) {
		if (options->host_count == PKI_HOSTS_MAX)
			return tool_fail(TOOL_USAGE, "--hosts: more than %d", PKI_HOSTS_MAX);
		options->hosts[options->host_count++].name = strsep(&rest, ",");
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
		struct pki_host *host = find_host(options, name);
		if (host == NULL)
			return TOOL_USAGE;
		host->tcb_status = equals + 1;
	}
	return TOOL_OK;
}

static int apply_revoked(const struct option_list *list, struct pki_options *options)
{
	for (size_t i = 0; i < list->n; i++) {
		const char *what = list->item[i];
		if (strcmp(what, "platform-ca") == 0) {
			options->revoke_platform_ca = true;
		} else if (strcmp(what, "tcb-signing") == 0) {
			options->revoke_tcb_signing = true;
		} else if (strncmp(what, "pck:", 4) == 0) {
			struct pki_host *host = find_host(options, what + 4);
			if (host == NULL)
				return TOOL_USAGE;
			host->revoked = true;
		} else {
			return tool_fail(TOOL_USAGE,
				"--revoke: '%s' is none of pck:HOST, platform-ca, "
				"tcb-signing",
				what);
		}
	}
	return TOOL_OK;
}

int command_pki(int argc, char **argv)
{
	const char *out = NULL, *hosts = "a,b", *qe_status = NULL, *module_status = NULL;
	struct option_list status = {0}, revoke = {0};
	uint64_t platforms = 32;
	struct pki_options options = {0};
	const struct option_spec specs[] = {
		{"out", 'o', OPTION_TEXT, &out, "DIR", "folder to make; must not exist or be empty",
			true},
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
		{"revoke", 0, OPTION_LIST, &revoke, "WHAT", "pck:HOST, platform-ca or tcb-signing",
			false},
	};

	TOOL_TRY(options_parse(
		argc, argv, "migtd-tool pki --out DIR [options]", specs, COUNT_OF(specs), NULL));
	AUTO_TEXT host_names = tool_text("%s", hosts);
	options.platforms = platforms < PKI_PLATFORMS_MAX ? platforms : PKI_PLATFORMS_MAX + 1;
	options.qe_status = qe_status;
	options.module_status = module_status;
	TOOL_TRY(split_hosts(host_names, &options));
	TOOL_TRY(apply_status(&status, &options));
	TOOL_TRY(apply_revoked(&revoke, &options));
	return pki_generate(&options, out);
}
