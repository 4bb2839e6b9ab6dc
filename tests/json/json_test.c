/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The reader against jansson: every document is read by both, ours in random pieces, into the
 * same kind of tree.  Differences other than those json.h lists fail the test.
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* jansson's node types have the names of our events. */
#define JSON_STRING JANSSON_STRING
#define JSON_TRUE JANSSON_TRUE
#define JSON_FALSE JANSSON_FALSE
#define JSON_NULL JANSSON_NULL
#include <jansson.h>
#undef JSON_STRING
#undef JSON_TRUE
#undef JSON_FALSE
#undef JSON_NULL

#include "documents.h"
#include "json/json.h"

/* --- a tree built from our events ---------------------------------------------------------- */

struct builder {
	const char *doc;
	json_t *stack[JSON_DEPTH_MAX + 1];
	char *name[JSON_DEPTH_MAX + 1];
	size_t name_size[JSON_DEPTH_MAX + 1];
	unsigned depth;
	json_t *root;
	char text[1 << 18];
	size_t n;
	bool beyond_jansson;	/* a number or name jansson cannot hold */
	bool duplicate;		/* a name came twice in one object */
};

static void place(struct builder *b, json_t *value)
{
	if (b->depth == 0) {
		b->root = value;
		return;
	}
	json_t *around = b->stack[b->depth - 1];
	if (json_is_array(around)) {
		assert_int_equal(json_array_append_new(around, value), 0);
		return;
	}
	const char *name = b->name[b->depth];
	const size_t n = b->name_size[b->depth];
	b->duplicate |= json_object_getn(around, name, n) != NULL;
	assert_int_equal(json_object_setn_new_nocheck(around, name, n, value), 0);
}

