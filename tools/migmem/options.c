/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The options that migmem's measuring commands share. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "migmem/options.h"
#include "migmem/phases.h"
#include "tdx/get_quote.h"

#define SESSIONS_MOST 8192
#define RX_PAGES_MOST 16
#define DISTINCT_MOST 256
#define ROUNDS_MOST 1000000

const struct run_options run_defaults = {
	.sessions = 2,
	.policy = "v2",
	.policies = "same",
	.roles = "apart",
	.transport = "vsock",
	.target = "host",
	.hold = "key-exchange",
	.rounds = 1,
	.rx_pages = 1,
	.log_level = "info",
};

size_t run_specs(struct run_options *o, struct option_spec *specs)
{
	const struct option_spec own[] = {
		{"policy", 0, OPTION_TEXT, &o->policy, "v1|v2", "policy version (v2)", false},
		{"policy-size", 0, OPTION_SIZE, &o->policy_size, "BYTES",
			"of generated policies (v2: 172021, v1: 48893)", false},
		{"quote-size", 0, OPTION_SIZE, &o->quote_size, "BYTES",
			"of the largest quotes of generated hosts (as they come)", false},
		{"policy-file", 0, OPTION_LIST, &o->policy_files, "FILE", "use this policy", false},
		{"policy-issuer-chain", 0, OPTION_TEXT, &o->policy_issuer_chain, "FILE",
			"of --policy-file, for v2", false},
		{"pki", 0, OPTION_TEXT, &o->pki, "DIR",
			"from 'migtd-tool pki --hosts a,b' (a new one)", false},
		{"policies", 0, OPTION_TEXT, &o->policies, "same|distinct",
			"distinct: each peer has another policy, in two passes of N peers each",
			false},
		{"roles", 0, OPTION_TEXT, &o->roles, "apart|both",
			"both: each MigTD is source of every other session and destination of the "
			"rest, N in all (apart)", false},
		{"init-tdinfo", 0, OPTION_FLAG, &o->init_tdinfo, NULL,
			"give each session an initial TDINFO, its MigTD's own (v2)", false},
		{"transport", 0, OPTION_TEXT, &o->transport, "vsock|vmcall-raw",
			"how MigTD and VMM talk (vsock)", false},
		{"rx-pages", 0, OPTION_NUMBER, &o->rx_pages, "N",
			"vmcall-raw: shared pages of a Receive, 1 to 16 (1)", false},
		{"target", 0, OPTION_TEXT, &o->target, "host|inproc",
			"what runs: processes on this host; or all in this process, on a virtual "
			"clock, all randomness from --seed (host)", false},
		{"hold", 0, OPTION_TEXT, &o->hold, "PHASE|all|none",
			"where all sessions wait for each other, and once more after attest; none: "
			"nowhere, and time limits run as in the product (key-exchange)", false},
		{"rounds", 0, OPTION_NUMBER, &o->rounds, "R",
			"do it R times in the same MigTDs (1)", false},
		{"seed", 0, OPTION_NUMBER, &o->seed, "S",
			"order in which sessions start (0: as numbered)", false},
		{"json", 0, OPTION_TEXT, &o->json, "FILE",
			"write the results; - is the standard output, alone", false},
		{"report", 0, OPTION_TEXT, &o->report, "DIR", "report.html, report.md, results and all logs", false},
		{"memory", 0, OPTION_TEXT, &o->memory, "SIZE",
			"of the measured MigTDs, as the next three (enough)", false},
		{"stack", 0, OPTION_TEXT, &o->stack, "SIZE", "of the region", false},
		{"heap", 0, OPTION_TEXT, &o->heap, "SIZE", "of the region", false},
		{"shared", 0, OPTION_TEXT, &o->shared, "SIZE", "of the region", false},
		{"sessions-max", 0, OPTION_TEXT, &o->sessions_max, "N",
			"most that they admit (as many as the heap holds)", false},
		{"fault", 0, OPTION_LIST, &o->faults, "NAME[=ARG]",
			"of both emulated hosts (tdhost platform --help)", false},
		{"log-level", 'l', OPTION_TEXT, &o->log_level, "LEVEL", "of the MigTDs (info)",
			false},
		{"migtd", 0, OPTION_TEXT, &o->migtd, "FILE",
			"measuring build (found beside migmem)", false},
		{"tdhost", 0, OPTION_TEXT, &o->tdhost, "FILE",
			"emulated platform (found beside migmem)", false},
		{"wait", 0, OPTION_NUMBER, &o->wait_seconds, "SECONDS",
			"limit of each wait (60 and 1 a session)", false},
		{"brief", 0, OPTION_FLAG, &o->brief, NULL, "tables and verdicts only", false},
		{"keep", 0, OPTION_FLAG, &o->keep, NULL, "leave the temporary folder", false},
	};

	_Static_assert(COUNT_OF(own) <= RUN_SPECS_MAX, "room for every option");
	memcpy(specs, own, sizeof(own));
	return COUNT_OF(own);
}

