/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "policy/property.h"

void property_begin(struct property *p, const struct fact *value, const struct fact *local)
{
	memset(p, 0, sizeof(*p));
	p->value = *value;
	p->local = *local;
}

static bool text_is(const uint8_t *at, size_t n, const char *text)
{
	return strlen(text) == n && memcmp(at, text, n) == 0;
}

static const char *const operation_names[] = {
	[OPERATION_OTHER] = "(unknown operation)",
	[OPERATION_EQUAL] = "equal",
	[OPERATION_GREATER_OR_EQUAL] = "greater-or-equal",
	[OPERATION_IN_RANGE] = "in-range",
	[OPERATION_SUBSET] = "subset",
	[OPERATION_ALLOW_LIST] = "allow-list",
	[OPERATION_DENY_LIST] = "deny-list",
};

void property_operation(struct property *p, const struct json_event *e)
{
	p->operation = OPERATION_OTHER;
	if (!e->first || !e->last)
		return;
	if (text_is(e->text, e->n, "in-time-range"))
		p->operation = OPERATION_IN_RANGE;
	for (uint8_t i = OPERATION_EQUAL; i < ARRAY_SIZE(operation_names); i++)
		if (text_is(e->text, e->n, operation_names[i]))
			p->operation = i;
}

/* --- the reference ------------------------------------------------------------------------- */

static void list_comma(struct property *p)
{
	if (p->list.n > 0)
		reason_text(&p->list, ", ");
}

static void list_integer(struct property *p, const struct json_event *e)
{
	list_comma(p);
	reason_dec(&p->list, e->value);
	if (p->value.type == FACT_INTEGER && e->value == p->value.integer)
		p->contains = true;
}

static void list_string(struct property *p, const struct json_event *e)
{
	p->reference = REFERENCE_STRING_LIST;
	if (e->first)
		list_comma(p);
	reason_text_n(&p->list, e->text, e->n);
	if (!e->first)
		return;
	/* No fact and no status name needs more than one part. */
	if (!e->last) {
		p->unknown_status = true;
		return;
	}
	if (p->value.type == FACT_STRING && e->n == p->value.n &&
	    memcmp(e->text, p->value.text, e->n) == 0)
		p->contains = true;
	const enum tcb_status status = tcb_status_of(e->text, e->n);
	if (status == TCB_UNRECOGNISED)
		p->unknown_status = true;
	if (status == TCB_CONFIGURATION_NEEDED)
		p->configuration = true;
}

static void lone_string(struct property *p, const struct json_event *e)
{
	p->reference = REFERENCE_STRING;
	p->cut = !e->first || !e->last;
	if (e->first) {
		p->n = (uint8_t)e->n;
		memcpy(p->text, e->text, e->n);
	}
}

void property_reference(struct property *p, const struct json_event *e)
{
	const bool in_list = p->reference == REFERENCE_INTEGER_LIST ||
		p->reference == REFERENCE_STRING_LIST;

	if (e->kind == JSON_ARRAY_BEGIN) {
		p->reference = REFERENCE_INTEGER_LIST;
	} else if (e->kind == JSON_NUMBER && in_list) {
		list_integer(p, e);
	} else if (e->kind == JSON_NUMBER) {
		p->reference = REFERENCE_INTEGER;
		p->integer = (uint32_t)e->value;
	} else if (e->kind == JSON_STRING && in_list) {
		list_string(p, e);
	} else if (e->kind == JSON_STRING) {
		lone_string(p, e);
	}
}

/* --- judgement ----------------------------------------------------------------------------- */

static enum property_outcome outcome(bool holds)
{
	return holds ? HOLDS : FAILS;
}

/* The reference is the same fact about this MigTD. */
static bool is_local(const struct property *p)
{
	return !p->cut && (text_is(p->text, p->n, "self") || text_is(p->text, p->n, "init"));
}