/* What jansson makes of the verbatim text of a token. */
static json_t *verbatim(const struct builder *b, const struct json_event *e)
{
	return json_loadb(b->doc + e->begin, e->end - e->begin,
		JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
}

static void take_name(struct builder *b, const struct json_event *e)
{
	json_t *whole = verbatim(b, e);

	assert_non_null(whole);
	assert_int_equal(e->cut, json_string_length(whole) > JSON_NAME_MAX);
	assert_int_equal(e->n, e->cut ? JSON_NAME_MAX : json_string_length(whole));
	assert_memory_equal(e->text, json_string_value(whole), e->n);
	free(b->name[e->depth]);
	b->name_size[e->depth] = json_string_length(whole);
	b->name[e->depth] = malloc(b->name_size[e->depth] + 1);
	memcpy(b->name[e->depth], json_string_value(whole), b->name_size[e->depth] + 1);
	b->beyond_jansson |= memchr(b->name[e->depth], 0, b->name_size[e->depth]) != NULL;
	json_decref(whole);
}

static void take_string(struct builder *b, const struct json_event *e)
{
	assert_true(e->n <= JSON_PART_MAX && (e->last || e->n == JSON_PART_MAX));
	assert_int_equal(e->first, b->n == 0);
	assert_true(b->n + e->n <= sizeof(b->text));
	memcpy(b->text + b->n, e->text, e->n);
	b->n += e->n;
	if (!e->last)
		return;
	json_t *whole = verbatim(b, e);
	assert_non_null(whole);
	assert_int_equal(b->n, json_string_length(whole));
	assert_memory_equal(b->text, json_string_value(whole), b->n);
	place(b, whole);
	b->n = 0;
}

static void take_number(struct builder *b, const struct json_event *e)
{
	json_t *whole = verbatim(b, e);
	const uint64_t most = (uint64_t)INT64_MAX + (e->negative ? 1 : 0);

	if (whole == NULL || (!e->cut && e->value > most)) {
		assert_null(whole);
		b->beyond_jansson = true;
		place(b, json_null());
		return;
	}
	assert_int_equal(e->negative, b->doc[e->begin] == '-');
	assert_int_equal(e->cut, json_is_real(whole));
	if (!e->cut)
		assert_int_equal(e->negative ? 0 - e->value : e->value,
			(uint64_t)json_integer_value(whole));
	place(b, whole);
}

static enum status build(void *ctx, const struct json_event *e)
{
	struct builder *b = ctx;

	switch (e->kind) {
	case JSON_OBJECT_BEGIN:
	case JSON_ARRAY_BEGIN:
		assert_int_equal(e->depth, b->depth);
		assert_int_equal(b->doc[e->begin], e->kind == JSON_OBJECT_BEGIN ? '{' : '[');
		json_t *value = e->kind == JSON_OBJECT_BEGIN ? json_object() : json_array();
		place(b, value);
		b->stack[b->depth++] = value;
		return STATUS_OK;
	case JSON_OBJECT_END:
	case JSON_ARRAY_END:
		b->depth--;
		assert_int_equal(e->depth, b->depth);
		assert_int_equal(b->doc[e->end - 1], e->kind == JSON_OBJECT_END ? '}' : ']');
		return STATUS_OK;
	case JSON_NAME:
		take_name(b, e);
		return STATUS_OK;
	case JSON_STRING:
		take_string(b, e);
		return STATUS_OK;
	case JSON_NUMBER:
		take_number(b, e);
		return STATUS_OK;
	case JSON_TRUE:
	case JSON_FALSE:
	case JSON_NULL:
		break;
	}
	json_t *literal = verbatim(b, e);
	assert_non_null(literal);
	assert_int_equal(json_typeof(literal), e->kind == JSON_TRUE ? JANSSON_TRUE :
		e->kind == JSON_FALSE ? JANSSON_FALSE : JANSSON_NULL);
	place(b, literal);
	return STATUS_OK;
}

static enum status feed_in_pieces(struct json_reader *r, const char *text, size_t n, uint32_t most)
{
	for (size_t at = 0; at < n;) {
		size_t piece = 1 + draw(most);
		piece = piece > n - at ? n - at : piece;
		/* An exact copy, so that the sanitizer sees a read past the piece. */
		uint8_t *copy = malloc(piece);
		memcpy(copy, text + at, piece);
		const enum status status = json_feed(r, copy, piece);
		free(copy);
		if (status != STATUS_OK)
			return status;
		at += piece;
	}
	return json_end(r);
}

static struct builder builder;
static unsigned accepted, refused, with_duplicates;

/* jansson does not see a NUL that ends a number or a literal; ours fails at it. */
static bool failed_at_overlooked_nul(const struct json_reader *r, const char *text, size_t n)
{
	return r->offset > 0 && r->offset < n && text[r->offset] == '\0' &&
		isalnum((unsigned char)text[r->offset - 1]);
}

/* A consumer that refuses duplicate names judges as jansson does that refuses them. */
static void compare_duplicates(const char *text, size_t n)
{
	json_t *theirs = json_loadb(text, n,
		JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, NULL);

	assert_int_equal(theirs == NULL, builder.duplicate);
	with_duplicates += builder.duplicate;
	json_decref(theirs);
}

static void compare(const char *text, size_t n)
{
	json_error_t error;
	json_t *theirs = json_loadb(text, n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
	struct json_reader r;

	memset(&builder, 0, offsetof(struct builder, text));
	builder.n = 0;
	builder.beyond_jansson = builder.duplicate = false;
	builder.doc = text;
	json_begin(&r, build, &builder);
	const enum status ours = feed_in_pieces(&r, text, n, draw(2) ? 3 : 200);

	if (ours == ERR_JSON_DEPTH) {
		assert_int_equal(r.depth, JSON_DEPTH_MAX);
	} else if (theirs == NULL && (builder.beyond_jansson ||
			json_error_code(&error) == json_error_numeric_overflow)) {
		/* numbers and names outside of what jansson can hold */
	} else if (ours == ERR_JSON && failed_at_overlooked_nul(&r, text, n)) {
		/* whatever jansson says of the rest */
	} else if ((ours == STATUS_OK) != (theirs != NULL)) {
		fprintf(stderr, "ours %s, jansson %s: %.*s\n", status_name(ours),
			theirs == NULL ? error.text : "takes it", (int)n, text);
		fail();
	} else if (ours == STATUS_OK) {
		assert_true(json_equal(theirs, builder.root));
		compare_duplicates(text, n);
		accepted++;
	} else {
		refused++;
	}
	for (size_t i = 0; i <= JSON_DEPTH_MAX; i++)
		free(builder.name[i]);
	json_decref(builder.root);
	json_decref(theirs);
}

/* --- verdicts ------------------------------------------------------------------------------ */

static void generated_documents_read_as_jansson_reads_them(void **state)
{
	(void)state;
	accepted = with_duplicates = 0;
	for (unsigned i = 0; i < 4000; i++) {
		document_generate();
		compare(doc, doc_size);
	}
	printf("%u accepted, %u with duplicate names\n", accepted, with_duplicates);
	assert_true(accepted > 3000 && with_duplicates > 100);
}

static void mutated_documents_are_judged_as_jansson_judges_them(void **state)
{
	(void)state;
	accepted = refused = 0;
	for (unsigned i = 0; i < 20000; i++) {
		document_generate();
		document_mutate();
		compare(doc, doc_size);
	}
	printf("%u accepted, %u refused\n", accepted, refused);
	assert_true(accepted > 2000 && refused > 2000);
}

static void every_cut_and_flipped_byte_is_judged_as_jansson_judges_it(void **state)
{
	static const char text[] =
		" {\"policySvn\":1,\"a\\u00e9\\ud83d\\ude00\":[true,false,null,-12.5e+3,\"\xe2\x82\xac\"]} ";

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++)
		compare(text, n);
	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		for (int byte = 0; byte < 256; byte++) {
			memcpy(doc, text, sizeof(text) - 1);
			doc[i] = (char)byte;
			compare(doc, sizeof(text) - 1);
		}
	}
}

