/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "attest/der.h"
#include "policy/dates.h"
#include "policy/policy.h"

#define LENGTH_SIZE 4u

/* Keeps the first fault. */
static void fault(enum status *at, enum status status)
{
	if (*at == STATUS_OK)
		*at = status;
}

/* --- signed values ------------------------------------------------------------------------- */

/* Offset in the blob of an offset in the policy. */
static uint32_t in_blob(uint64_t offset)
{
	return LENGTH_SIZE + (uint32_t)offset;
}

static void take_data(struct policy_reader *r, const struct json_event *e)
{
	if (e->kind == JSON_OBJECT_BEGIN) {
		window_hash_begin(&r->data, in_blob(e->begin));
		r->in_data = true;
	} else if (e->kind == JSON_OBJECT_END) {
		window_hash_end(&r->data, &r->window, r->piece, in_blob(e->end));
		r->in_data = false;
	}
}

static void take_value(struct policy_reader *r, const struct json_event *e, struct signed_value *v)
{
	struct window_hash *hash = &r->now.value.hash;

	if (e->kind == JSON_OBJECT_BEGIN) {
		window_hash_begin(hash, in_blob(e->begin));
		r->in_value = true;
	} else if (e->kind == JSON_OBJECT_END) {
		window_hash_end(hash, &r->window, r->piece, in_blob(e->end));
		memcpy(v->digest, hash->digest, SHA384_SIZE);
		r->in_value = false;
	}
}

/* The value of a hex digit; 16 for any other character. */
static uint8_t hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return (uint8_t)(c - '0');
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? (uint8_t)(c - 'a' + 10) : 16;
}

/*
 * Takes a part of a hex string into the `room` bytes at `to`; *digits are those taken so far.
 * False when there is something else than hex digits, or more of them than fit.
 */
static bool take_hex(const struct json_event *e, uint8_t *to, size_t room, uint8_t *digits)
{
	for (size_t i = 0; i < e->n; i++) {
		const uint8_t digit = hex_digit(e->text[i]);
		const size_t at = *digits / 2;
		if (digit > 15 || at >= room)
			return false;
		to[at] = (uint8_t)(to[at] << 4 | digit);
		++*digits;
	}
	return true;
}

static void take_signature(struct policy_reader *r, const struct json_event *e,
	uint8_t signature[P384_SIGNATURE_SIZE])
{
	uint8_t *der = r->now.signature.der;

	if (e->kind != JSON_STRING)
		return;
	if (e->first)
		memset(&r->now.signature, 0, sizeof(r->now.signature));
	if (!take_hex(e, der, POLICY_SIGNATURE_DER_MAX, &r->now.signature.digits))
		r->now.signature.bad = true;
	if (!e->last)
		return;
	const struct span span = {.at = der, .n = r->now.signature.digits / 2};
	if (r->now.signature.bad || r->now.signature.digits % 2 != 0 ||
	    !der_ecdsa_signature(span, P384_SIGNATURE_SIZE / 2, signature))
		fault(&r->record->signature, ERR_POLICY_SIGNATURE);
}

/* --- chains -------------------------------------------------------------------------------- */

static uint8_t *signer_point(struct policy_reader *r, enum policy_document document)
{
	if (document == DOCUMENT_POLICY)
		return r->data_point;
	return document == DOCUMENT_IDENTITY ? r->record->parked.identity_point : r->mapping_point;
}

static struct issuer_chain_target chain_target(struct policy_reader *r,
	enum policy_document document)
{
	struct issuer_chain_target t = {
		.leaf_point = signer_point(r, document),
		.links = &r->links,
	};

	if (r->index != NULL) {
		t.keep = &r->index->chain[document];
		t.learn = &r->index->links;
	} else {
		t.own = &r->own->chain[document];
		t.known = &r->own->links;
	}
	return t;
}

static void feed_chain(struct policy_reader *r, enum policy_document document,
	const uint8_t *from, size_t n)
{
	const struct issuer_chain_target target = chain_target(r, document);

	issuer_chain_feed(&r->now.chain, &target, from, n);
}

static void finish_chain(struct policy_reader *r, enum policy_document document)
{
	const struct issuer_chain_target target = chain_target(r, document);

	fault(&r->record->signature, issuer_chain_end(&r->now.chain, &target));
	/* The own chain starts the TD even if its issuers are no CAs; a peer with the same is refused. */
	if (!issuer_chain_matches(&r->now.chain))
		fault(&r->record->chain, ERR_POLICY_CHAIN);
}