static bool is_one_of(const char *value, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(value, words[i]) == 0)
			return true;
	return false;
}

/* What is said to a value that is none of them; `also` may be empty. */
static int none_of(const char *option, const char *value, const char *also,
	const char *const *words, size_t n)
{
	char *list = tool_text("%s", also);

	for (size_t i = 0; i < n; i++) {
		char *longer = tool_text("%s%s%s", list, *list == '\0' ? "" : ", ", words[i]);
		free(list);
		list = longer;
	}
	const int code = tool_fail(TOOL_USAGE, "--%s: '%s' is not one of %s", option, value, list);
	free(list);
	return code;
}

static int one_of(const char *option, const char *value, const char *const *words, size_t n)
{
	return is_one_of(value, words, n) ? TOOL_OK : none_of(option, value, "", words, n);
}

static int check_hold(const char *hold)
{
	static const char *const also[] = {"all", "none"};
	/* Nobody is left to be held after the last phase. */
	const size_t phases = phase_count - 1;

	if (is_one_of(hold, also, COUNT_OF(also)) || is_one_of(hold, phase_words, phases))
		return TOOL_OK;
	return none_of("hold", hold, "all, none", phase_words, phases);
}

/* Told before a run, which may take long, and not behind it. */
static int check_outputs(const struct run_options *o)
{
	if (o->report != NULL)
		TOOL_TRY(folder_make(o->report));
	if (o->json == NULL || strcmp(o->json, "-") == 0)
		return TOOL_OK;
	AUTO_TEXT folder = tool_text("%s", o->json);
	char *name = strrchr(folder, '/');
	if (name != NULL)
		name[1] = '\0';
	if (access(name != NULL ? folder : ".", W_OK | X_OK) != 0)
		return tool_fail(
			TOOL_USAGE, "%s: cannot write: %s", o->json, strerror(errno));
	return TOOL_OK;
}

int run_check(struct run_options *o)
{
	static const char *const policy[] = {"v1", "v2"}, *const policies[] = {"same", "distinct"},
				 *const roles[] = {"apart", "both"},
				 *const transport[] = {"vsock", "vmcall-raw"},
				 *const target[] = {"host", "inproc"};

	TOOL_TRY(one_of("policy", o->policy, policy, COUNT_OF(policy)));
	TOOL_TRY(one_of("policies", o->policies, policies, COUNT_OF(policies)));
	TOOL_TRY(one_of("roles", o->roles, roles, COUNT_OF(roles)));
	TOOL_TRY(one_of("transport", o->transport, transport, COUNT_OF(transport)));
	TOOL_TRY(one_of("target", o->target, target, COUNT_OF(target)));
	TOOL_TRY(check_hold(o->hold));
	if (o->rx_pages == 0 || o->rx_pages > RX_PAGES_MOST)
		return tool_fail(TOOL_USAGE, "--rx-pages: must be 1 to %d", RX_PAGES_MOST);
	o->raw = strcmp(o->transport, "vmcall-raw") == 0;
	if (!o->raw && o->rx_pages != 1)
		return tool_fail(TOOL_USAGE, "--rx-pages: only vmcall-raw has them");
	o->v1 = strcmp(o->policy, "v1") == 0;
	if (o->v1 && o->init_tdinfo)
		return tool_fail(TOOL_USAGE, "--init-tdinfo: policy v1 knows none");
	if (o->policy_size == 0)
		o->policy_size = o->v1 ? POLICY_V1_SIZE_DEFAULT : POLICY_SIZE_DEFAULT;
	o->distinct = strcmp(o->policies, "distinct") == 0;
	o->both = strcmp(o->roles, "both") == 0;
	/* Results on the standard output stay alone there. */
	o->tables = o->json != NULL && strcmp(o->json, "-") == 0 ? stderr : stdout;
	if (o->out == NULL || !o->brief)
		o->out = o->brief ? fopen("/dev/null", "w") : o->tables;
	if (o->out == NULL)
		return tool_fail(TOOL_USAGE, "/dev/null cannot be written");
	const uint64_t most = o->distinct ? DISTINCT_MOST : SESSIONS_MOST;
	if (o->sessions == 0 || o->sessions > most)
		return tool_fail(
			TOOL_USAGE, "--sessions: must be 1 to %llu%s", (unsigned long long)most,
			o->distinct ? " with different policies" : "");
	if (o->quote_size > QUOTE_SIZE_MAX)
		return tool_fail(TOOL_USAGE,
			"--quote-size: a Migration TD's buffers hold quotes of %d bytes at most",
			QUOTE_SIZE_MAX);
	if (o->quote_size != 0 && o->pki != NULL)
		return tool_fail(TOOL_USAGE, "--quote-size: the hosts of --pki are made already");
	if (o->rounds == 0 || o->rounds > ROUNDS_MOST)
		return tool_fail(TOOL_USAGE, "--rounds: must be 1 to %d", ROUNDS_MOST);
	if (o->wait_seconds > 86400)
		return tool_fail(TOOL_USAGE, "--wait: more than a day");
	return check_outputs(o);
}
