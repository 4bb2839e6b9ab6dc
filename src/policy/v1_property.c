/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "policy/v1_property.h"

/* Numbers have at most this many bytes. */
#define NUMBER_MAX 8

enum member { OTHER, OPERATION, REFERENCE };

static const char *const operation_name[V1_OPERATIONS] = {
	[V1_NO_OPERATION] = "",
	[V1_EQUAL] = "equal",
	[V1_GREATER_OR_EQUAL] = "greater-or-equal",
	[V1_SUBSET] = "subset",
	[V1_IN_RANGE] = "in-range",
	[V1_IN_TIME_RANGE] = "in-time-range",
	[V1_ARRAY_EQUAL] = "array-equal",
	[V1_ARRAY_GREATER_OR_EQUAL] = "array-greater-or-equal",
};

static bool text_is(const struct json_event *e, const char *text)
{
	return strlen(text) == e->n && memcmp(e->text, text, e->n) == 0;
}

enum v1_operation v1_operation_of(const struct json_event *e)
{
	if (e->kind != JSON_STRING || !e->first || !e->last)
		return V1_NO_OPERATION;
	for (unsigned i = V1_EQUAL; i < V1_OPERATIONS; i++)
		if (text_is(e, operation_name[i]))
			return (enum v1_operation)i;
	return V1_NO_OPERATION;
}

void v1_property_begin(struct v1_property *p, const struct v1_value *local,
	const struct v1_value *peer)
{
	struct reason_text *text = p->text;

	memset(p, 0, sizeof(*p));
	p->local = *local;
	p->peer = *peer;
	p->text = text;
	p->self = true;
	p->equal = true;
	p->greater = true;
	p->range.bound[1] = UINT64_MAX;
}

/* --- ranges -------------------------------------------------------------------------------- */

enum range_state {
	BOUND,		/* nothing of the bound at hand yet */
	PLUS,		/* a leading +; digits must follow */
	DIGITS,
	DOT,		/* the first of the two */
	NO_RANGE,
};

static bool range_digit(struct v1_range *r, uint8_t byte)
{
	uint64_t *bound = &r->bound[r->second];
	const uint64_t digit = byte - (uint64_t)'0';

	if (r->state != DIGITS)
		*bound = 0;
	if (*bound > (UINT64_MAX - digit) / 10)
		return false;
	*bound = *bound * 10 + digit;
	r->state = DIGITS;
	return true;
}

static bool range_byte(struct v1_range *r, uint8_t byte)
{
	const bool within = r->state == BOUND || r->state == DIGITS;

	if (byte >= '0' && byte <= '9')
		return (within || r->state == PLUS) && range_digit(r, byte);
	if (byte == '+' && r->state == BOUND) {
		r->state = PLUS;
		return true;
	}
	if (byte != '.' || r->second)
		return false;
	if (r->state == DOT) {
		r->second = true;
		r->state = BOUND;
		return true;
	}
	r->state = DOT;
	return within;
}

/* --- the reference ------------------------------------------------------------------------- */

static uint8_t hex_digit(const struct v1_value *value, size_t i)
{
	const uint8_t byte = value->at[i / 2];

	return (uint8_t)"0123456789ABCDEF"[i % 2 == 0 ? byte >> 4 : byte & 15];
}

static void take_string(struct v1_property *p, const struct json_event *e)
{
	p->reference = V1_STRING;
	for (size_t k = 0; k < e->n; k++) {
		const uint8_t byte = e->text[k];
		const size_t i = p->length++;
		if (i >= 2 * p->peer.n || byte != hex_digit(&p->peer, i))
			p->equal = false;
		if (i >= 4 || byte != (uint8_t)"self"[i])
			p->self = false;
		if (p->range.state != NO_RANGE && !range_byte(&p->range, byte))
			p->range.state = NO_RANGE;
	}
	if (p->text != NULL)
		reason_text_n(p->text, e->text, e->n);
	if (!e->last)
		return;
	if (p->self && p->length == 4)
		p->reference = V1_SELF;
	else if (p->range.second && (p->range.state == BOUND || p->range.state == DIGITS))
		p->reference = V1_RANGE;
	else
		p->reference = V1_LITERAL;
}

static void take_element(struct v1_property *p, const struct json_event *e)
{
	const size_t i = p->length++;

	if (i >= p->peer.n || p->peer.at[i] != e->value)
		p->equal = false;
	if (i >= p->peer.n || p->peer.at[i] < e->value)
		p->greater = false;
	if (p->text == NULL)
		return;
	if (i > 0)
		reason_text(p->text, ", ");
	reason_dec(p->text, e->value);
}

static void take_integer(struct v1_property *p, const struct json_event *e)
{
	p->reference = V1_INTEGER;
	p->integer = e->value;
	if (p->text != NULL)
		reason_dec(p->text, e->value);
}

static void take_bracket(struct v1_property *p, const struct json_event *e)
{
	p->reference = V1_ARRAY;
	if (p->text != NULL)
		reason_text(p->text, e->kind == JSON_ARRAY_BEGIN ? "[" : "]");
}

static void take_reference(struct v1_property *p, const struct json_event *e, bool element)
{
	if (element)
		take_element(p, e);
	else if (e->kind == JSON_STRING)
		take_string(p, e);
	else if (e->kind == JSON_NUMBER)
		take_integer(p, e);
	else
		take_bracket(p, e);
}

