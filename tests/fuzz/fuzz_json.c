/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The first byte cuts a JSON document: pieces of any size bring the same events. */
#include "fuzz.h"

#include "json/json.h"

struct outcome {
	enum status status;
	unsigned depth;
	bool in_string;
	uint64_t events;
	uint64_t hash;		/* FNV-1a of everything an event says */
	uint64_t last;		/* where the last event began */
	size_t n;		/* of the document */
};

static void mix(struct outcome *o, const void *from, size_t n)
{
	const uint8_t *bytes = from;

	for (size_t i = 0; i < n; i++)
		o->hash = (o->hash ^ bytes[i]) * 0x100000001b3;
}

static void mix_number(struct outcome *o, uint64_t number)
{
	mix(o, &number, sizeof(number));
}

static void check_text(struct outcome *o, const struct json_event *e)
{
	if (e->kind == JSON_NAME)
		HOLDS(e->n <= JSON_NAME_MAX && e->first && e->last);
	else
		HOLDS(e->first == !o->in_string && e->n <= JSON_PART_MAX &&
			(e->last || e->n == JSON_PART_MAX));
	o->in_string = e->kind == JSON_STRING && !e->last;
	if (e->n > 0)
		mix(o, e->text, e->n);
}

static enum status on_event(void *ctx, const struct json_event *e)
{
	struct outcome *o = ctx;
	const bool begins = e->kind == JSON_OBJECT_BEGIN || e->kind == JSON_ARRAY_BEGIN;
	const bool ends = e->kind == JSON_OBJECT_END || e->kind == JSON_ARRAY_END;

	HOLDS(!o->in_string || e->kind == JSON_STRING);
	o->depth -= ends;
	HOLDS(e->depth == o->depth);
	o->depth += begins;
	HOLDS(o->depth <= JSON_DEPTH_MAX);
	HOLDS(e->begin >= o->last && e->begin < o->n && e->end <= o->n);
	HOLDS(e->end == 0 || e->end > e->begin);
	if (e->kind == JSON_NAME || e->kind == JSON_STRING)
		check_text(o, e);
	o->last = e->begin;
	o->events++;
	mix_number(o, (uint64_t)e->kind << 8 | (uint64_t)e->first << 3 | (uint64_t)e->last << 2 |
		(uint64_t)e->cut << 1 | e->negative);
	mix_number(o, e->value);
	mix_number(o, e->begin);
	mix_number(o, e->end);
	return STATUS_OK;
}

static struct outcome read_in_pieces(const uint8_t *bytes, size_t n, size_t piece)
{
	struct outcome o = {.hash = 0xcbf29ce484222325, .n = n};
	struct json_reader r;

	json_begin(&r, on_event, &o);
	for (size_t at = 0; at < n && o.status == STATUS_OK; at += piece)
		o.status = json_feed(&r, bytes + at, n - at < piece ? n - at : piece);
	if (o.status == STATUS_OK)
		o.status = json_end(&r);
	else
		HOLDS(json_feed(&r, bytes, n) != STATUS_OK && json_end(&r) != STATUS_OK);
	return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	if (n < 1)
		return 0;
	const size_t piece = 1 + bytes[0] % 80u;
	bytes++;
	n--;
	const struct outcome whole = read_in_pieces(bytes, n, n + 1);
	const struct outcome cut = read_in_pieces(bytes, n, piece);
	struct outcome once = {.hash = 0xcbf29ce484222325, .n = n};

	once.status = json_parse(bytes, n, on_event, &once);
	HOLDS(whole.status == cut.status && whole.status == once.status);
	HOLDS(whole.status == STATUS_OK || whole.status == ERR_JSON ||
		whole.status == ERR_JSON_DEPTH);
	HOLDS(whole.events == cut.events && whole.hash == cut.hash && whole.hash == once.hash);
	if (whole.status == STATUS_OK) {
		HOLDS(whole.depth == 0 && whole.events > 0);
		ACCEPTED();
	}
	return 0;
}
