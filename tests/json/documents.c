/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "documents.h"

#include <string.h>

#include "json/json.h"

static uint32_t seed = DOCUMENTS_SEED;

char doc[DOCUMENT_MAX];
size_t doc_size;

uint32_t draw(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % below;
}

static void add(const char *text)
{
	const size_t n = strlen(text);

	if (doc_size + n < sizeof(doc)) {
		memcpy(doc + doc_size, text, n);
		doc_size += n;
	}
}

static void add_space(void)
{
	static const char *const spaces[] = {"", "", "", " ", "\n", "\t\r"};

	add(spaces[draw(ARRAY_SIZE(spaces))]);
}

static void add_string(void)
{
	static const char *const parts[] = {
		"a", "policyData", "0123456789abcdef", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
		"\xed\x9f\xbf", "\xee\x80\x80", "\xf4\x8f\xbf\xbf", "\\n", "\\\"", "\\\\", "\\/",
		"\\u0041", "\\u00e9", "\\u20AC", "\\ud83d\\ude00", "\\b\\f\\r\\t", "\x7f", "\\u0001",
		"a text that is long enough to need several parts when it is repeated",
	};
	add("\"");
	for (uint32_t i = draw(8); i > 0; i--)
		add(parts[draw(ARRAY_SIZE(parts))]);
	add("\"");
}

/* Few names come often, so that objects have some of them twice. */
static void add_name(void)
{
	static const char *const names[] = {"\"a\"", "\"\\u0061\"", "\"id\"", "\"i\\u0064\""};

	if (draw(2) == 0)
		add(names[draw(ARRAY_SIZE(names))]);
	else
		add_string();
}

static void add_value(unsigned depth)
{
	static const char *const scalars[] = {
		"0", "-0", "1", "4294967295", "9223372036854775807", "-9223372036854775808", "1.5",
		"-0.0e-3", "1E+2", "true", "false", "null", "123456", "0.1", "18446744073709551616",
		"18446744073709551615", "1e999",
	};
	const uint32_t kind = depth > 18 ? 0 : draw(6);

	add_space();
	if (kind == 0) {
		add(scalars[draw(draw(4) ? 14 : ARRAY_SIZE(scalars))]);
	} else if (kind <= 2) {
		add_string();
	} else {
		const uint32_t members = draw(5);
		const bool object = kind == 3;
		add(object ? "{" : "[");
		for (uint32_t i = 0; i < members; i++) {
			add(i > 0 ? "," : "");
			add_space();
			if (object) {
				add_name();
				add_space();
				add(":");
			}
			add_value(depth + 1);
		}
		add_space();
		add(object ? "}" : "]");
	}
	add_space();
}

void document_mutate(void)
{
	static const char bytes[] = "{}[]\",:\\u0aD8eE+-.tfn \n\x00\x1f\x80\xbf\xc0\xc1\xed\xa0\xf0\xf4\x90\xff";

	for (uint32_t i = 1 + draw(3); i > 0 && doc_size > 0; i--) {
		const uint32_t at = draw((uint32_t)doc_size);
		const char byte = bytes[draw(sizeof(bytes) - 1)];
		switch (draw(4)) {
		case 0:
			doc[at] = byte;
			break;
		case 1:
			doc[at] = (char)(doc[at] ^ (1 << draw(8)));
			break;
		case 2:
			memmove(doc + at, doc + at + 1, doc_size - at - 1);
			doc_size--;
			break;
		default:
			if (doc_size + 1 < sizeof(doc)) {
				memmove(doc + at + 1, doc + at, doc_size - at);
				doc[at] = byte;
				doc_size++;
			}
		}
	}
}

void document_generate(void)
{
	doc_size = 0;
	add_value(0);
}