static void every_two_and_three_byte_sequence_is_judged_as_utf8(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 0x10000; i++) {
		const char two[] = {'"', (char)(i >> 8), (char)i, '"'};
		const char three[] = {'"', (char)(0xe0 | (i >> 12)), (char)(0x80 | (i >> 6 & 0x3f)),
			(char)(0x80 | (i & 0x3f)), '"'};
		compare(two, sizeof(two));
		compare(three, sizeof(three));
	}
	for (unsigned lead = 0xf0; lead < 0x100; lead++) {
		for (unsigned second = 0x70; second < 0xd0; second++) {
			const char four[] = {'"', (char)lead, (char)second, '\x80', '\xbf', '"'};
			compare(four, sizeof(four));
		}
	}
}

static void every_surrogate_pairing_is_judged_as_jansson_judges_it(void **state)
{
	static const unsigned codes[] = {0, 0x41, 0xd7ff, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xe000, 0xffff};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(codes); j++) {
			const int n = snprintf(doc, sizeof(doc), "[\"\\u%04x\\u%04X\",\"\\u%04xA\"]",
				codes[i], codes[j], codes[i]);
			compare(doc, (size_t)n);
		}
	}
}

static void the_policy_files_read_as_jansson_reads_them(void **state)
{
	static const char *const names[] = {
		"config/templates/policy_v2_signed.json", "src/policy/test/policy_v2/policy_v2.json",
		"config/policy_pre_production_fmspc.json", "src/policy/test/policy_005.json",
		"src/policy/test/policy_009.json", "config/AzCVMEmu/tcb_mapping.json",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[512];
		snprintf(path, sizeof(path), SHARED_DIR "/vectors/policy/%s", names[i]);
		FILE *file = fopen(path, "rb");
		if (file == NULL) {
			fprintf(stderr, "SKIPPED: %s is absent\n", path);
			skip();
		}
		doc_size = fread(doc, 1, sizeof(doc), file);
		fclose(file);
		compare(doc, doc_size);
	}
}

/* --- what jansson cannot tell -------------------------------------------------------------- */

struct last_number {
	struct json_event event;
	unsigned strings;
};

static enum status keep_number(void *ctx, const struct json_event *e)
{
	struct last_number *last = ctx;

	if (e->kind == JSON_NUMBER)
		last->event = *e;
	last->strings += e->kind == JSON_STRING || e->kind == JSON_NAME;
	return STATUS_OK;
}

static void numbers_outside_64_bits_are_marked_cut(void **state)
{
	static const struct {
		const char *text;
		bool cut, negative;
		uint64_t value;
	} rows[] = {
		{"18446744073709551615", false, false, UINT64_MAX},
		{"18446744073709551616", true, false, 0},
		{"-18446744073709551615", false, true, UINT64_MAX},
		{"99999999999999999999999999", true, false, 0},
		{"-0", false, true, 0},
		{"1.0", true, false, 0},
		{"1e2", true, false, 0},
		{"0", false, false, 0},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct last_number last = {0};
		assert_int_equal(json_parse((const uint8_t *)rows[i].text, strlen(rows[i].text),
			keep_number, &last), STATUS_OK);
		assert_int_equal(last.event.cut, rows[i].cut);
		assert_int_equal(last.event.negative, rows[i].negative);
		assert_int_equal(last.event.value, rows[i].value);
		assert_int_equal(last.event.end, strlen(rows[i].text));
	}
}

static void nesting_is_taken_up_to_the_limit(void **state)
{
	struct last_number last = {0};
	char text[2 * JSON_DEPTH_MAX + 2];

	(void)state;
	memset(text, '[', JSON_DEPTH_MAX);
	memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
	assert_int_equal(json_parse((uint8_t *)text, 2 * JSON_DEPTH_MAX, keep_number, &last), STATUS_OK);
	memset(text, '[', sizeof(text));
	assert_int_equal(json_parse((uint8_t *)text, JSON_DEPTH_MAX + 1, keep_number, &last),
		ERR_JSON_DEPTH);
}

