/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "attest/der.h"
#include "policy/policy.h"

/* Keeps the first fault. */
static void fault(enum status *at, enum status status)
{
	if (*at == STATUS_OK)
		*at = status;
}

/* --- signed values ------------------------------------------------------------------------- */

/* Hashes the piece being fed from *hashed up to `end`, both offsets in the policy. */
static void hash_up_to(const struct policy_reader *r, struct sha384 *hash, uint32_t *hashed,
	uint32_t end)
{
	sha384_update(hash, r->piece + (*hashed - r->piece_at), end - *hashed);
	*hashed = end;
}

static void take_data(struct policy_reader *r, const struct json_event *e)
{
	if (e->kind == JSON_OBJECT_BEGIN) {
		sha384_init(&r->data);
		r->data_hashed = (uint32_t)e->begin;
		r->in_data = true;
	} else if (e->kind == JSON_OBJECT_END) {
		hash_up_to(r, &r->data, &r->data_hashed, (uint32_t)e->end);
		sha384_final(&r->data, r->document[DOCUMENT_POLICY].digest);
		r->in_data = false;
	}
}

static void take_value(struct policy_reader *r, const struct json_event *e,
	enum policy_document document)
{
	if (e->kind == JSON_OBJECT_BEGIN) {
		sha384_init(&r->now.value.hash);
		r->value_hashed = (uint32_t)e->begin;
		r->in_value = true;
	} else if (e->kind == JSON_OBJECT_END) {
		hash_up_to(r, &r->now.value.hash, &r->value_hashed, (uint32_t)e->end);
		sha384_final(&r->now.value.hash, r->document[document].digest);
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
	enum policy_document document)
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
	    !der_ecdsa_signature(span, P384_SIGNATURE_SIZE / 2, r->document[document].signature))
		fault(&r->record->signature, ERR_POLICY_SIGNATURE);
}

/* --- chains -------------------------------------------------------------------------------- */

static struct issuer_chain_target chain_target(struct policy_reader *r,
	enum policy_document document)
{
	struct issuer_chain_target t = {
		.leaf_point = r->document[document].point,
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
	if (r->index == NULL && !issuer_chain_matches(&r->now.chain))
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
	struct policy_date *date = &r->record->level[r->record->level_count].date;

	if (e->kind != JSON_STRING)
		return STATUS_OK;
	if (!e->last || !e->first || e->n > POLICY_DATE_MAX)
		return ERR_POLICY_LIMIT;
	date->n = (uint8_t)e->n;
	memcpy(date->text, e->text, e->n);
	return STATUS_OK;
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
		take_value(r, e, DOCUMENT_IDENTITY);
		return STATUS_OK;
	case MEMBER_MAPPING:
		take_value(r, e, DOCUMENT_MAPPING);
		return STATUS_OK;
	case MEMBER_IDENTITY_CHAIN:
		take_chain(r, e, DOCUMENT_IDENTITY);
		return STATUS_OK;
	case MEMBER_MAPPING_CHAIN:
		take_chain(r, e, DOCUMENT_MAPPING);
		return STATUS_OK;
	case MEMBER_DATA_SIGNATURE:
		take_signature(r, e, DOCUMENT_POLICY);
		return STATUS_OK;
	case MEMBER_IDENTITY_SIGNATURE:
		take_signature(r, e, DOCUMENT_IDENTITY);
		return STATUS_OK;
	case MEMBER_MAPPING_SIGNATURE:
		take_signature(r, e, DOCUMENT_MAPPING);
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
		return STATUS_OK;
	}
}

void policy_reader_begin(struct policy_reader *r, struct policy_record *record,
	struct policy_index *index, const struct policy_index *own)
{
	memset(r, 0, sizeof(*r));
	r->record = record;
	r->index = index;
	r->own = own;
	json_begin(&r->json, take_event, r);
	policy_schema_begin(&r->schema, NODE_ENVELOPE, false);
	sha384_init(&r->text);
}

void policy_reader_policy(struct policy_reader *r, const uint8_t *from, size_t n)
{
	sha384_update(&r->text, from, n);
	if (r->record->format != STATUS_OK)
		return;
	r->piece = from;
	r->piece_at = (uint32_t)r->json.offset;
	r->record->format = json_feed(&r->json, from, n);
	if (r->record->format != STATUS_OK)
		return;
	if (r->in_data)
		hash_up_to(r, &r->data, &r->data_hashed, r->piece_at + (uint32_t)n);
	if (r->in_value)
		hash_up_to(r, &r->now.value.hash, &r->value_hashed, r->piece_at + (uint32_t)n);
}

void policy_reader_policy_end(struct policy_reader *r)
{
	sha384_final(&r->text, r->record->policy_digest);
	if (r->record->format == STATUS_OK)
		r->record->format = json_end(&r->json);
	sha384_init(&r->text);
	issuer_chain_begin(&r->now.chain);
}

void policy_reader_chain(struct policy_reader *r, const uint8_t *from, size_t n)
{
	sha384_update(&r->text, from, n);
	if (r->record->format != STATUS_OK)
		return;
	for (size_t i = 0; i < n; i++)
		if (!utf8_take(&r->utf8, from[i]))
			fault(&r->record->signature, ERR_POLICY_FORMAT);
	feed_chain(r, DOCUMENT_POLICY, from, n);
}

void policy_reader_chain_end(struct policy_reader *r)
{
	sha384_final(&r->text, r->record->chain_digest);
	if (r->record->format != STATUS_OK)
		return;
	if (r->utf8.left > 0)
		fault(&r->record->signature, ERR_POLICY_FORMAT);
	finish_chain(r, DOCUMENT_POLICY);
}

void policy_reader_verify(struct policy_reader *r)
{
	for (unsigned i = 0; i < DOCUMENT_COUNT; i++) {
		const struct signed_value *v = &r->document[i];
		if (r->record->format != STATUS_OK || r->record->signature != STATUS_OK)
			return;
		if (p384_verify(v->point, v->digest, v->signature) != STATUS_OK)
			r->record->signature = ERR_POLICY_SIGNATURE;
	}
}
