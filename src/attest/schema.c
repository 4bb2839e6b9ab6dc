/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "attest/schema.h"

#include "attest/text.h"

static struct schema_frame *top(struct schema_reader *r)
{
	return &r->frame[r->depth - 1];
}

static enum status push(struct schema_reader *r, const struct schema_object *object, uint8_t id,
	bool is_array)
{
	if (r->depth == SCHEMA_DEPTH_MAX)
		return ERR_COLLATERAL;
	r->frame[r->depth++] = (struct schema_frame){.object = object, .id = id,
		.is_array = is_array};
	return STATUS_OK;
}

static enum status on_name(struct schema_reader *r, const struct json_event *e)
{
	struct schema_frame *frame = top(r);

	r->member = NULL;
	if (e->cut)
		return STATUS_OK;
	for (uint8_t i = 0; i < frame->object->count; i++) {
		const struct schema_member *m = &frame->object->members[i];
		if ((uint8_t)m->name[0] != e->text[0] || strlen(m->name) != e->n ||
			memcmp(m->name, e->text, e->n) != 0)
			continue;
		if ((frame->seen >> i & 1) != 0)
			return ERR_COLLATERAL;
		frame->seen |= UINT32_C(1) << i;
		r->member = m;
	}
	return STATUS_OK;
}

static enum status on_container_begin(struct schema_reader *r, const struct json_event *e,
	const struct schema_object *object, uint8_t id, bool is_array)
{
	const struct schema_event event = {.what = SCHEMA_BEGIN, .id = id, .begin = e->begin};

	if (e->kind != (is_array ? JSON_ARRAY_BEGIN : JSON_OBJECT_BEGIN))
		return ERR_COLLATERAL;
	TRY(push(r, object, id, is_array));
	return r->event(r->ctx, &event);
}

static enum status on_container_end(struct schema_reader *r, const struct json_event *e)
{
	const struct schema_frame *frame = top(r);
	const struct schema_event event = {.what = SCHEMA_END, .id = frame->id, .end = e->end,
		.number = frame->is_array ? frame->seen : 0};

	for (uint8_t i = 0; !frame->is_array && i < frame->object->count; i++) {
		if (!frame->object->members[i].optional && (frame->seen >> i & 1) == 0)
			return ERR_COLLATERAL;
	}
	r->depth--;
	return r->event(r->ctx, &event);
}

static enum status on_string(struct schema_reader *r, const struct json_event *e)
{
	const bool whole = r->member->type == SCHEMA_STRING;
	struct schema_event event = {.what = SCHEMA_VALUE, .id = r->member->id};

	if (e->kind != JSON_STRING)
		return ERR_COLLATERAL;
	if (whole) {
		if (e->n > (size_t)(SCHEMA_TEXT_MAX - r->n))
			return ERR_COLLATERAL;
		if (e->n > 0)
			memcpy(r->text + r->n, e->text, e->n);
		r->n = (uint8_t)(r->n + e->n);
		event.text = r->text;
		event.n = r->n;
	}
	if (!e->last)
		return STATUS_OK;
	r->n = 0;
	event.begin = e->begin + 1;
	event.end = e->end - 1;
	return r->event(r->ctx, &event);
}

static enum status on_integer(struct schema_reader *r, const struct json_event *e)
{
	const struct schema_event event = {.what = SCHEMA_VALUE, .id = r->member->id,
		.number = e->value};

	if (e->kind != JSON_NUMBER || e->cut || e->negative)
		return ERR_COLLATERAL;
	return r->event(r->ctx, &event);
}

static enum status on_value(struct schema_reader *r, const struct json_event *e)
{
	if (r->depth == 0)
		return on_container_begin(r, e, r->root, r->root->id, false);
	struct schema_frame *frame = top(r);
	if (frame->is_array) {
		frame->seen++;
		return on_container_begin(r, e, frame->object, frame->object->id, false);
	}
	if (r->member == NULL) {
		r->skipping = e->kind == JSON_OBJECT_BEGIN || e->kind == JSON_ARRAY_BEGIN;
		r->skip_depth = (uint8_t)e->depth;
		return STATUS_OK;
	}
	switch ((enum schema_type)r->member->type) {
	case SCHEMA_INTEGER:
		return on_integer(r, e);
	case SCHEMA_STRING:
	case SCHEMA_PLACE:
		return on_string(r, e);
	case SCHEMA_OBJECT:
	case SCHEMA_ARRAY:
		return on_container_begin(r, e, r->member->object, r->member->id,
			r->member->type == SCHEMA_ARRAY);
	}
	return ERR_COLLATERAL;
}

static enum status on_event(void *ctx, const struct json_event *e)
{
	struct schema_reader *r = ctx;
	const bool ends = e->kind == JSON_OBJECT_END || e->kind == JSON_ARRAY_END;

	if (r->skipping) {
		if (ends && e->depth == r->skip_depth)
			r->skipping = false;
		return STATUS_OK;
	}
	if (e->kind == JSON_NAME)
		return on_name(r, e);
	return ends ? on_container_end(r, e) : on_value(r, e);
}

void json_schema_begin(struct schema_reader *r, const struct schema_object *root,
	schema_event_fn *event, void *ctx)
{
	*r = (struct schema_reader){.root = root, .event = event, .ctx = ctx};
	json_begin(&r->json, on_event, r);
}

static enum status collateral_status(enum status s)
{
	return s == ERR_JSON || s == ERR_JSON_DEPTH ? ERR_COLLATERAL : s;
}

enum status schema_feed(struct schema_reader *r, const uint8_t *from, size_t n)
{
	return collateral_status(json_feed(&r->json, from, n));
}

enum status schema_end(struct schema_reader *r)
{
	return collateral_status(json_end(&r->json));
}

bool schema_hex(const struct schema_event *event, uint8_t *to, size_t n)
{
	if (event->n != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		const int high = text_hex_digit(event->text[2 * i]);
		const int low = text_hex_digit(event->text[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		to[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

bool schema_text_is(const struct schema_event *event, const char *text)
{
	return event->n == strlen(text) && memcmp(event->text, text, event->n) == 0;
}
