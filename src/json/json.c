/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "json/json.h"

#include "json/text.h"

/* What the next byte may be; those between tokens come first. */
enum state {
	VALUE,		/* a value */
	FIRST_VALUE,	/* a value or ] */
	FIRST_NAME,	/* a name or } */
	NEXT_NAME,	/* a name */
	COLON,
	AFTER_VALUE,	/* a comma or a closing bracket; at depth 0 only white space */
	IN_STRING,
	ESCAPE,		/* the byte behind a backslash */
	HEX,		/* `sub` more hex digits of \u */
	LOW_BACKSLASH,	/* the \ and the u of the low surrogate that must follow */
	LOW_U,
	NUMBER,		/* `sub` is an enum number_state */
	LITERAL,	/* flags name the literal, `sub` is the index of its next character */
	FAILED,
};

enum number_state {
	NUMBER_MINUS,
	NUMBER_ZERO,
	NUMBER_INTEGER,
	NUMBER_POINT,
	NUMBER_FRACTION,
	NUMBER_E,
	NUMBER_E_SIGN,
	NUMBER_EXPONENT,
};

#define FLAG_NAME 1u		/* the string at hand is a member name */
#define FLAG_CUT 2u
#define FLAG_NEGATIVE 4u
#define FLAG_PARTED 8u		/* a part of the string was given away */
#define FLAG_SKIP 16u		/* nobody wants the rest of it */

static const struct {
	const char *text;
	enum json_kind kind;
} literals[] = {{"true", JSON_TRUE}, {"false", JSON_FALSE}, {"null", JSON_NULL}};

void json_begin(struct json_reader *r, json_event_fn *event, void *ctx)
{
	memset(r, 0, sizeof(*r));
	r->event = event;
	r->ctx = ctx;
	r->state = VALUE;
}

static bool is_digit(uint8_t byte)
{
	return byte >= '0' && byte <= '9';
}