static enum property_outcome compare_integers(const struct property *p, uint32_t with)
{
	if (p->operation == OPERATION_EQUAL)
		return outcome(p->value.integer == with);
	if (p->operation == OPERATION_GREATER_OR_EQUAL)
		return outcome(p->value.integer >= with);
	return BAD_OPERATION;
}

/* Decimal of 32 bits with at least one digit; one leading + is taken. */
static bool decimal(const uint8_t *at, size_t n, uint32_t *value)
{
	uint64_t sum = 0;

	if (n > 0 && *at == '+') {
		at++;
		n--;
	}
	for (size_t i = 0; i < n; i++) {
		if (at[i] < '0' || at[i] > '9')
			return false;
		sum = sum * 10 + (uint64_t)(at[i] - '0');
		if (sum > UINT32_MAX)
			return false;
	}
	*value = (uint32_t)sum;
	return n > 0;
}

/* "a..b", both ends included. */
static enum property_outcome in_range(const struct property *p)
{
	size_t dots = 0, at = 0;
	uint32_t from, to;

	if (p->operation != OPERATION_IN_RANGE)
		return BAD_OPERATION;
	if (p->cut)
		return BAD_REFERENCE;
	for (size_t i = 0; i + 1 < p->n; i++) {
		if (p->text[i] == '.' && p->text[i + 1] == '.') {
			dots++;
			at = i++;
		}
	}
	if (dots != 1)
		return BAD_OPERATION;
	if (!decimal(p->text, at, &from) || !decimal(p->text + at + 2, p->n - at - 2u, &to))
		return BAD_REFERENCE;
	return outcome(from <= p->value.integer && p->value.integer <= to);
}

static enum property_outcome judge_integer(const struct property *p)
{
	switch ((enum property_reference)p->reference) {
	case REFERENCE_INTEGER:
		return compare_integers(p, p->integer);
	case REFERENCE_STRING:
		if (!is_local(p))
			return in_range(p);
		return p->local.known ? compare_integers(p, p->local.integer) : BAD_REFERENCE;
	case REFERENCE_INTEGER_LIST:
		return p->operation == OPERATION_SUBSET ? outcome(p->contains) : BAD_OPERATION;
	case REFERENCE_STRING_LIST:
	case REFERENCE_NONE:
		break;
	}
	return BAD_REFERENCE;
}

/* Order of texts by their bytes; `cut` says that the second one goes on. */
static int compare_texts(const uint8_t *a, size_t an, const uint8_t *b, size_t bn, bool cut)
{
	const int order = memcmp(a, b, an < bn ? an : bn);

	if (order != 0)
		return order;
	if (an == bn)
		return cut ? -1 : 0;
	return an < bn ? -1 : 1;
}

static enum property_outcome compare_strings(const struct property *p, const uint8_t *text,
	size_t n, bool cut)
{
	const int order = compare_texts(p->value.text, p->value.n, text, n, cut);

	if (p->operation == OPERATION_EQUAL)
		return outcome(order == 0);
	if (p->operation == OPERATION_GREATER_OR_EQUAL)
		return outcome(order >= 0);
	return BAD_OPERATION;
}

static enum property_outcome judge_string(const struct property *p)
{
	switch ((enum property_reference)p->reference) {
	case REFERENCE_STRING:
		if (!is_local(p))
			return compare_strings(p, p->text, p->n, p->cut);
		if (!p->local.known)
			return BAD_REFERENCE;
		return compare_strings(p, p->local.text, p->local.n, false);
	case REFERENCE_STRING_LIST:
		if (p->operation == OPERATION_ALLOW_LIST)
			return outcome(p->contains);
		return p->operation == OPERATION_DENY_LIST ? outcome(!p->contains) : BAD_OPERATION;
	case REFERENCE_INTEGER:
	case REFERENCE_INTEGER_LIST:
	case REFERENCE_NONE:
		break;
	}
	return BAD_REFERENCE;
}

