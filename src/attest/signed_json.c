/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "attest/signed_json.h"

#define UNKNOWN UINT64_MAX

static enum status on_event(void *ctx, const struct schema_event *event)
{
	struct signed_json *s = ctx;

	if (event->id == SIGNED_SIGNATURE && event->what == SCHEMA_VALUE)
		return schema_hex(event, s->signature, sizeof(s->signature)) ? STATUS_OK :
			ERR_COLLATERAL;
	if (event->id == SIGNED_BODY && event->what == SCHEMA_BEGIN)
		s->body_begin = event->begin;
	if (event->id == SIGNED_BODY && event->what == SCHEMA_END)
		s->body_end = event->end;
	return s->event(s->ctx, event);
}

/* Hashes what of the n bytes at this offset belongs to the body, as far as it is known. */
static void hash_body(struct signed_json *s, uint64_t offset, size_t n)
{
	const uint64_t begin = s->body_begin > offset ? s->body_begin : offset;
	const uint64_t end = s->body_end < offset + n ? s->body_end : offset + n;

	if (s->body_begin != UNKNOWN && begin < end)
		sha256_update(&s->hash, s->piece + (begin - offset), (size_t)(end - begin));
}

enum status signed_json_read(struct signed_json *s, struct text_reader text, bool verified,
	const struct schema_object *document, schema_event_fn *event, void *ctx)
{
	uint64_t offset = 0;
	size_t n;

	s->body_begin = UNKNOWN;
	s->body_end = UNKNOWN;
	s->event = event;
	s->ctx = ctx;
	s->verified = verified;
	sha256_init(&s->hash);
	json_schema_begin(&s->schema, document, on_event, s);
	while ((n = text_read(&text, s->piece, sizeof(s->piece))) > 0) {
		TRY(schema_feed(&s->schema, s->piece, n));
		if (!verified)
			hash_body(s, offset, n);
		offset += n;
	}
	if (text.failed)
		return ERR_COLLATERAL;
	TRY(schema_end(&s->schema));
	sha256_final(&s->hash, s->digest);
	return STATUS_OK;
}

enum status signed_json_verify(const struct signed_json *s, const uint8_t point[P256_POINT_SIZE])
{
	if (s->verified || p256_verify(point, s->digest, s->signature) != STATUS_OK)
		return ERR_COLLATERAL_SIGNATURE;
	return STATUS_OK;
}