static void a_string_of_one_part_comes_whole_from_any_split(void **state)
{
	char text[JSON_PART_MAX + 8];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[0] = text[JSON_PART_MAX + 1] = '"';
	for (size_t cut = 0; cut <= JSON_PART_MAX + 2; cut++) {
		struct last_number last = {0};
		struct json_reader r;
		json_begin(&r, keep_number, &last);
		assert_int_equal(json_feed(&r, (uint8_t *)text, cut), STATUS_OK);
		assert_int_equal(json_feed(&r, (uint8_t *)text + cut, JSON_PART_MAX + 2 - cut), STATUS_OK);
		assert_int_equal(json_end(&r), STATUS_OK);
		assert_int_equal(last.strings, 1);
	}
}

struct skipper {
	struct json_reader reader;
	unsigned parts;		/* of strings longer than one part, */
	size_t bytes;		/* in all */
	struct json_event last;	/* of the string, */
	uint64_t number;	/* and what came behind it */
};

static enum status skip_long(void *ctx, const struct json_event *e)
{
	struct skipper *s = ctx;

	if (e->kind == JSON_NUMBER)
		s->number = e->value;
	if (e->kind != JSON_STRING || (e->first && e->last))
		return STATUS_OK;
	s->parts++;
	s->bytes += e->n;
	s->last = *e;
	if (!e->last)
		json_skip_string(&s->reader);
	return STATUS_OK;
}

/* Reads [", a part of x, what is to be skipped, ",7,"whole"] cut into two pieces. */
static enum status skip_parted(struct skipper *s, const char *skipped, size_t cut)
{
	char text[256];
	const int n = snprintf(text, sizeof(text), "[\"%0*d%s\",7,\"whole\"]", JSON_PART_MAX, 0,
		skipped);

	assert_true(n > 0 && (size_t)n < sizeof(text));
	cut = cut < (size_t)n ? cut : (size_t)n;
	*s = (struct skipper){.parts = 0};
	json_begin(&s->reader, skip_long, s);
	TRY(json_feed(&s->reader, (uint8_t *)text, cut));
	TRY(json_feed(&s->reader, (uint8_t *)text + cut, (size_t)n - cut));
	return json_end(&s->reader);
}

static void a_skipped_string_is_checked_and_not_delivered(void **state)
{
	static const char good[] = "abcdefgh\\n\\\"\\u00e4\xc3\xa4\\ud83d\\ude00 and a second, long part of it "
		"that nobody wants to see, and a third one behind it";
	static const char *const bad[] = {"a\nb", "a\\x", "a\\ud83d", "\xc3(", "\xff", "a\x1f", "a\",b"};
	struct skipper s;

	(void)state;
	for (size_t cut = 0; cut < 256; cut++) {
		assert_int_equal(skip_parted(&s, good, cut), STATUS_OK);
		assert_int_equal(s.parts, 2);
		assert_int_equal(s.bytes, JSON_PART_MAX);
		assert_true(s.last.last && !s.last.first);
		assert_int_equal(s.last.begin, 1);
		assert_int_equal(s.last.end, 1 + 1 + JSON_PART_MAX + strlen(good) + 1);
		assert_int_equal(s.number, 7);
		for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
			assert_int_equal(skip_parted(&s, bad[i], cut), ERR_JSON);
	}
}

static enum status refuse(void *ctx, const struct json_event *e)
{
	(void)ctx;
	return e->kind == JSON_TRUE ? ERR_POLICY_LIMIT : STATUS_OK;
}

static void a_refusal_of_the_consumer_stops_the_reader_for_good(void **state)
{
	struct json_reader r;

	(void)state;
	json_begin(&r, refuse, NULL);
	assert_int_equal(json_feed(&r, (const uint8_t *)"[1,true", 7), ERR_POLICY_LIMIT);
	assert_int_equal(json_feed(&r, (const uint8_t *)"]", 1), ERR_JSON);
	assert_int_equal(json_end(&r), ERR_JSON);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(generated_documents_read_as_jansson_reads_them),
		cmocka_unit_test(mutated_documents_are_judged_as_jansson_judges_them),
		cmocka_unit_test(every_cut_and_flipped_byte_is_judged_as_jansson_judges_it),
		cmocka_unit_test(every_two_and_three_byte_sequence_is_judged_as_utf8),
		cmocka_unit_test(every_surrogate_pairing_is_judged_as_jansson_judges_it),
		cmocka_unit_test(the_policy_files_read_as_jansson_reads_them),
		cmocka_unit_test(numbers_outside_64_bits_are_marked_cut),
		cmocka_unit_test(nesting_is_taken_up_to_the_limit),
		cmocka_unit_test(a_string_of_one_part_comes_whole_from_any_split),
		cmocka_unit_test(a_skipped_string_is_checked_and_not_delivered),
		cmocka_unit_test(a_refusal_of_the_consumer_stops_the_reader_for_good),
	};

	printf("seed %u; struct json_reader: %zu bytes\n", DOCUMENTS_SEED, sizeof(struct json_reader));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
