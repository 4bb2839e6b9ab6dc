/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "policy/policy.h"
#include "policy/property.h"

/* A list of blocks being judged, block by block. */
struct evaluation {
	const struct policy_facts *facts;
	const struct policy_facts *local;
	struct policy_schema schema;
	struct property property;
	struct policy_reason *reason;	/* of the first fault of the block at hand, in judging order */
	enum status status;
	uint8_t member;			/* its place in that order (enum policy_member) */
	uint8_t index;			/* of the block at hand */
};

static const char *property_name(enum policy_member member)
{
	switch (member) {
	case MEMBER_TCB_EVALUATION_NUMBER:
		return "tcbEvaluationDataNumber";
	case MEMBER_TCB_STATUS:
	case MEMBER_MIGTD_STATUS:
		return "tcbStatusAccepted";
	case MEMBER_TCB_DATE:
	case MEMBER_MIGTD_DATE:
		return "tcbDate";
	case MEMBER_FMSPC:
		return "fmspc";
	case MEMBER_PCK_CRL_NUMBER:
		return "pckCrlNum";
	case MEMBER_ROOT_CRL_NUMBER:
		return "rootCaCrlNum";
	case MEMBER_MIGTD_SVN:
		return "isvsvn";
	default:
		return "";
	}
}

/* --- facts --------------------------------------------------------------------------------- */

static struct fact integer_fact(bool known, uint32_t value)
{
	return (struct fact){.type = FACT_INTEGER, .known = known, .integer = value};
}

/* A date is unknown, or known with its status. */
static struct fact date_fact(bool known, const struct policy_date *date)
{
	struct fact fact = {.type = FACT_STRING, .known = known, .n = date->n};

	memcpy(fact.text, date->text, sizeof(fact.text));
	return fact;
}

static struct fact fmspc_fact(const struct policy_facts *facts)
{
	static const char digits[] = "0123456789ABCDEF";
	struct fact fact = {.type = FACT_STRING, .known = facts->platform_known};

	for (size_t i = 0; i < sizeof(facts->fmspc); i++) {
		fact.text[fact.n++] = (uint8_t)digits[facts->fmspc[i] >> 4];
		fact.text[fact.n++] = (uint8_t)digits[facts->fmspc[i] & 15];
	}
	return fact;
}

static struct fact fact_of(const struct policy_facts *f, enum policy_member member)
{
	const bool platform = f->platform_known;
	const bool level = f->migtd_known && f->migtd_status != TCB_UNKNOWN;
	struct fact status = {.type = FACT_PLATFORM_STATUS};

	switch (member) {
	case MEMBER_TCB_EVALUATION_NUMBER:
		return integer_fact(platform, f->tcb_evaluation_number);
	case MEMBER_TCB_STATUS:
		status.known = platform && f->tcb_status > TCB_UNRECOGNISED;
		status.integer = f->tcb_status;
		return status;
	case MEMBER_TCB_DATE:
		return date_fact(platform, &f->tcb_date);
	case MEMBER_FMSPC:
		return fmspc_fact(f);
	case MEMBER_PCK_CRL_NUMBER:
		return integer_fact(platform, f->pck_crl_number);
	case MEMBER_ROOT_CRL_NUMBER:
		return integer_fact(platform, f->root_crl_number);
	case MEMBER_MIGTD_SVN:
		return integer_fact(f->migtd_known, f->isvsvn);
	case MEMBER_MIGTD_DATE:
		return date_fact(level, &f->migtd_date);
	default:
		status.type = FACT_MIGTD_STATUS;
		status.known = level && f->migtd_status > TCB_UNRECOGNISED;
		status.integer = f->migtd_status;
		return status;
	}
}

/* --- blocks -------------------------------------------------------------------------------- */

static bool is_property(enum policy_member member)
{
	return member >= MEMBER_TCB_EVALUATION_NUMBER && member <= MEMBER_MIGTD_STATUS;
}

static enum status fault_of(enum policy_member member, bool known)
{
	if (member >= MEMBER_MIGTD_SVN)
		return known ? ERR_POLICY_SVN : ERR_POLICY_MIGTD;
	return member >= MEMBER_PCK_CRL_NUMBER ? ERR_POLICY_CRL : ERR_POLICY_TCB;
}

static enum status judge(const struct property *p, enum policy_member member)
{
	if (!p->value.known)
		return fault_of(member, false);
	switch (property_judge(p)) {
	case HOLDS:
		return STATUS_OK;
	case FAILS:
		return fault_of(member, true);
	case BAD_OPERATION:
		return ERR_POLICY_OPERATION;
	case BAD_REFERENCE:
		break;
	}
	return ERR_POLICY_REFERENCE;
}

