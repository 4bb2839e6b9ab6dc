/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The schema of a signed policy (policy spec 2.2, 2.3, 2.5, 2.6) over the events of the JSON
 * reader: types, mandatory members, duplicates of known ones.  Unknown members are passed over.
 */
#ifndef POLICY_SCHEMA_H
#define POLICY_SCHEMA_H

#include "json/json.h"

/* Objects that the schema knows. */
enum policy_node {
	NODE_ENVELOPE,
	NODE_DATA,
	NODE_BLOCK,
	NODE_GLOBAL,
	NODE_TCB,
	NODE_PLATFORM,
	NODE_CRL,
	NODE_SERVTD,
	NODE_MIGTD,
	NODE_PROPERTY,
	NODE_COLLATERALS,
	NODE_COLLATERALS_PLATFORM,
	NODE_SERVTD_COLLATERAL,
	NODE_SIGNED_IDENTITY,
	NODE_SIGNED_MAPPING,
	NODE_IDENTITY,
	NODE_LEVEL,
	NODE_LEVEL_TCB,
	NODE_MAPPING,
	NODE_SVN_MAPPING,
	NODE_MEASUREMENTS,
	NODE_COUNT
};

/* Members whose events mean something to a consumer; the others are only checked. */
enum policy_member {
	MEMBER_OTHER,
	MEMBER_POLICY_DATA,
	MEMBER_DATA_SIGNATURE,
	MEMBER_ID,
	MEMBER_VERSION,
	MEMBER_POLICY_SVN,
	MEMBER_POLICY,
	MEMBER_FORWARD_POLICY,
	MEMBER_BACKWARD_POLICY,
	MEMBER_COLLATERALS,
	MEMBER_IDENTITY_CHAIN,
	MEMBER_MAPPING_CHAIN,
	MEMBER_IDENTITY,
	MEMBER_IDENTITY_SIGNATURE,
	MEMBER_MAPPING,
	MEMBER_MAPPING_SIGNATURE,
	MEMBER_LEVELS,
	MEMBER_LEVEL_SVN,
	MEMBER_LEVEL_DATE,
	MEMBER_LEVEL_STATUS,
	MEMBER_SVN_MAPPINGS,
	MEMBER_MRTD,
	MEMBER_RTMR0,
	MEMBER_RTMR1,
	MEMBER_RTMR2,
	MEMBER_RTMR3,
	MEMBER_MAPPING_SVN,
	/* properties, in the order in which they are judged (2.13) */
	MEMBER_TCB_EVALUATION_NUMBER,
	MEMBER_TCB_STATUS,
	MEMBER_TCB_DATE,
	MEMBER_FMSPC,
	MEMBER_PCK_CRL_NUMBER,
	MEMBER_ROOT_CRL_NUMBER,
	MEMBER_MIGTD_SVN,
	MEMBER_MIGTD_DATE,
	MEMBER_MIGTD_STATUS,
	MEMBER_OPERATION,
	MEMBER_REFERENCE,
};

/* Objects and arrays that nest in known members, the envelope included. */
#define SCHEMA_DEPTH 8

struct policy_frame {
	uint8_t node;		/* enum policy_node; of its elements if an array */
	uint8_t member;		/* that it is the value of (enum policy_member) */
	uint16_t seen;		/* bit i: member i of the node's table came; arrays: see schema.c */
};

struct policy_schema {
	struct policy_frame frame[SCHEMA_DEPTH];
	uint8_t depth;		/* frames open */
	uint8_t skip;		/* depth of the unknown value being passed over, plus one; or 0 */
	uint8_t row;		/* of the member named last, in the table of its node */
	uint8_t root;		/* enum policy_node */
	bool root_is_array;
};

/* For a text that is one object of this kind, or an array of such objects. */
void policy_schema_begin(struct policy_schema *s, enum policy_node root, bool root_is_array);
/*
 * Checks one event.  *member tells whose value it belongs to: an object or array belongs to the
 * member it is the value of, at its begin and its end; so does each element of an array.
 * ERR_POLICY_FORMAT when the schema is broken.
 */
enum status policy_schema_event(struct policy_schema *s, const struct json_event *e, enum policy_member *member)
	MUST_CHECK;

#endif
