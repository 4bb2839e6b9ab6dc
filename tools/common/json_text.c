/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define _GNU_SOURCE
#include "common/json_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cleanup_json(json_t **value)
{
	json_decref(*value);
	*value = NULL;
}

json_t *json_read_text(const char *name, const struct blob *text)
{
	/* Integers beyond 63 bits are legal here; json_canonical() keeps their digits. */
	const size_t flags =
		JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL;
	json_error_t error;
	/* Integers are wanted as integers where they fit, so the lax reading is only a fallback. */
	json_t *value = json_loadb((const char *)text->data, text->size,
		flags & ~(size_t)JSON_DECODE_INT_AS_REAL, &error);

	if (value == NULL && json_error_code(&error) == json_error_numeric_overflow)
		value = json_loadb((const char *)text->data, text->size, flags, &error);
	if (value == NULL)
		tool_fail(
			TOOL_USAGE, "%s: not JSON: %s (byte %d)", name, error.text, error.position);
	return value;
}

json_t *json_read_file(const char *path)
{
	AUTO_BLOB text = {0};

	if (file_read(path, &text) != TOOL_OK)
		return NULL;
	return json_read_text(path, &text);
}

char *json_compact(const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	if (text == NULL)
		exit(tool_fail(TOOL_USAGE, "out of memory"));
	return text;
}

static const char *const type_name[] = {
	[JSON_OBJECT] = "an object",
	[JSON_ARRAY] = "an array",
	[JSON_STRING] = "a string",
	[JSON_INTEGER] = "an integer",
	[JSON_REAL] = "a number",
	[JSON_TRUE] = "true",
	[JSON_FALSE] = "false",
	[JSON_NULL] = "null",
};

json_t *json_member(const char *name, const json_t *object, const char *field, json_type type)
{
	json_t *value = json_object_get(object, field);

	if (value == NULL) {
		tool_fail(TOOL_USAGE, "%s: member %s is missing", name, field);
		return NULL;
	}
	if (json_typeof(value) != type) {
		tool_fail(TOOL_USAGE, "%s: member %s is not %s", name, field, type_name[type]);
		return NULL;
	}
	return value;
}

int json_member_hex(
	const char *name, const json_t *object, const char *field, uint8_t *to, size_t n)
{
	const json_t *value = json_member(name, object, field, JSON_STRING);

	if (value == NULL)
		return TOOL_USAGE;
	if (json_string_length(value) != n * 2 || !hex_read(json_string_value(value), to, n))
		return tool_fail(TOOL_USAGE, "%s: member %s is not %zu bytes in hexadecimal", name,
			field, n);
	return TOOL_OK;
}

/* --- text known to be valid JSON ----------------------------------------------------------- */

static const char *skip_space(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
		at++;
	return at;
}

/* From the opening quote to the byte after the closing one. */
static const char *skip_string(const char *at)
{
	for (at++; *at != '"'; at++)
		if (*at == '\\')
			at++;
	return at + 1;
}

