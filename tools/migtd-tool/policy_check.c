/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* `policy check`: would this peer be accepted, and if not, why? */
#include "policy/check.h"

#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "common/options.h"
#include "common/json_text.h"
#include "quote/quote.h"

static const struct {
	const char *name, *text;
} steps[CHECK_STEPS] = {
	[CHECK_OWN_POLICY] = {"own_policy", "own policy opens"},
	[CHECK_OWN_SIDE] = {"own_side", "own quote verifies"},
	[CHECK_QUOTE] = {"quote", "quote verifies with the collateral"},
	[CHECK_NOT_DEBUG] = {"not_debug", "not a debug TD"},
	[CHECK_PEER_POLICY] = {"peer_policy", "peer's policy is well-formed"},
	[CHECK_EVENT_LOG] = {"event_log", "event log replays to the quoted RTMRs"},
	[CHECK_PEER_SIGNATURES] = {"peer_signatures", "peer's policy is signed"},
	[CHECK_PEER_CHAINS] = {"peer_chains", "its chains have the own roots and signers"},
	[CHECK_MEASURED_POLICY] = {"measured_policy", "it is the policy that the peer measured"},
	[CHECK_RULES] = {"rules", "the own policy's rules hold"},
	[CHECK_INITIAL] = {"initial", "the initial MigTD is an older or the same one"},
};

static json_t *value_json(const struct reason_text *value)
{
	AUTO_TEXT text =
		tool_text("%.*s%s", value->n, (const char *)value->text, value->cut ? "..." : "");

	return json_string(text);
}

static json_t *rule_json(const struct policy_reason *r)
{
	if (r->place.property == NULL)
		return json_null();
	return json_pack("{s:s, s:i, s:s, s:s?, s:o, s:o}", "block", r->place.block, "index",
		r->place.index, "property", r->place.property, "operation", r->operation,
		"expected", value_json(&r->expected), "actual", value_json(&r->actual));
}

static json_t *facts_json(const struct check_facts *f)
{
	AUTO_TEXT fmspc = hex_upper(f->fmspc, sizeof(f->fmspc));
	json_t *facts = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I}", "fmspc", fmspc, "tcbDate",
		f->tcb_date, "tcbStatus", f->tcb_status, "tcbEvaluationDataNumber",
		(json_int_t)f->tcb_evaluation_number, "pckCrlNum", (json_int_t)f->pck_crl_number,
		"rootCaCrlNum", (json_int_t)f->root_crl_number);

	if (f->migtd_known)
		json_object_set_new(facts, "migtd",
			json_pack("{s:i, s:s, s:s}", "isvsvn", f->isvsvn, "tcbDate", f->migtd_date,
				"tcbStatus", f->migtd_status));
	else
		json_object_set_new(facts, "migtd", json_null());
	return facts;
}

static json_t *verdict_json(const struct check_verdict *v, bool v1)
{
	const bool accepted = v->status == STATUS_OK;
	json_t *checks = json_object();

	for (enum check_step i = 0; i < CHECK_STEPS; i++)
		if (check_is_offline(i))
			json_object_set_new(checks, steps[i].name,
				v->done[i]	       ? json_true() :
				!accepted && i == v->step ? json_false() :
							    json_null());
	return json_pack("{s:b, s:s, s:o, s:s?, s:s?, s:s?, s:i, s:s?, s:o, s:o}", "accepted", accepted,
		"policy", v1 ? "v1" : "v2", "checks", checks, "failed",
		accepted ? NULL : steps[v->step].name, "reject_code",
		accepted ? NULL : status_name(v->status), "reject_reason",
		accepted ? NULL : status_text(v->status), "migration_result",
		(int)status_result(v->status), "quote_stage",
		accepted ? NULL : v->quote_stage, "rule", rule_json(&v->reason), "peer",
		v->has_facts ? facts_json(&v->facts) : json_null());
}

/* --- as text -------------------------------------------------------------------------------- */

static void print_rule(const struct policy_reason *r)
{
	if (r->place.property == NULL)
		return;
	printf("\nrule      %s[%u] %s\n", r->place.block, r->place.index, r->place.property);
	if (r->operation != NULL)
		printf("operation %s\n", r->operation);
	printf("expected  %.*s%s\n", r->expected.n, (const char *)r->expected.text,
		r->expected.cut ? "..." : "");
	printf("actual    %.*s%s\n", r->actual.n, (const char *)r->actual.text,
		r->actual.cut ? "..." : "");
}

