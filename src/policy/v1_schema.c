/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "policy/v1_schema.h"

#include "json/json.h"
#include "policy/v1_property.h"

const char *const v1_list_name[V1_LISTS] = {
	[V1_TCB_INFO] = "TcbInfo",
	[V1_QE_IDENTITY] = "QeIdentity",
	[V1_MODULE_IDENTITY] = "TDXModule_Identity",
	[V1_TDINFO] = "TDINFO",
	[V1_EVENT_LOG] = "EventLog",
};

/* The member of a block that holds the list. */
static const char *const part_name[V1_KINDS] = {
	[V1_TCB_INFO] = "Platform",
	[V1_QE_IDENTITY] = "QE",
	[V1_MODULE_IDENTITY] = "TDXModule",
	[V1_TDINFO] = "MigTD",
};

static bool name_is(const struct json_event *e, const char *name)
{
	return !e->cut && strlen(name) == e->n && memcmp(e->text, name, e->n) == 0;
}

static bool begins(const struct json_event *e)
{
	return e->kind == JSON_OBJECT_BEGIN || e->kind == JSON_ARRAY_BEGIN;
}

static bool ends(const struct json_event *e)
{
	return e->kind == JSON_OBJECT_END || e->kind == JSON_ARRAY_END;
}

/* --- a block ------------------------------------------------------------------------------- */

/* Members that mean something; the first V1_KINDS are the parts. */
enum member {
	FMSPC = V1_KINDS,
	OPERATION,
	REFERENCE,
	UNKNOWN,
};

#define CAME_OPERATION 1u
#define CAME_REFERENCE 2u

/*
 * Every part is checked, whichever the block turns out to be; a part that breaks the schema only
 * means that the block is not of that kind.
 */
struct block_reader {
	struct v1_block *block;
	size_t base;		/* offset of the block in the text */
	uint8_t part;		/* enum member, at depth 1 */
	uint8_t list;		/* enum v1_list, at depth 2 */
	uint8_t member;		/* enum member, of the property at hand */
	uint8_t skip;		/* depth of the container being passed over, plus one; or 0 */
	uint8_t parts;		/* bit: the part came, or the fmspc */
	uint8_t lists;		/* bit: the list came */
	uint8_t broken;		/* bit: the part is none */
	uint8_t property;	/* CAME_* bits of the property at hand */
	size_t end;		/* of the block's text, once it came */
};

/* A value that means nothing. */
static void pass_over(struct block_reader *r, const struct json_event *e)
{
	if (begins(e))
		r->skip = (uint8_t)(e->depth + 1);
}

static void break_part(struct block_reader *r, const struct json_event *e)
{
	const unsigned part = r->part == FMSPC ? V1_TCB_INFO : r->part;

	r->broken = (uint8_t)(r->broken | 1u << part);
	pass_over(r, e);
}

/* A member comes once. */
static enum status note(uint8_t *seen, unsigned bit)
{
	if ((*seen >> bit & 1) != 0)
		return ERR_POLICY_FORMAT;
	*seen = (uint8_t)(*seen | 1u << bit);
	return STATUS_OK;
}

static enum status take_part_name(struct block_reader *r, const struct json_event *e)
{
	r->part = UNKNOWN;
	r->lists = 0;
	for (uint8_t i = 0; i < V1_KINDS; i++)
		if (name_is(e, part_name[i]))
			r->part = i;
	if (name_is(e, "fmspc"))
		r->part = FMSPC;
	return r->part == UNKNOWN ? STATUS_OK : note(&r->parts, r->part);
}

static void take_fmspc(struct v1_fmspc *fmspc, const struct json_event *e)
{
	fmspc->n = UINT8_MAX;
	if (!e->first || !e->last || e->n > sizeof(fmspc->text))
		return;
	fmspc->n = (uint8_t)e->n;
	memcpy(fmspc->text, e->text, e->n);
}

static void take_part(struct block_reader *r, const struct json_event *e)
{
	if (r->part == UNKNOWN)
		pass_over(r, e);
	else if (r->part == FMSPC && e->kind == JSON_STRING)
		take_fmspc(&r->block->fmspc, e);
	else if (r->part == FMSPC)
		break_part(r, e);
	else if (e->kind == JSON_OBJECT_END && (r->lists >> r->part & 1) == 0)
		break_part(r, e);
	else if (e->kind != JSON_OBJECT_BEGIN && e->kind != JSON_OBJECT_END)
		break_part(r, e);
}

