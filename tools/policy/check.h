/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * "Would this peer be accepted, and if not, why?", answered offline by the code that the Migration
 * TD runs, in the order in which it reports (policy spec 1.7, 2.11 to 2.15).  What only a session can
 * check is not: that the quote is bound to the peer's key, and that the peer attests the policy it
 * sent.
 */
#ifndef TOOLS_POLICY_CHECK_H
#define TOOLS_POLICY_CHECK_H

#include "common/tool.h"
#include "policy/reason.h"

/* The Migration TD's own steps behind those of the own side; of v1, a subset in its own order. */
enum check_step {
	CHECK_OWN_POLICY,	/* opens: signature, chain, schema, collateral */
	CHECK_OWN_SIDE,		/* own quote and event log, when given */
#define VERDICT_STEP(NAME, name) CHECK_##NAME,
#include "core/verdict_v2.def"
#undef VERDICT_STEP
	CHECK_STEPS
};

/* False for what only a session can check. */
bool check_is_offline(enum check_step step);

/* Empty blobs are absent. */
struct check_input {
	bool is_source;
	bool v1;
	struct blob policy;
	struct blob issuer_chain;		/* v2 */
	struct blob collateral;			/* a bundle; absent: the policy's own (v2) */
	struct blob quote, event_log;		/* the peer's */
	struct blob peer_policy, peer_chain;	/* v2; absent: the peer runs the own policy */
	struct blob own_quote;			/* what `self` is; absent: unknown */
	struct blob own_event_log;		/* v1, with own_quote */
	struct blob init_tdinfo, servtd_ext;	/* v2, destination: checked when given */
};

/* Of the peer, in the words of policies. */
struct check_facts {
	uint8_t fmspc[6];
	char tcb_date[24];
	const char *tcb_status;
	uint32_t tcb_evaluation_number, pck_crl_number, root_crl_number;
	bool migtd_known;
	uint16_t isvsvn;
	char migtd_date[24];
	const char *migtd_status;
};

struct check_verdict {
	enum status status;		/* STATUS_OK: accepted */
	enum check_step step;		/* that failed, or CHECK_STEPS */
	bool done[CHECK_STEPS];		/* reached and passed */
	bool undecided;			/* a rule compares with the own side, which was not given */
	const char *quote_stage;	/* where the quote's verdict came from */
	struct policy_reason reason;	/* place.property NULL when it is not a rule */
	bool has_facts;
	struct check_facts facts;
};

void policy_check(const struct check_input *in, struct check_verdict *v);

#define V1_FORM_ROOT SIZE_MAX

/*
 * Whether a Migration TD would take the file as its policy v1.  If not, *block is the one that is at
 * fault, or V1_FORM_ROOT when it is none of them.
 */
enum status policy_v1_form(const struct blob *file, size_t *block) MUST_CHECK;

/* The same of a v2 policy: what it says of itself, and up to which byte it is in order. */
struct policy_v2_form {
	uint32_t policy_svn;
	size_t in_order;
};

enum status policy_v2_form(const struct blob *policy, const struct blob *chain,
	struct policy_v2_form *form) MUST_CHECK;

#endif