static bool is_space(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static bool in_object(const struct json_reader *r)
{
	return r->depth > 0 && (r->objects >> (r->depth - 1) & 1) != 0;
}

/* --- containers ---------------------------------------------------------------------------- */

static enum status open_container(struct json_reader *r, bool object)
{
	const struct json_event event = {
		.kind = object ? JSON_OBJECT_BEGIN : JSON_ARRAY_BEGIN,
		.depth = r->depth,
		.begin = r->offset,
	};

	if (r->depth == JSON_DEPTH_MAX)
		return ERR_JSON_DEPTH;
	if (object)
		r->objects |= UINT32_C(1) << r->depth;
	else
		r->objects &= ~(UINT32_C(1) << r->depth);
	r->depth++;
	r->state = object ? FIRST_NAME : FIRST_VALUE;
	return r->event(r->ctx, &event);
}

static enum status close_container(struct json_reader *r, bool object)
{
	struct json_event event = {
		.kind = object ? JSON_OBJECT_END : JSON_ARRAY_END,
		.begin = r->offset,
		.end = r->offset + 1,
	};

	if (r->depth == 0 || in_object(r) != object)
		return ERR_JSON;
	r->depth--;
	r->state = AFTER_VALUE;
	event.depth = r->depth;
	return r->event(r->ctx, &event);
}

/* --- strings ------------------------------------------------------------------------------- */

static void begin_string(struct json_reader *r, uint8_t flags)
{
	r->begin = r->offset;
	r->n = 0;
	r->flags = flags;
	r->utf8 = (struct utf8){0};
	r->surrogate = 0;
	r->state = IN_STRING;
}

static enum status string_part(struct json_reader *r, const uint8_t *text, size_t n, bool last)
{
	const struct json_event event = {
		.kind = (r->flags & FLAG_NAME) != 0 ? JSON_NAME : JSON_STRING,
		.depth = r->depth,
		.text = text,
		.n = n,
		.first = (r->flags & FLAG_PARTED) == 0,
		.last = last,
		.cut = (r->flags & FLAG_CUT) != 0,
		.begin = r->begin,
		.end = last ? r->offset + 1 : 0,
	};

	r->flags |= FLAG_PARTED;
	return r->event(r->ctx, &event);
}

static void put_name(struct json_reader *r, const uint8_t *from, size_t n)
{
	const size_t room = JSON_NAME_MAX - (size_t)r->n;

	if (n > room) {
		n = room;
		r->flags |= FLAG_CUT;
	}
	memcpy(r->text + r->n, from, n);
	r->n = (uint16_t)(r->n + n);
}

/*
 * Adds text to the string at hand.  A full part is given away only once more text follows it, so
 * that a string of up to JSON_PART_MAX bytes always comes whole.
 */
static enum status put_text(struct json_reader *r, const uint8_t *from, size_t n)
{
	if ((r->flags & FLAG_NAME) != 0) {
		put_name(r, from, n);
		return STATUS_OK;
	}
	while (n > 0 && (r->flags & FLAG_SKIP) == 0) {
		size_t taken = JSON_PART_MAX;
		if (r->n == 0 && n > JSON_PART_MAX) {
			TRY(string_part(r, from, taken, false));
		} else if (r->n == JSON_PART_MAX) {
			taken = 0;
			r->n = 0;
			TRY(string_part(r, r->text, JSON_PART_MAX, false));
		} else {
			taken -= r->n;
			taken = n < taken ? n : taken;
			memcpy(r->text + r->n, from, taken);
			r->n = (uint16_t)(r->n + taken);
		}
		from += taken;
		n -= taken;
	}
	return STATUS_OK;
}

static enum status end_string(struct json_reader *r)
{
	r->state = (r->flags & FLAG_NAME) != 0 ? COLON : AFTER_VALUE;
	return string_part(r, r->text, r->n, true);
}

/* One byte of a string that is not plain ASCII text. */
static enum status string_byte(struct json_reader *r, uint8_t byte)
{
	if (byte == '"' && r->utf8.left == 0)
		return end_string(r);
	if (byte == '\\' && r->utf8.left == 0) {
		r->state = ESCAPE;
		return STATUS_OK;
	}
	if (byte < 0x20 || !utf8_take(&r->utf8, byte))
		return ERR_JSON;
	return put_text(r, &byte, 1);
}

static enum status escape(struct json_reader *r, uint8_t byte)
{
	const uint8_t value = json_escaped(byte);

	if (byte == 'u') {
		r->state = HEX;
		r->sub = 4;
		r->code_point = 0;
		return STATUS_OK;
	}
	if (value == 0)
		return ERR_JSON;
	r->state = IN_STRING;
	return put_text(r, &value, 1);
}

static enum status put_code_point(struct json_reader *r, uint32_t code)
{
	uint8_t utf8[4];
	size_t n = 1;

	if (code < 0x80) {
		utf8[0] = (uint8_t)code;
	} else {
		n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
		for (size_t i = n - 1; i > 0; i--) {
			utf8[i] = (uint8_t)(0x80 | (code & 0x3f));
			code >>= 6;
		}
		utf8[0] = (uint8_t)((n == 2 ? 0xc0 : n == 3 ? 0xe0 : 0xf0) | code);
	}
	r->state = IN_STRING;
	return put_text(r, utf8, n);
}

static enum status hex(struct json_reader *r, uint8_t byte)
{
	uint32_t digit;

	if (is_digit(byte))
		digit = byte - (uint32_t)'0';
	else if ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f')
		digit = (byte | 0x20u) - 'a' + 10;
	else
		return ERR_JSON;
	r->code_point = r->code_point << 4 | digit;
	if (--r->sub > 0)
		return STATUS_OK;
	const bool low = r->code_point >= 0xdc00 && r->code_point < 0xe000;
	if (low != (r->surrogate != 0))
		return ERR_JSON;
	if (low) {
		const uint32_t high = r->surrogate;
		r->surrogate = 0;
		return put_code_point(r, 0x10000 + ((high - 0xd800) << 10) + r->code_point - 0xdc00);
	}
	if (r->code_point >= 0xd800 && r->code_point < 0xdc00) {
		r->surrogate = (uint16_t)r->code_point;
		r->state = LOW_BACKSLASH;
		return STATUS_OK;
	}
	return put_code_point(r, r->code_point);
}

/* --- numbers and literals ------------------------------------------------------------------ */

static void begin_number(struct json_reader *r, uint8_t byte)
{
	r->begin = r->offset;
	r->state = NUMBER;
	r->flags = byte == '-' ? FLAG_NEGATIVE : 0;
	r->number = byte == '-' ? 0 : byte - (uint64_t)'0';
	r->sub = byte == '-' ? NUMBER_MINUS : byte == '0' ? NUMBER_ZERO : NUMBER_INTEGER;
}

static void integer_digit(struct json_reader *r, uint8_t byte)
{
	const uint64_t digit = byte - (uint64_t)'0';

	if (r->number > (UINT64_MAX - digit) / 10)
		r->flags |= FLAG_CUT;
	r->number = r->number * 10 + digit;
}

static bool number_complete(const struct json_reader *r)
{
	return r->sub == NUMBER_ZERO || r->sub == NUMBER_INTEGER || r->sub == NUMBER_FRACTION ||
	       r->sub == NUMBER_EXPONENT;
}

/* Takes the byte into the number at hand; false when it is no part of it. */
static bool number_byte(struct json_reader *r, uint8_t byte)
{
	const bool digit = is_digit(byte);

	switch ((enum number_state)r->sub) {
	case NUMBER_MINUS:
		if (digit) {
			r->number = byte - (uint64_t)'0';
			r->sub = byte == '0' ? NUMBER_ZERO : NUMBER_INTEGER;
		}
		return digit;
	case NUMBER_INTEGER:
		if (digit) {
			integer_digit(r, byte);
			return true;
		}
		break;
	case NUMBER_POINT:
	case NUMBER_FRACTION:
		if (digit) {
			r->sub = NUMBER_FRACTION;
			return true;
		}
		break;
	case NUMBER_E:
		if (byte == '+' || byte == '-') {
			r->sub = NUMBER_E_SIGN;
			return true;
		}
		/* fall through */
	case NUMBER_E_SIGN:
	case NUMBER_EXPONENT:
		if (digit)
			r->sub = NUMBER_EXPONENT;
		return digit;
	case NUMBER_ZERO:
		break;
	}
	const bool whole = r->sub == NUMBER_ZERO || r->sub == NUMBER_INTEGER;
	if (byte == '.' && whole)
		r->sub = NUMBER_POINT;
	else if ((byte == 'e' || byte == 'E') && r->sub != NUMBER_POINT)
		r->sub = NUMBER_E;
	else
		return false;
	r->flags |= FLAG_CUT;
	return true;
}

static enum status end_number(struct json_reader *r)
{
	const bool cut = (r->flags & FLAG_CUT) != 0;
	const struct json_event event = {
		.kind = JSON_NUMBER,
		.depth = r->depth,
		.first = true,
		.last = true,
		.cut = cut,
		.negative = (r->flags & FLAG_NEGATIVE) != 0,
		.value = cut ? 0 : r->number,
		.begin = r->begin,
		.end = r->offset,
	};

	if (!number_complete(r))
		return ERR_JSON;
	r->state = AFTER_VALUE;
	return r->event(r->ctx, &event);
}

static enum status begin_literal(struct json_reader *r, uint8_t byte)
{
	for (uint8_t i = 0; i < ARRAY_SIZE(literals); i++) {
		if (byte == (uint8_t)literals[i].text[0]) {
			r->begin = r->offset;
			r->state = LITERAL;
			r->flags = i;
			r->sub = 1;
			return STATUS_OK;
		}
	}
	return ERR_JSON;
}

static enum status literal_byte(struct json_reader *r, uint8_t byte)
{
	const char *text = literals[r->flags].text;
	const struct json_event event = {
		.kind = literals[r->flags].kind,
		.depth = r->depth,
		.first = true,
		.last = true,
		.begin = r->begin,
		.end = r->offset + 1,
	};

	if (byte != (uint8_t)text[r->sub])
		return ERR_JSON;
	r->sub++;
	if (text[r->sub] != '\0')
		return STATUS_OK;
	r->state = AFTER_VALUE;
	return r->event(r->ctx, &event);
}

/* --- structure ----------------------------------------------------------------------------- */

static enum status begin_value(struct json_reader *r, uint8_t byte)
{
	if (byte == '{' || byte == '[')
		return open_container(r, byte == '{');
	if (byte == ']' && r->state == FIRST_VALUE)
		return close_container(r, false);
	if (byte == '"') {
		begin_string(r, 0);
		return STATUS_OK;
	}
	if (byte == '-' || is_digit(byte)) {
		begin_number(r, byte);
		return STATUS_OK;
	}
	return begin_literal(r, byte);
}

static enum status after_value(struct json_reader *r, uint8_t byte)
{
	if (byte == '}' || byte == ']')
		return close_container(r, byte == '}');
	if (byte != ',' || r->depth == 0)
		return ERR_JSON;
	r->state = in_object(r) ? NEXT_NAME : VALUE;
	return STATUS_OK;
}

/* A byte between tokens, or the first of one.  White space comes here right behind a number only. */
static enum status structure_byte(struct json_reader *r, uint8_t byte)
{
	if (is_space(byte))
		return STATUS_OK;
	switch ((enum state)r->state) {
	case VALUE:
	case FIRST_VALUE:
		return begin_value(r, byte);
	case FIRST_NAME:
		if (byte == '}')
			return close_container(r, true);
		/* fall through */
	case NEXT_NAME:
		if (byte != '"')
			return ERR_JSON;
		begin_string(r, FLAG_NAME);
		return STATUS_OK;
	case COLON:
		if (byte != ':')
			return ERR_JSON;
		r->state = VALUE;
		return STATUS_OK;
	case AFTER_VALUE:
		return after_value(r, byte);
	default:
		return ERR_JSON;
	}
}

static enum status take_byte(struct json_reader *r, uint8_t byte)
{
	switch ((enum state)r->state) {
	case IN_STRING:
		return string_byte(r, byte);
	case ESCAPE:
		return escape(r, byte);
	case HEX:
		return hex(r, byte);
	case LOW_BACKSLASH:
		r->state = LOW_U;
		return byte == '\\' ? STATUS_OK : ERR_JSON;
	case LOW_U:
		r->state = HEX;
		r->sub = 4;
		r->code_point = 0;
		return byte == 'u' ? STATUS_OK : ERR_JSON;
	case NUMBER:
		if (number_byte(r, byte))
			return STATUS_OK;
		TRY(end_number(r));
		return structure_byte(r, byte);
	case LITERAL:
		return literal_byte(r, byte);
	default:
		return structure_byte(r, byte);
	}
}

static size_t space_run(const uint8_t *from, size_t n)
{
	size_t i = 0;

	while (i < n && is_space(from[i]))
		i++;
	return i;
}

static enum status feed(struct json_reader *r, const uint8_t *from, size_t n)
{
	size_t i = 0;

	while (i < n) {
		size_t run = 0;

		if (r->state < IN_STRING) {
			run = space_run(from + i, n - i);
		} else if (r->state == IN_STRING && r->utf8.left == 0) {
			run = json_plain_run(from + i, n - i);
			TRY(put_text(r, from + i, run));
		}
		r->offset += run;
		i += run;
		if (i == n)
			break;
		TRY(take_byte(r, from[i]));
		r->offset++;
		i++;
	}
	return STATUS_OK;
}

void json_skip_string(struct json_reader *r)
{
	r->flags |= FLAG_SKIP;
	r->n = 0;
}

enum status json_feed(struct json_reader *r, const uint8_t *from, size_t n)
{
	if (r->state == FAILED)
		return ERR_JSON;
	const enum status status = feed(r, from, n);
	if (status != STATUS_OK)
		r->state = FAILED;
	return status;
}

enum status json_end(struct json_reader *r)
{
	if (r->state == NUMBER && r->depth == 0) {
		const enum status status = end_number(r);
		if (status != STATUS_OK) {
			r->state = FAILED;
			return status;
		}
	}
	return r->state == AFTER_VALUE && r->depth == 0 ? STATUS_OK : ERR_JSON;
}

enum status json_parse(const uint8_t *from, size_t n, json_event_fn *event, void *ctx)
{
	struct json_reader r;

	json_begin(&r, event, ctx);
	TRY(json_feed(&r, from, n));
	return json_end(&r);
}