void v1_property_event(struct v1_property *p, const struct json_event *e, unsigned depth)
{
	if (e->kind == JSON_NAME && e->depth == depth) {
		p->member = text_is(e, "operation") ? OPERATION :
			text_is(e, "reference") ? REFERENCE : OTHER;
	} else if (p->member == OPERATION) {
		p->operation = (uint8_t)v1_operation_of(e);
	} else if (p->member == REFERENCE) {
		take_reference(p, e, e->depth > depth);
	}
}

/* --- judgement ----------------------------------------------------------------------------- */

static uint64_t number(const struct v1_value *value)
{
	uint64_t n = 0;

	for (size_t i = value->n; i > 0; i--)
		n = n << 8 | value->at[i - 1];
	return n;
}

static bool each_at_least(const struct v1_value *a, const struct v1_value *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->at[i] < b->at[i])
			return false;
	return true;
}

/* "Greater" means: the destination is not behind the source. */
static bool self_holds(const struct v1_property *p, bool is_source)
{
	const struct v1_value *destination = is_source ? &p->peer : &p->local;
	const struct v1_value *source = is_source ? &p->local : &p->peer;

	if (p->local.n != p->peer.n)
		return false;
	switch ((enum v1_operation)p->operation) {
	case V1_EQUAL:
	case V1_ARRAY_EQUAL:
		return memcmp(p->peer.at, p->local.at, p->peer.n) == 0;
	case V1_GREATER_OR_EQUAL:
		return p->peer.n <= NUMBER_MAX && number(destination) >= number(source);
	case V1_ARRAY_GREATER_OR_EQUAL:
		return each_at_least(destination, source);
	default:
		return false;
	}
}

static bool integer_holds(const struct v1_property *p)
{
	if (p->peer.n > NUMBER_MAX)
		return false;
	const uint64_t value = number(&p->peer);
	if (p->operation == V1_EQUAL)
		return value == p->integer;
	return p->operation == V1_GREATER_OR_EQUAL && value >= p->integer;
}

/* The end is not in the range, not even one that is not written. */
static bool range_holds(const struct v1_property *p)
{
	if (p->operation != V1_IN_RANGE && p->operation != V1_IN_TIME_RANGE)
		return false;
	if (p->peer.n > NUMBER_MAX)
		return false;
	const uint64_t value = number(&p->peer);
	return p->range.bound[0] <= value && value < p->range.bound[1];
}

static bool array_holds(const struct v1_property *p)
{
	if (p->length != p->peer.n)
		return false;
	if (p->operation == V1_ARRAY_EQUAL)
		return p->equal;
	return p->operation == V1_ARRAY_GREATER_OR_EQUAL && p->greater;
}

bool v1_property_holds(const struct v1_property *p, bool is_source)
{
	if (p->local.at == NULL || p->peer.at == NULL)
		return false;
	switch ((enum v1_reference)p->reference) {
	case V1_INTEGER:
		return integer_holds(p);
	case V1_RANGE:
		return range_holds(p);
	case V1_LITERAL:
		return p->operation == V1_EQUAL && p->equal && p->length == 2 * p->peer.n;
	case V1_ARRAY:
		return array_holds(p);
	case V1_SELF:
		return self_holds(p, is_source);
	case V1_STRING:
		break;
	}
	return false;
}

/* --- for people ---------------------------------------------------------------------------- */

static bool is_greater(const struct v1_property *p)
{
	return p->operation == V1_GREATER_OR_EQUAL || p->operation == V1_ARRAY_GREATER_OR_EQUAL;
}

/* In the form of the reference: number, list or hexadecimal. */
static void value_text(struct reason_text *to, const struct v1_property *p,
	const struct v1_value *value)
{
	const bool self = p->reference == V1_SELF;

	if (value->n <= NUMBER_MAX && (p->reference == V1_INTEGER || p->reference == V1_RANGE ||
			(self && p->operation == V1_GREATER_OR_EQUAL))) {
		reason_dec(to, number(value));
	} else if (p->reference == V1_ARRAY || (self && p->operation == V1_ARRAY_GREATER_OR_EQUAL)) {
		reason_text(to, "[");
		for (size_t i = 0; i < value->n; i++) {
			if (i > 0)
				reason_text(to, ", ");
			reason_dec(to, value->at[i]);
		}
		reason_text(to, "]");
	} else {
		reason_hex(to, value->at, value->n);
	}
}

void v1_property_reason(const struct v1_property *p, bool is_source, struct policy_reason *reason)
{
	reason->operation = operation_name[p->operation];
	reason->actual = (struct reason_text){.n = 0};
	if (p->local.at == NULL || p->peer.at == NULL) {
		reason_text(&reason->actual, p->local.at == NULL ?
			"an event that this MigTD does not have" :
			"an event that the peer does not have");
		return;
	}
	value_text(&reason->actual, p, &p->peer);
	if (p->reference != V1_SELF)
		return;
	reason_text(&reason->expected, " = ");
	value_text(&reason->expected, p, &p->local);
	if (!is_source && is_greater(p))
		reason_text(&reason->expected, ", at most: the peer is the source");
}
