/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * JSON as the tools need it: jansson trees for reading and composing, and two things a tree cannot
 * give, the canonical form and the verbatim text of a member (policy spec 2.2, 5.1).
 */
#ifndef TOOLS_JSON_TEXT_H
#define TOOLS_JSON_TEXT_H

#include <jansson.h>

#include "common/tool.h"

void cleanup_json(json_t **value);
#define AUTO_JSON CLEANUP(cleanup_json) json_t *

/*
 * Strict: one value, no duplicate names, valid UTF-8.  `name` stands in error lines (a file name);
 * NULL when it does not parse.
 */
json_t *json_read_text(const char *name, const struct blob *text);
/* Reads and parses a file; NULL after an error line. */
json_t *json_read_file(const char *path);
/* Members in their order, no whitespace. */
char *json_compact(const json_t *value);

/* The member, of that type; NULL after an error line that names file and field. */
json_t *json_member(const char *name, const json_t *object, const char *field, json_type type);
/* The member as bytes of exactly n, hexadecimal. */
int json_member_hex(const char *name, const json_t *object, const char *field, uint8_t *to,
	size_t n) MUST_USE;

/*
 * Appends the canonical form of a text that json_read_text() accepts: no whitespace, integers in
 * plain decimal, other numbers in their shortest form that reads back the same, strings with the
 * fewest escapes.
 */
int json_canonical(const char *name, const struct blob *text, struct blob *out) MUST_USE;

/* A stretch of somebody else's text. */
struct json_span {
	const char *at;
	size_t size;
};
/* The verbatim text of a member's value, in an object text that json_read_text() accepts. */
bool json_verbatim(const struct blob *text, const char *field, struct json_span *value);

#endif