static enum status take_list_name(struct block_reader *r, const struct json_event *e)
{
	r->list = V1_NO_LIST;
	if (name_is(e, v1_list_name[r->part]))
		r->list = r->part;
	else if (r->part == V1_TDINFO && name_is(e, v1_list_name[V1_EVENT_LOG]))
		r->list = V1_EVENT_LOG;
	return r->list == V1_NO_LIST ? STATUS_OK : note(&r->lists, r->list);
}

static void take_list(struct block_reader *r, const struct json_event *e)
{
	if (r->list == V1_NO_LIST)
		pass_over(r, e);
	else if (e->kind == JSON_OBJECT_BEGIN)
		r->block->list[r->list].begin = r->base + (size_t)e->begin;
	else if (e->kind == JSON_OBJECT_END)
		r->block->list[r->list].end = r->base + (size_t)e->end;
	else if (e->kind != JSON_NULL || r->list != V1_EVENT_LOG)
		break_part(r, e);
}

static void take_property(struct block_reader *r, const struct json_event *e)
{
	if (e->kind == JSON_OBJECT_BEGIN)
		r->property = 0;
	else if (e->kind != JSON_OBJECT_END || r->property != (CAME_OPERATION | CAME_REFERENCE))
		break_part(r, e);
}

static enum status take_member_name(struct block_reader *r, const struct json_event *e)
{
	r->member = UNKNOWN;
	if (name_is(e, "operation"))
		r->member = OPERATION;
	else if (name_is(e, "reference"))
		r->member = REFERENCE;
	return r->member == UNKNOWN ? STATUS_OK : note(&r->property, r->member - OPERATION);
}

static bool is_integer(const struct json_event *e, uint64_t most)
{
	return e->kind == JSON_NUMBER && !e->cut && !e->negative && e->value <= most;
}

static bool is_reference(const struct json_event *e)
{
	return is_integer(e, UINT64_MAX) || e->kind == JSON_STRING || e->kind == JSON_ARRAY_BEGIN ||
		e->kind == JSON_ARRAY_END;
}

static void take_member(struct block_reader *r, const struct json_event *e)
{
	if (r->member == UNKNOWN)
		pass_over(r, e);
	else if (r->member == OPERATION && v1_operation_of(e) == V1_NO_OPERATION)
		break_part(r, e);
	else if (r->member == REFERENCE && !is_reference(e))
		break_part(r, e);
}

/* What lies in the array of a reference. */
static void take_element(struct block_reader *r, const struct json_event *e)
{
	if (!is_integer(e, UINT8_MAX))
		break_part(r, e);
}

static enum status take_name(struct block_reader *r, const struct json_event *e)
{
	switch (e->depth) {
	case 1:
		return take_part_name(r, e);
	case 2:
		return take_list_name(r, e);
	case 4:
		return take_member_name(r, e);
	default:
		return STATUS_OK;
	}
}

/* The first kind of which all is there; V1_NO_LIST when there is none. */
static uint8_t kind_of(const struct block_reader *r)
{
	for (uint8_t i = 0; i < V1_KINDS; i++) {
		const unsigned needs = i == V1_TCB_INFO ? 1u << i | 1u << FMSPC : 1u << i;
		if ((r->parts & needs) == needs && (r->broken >> i & 1) == 0)
			return i;
	}
	return V1_NO_LIST;
}

/* Stops the JSON reader with STATUS_PENDING where the block ends. */
static enum status block_event(void *ctx, const struct json_event *e)
{
	struct block_reader *r = ctx;

	if (r->skip > 0) {
		if (ends(e) && e->depth + 1 == r->skip)
			r->skip = 0;
		return STATUS_OK;
	}
	if (e->kind == JSON_NAME)
		return take_name(r, e);
	switch (e->depth) {
	case 0:
		if (e->kind == JSON_OBJECT_BEGIN)
			return STATUS_OK;
		r->end = (size_t)e->end;
		return e->kind == JSON_OBJECT_END ? STATUS_PENDING : ERR_POLICY_FORMAT;
	case 1:
		take_part(r, e);
		break;
	case 2:
		take_list(r, e);
		break;
	case 3:
		take_property(r, e);
		break;
	case 4:
		take_member(r, e);
		break;
	default:
		take_element(r, e);
		break;
	}
	return STATUS_OK;
}