/* Rank by which statuses compare; -1 for what is none. */
static int rank(uint32_t status)
{
	switch (status) {
	case TCB_UP_TO_DATE:
	case TCB_SW_HARDENING_NEEDED:
	case TCB_OUT_OF_DATE:
		return 2;
	case TCB_CONFIGURATION_NEEDED:
	case TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED:
	case TCB_OUT_OF_DATE_CONFIGURATION_NEEDED:
		return 1;
	case TCB_REVOKED:
		return 0;
	default:
		return -1;
	}
}

static enum property_outcome compare_ranks(const struct property *p)
{
	uint32_t with = p->cut ? TCB_UNRECOGNISED : tcb_status_of(p->text, p->n);

	if (is_local(p))
		with = p->local.known ? p->local.integer : TCB_UNKNOWN;
	if (rank(with) < 0)
		return BAD_REFERENCE;
	if (p->operation == OPERATION_EQUAL)
		return outcome(rank(p->value.integer) == rank(with));
	if (p->operation == OPERATION_GREATER_OR_EQUAL)
		return outcome(rank(p->value.integer) >= rank(with));
	return BAD_OPERATION;
}

static enum property_outcome judge_platform_status(const struct property *p)
{
	/* Only the middle rank is up to the policy. */
	if (rank(p->value.integer) != 1)
		return outcome(rank(p->value.integer) == 2);
	switch ((enum property_reference)p->reference) {
	case REFERENCE_STRING:
		return compare_ranks(p);
	case REFERENCE_STRING_LIST:
		if (p->unknown_status)
			return BAD_REFERENCE;
		if (p->operation == OPERATION_ALLOW_LIST)
			return outcome(p->configuration);
		return p->operation == OPERATION_DENY_LIST ? FAILS : BAD_OPERATION;
	case REFERENCE_INTEGER:
	case REFERENCE_INTEGER_LIST:
	case REFERENCE_NONE:
		break;
	}
	return BAD_REFERENCE;
}

enum property_outcome property_judge(const struct property *p)
{
	switch (p->value.type) {
	case FACT_INTEGER:
		return judge_integer(p);
	case FACT_STRING:
		return judge_string(p);
	case FACT_PLATFORM_STATUS:
		return judge_platform_status(p);
	case FACT_MIGTD_STATUS:
		/* Operation and reference are not looked at (2.4). */
		return outcome(p->value.integer == TCB_UP_TO_DATE ||
			       p->value.integer == TCB_OUT_OF_DATE);
	}
	return BAD_REFERENCE;
}

/* --- for people ----------------------------------------------------------------------------- */

static void fact_text(struct reason_text *to, const struct fact *fact)
{
	if (!fact->known)
		reason_text(to, "(unknown)");
	else if (fact->type == FACT_STRING)
		reason_text_n(to, fact->text, fact->n);
	else if (fact->type == FACT_INTEGER)
		reason_dec(to, fact->integer);
	else
		reason_text(to, tcb_status_name((enum tcb_status)fact->integer));
}

static void reference_text(struct reason_text *to, const struct property *p)
{
	switch ((enum property_reference)p->reference) {
	case REFERENCE_INTEGER:
		reason_dec(to, p->integer);
		return;
	case REFERENCE_STRING:
		reason_text_n(to, p->text, p->n);
		to->cut = to->cut || p->cut;
		if (is_local(p)) {
			reason_text(to, " = ");
			fact_text(to, &p->local);
		}
		return;
	case REFERENCE_INTEGER_LIST:
	case REFERENCE_STRING_LIST:
		reason_text(to, "[");
		reason_text_n(to, p->list.text, p->list.n);
		reason_text(to, "]");
		to->cut = to->cut || p->list.cut;
		return;
	case REFERENCE_NONE:
		return;
	}
}

void property_reason(const struct property *p, struct policy_reason *reason)
{
	reason->operation = operation_names[p->operation];
	reason->expected = (struct reason_text){.n = 0};
	reason->actual = (struct reason_text){.n = 0};
	reference_text(&reason->expected, p);
	fact_text(&reason->actual, &p->value);
}