static void begin_property(struct evaluation *v, enum policy_member member)
{
	const struct fact value = fact_of(v->facts, member);
	const struct fact local = fact_of(v->local, member);

	property_begin(&v->property, &value, &local);
}

static void end_property(struct evaluation *v, enum policy_member member)
{
	const enum status status = judge(&v->property, member);

	if (status == STATUS_OK || (v->status != STATUS_OK && v->member < member))
		return;
	v->status = status;
	v->member = (uint8_t)member;
	v->reason->place.property = property_name(member);
	v->reason->place.index = v->index;
	property_reason(&v->property, v->reason);
}

static enum status take_event(void *ctx, const struct json_event *e)
{
	struct evaluation *v = ctx;
	enum policy_member member;

	TRY(policy_schema_event(&v->schema, e, &member));
	if (is_property(member) && e->kind == JSON_OBJECT_BEGIN) {
		begin_property(v, member);
	} else if (is_property(member) && e->kind == JSON_OBJECT_END) {
		end_property(v, member);
	} else if (member == MEMBER_OPERATION) {
		property_operation(&v->property, e);
	} else if (member == MEMBER_REFERENCE) {
		property_reference(&v->property, e);
	} else if (e->kind == JSON_OBJECT_END && e->depth == 1) {
		/* The end of a block; the first one that fails decides. */
		if (v->index < UINT8_MAX)
			v->index++;
		return v->status;
	}
	return STATUS_OK;
}

/* What no policy can allow, whatever its blocks say (2.13). */
static enum status mandatory(const struct policy_facts *f, struct policy_reason *reason)
{
	const bool platform = f->platform_known && (f->tcb_status <= TCB_UNRECOGNISED ||
			f->tcb_status >= TCB_REVOKED);
	const uint8_t actual = platform ? f->tcb_status :
		f->migtd_known ? f->migtd_status : TCB_UNKNOWN;
	enum status status = STATUS_OK;

	if (platform)
		status = ERR_POLICY_TCB;
	else if (!f->migtd_known || f->migtd_status <= TCB_UNRECOGNISED)
		status = ERR_POLICY_MIGTD;
	else if (f->migtd_status == TCB_REVOKED)
		status = ERR_POLICY_SVN;
	else if (f->migtd_status != TCB_UP_TO_DATE && f->migtd_status != TCB_OUT_OF_DATE)
		status = ERR_POLICY_MIGTD;
	if (status == STATUS_OK)
		return STATUS_OK;
	*reason = (struct policy_reason){.place = {.block = "mandatory",
		.property = platform ? "tcbStatus" : "migtdIdentity.tcbStatus"}};
	reason_text(&reason->expected, platform ? "a known status but Revoked" :
		"a MigTD that its policy maps to a level, UpToDate or OutOfDate");
	reason_text(&reason->actual, tcb_status_name((enum tcb_status)actual));
	return status;
}

static enum status evaluate_list(const struct policy_own *own, const struct policy_span *list,
	const char *name, const struct policy_facts *facts, const struct policy_facts *local,
	struct policy_reason *reason)
{
	struct evaluation v = {.facts = facts, .local = local, .reason = reason};

	*reason = (struct policy_reason){.place = {.block = name, .property = ""}};
	policy_schema_begin(&v.schema, NODE_BLOCK, true);
	if (list->end > list->begin) {
		const enum status status = json_parse(own->policy + list->begin,
			list->end - list->begin, take_event, &v);
		if (status != STATUS_OK)
			return status;
	}
	return mandatory(facts, reason);
}

enum status policy_evaluate(const struct policy_own *own, bool is_source,
	const struct policy_record *peer, const struct policy_facts *facts,
	const struct policy_facts *local, struct policy_reason *reason)
{
	const struct policy_span *side = is_source ? &own->index.forward : &own->index.backward;

	TRY(evaluate_list(own, &own->index.common, "policy", facts, local, reason));
	TRY(evaluate_list(own, side, is_source ? "forwardPolicy" : "backwardPolicy", facts, local,
		reason));
	if (is_source && peer->policy_svn < own->record.policy_svn) {
		*reason = (struct policy_reason){
			.place = {.block = "mandatory", .property = "policySvn"},
			.operation = "greater-or-equal"};
		reason_dec(&reason->expected, own->record.policy_svn);
		reason_dec(&reason->actual, peer->policy_svn);
		return ERR_POLICY_SVN;
	}
	return STATUS_OK;
}