static void print_verdict(const struct check_verdict *v, bool v1)
{
	const bool accepted = v->status == STATUS_OK;
	const struct check_facts *f = &v->facts;

	for (enum check_step i = 0; i < CHECK_STEPS; i++)
		if (check_is_offline(i))
			printf("%-8s  %s\n",
				v->done[i]		  ? "ok" :
				!accepted && i == v->step ? "REJECTED" :
							    "-",
				steps[i].text);
	print_rule(&v->reason);
	if (v->has_facts) {
		AUTO_TEXT fmspc = hex_upper(f->fmspc, sizeof(f->fmspc));
		printf("\nplatform  %s, %s of %s, evaluation data %u, CRLs %u and %u\n", fmspc,
			f->tcb_status, f->tcb_date, f->tcb_evaluation_number, f->pck_crl_number,
			f->root_crl_number);
		if (f->migtd_known)
			printf("MigTD     isvsvn %u, %s of %s\n", f->isvsvn, f->migtd_status,
				f->migtd_date);
		else if (!v1)
			puts("MigTD     not in the mapping of its policy");
	}
	puts("\nNot checked offline: that the quote is bound to the session's key.");
}

/* --- command line --------------------------------------------------------------------------- */

struct paths {
	const char *policy, *issuer_chain, *root_ca, *collateral, *role;
	const char *quote, *event_log, *peer_policy, *peer_chain, *init_tdinfo, *servtd_ext;
	const char *own_quote, *own_event_log;
};

static int read_if(const char *path, struct blob *to)
{
	if (path == NULL)
		return TOOL_OK;
	TOOL_TRY(file_read(path, to));
	return to->size > 0 ? TOOL_OK : tool_fail(TOOL_USAGE, "%s: is empty", path);
}

static int read_sized(const char *path, size_t size, struct blob *to)
{
	TOOL_TRY(read_if(path, to));
	if (path != NULL && to->size != size)
		return tool_fail(
			TOOL_USAGE, "%s: has %zu bytes, not %zu", path, to->size, size);
	return TOOL_OK;
}

static int go_together(const char *a, const char *one, const char *b, const char *other)
{
	return (a == NULL) == (b == NULL) ?
		       TOOL_OK :
		       tool_fail(TOOL_USAGE, "%s and %s go together", one, other);
}

/* Which version, and whether what was given makes sense for it. */
static int check_paths(const struct paths *p, struct check_input *in)
{
	if (p->issuer_chain != NULL && p->root_ca != NULL)
		return tool_fail(TOOL_USAGE,
			"--policy-issuer-chain (policy v2) and --root-ca (v1) exclude each other");
	in->v1 = p->issuer_chain == NULL;
	if (in->v1 && p->collateral == NULL)
		return tool_fail(TOOL_USAGE,
			"--policy-issuer-chain (policy v2), or --collateral and --root-ca (v1), "
			"are needed");
	if (in->v1 && (p->peer_policy != NULL || p->init_tdinfo != NULL))
		return tool_fail(TOOL_USAGE, "%s: is for policy v2",
			p->peer_policy != NULL ? "--peer-policy" : "--init-tdinfo");
	if (!in->v1 && p->own_event_log != NULL)
		return tool_fail(TOOL_USAGE, "--own-eventlog: is for policy v1");
	if (p->role != NULL && strcmp(p->role, "source") != 0 && strcmp(p->role, "destination") != 0)
		return tool_fail(TOOL_USAGE, "--role: '%s' is neither source nor destination",
			p->role);
	in->is_source = p->role == NULL || strcmp(p->role, "source") == 0;
	if (in->is_source && p->init_tdinfo != NULL)
		return tool_fail(TOOL_USAGE, "--init-tdinfo: only a destination checks it");
	if (in->v1)
		TOOL_TRY(go_together(
			p->own_quote, "--own-quote", p->own_event_log, "--own-eventlog"));
	TOOL_TRY(go_together(p->peer_policy, "--peer-policy", p->peer_chain, "--peer-chain"));
	return go_together(p->init_tdinfo, "--init-tdinfo", p->servtd_ext, "--servtd-ext");
}

static int read_all(const struct paths *p, struct check_input *in)
{
	TOOL_TRY(check_paths(p, in));
	TOOL_TRY(read_if(p->policy, &in->policy));
	TOOL_TRY(read_if(p->issuer_chain, &in->issuer_chain));
	TOOL_TRY(read_if(p->quote, &in->quote));
	TOOL_TRY(read_if(p->event_log, &in->event_log));
	TOOL_TRY(read_if(p->peer_policy, &in->peer_policy));
	TOOL_TRY(read_if(p->peer_chain, &in->peer_chain));
	TOOL_TRY(read_if(p->own_quote, &in->own_quote));
	TOOL_TRY(read_if(p->own_event_log, &in->own_event_log));
	TOOL_TRY(read_sized(p->init_tdinfo, 512, &in->init_tdinfo));
	TOOL_TRY(read_sized(p->servtd_ext, 272, &in->servtd_ext));
	return p->collateral != NULL ?
		       collateral_read(p->collateral, p->root_ca, &in->collateral) :
		       TOOL_OK;
}