static void take_chain(struct policy_reader *r, const struct json_event *e,
	enum policy_document document)
{
	if (e->kind != JSON_STRING)
		return;
	if (e->first)
		issuer_chain_begin(&r->now.chain);
	feed_chain(r, document, e->text, e->n);
	if (e->last)
		finish_chain(r, document);
}

/* --- TCB levels and mappings --------------------------------------------------------------- */

static enum status take_level(struct policy_reader *r, const struct json_event *e)
{
	if (e->kind == JSON_OBJECT_BEGIN && r->record->level_count == POLICY_LEVELS_MAX)
		return ERR_POLICY_LIMIT;
	if (e->kind == JSON_OBJECT_END)
		r->record->level_count++;
	return STATUS_OK;
}

static enum status take_level_date(struct policy_reader *r, const struct json_event *e)
{
	struct policy_level *level = &r->record->level[r->record->level_count];

	if (e->kind != JSON_STRING)
		return STATUS_OK;
	if (!e->first || !e->last)
		return ERR_POLICY_LIMIT;
	return policy_date_pack(e->text, e->n, &level->date);
}

static void take_level_status(struct policy_reader *r, const struct json_event *e)
{
	struct policy_level *level = &r->record->level[r->record->level_count];

	if (e->kind == JSON_STRING)
		level->status = (uint8_t)(e->first && e->last ? tcb_status_of(e->text, e->n) :
			TCB_UNRECOGNISED);
}

static void take_measurement(struct policy_reader *r, const struct json_event *e, unsigned i)
{
	const uint8_t bit = (uint8_t)(1u << i);

	if (e->kind != JSON_STRING)
		return;
	r->now.value.present |= bit;
	if (e->first)
		r->now.value.digits = 0;
	if (!take_hex(e, r->now.value.measurement[i], SHA384_SIZE, &r->now.value.digits))
		r->now.value.unusable |= bit;
	if (e->last && r->now.value.digits != 2 * SHA384_SIZE)
		r->now.value.unusable |= bit;
}

static void finish_mapping(struct policy_reader *r)
{
	struct policy_mapping *mapping = &r->record->mapping[r->record->mapping_count++];
	struct sha384 hash;

	sha384_init(&hash);
	for (unsigned i = 0; i < POLICY_MEASUREMENTS; i++)
		if ((r->now.value.present >> i & 1) != 0)
			sha384_update(&hash, r->now.value.measurement[i], SHA384_SIZE);
	sha384_final(&hash, mapping->digest);
	mapping->pins = r->now.value.present >> 3;
	if (r->now.value.unusable != 0)
		mapping->pins |= POLICY_PIN_UNMATCHABLE;
}

static enum status take_mapping(struct policy_reader *r, const struct json_event *e)
{
	if (e->kind == JSON_OBJECT_BEGIN) {
		if (r->record->mapping_count == POLICY_MAPPINGS_MAX)
			return ERR_POLICY_LIMIT;
		/* A measurement may be too short: what `now` held before must not complete it. */
		memset(r->now.value.measurement, 0, sizeof(r->now.value.measurement));
		r->now.value.present = 0;
		r->now.value.unusable = 0;
	} else if (e->kind == JSON_OBJECT_END) {
		finish_mapping(r);
	}
	return STATUS_OK;
}

/* --- the policy ---------------------------------------------------------------------------- */

static void take_span(struct policy_span *span, const struct json_event *e, bool array)
{
	if (e->kind == (array ? JSON_ARRAY_BEGIN : JSON_OBJECT_BEGIN))
		span->begin = (uint32_t)e->begin;
	else if (e->kind == (array ? JSON_ARRAY_END : JSON_OBJECT_END))
		span->end = (uint32_t)e->end;
}

static void take_place(struct policy_index *index, const struct json_event *e,
	enum policy_member member)
{
	if (member == MEMBER_POLICY)
		take_span(&index->common, e, true);
	else if (member == MEMBER_FORWARD_POLICY)
		take_span(&index->forward, e, true);
	else if (member == MEMBER_BACKWARD_POLICY)
		take_span(&index->backward, e, true);
	else if (member == MEMBER_COLLATERALS)
		take_span(&index->collaterals, e, false);
}

