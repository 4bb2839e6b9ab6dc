/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * A streaming JSON reader (RFC 8259) with fixed memory: bytes are pushed in pieces of any size,
 * events come out through a callback.  UTF-8 is checked, duplicate names are the consumer's
 * business, nesting is bounded.  Long strings are delivered in parts, unescaped.
 *
 * What it takes and refuses is what jansson takes and refuses (JSON_DECODE_ANY, JSON_ALLOW_NUL),
 * but for these differences:
 *  - more than JSON_DEPTH_MAX containers open at once are ERR_JSON_DEPTH;
 *  - a number of any size is taken; one that is not an integer within 64 bits only has `cut` set;
 *  - \u0000 is taken in member names too (jansson has no way to hold such a name);
 *  - a NUL right behind a number or a literal is refused (jansson does not see it).
 * A lone surrogate escape is refused by both: it has no UTF-8 form.
 *
 * To hash the verbatim text of a value while it streams: an event is delivered while the piece
 * that holds the value's last byte (for *_BEGIN: its first byte) is being fed, and `begin` and
 * `end` are offsets into the whole document.
 */
#ifndef JSON_JSON_H
#define JSON_JSON_H

#include "json/utf8.h"

#define JSON_DEPTH_MAX 16
/* Longest member name delivered whole; a longer one is delivered cut, with `cut` set. */
#define JSON_NAME_MAX 40
/*
 * A string value comes in parts: every part but the last has exactly this many bytes, so a string
 * of up to this many comes whole.  Parts may split a UTF-8 character.
 */
#define JSON_PART_MAX 64

enum json_kind {
	JSON_OBJECT_BEGIN,
	JSON_OBJECT_END,
	JSON_ARRAY_BEGIN,
	JSON_ARRAY_END,
	JSON_NAME,		/* member name: text, n */
	JSON_STRING,		/* a part of a string value: text, n; whole when `first` and `last` */
	JSON_NUMBER,		/* integer: value, negative; or not an integer: cut set */
	JSON_TRUE,
	JSON_FALSE,
	JSON_NULL,
};

struct json_event {
	enum json_kind kind;
	unsigned depth;		/* containers open around the value; 0 for the document itself */
	const uint8_t *text;
	size_t n;
	bool first;		/* first and last part; both set for what has no parts */
	bool last;
	bool cut;		/* name too long, or number not an integer within 64 bits */
	bool negative;
	uint64_t value;
	uint64_t begin;		/* offset of the value's (or name's) first byte; of the bracket for *_END */
	uint64_t end;		/* offset just past its last byte; 0 for *_BEGIN and parts not last */
};

/* Any status other than STATUS_OK stops the reader and comes back from json_feed(). */
typedef enum status json_event_fn(void *ctx, const struct json_event *event);

struct json_reader {
	json_event_fn *event;
	void *ctx;
	uint64_t offset;
	uint64_t begin;
	uint64_t number;
	uint32_t objects;	/* bit d set: the container at depth d is an object */
	uint32_t code_point;
	uint16_t n;
	uint8_t depth;
	uint8_t state;
	uint8_t sub;
	struct utf8 utf8;
	uint8_t flags;
	uint16_t surrogate;
	uint8_t text[JSON_PART_MAX];
};

_Static_assert(sizeof(struct json_reader) <= 128 + sizeof(void *), "lies in every session");

void json_begin(struct json_reader *r, json_event_fn *event, void *ctx);
/* Takes all n bytes or fails: ERR_JSON, ERR_JSON_DEPTH, or the callback's status. */
enum status json_feed(struct json_reader *r, const uint8_t *from, size_t n) MUST_CHECK;
/*
 * From the callback, for a part of a string that is not the last: what follows of the string is
 * checked as ever, but not delivered, and its last part is empty.
 */
void json_skip_string(struct json_reader *r);
/* The document is complete. */
enum status json_end(struct json_reader *r) MUST_CHECK;
/* Whole document in one call. */
enum status json_parse(const uint8_t *from, size_t n, json_event_fn *event, void *ctx) MUST_CHECK;

#endif