static void cleanup_input(struct check_input *in)
{
	struct blob *const blobs[] = {&in->policy, &in->issuer_chain, &in->collateral, &in->quote,
		&in->event_log, &in->peer_policy, &in->peer_chain, &in->own_quote,
		&in->own_event_log, &in->init_tdinfo, &in->servtd_ext};

	for (size_t i = 0; i < COUNT_OF(blobs); i++)
		cleanup_blob(blobs[i]);
}

/* What this side gave cannot be read: no verdict on the peer, good or bad. */
static bool is_unreadable(const struct check_verdict *v)
{
	const bool own = v->step == CHECK_OWN_POLICY || v->step == CHECK_OWN_SIDE;

	switch (v->status) {
	case ERR_JSON:
	case ERR_JSON_DEPTH:
	case ERR_POLICY_FORMAT:
	case ERR_QUOTE_FORMAT:
	case ERR_EVENT_LOG:
		return own;
	default:
		return false;
	}
}

static const char *subject(const struct paths *p, const struct check_verdict *v)
{
	if (v->step == CHECK_OWN_POLICY)
		return p->policy;
	if (v->step == CHECK_OWN_SIDE)
		return v->status == ERR_EVENT_LOG || v->status == ERR_EVENT_LOG_RTMR ?
			       p->own_event_log :
			       p->own_quote;
	return p->quote;
}

static int tell(const struct paths *p, bool v1, const struct check_verdict *v, bool json)
{
	if (v->undecided)
		return tool_fail(TOOL_USAGE,
			"%s: %s[%u] %s compares with this side: --own-quote is needed%s", p->policy,
			v->reason.place.block, v->reason.place.index, v->reason.place.property,
			v1 ? ", and --own-eventlog" : "");
	if (is_unreadable(v))
		return tool_fail(TOOL_USAGE, "%s: %s", subject(p, v), status_text(v->status));
	if (json) {
		AUTO_JSON verdict = verdict_json(v, v1);
		AUTO_TEXT text = json_compact(verdict);
		puts(text);
	} else {
		print_verdict(v, v1);
	}
	if (v->status == STATUS_OK)
		return TOOL_OK;
	return tool_fail(TOOL_REJECT, "%s: rejected at %s: %s", subject(p, v),
		steps[v->step].name, status_text(v->status));
}

int policy_check_command(int argc, char **argv)
{
	struct paths p = {0};
	bool json = false;
	const struct option_spec specs[] = {
		{"policy", 'p', OPTION_TEXT, &p.policy, "FILE", "own policy", true},
		{"policy-issuer-chain", 'c', OPTION_TEXT, &p.issuer_chain, "FILE",
			"its issuer chain, PEM, leaf first (policy v2)", false},
		{"root-ca", 0, OPTION_TEXT, &p.root_ca, "FILE",
			"SGX root CA, DER or PEM (policy v1)", false},
		{"collateral", 0, OPTION_TEXT, &p.collateral, "FILE|DIR",
			"bundle, packed, or folder of answers; for v2 in place of the policy's own",
			false},
		{"peer-quote", 0, OPTION_TEXT, &p.quote, "FILE", "TDX quote, version 4 or 5", true},
		{"peer-eventlog", 0, OPTION_TEXT, &p.event_log, "FILE", "as the peer sends it",
			true},
		{"peer-policy", 0, OPTION_TEXT, &p.peer_policy, "FILE",
			"the peer's policy (the same as the own)", false},
		{"peer-chain", 0, OPTION_TEXT, &p.peer_chain, "FILE", "and its issuer chain",
			false},
		{"own-quote", 0, OPTION_TEXT, &p.own_quote, "FILE",
			"of this side, for rules that say self or init", false},
		{"own-eventlog", 0, OPTION_TEXT, &p.own_event_log, "FILE", "the same, policy v1",
			false},
		{"role", 0, OPTION_TEXT, &p.role, "source|destination",
			"of this side (source)", false},
		{"init-tdinfo", 0, OPTION_TEXT, &p.init_tdinfo, "FILE",
			"what a source sends as initial TDINFO, 512 bytes", false},
		{"servtd-ext", 0, OPTION_TEXT, &p.servtd_ext, "FILE", "and its SERVTD_EXT, 272",
			false},
		{"json", 0, OPTION_FLAG, &json, NULL, "print the verdict as JSON", false},
	};
	CLEANUP(cleanup_input) struct check_input in = {0};
	struct check_verdict verdict;

	TOOL_TRY(options_parse(argc, argv,
		"migtd-tool policy check --policy FILE --policy-issuer-chain FILE "
		"--peer-quote FILE --peer-eventlog FILE [options]\n"
		"   or: migtd-tool policy check --policy FILE --root-ca FILE --collateral FILE "
		"--peer-quote FILE --peer-eventlog FILE [options]",
		specs, COUNT_OF(specs), NULL));
	TOOL_TRY(read_all(&p, &in));
	policy_check(&in, &verdict);
	return tell(&p, in.v1, &verdict, json);
}