static bool between_blocks(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r' || byte == ',';
}

enum status v1_next_block(const struct policy_v1 *p, size_t *at, struct v1_block *block)
{
	struct block_reader r = {.block = block};
	struct json_reader json;

	memset(block, 0, sizeof(*block));
	block->kind = V1_NO_LIST;
	while (*at < p->size && between_blocks(p->text[*at]))
		(*at)++;
	if (*at >= p->size)
		return ERR_JSON;
	if (p->text[*at] == ']')
		return STATUS_OK;
	r.base = *at;
	json_begin(&json, block_event, &r);
	const enum status status = json_feed(&json, p->text + *at, p->size - *at);
	if (status != STATUS_PENDING)
		return status == STATUS_OK ? ERR_JSON : status;
	*at += r.end;
	block->kind = kind_of(&r);
	return block->kind == V1_NO_LIST ? ERR_POLICY_FORMAT : STATUS_OK;
}

static bool fmspc_is_self(const struct v1_fmspc *fmspc)
{
	return fmspc->n == 4 && memcmp(fmspc->text, "self", 4) == 0;
}

/* --- the document -------------------------------------------------------------------------- */

struct root_reader {
	bool id;
	bool policy;
	enum { ROOT_OTHER, ROOT_ID, ROOT_POLICY } member;
	size_t blocks;
};

static bool is_hex_digit(uint8_t byte)
{
	return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f');
}

static bool is_guid(const struct json_event *e)
{
	if (e->kind != JSON_STRING || !e->first || !e->last || e->n != 36)
		return false;
	for (size_t i = 0; i < e->n; i++) {
		const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		if (dash ? e->text[i] != '-' : !is_hex_digit(e->text[i]))
			return false;
	}
	return true;
}

static enum status take_root_name(struct root_reader *r, const struct json_event *e)
{
	bool *came = NULL;

	r->member = ROOT_OTHER;
	if (name_is(e, "id")) {
		r->member = ROOT_ID;
		came = &r->id;
	} else if (name_is(e, "policy")) {
		r->member = ROOT_POLICY;
		came = &r->policy;
	}
	if (came == NULL)
		return STATUS_OK;
	if (*came)
		return ERR_POLICY_FORMAT;
	*came = true;
	return STATUS_OK;
}

static enum status take_root_value(struct root_reader *r, const struct json_event *e)
{
	if (r->member == ROOT_ID)
		return is_guid(e) ? STATUS_OK : ERR_POLICY_FORMAT;
	if (r->member == ROOT_OTHER || e->kind == JSON_ARRAY_END)
		return STATUS_OK;
	r->blocks = (size_t)e->begin + 1;
	return e->kind == JSON_ARRAY_BEGIN ? STATUS_OK : ERR_POLICY_FORMAT;
}

static enum status root_event(void *ctx, const struct json_event *e)
{
	struct root_reader *r = ctx;
	const bool object = e->kind == JSON_OBJECT_BEGIN || e->kind == JSON_OBJECT_END;

	if (e->depth == 0)
		return object ? STATUS_OK : ERR_POLICY_FORMAT;
	if (e->depth == 1)
		return e->kind == JSON_NAME ? take_root_name(r, e) : take_root_value(r, e);
	if (e->depth == 2 && r->member == ROOT_POLICY)
		return object ? STATUS_OK : ERR_POLICY_FORMAT;
	return STATUS_OK;
}

static void strip(struct policy_v1 *p)
{
	while (p->size > 0 && p->text[0] == 0) {
		p->text++;
		p->size--;
	}
	while (p->size > 0 && p->text[p->size - 1] == 0)
		p->size--;
}

enum status policy_v1_open(struct policy_v1 *p, const uint8_t *file, size_t n)
{
	struct root_reader root = {0};
	struct v1_block block;
	size_t platforms = 0;

	*p = (struct policy_v1){.text = file, .size = n};
	strip(p);
	TRY(json_parse(p->text, p->size, root_event, &root));
	if (!root.id || !root.policy)
		return ERR_POLICY_FORMAT;
	p->blocks = root.blocks;
	for (size_t at = p->blocks;;) {
		TRY(v1_next_block(p, &at, &block));
		if (block.kind == V1_NO_LIST)
			return STATUS_OK;
		if (block.kind == V1_TCB_INFO)
			p->self_only = ++platforms == 1 && fmspc_is_self(&block.fmspc);
	}
}