static enum status take_event(void *ctx, const struct json_event *e)
{
	struct policy_reader *r = ctx;
	struct policy_record *record = r->record;
	enum policy_member member;

	TRY(policy_schema_event(&r->schema, e, &member));
	switch (member) {
	case MEMBER_POLICY_DATA:
		take_data(r, e);
		return STATUS_OK;
	case MEMBER_ID:
		return e->first && e->last && e->n == 0 ? ERR_POLICY_FORMAT : STATUS_OK;
	case MEMBER_VERSION:
		return e->first && e->last && e->n == 3 && memcmp(e->text, "2.0", 3) == 0 ?
			STATUS_OK : ERR_POLICY_FORMAT;
	case MEMBER_POLICY_SVN:
		record->policy_svn = (uint32_t)e->value;
		return STATUS_OK;
	case MEMBER_IDENTITY:
		take_value(r, e, &record->parked.identity);
		return STATUS_OK;
	case MEMBER_MAPPING:
		take_value(r, e, &record->parked.mapping);
		return STATUS_OK;
	case MEMBER_IDENTITY_CHAIN:
		take_chain(r, e, DOCUMENT_IDENTITY);
		return STATUS_OK;
	case MEMBER_MAPPING_CHAIN:
		take_chain(r, e, DOCUMENT_MAPPING);
		return STATUS_OK;
	case MEMBER_DATA_SIGNATURE:
		take_signature(r, e, r->data_signature);
		return STATUS_OK;
	case MEMBER_IDENTITY_SIGNATURE:
		take_signature(r, e, record->parked.identity.signature);
		return STATUS_OK;
	case MEMBER_MAPPING_SIGNATURE:
		take_signature(r, e, record->parked.mapping.signature);
		return STATUS_OK;
	case MEMBER_LEVELS:
		return take_level(r, e);
	case MEMBER_LEVEL_SVN:
		record->level[record->level_count].isvsvn = (uint16_t)e->value;
		return STATUS_OK;
	case MEMBER_LEVEL_DATE:
		return take_level_date(r, e);
	case MEMBER_LEVEL_STATUS:
		take_level_status(r, e);
		return STATUS_OK;
	case MEMBER_SVN_MAPPINGS:
		return take_mapping(r, e);
	case MEMBER_MRTD:
	case MEMBER_RTMR0:
	case MEMBER_RTMR1:
	case MEMBER_RTMR2:
	case MEMBER_RTMR3:
		take_measurement(r, e, (unsigned)member - MEMBER_MRTD);
		return STATUS_OK;
	case MEMBER_MAPPING_SVN:
		record->mapping[record->mapping_count].isvsvn = (uint16_t)e->value;
		return STATUS_OK;
	default:
		if (r->index != NULL)
			take_place(r->index, e, member);
		if (e->kind == JSON_STRING && !e->last)
			json_skip_string(&r->json);
		return STATUS_OK;
	}
}

/* --- the blob ------------------------------------------------------------------------------ */

void policy_reader_begin(struct policy_reader *r, struct policy_record *record,
	struct policy_index *index, const struct policy_index *own, uint32_t size)
{
	memset(r, 0, sizeof(*r));
	r->record = record;
	r->index = index;
	r->own = own;
	r->size = size;
	window_hash_begin(&r->blob, 0);
	window_hash_begin(&r->text, LENGTH_SIZE);
	json_begin(&r->json, take_event, r);
	policy_schema_begin(&r->schema, NODE_ENVELOPE, false);
}

/* Malformed: the rest is hashed, but not read. */
static void give_up(struct policy_reader *r, enum status status)
{
	r->record->format = status;
	r->in_data = false;
	r->in_value = false;
}

/* The part of the blob at hand was read: it goes into the hashes that run on behind it. */
static void pass_part(struct policy_reader *r, size_t n)
{
	const uint32_t end = r->window.size + (uint32_t)n;

	window_hash_update(&r->blob, &r->window, r->piece, end);
	if (r->in_data)
		window_hash_update(&r->data, &r->window, r->piece, end);
	if (r->in_value)
		window_hash_update(&r->now.value.hash, &r->window, r->piece, end);
	window_pass(&r->window, r->piece, n);
}