static bool is_scalar_byte(char c)
{
	return c == '+' || c == '-' || c == '.' || (c >= '0' && c <= '9') ||
	       (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static const char *skip_value(const char *at, const char *end)
{
	size_t depth = 0;

	do {
		at = skip_space(at, end);
		if (*at == '"') {
			at = skip_string(at);
		} else if (is_scalar_byte(*at)) {
			while (at < end && is_scalar_byte(*at))
				at++;
		} else {
			if (*at == '{' || *at == '[')
				depth++;
			else if (*at == '}' || *at == ']')
				depth--;
			at++;
		}
	} while (depth > 0);
	return at;
}

bool json_verbatim(const struct blob *text, const char *field, struct json_span *value)
{
	const char *at = (const char *)text->data, *end = at + text->size;

	at = skip_space(at, end);
	if (at == end || *at != '{')
		return false;
	at = skip_space(at + 1, end);
	while (*at == '"') {
		const char *name_end = skip_string(at);
		/* Names may be escaped; let jansson say what the name is. */
		AUTO_JSON name = json_loadb(at, (size_t)(name_end - at), JSON_DECODE_ANY, NULL);
		const bool found = name != NULL && strcmp(json_string_value(name), field) == 0;
		at = skip_space(name_end, end) + 1;
		at = skip_space(at, end);
		const char *value_end = skip_value(at, end);
		if (found) {
			*value = (struct json_span){at, (size_t)(value_end - at)};
			return true;
		}
		at = skip_space(value_end, end);
		if (*at == ',')
			at = skip_space(at + 1, end);
	}
	return false;
}

static void canonical_string(const char *at, size_t n, struct blob *out)
{
	AUTO_JSON value = json_loadb(at, n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	const char *text = json_string_value(value);
	const size_t size = json_string_length(value);

	blob_add_byte(out, '"');
	for (size_t i = 0; i < size; i++) {
		static const char controls[] = "btn\0fr"; /* 8, 9, 10, (11), 12, 13 */
		const unsigned char c = (unsigned char)text[i];
		if (c == '"' || c == '\\')
			blob_format(out, "\\%c", c);
		else if (c >= 8 && c <= 13 && c != 11)
			blob_format(out, "\\%c", controls[c - 8]);
		else if (c < 0x20)
			blob_format(out, "\\u%04x", c);
		else
			blob_add_byte(out, c);
	}
	blob_add_byte(out, '"');
}

/* Shortest digits that read back as the same double; exponents outside -5..16 are written so. */
static void canonical_real(double value, struct blob *out)
{
	char text[64], digits[32];
	int precision = 0;

	do
		snprintf(text, sizeof(text), "%.*e", precision, value);
	while (strtod(text, NULL) != value && ++precision < 17);
	char *e = strchr(text, 'e');
	const int exponent = atoi(e + 1);
	*e = '\0';
	if (exponent < -5 || exponent >= 16) {
		blob_format(out, "%se%d", text, exponent);
		return;
	}
	int n = 0;
	for (const char *c = text; *c != '\0'; c++)
		if (*c >= '0' && *c <= '9')
			digits[n++] = *c;
	if (signbit(value))
		blob_add_byte(out, '-');
	/* Digit i stands for the power `exponent` - i of ten; at least one on each side of the
	 * point. */
	const int last = exponent >= n - 1 ? exponent + 1 : n - 1;
	for (int i = exponent < 0 ? exponent : 0; i <= last; i++) {
		blob_add_byte(out, i >= 0 && i < n ? (uint8_t)digits[i] : '0');
		if (i == exponent)
			blob_add_byte(out, '.');
	}
}

static void canonical_number(const char *at, size_t n, struct blob *out)
{
	AUTO_TEXT text = tool_text("%.*s", (int)n, at);
	const bool negative = text[0] == '-';
	const bool real = strpbrk(text, ".eE") != NULL || strcmp(text, "-0") == 0;
	uint64_t magnitude = 0;

	/* Integers outside i64 and u64 are kept as doubles by the reference serialiser too. */
	if (!real &&
		number_read(text + negative, false, negative ? 1ull << 63 : UINT64_MAX, &magnitude))
		blob_format(out, "%s%" PRIu64, negative ? "-" : "", magnitude);
	else
		canonical_real(strtod(text, NULL), out);
}

int json_canonical(const char *name, const struct blob *text, struct blob *out)
{
	AUTO_JSON value = json_read_text(name, text);

	if (value == NULL)
		return TOOL_USAGE;
	const char *at = (const char *)text->data, *end = at + text->size;
	for (at = skip_space(at, end); at < end; at = skip_space(at, end)) {
		const char *token = at;
		if (*at == '"') {
			at = skip_string(at);
			canonical_string(token, (size_t)(at - token), out);
		} else if (*at == '-' || (*at >= '0' && *at <= '9')) {
			while (at < end && is_scalar_byte(*at))
				at++;
			canonical_number(token, (size_t)(at - token), out);
		} else {
			/* Punctuation, and the letters of true, false and null. */
			blob_add_byte(out, (uint8_t)*at++);
		}
	}
	return TOOL_OK;
}
