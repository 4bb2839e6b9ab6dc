/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * JSON documents whose shape is known: tables name the members of each object, a reader walks the
 * document once and hands out the values it knows.  A known member that comes twice, has another
 * type, or is required and missing makes the document malformed (ERR_COLLATERAL); unknown members
 * are skipped with all they contain.
 */
#ifndef ATTEST_SCHEMA_H
#define ATTEST_SCHEMA_H

#include "json/json.h"

/* Longest string that is delivered whole. */
#define SCHEMA_TEXT_MAX 128
#define SCHEMA_DEPTH_MAX 8

enum schema_type {
	SCHEMA_INTEGER,		/* not negative */
	SCHEMA_STRING,		/* at most SCHEMA_TEXT_MAX bytes */
	SCHEMA_PLACE,		/* a string of any length: only where it stands */
	SCHEMA_OBJECT,
	SCHEMA_ARRAY,		/* of objects */
};

struct schema_object;

struct schema_member {
	const char *name;
	uint8_t id;		/* the caller's name for it */
	uint8_t type;		/* enum schema_type */
	bool optional;
	const struct schema_object *object;	/* it, or what an array consists of */
};

struct schema_object {
	const struct schema_member *members;
	uint8_t count;		/* at most 32 */
	uint8_t id;		/* the caller's name for an array's element */
};

enum schema_what { SCHEMA_BEGIN, SCHEMA_VALUE, SCHEMA_END };

/* Begin and end of containers, and values; id is the member's, or of an element its object's. */
struct schema_event {
	enum schema_what what;
	uint8_t id;
	const uint8_t *text;	/* SCHEMA_STRING */
	size_t n;
	uint64_t number;	/* SCHEMA_INTEGER; of an array's end the number of its elements */
	uint64_t begin;		/* offsets in the document: of a string, between its quotes */
	uint64_t end;
};

typedef enum status schema_event_fn(void *ctx, const struct schema_event *event);

struct schema_frame {
	const struct schema_object *object;
	uint32_t seen;		/* of an object: members; of an array: number of elements */
	uint8_t id;
	bool is_array;
};

struct schema_reader {
	struct json_reader json;
	const struct schema_object *root;
	schema_event_fn *event;
	void *ctx;
	const struct schema_member *member;	/* whose value comes next; NULL when unknown */
	uint8_t depth;
	uint8_t skip_depth;
	bool skipping;
	uint8_t n;
	uint8_t text[SCHEMA_TEXT_MAX];
	struct schema_frame frame[SCHEMA_DEPTH_MAX];
};

void json_schema_begin(struct schema_reader *r, const struct schema_object *root,
	schema_event_fn *event, void *ctx);
enum status schema_feed(struct schema_reader *r, const uint8_t *from, size_t n) MUST_CHECK;
enum status schema_end(struct schema_reader *r) MUST_CHECK;

/* Exactly n bytes of hexadecimal text, either case. */
bool schema_hex(const struct schema_event *event, uint8_t *to, size_t n);
/* The text is this one. */
bool schema_text_is(const struct schema_event *event, const char *text);

#endif
