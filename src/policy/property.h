/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* One property of a block, {"operation": ..., "reference": ...}, and its judgement (2.4). */
#ifndef POLICY_PROPERTY_H
#define POLICY_PROPERTY_H

#include "policy/policy.h"

enum property_operation {
	OPERATION_OTHER,	/* none that policies know */
	OPERATION_EQUAL,
	OPERATION_GREATER_OR_EQUAL,
	OPERATION_IN_RANGE,
	OPERATION_SUBSET,
	OPERATION_ALLOW_LIST,
	OPERATION_DENY_LIST,
};

enum property_reference {
	REFERENCE_NONE,
	REFERENCE_INTEGER,
	REFERENCE_STRING,
	REFERENCE_INTEGER_LIST,	/* the empty list, too */
	REFERENCE_STRING_LIST,
};

enum property_outcome { HOLDS, FAILS, BAD_OPERATION, BAD_REFERENCE };

/* A fact about a MigTD in the form in which properties compare it. */
struct fact {
	enum { FACT_INTEGER, FACT_STRING, FACT_PLATFORM_STATUS, FACT_MIGTD_STATUS } type;
	bool known;
	uint32_t integer;		/* also enum tcb_status */
	uint8_t n;
	uint8_t text[POLICY_DATE_MAX];
};

/* Lists are judged as they stream by, so the facts must be known before the reference. */
struct property {
	struct fact value;	/* of the peer */
	struct fact local;	/* the same of this MigTD: `self` and `init` */
	uint8_t operation;	/* enum property_operation */
	uint8_t reference;	/* enum property_reference */
	bool contains;		/* the list has the value */
	bool unknown_status;	/* the list has a text that is no TCB status */
	bool configuration;	/* the list has ConfigurationNeeded */
	bool cut;		/* the string is longer than `text` */
	uint8_t n;
	uint32_t integer;
	uint8_t text[JSON_PART_MAX];
	struct reason_text list;	/* a list as the policy writes it, for people */
};

void property_begin(struct property *p, const struct fact *value, const struct fact *local);
void property_operation(struct property *p, const struct json_event *e);
/* An event of the reference's value. */
void property_reference(struct property *p, const struct json_event *e);
enum property_outcome property_judge(const struct property *p);
/* What the property wants and what the peer has. */
void property_reason(const struct property *p, struct policy_reason *reason);

#endif
