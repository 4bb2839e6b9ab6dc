/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* One property of a v1 policy, judged as its reference streams by (policy spec 1.3, 1.4). */
#ifndef POLICY_V1_PROPERTY_H
#define POLICY_V1_PROPERTY_H

#include "json/json.h"
#include "policy/reason.h"

enum v1_operation {
	V1_NO_OPERATION,
	V1_EQUAL,
	V1_GREATER_OR_EQUAL,
	V1_SUBSET,
	V1_IN_RANGE,
	V1_IN_TIME_RANGE,
	V1_ARRAY_EQUAL,
	V1_ARRAY_GREATER_OR_EQUAL,
	V1_OPERATIONS
};

enum v1_reference {
	V1_INTEGER,
	V1_ARRAY,
	V1_STRING,	/* `self`, a range or a literal: known at its end */
	V1_SELF,
	V1_RANGE,
	V1_LITERAL,
};

/* Bytes in memory order; as a number they are little-endian. */
struct v1_value {
	const uint8_t *at;	/* NULL, and n 0: this side does not have it */
	size_t n;
};

/* A string that may be "a..b", by its bytes so far. */
struct v1_range {
	uint64_t bound[2];
	uint8_t state;		/* see v1_property.c */
	bool second;
};

struct v1_property {
	struct v1_value local;
	struct v1_value peer;
	struct reason_text *text;	/* takes the reference for people, or NULL */
	uint8_t member;		/* whose value comes next */
	uint8_t operation;	/* enum v1_operation */
	uint8_t reference;	/* enum v1_reference */
	bool self;		/* the string so far begins `self` */
	bool equal;		/* the elements or hex digits so far are the peer's */
	bool greater;		/* the peer's bytes so far are at least the elements */
	size_t length;		/* of string or array so far */
	uint64_t integer;
	struct v1_range range;
};

enum v1_operation v1_operation_of(const struct json_event *e);

void v1_property_begin(struct v1_property *p, const struct v1_value *local,
	const struct v1_value *peer);
/* An event inside of the property's object, whose members are named at `depth`. */
void v1_property_event(struct v1_property *p, const struct json_event *e, unsigned depth);
/* Combinations without a meaning do not hold. */
bool v1_property_holds(const struct v1_property *p, bool is_source);
/* Operation, expected and actual value of a complete property whose `text` was reason->expected. */
void v1_property_reason(const struct v1_property *p, bool is_source, struct policy_reason *reason);

#endif
