/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Documents of the provisioning service: {"<body>":{...},"signature":"<128 hex digits>"}.  One
 * pass over the text in place feeds the schema and hashes the body as it stands, from its { to
 * its }.  White space in the body is therefore part of what is signed.
 */
#ifndef ATTEST_SIGNED_JSON_H
#define ATTEST_SIGNED_JSON_H

#include "attest/schema.h"
#include "attest/text.h"
#include "crypto/crypto.h"

/* Ids of the outermost object and its members; the schemas of bodies begin at SIGNED_FIRST_ID. */
enum { SIGNED_DOCUMENT, SIGNED_BODY, SIGNED_SIGNATURE, SIGNED_FIRST_ID };

/* The outermost object of a document whose body has this name and shape. */
#define SIGNED_MEMBERS(body_name, body_object)                                    \
	{                                                                         \
		{body_name, SIGNED_BODY, SCHEMA_OBJECT, false, body_object},      \
		{"signature", SIGNED_SIGNATURE, SCHEMA_STRING, false, NULL},      \
	}

struct signed_json {
	struct schema_reader schema;
	struct sha256 hash;
	uint64_t body_begin, body_end;
	schema_event_fn *event;
	void *ctx;
	bool verified;
	uint8_t piece[64];
	uint8_t digest[SHA256_SIZE];
	uint8_t signature[P256_SIGNATURE_SIZE];
};

/*
 * Reads the document; events of its body go to `event`.  One that was `verified` before is not
 * hashed again, and signed_json_verify() would refuse it.  ERR_COLLATERAL when it is malformed.
 */
enum status signed_json_read(struct signed_json *s, struct text_reader text, bool verified,
	const struct schema_object *document, schema_event_fn *event, void *ctx) MUST_CHECK;

/* ERR_COLLATERAL_SIGNATURE unless the document just read is signed by this key. */
enum status signed_json_verify(const struct signed_json *s, const uint8_t point[P256_POINT_SIZE])
	MUST_CHECK;

#endif