static void policy_part(struct policy_reader *r, size_t n, bool last)
{
	const uint32_t end = r->window.size + (uint32_t)n;

	if (r->record->format == STATUS_OK) {
		enum status status = json_feed(&r->json, r->piece, n);
		if (status == STATUS_OK && last)
			status = json_end(&r->json);
		if (status != STATUS_OK)
			give_up(r, status);
	}
	if (!last) {
		window_hash_update(&r->text, &r->window, r->piece, end);
		return;
	}
	window_hash_end(&r->text, &r->window, r->piece, end);
	memcpy(r->record->policy_digest, r->text.digest, SHA384_SIZE);
	window_hash_begin(&r->text, end + LENGTH_SIZE);
	issuer_chain_begin(&r->now.chain);
}

static void chain_part(struct policy_reader *r, size_t n)
{
	window_hash_update(&r->text, &r->window, r->piece, r->window.size + (uint32_t)n);
	if (r->record->format != STATUS_OK)
		return;
	for (size_t i = 0; i < n; i++)
		if (!utf8_take(&r->utf8, r->piece[i]))
			fault(&r->record->signature, ERR_POLICY_FORMAT);
	feed_chain(r, DOCUMENT_POLICY, r->piece, n);
}

/* Reads the first of n bytes that belong to one part of the blob; *taken tells how many. */
static enum status take_part(struct policy_reader *r, size_t n, size_t *taken)
{
	const uint32_t at = r->window.size;
	const uint32_t chain_at = LENGTH_SIZE + r->policy_size;

	*taken = 1;
	if (at < LENGTH_SIZE) {
		r->policy_size |= (uint32_t)*r->piece << 8 * at;
		if (at == LENGTH_SIZE - 1 &&
		    (r->policy_size == 0 || r->policy_size > r->size - POLICY_BLOB_MIN + 1))
			return ERR_PRE_SESSION;
	} else if (at < chain_at) {
		*taken = n < chain_at - at ? n : chain_at - at;
		policy_part(r, *taken, at + *taken == chain_at);
	} else if (at < chain_at + LENGTH_SIZE) {
		r->chain_size |= (uint32_t)*r->piece << 8 * (at - chain_at);
		if (at == chain_at + LENGTH_SIZE - 1 &&
		    r->chain_size != r->size - chain_at - LENGTH_SIZE)
			return ERR_PRE_SESSION;
	} else {
		*taken = n;
		chain_part(r, n);
	}
	return STATUS_OK;
}

enum status policy_reader_feed(struct policy_reader *r, const uint8_t *from, size_t n)
{
	if (r->size < POLICY_BLOB_MIN || n > r->size - r->window.size)
		return ERR_PRE_SESSION;
	while (n > 0) {
		size_t taken;
		r->piece = from;
		TRY(take_part(r, n, &taken));
		pass_part(r, taken);
		from += taken;
		n -= taken;
	}
	return STATUS_OK;
}

enum status policy_reader_end(struct policy_reader *r)
{
	const struct stream_window *w = &r->window;

	if (r->size < POLICY_BLOB_MIN || w->size != r->size)
		return ERR_PRE_SESSION;
	window_hash_end(&r->blob, w, w->byte, w->size);
	window_hash_end(&r->text, w, w->byte, w->size);
	if (r->record->format != STATUS_OK)
		return STATUS_OK;
	if (r->utf8.left > 0)
		fault(&r->record->signature, ERR_POLICY_FORMAT);
	finish_chain(r, DOCUMENT_POLICY);
	return STATUS_OK;
}

static enum status verify_documents(struct policy_reader *r)
{
	const struct signed_value *identity = &r->record->parked.identity;
	const struct signed_value *mapping = &r->record->parked.mapping;

	TRY(p384_verify(signer_point(r, DOCUMENT_POLICY), r->data.digest, r->data_signature));
	TRY(p384_verify(
		signer_point(r, DOCUMENT_IDENTITY), identity->digest, identity->signature));
	return p384_verify(signer_point(r, DOCUMENT_MAPPING), mapping->digest, mapping->signature);
}

void policy_reader_finish(struct policy_reader *r)
{
	struct policy_record *record = r->record;

	if (record->format == STATUS_OK && record->signature == STATUS_OK &&
	    verify_documents(r) != STATUS_OK)
		record->signature = ERR_POLICY_SIGNATURE;
	/* What is parked has served. */
	memset(&record->parked, 0, sizeof(record->parked));
	memcpy(record->blob_digest, r->blob.digest, SHA384_SIZE);
	memcpy(record->chain_digest, r->text.digest, SHA384_SIZE);
}
