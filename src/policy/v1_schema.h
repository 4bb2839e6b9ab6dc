/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The blocks of a v1 policy, found and checked one after the other (policy spec 1.2). */
#ifndef POLICY_V1_SCHEMA_H
#define POLICY_V1_SCHEMA_H

#include "policy/v1.h"

/* Objects with properties; all but the last are what a block can be, in the order tried. */
enum v1_list {
	V1_TCB_INFO,
	V1_QE_IDENTITY,
	V1_MODULE_IDENTITY,
	V1_TDINFO,
	V1_EVENT_LOG,
	V1_LISTS,
	V1_NO_LIST,	/* no more blocks */
};

#define V1_KINDS V1_EVENT_LOG

/* The name by which policies call a list. */
extern const char *const v1_list_name[V1_LISTS];

/* Offsets into the text; begin 0 when it is not there. */
struct v1_span {
	size_t begin;
	size_t end;
};

struct v1_fmspc {
	uint8_t n;		/* UINT8_MAX when longer than the text */
	uint8_t text[12];
};

struct v1_block {
	uint8_t kind;		/* enum v1_list: the first that fits */
	struct v1_fmspc fmspc;	/* of platform blocks */
	struct v1_span list[V1_LISTS];	/* list[kind], and for V1_TDINFO perhaps the event log */
};

/*
 * The block at *at, which is moved behind it; V1_NO_LIST behind the last one.  ERR_POLICY_FORMAT
 * when the block is of no kind.
 */
enum status v1_next_block(const struct policy_v1 *p, size_t *at, struct v1_block *block) MUST_CHECK;

#endif
