/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * A document reads the same however it is cut into pieces: the same events with the same text,
 * the same verdict, the same place of failure.  That what is read is right is json_test.c's
 * business.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "documents.h"
#include "json/json.h"

#define SMALL 160	/* bytes up to which every split in two is tried */
#define RANDOM_SPLITS 16

/* Everything the reader said of one document. */
struct trace {
	uint8_t text[4 * DOCUMENT_MAX];
	size_t n;
	enum status status;
	uint64_t offset;	/* where it stopped */
};

static struct trace whole, pieces;
static unsigned documents, splits, refused;

static void put(struct trace *t, const void *from, size_t n)
{
	assert_true(t->n + n <= sizeof(t->text));
	if (n > 0)
		memcpy(t->text + t->n, from, n);
	t->n += n;
}

static enum status note(void *ctx, const struct json_event *e)
{
	struct trace *t = ctx;
	const bool has_text = e->kind == JSON_STRING || e->kind == JSON_NAME;
	/* As words, so that no padding is compared. */
	const uint64_t words[] = {e->kind, e->depth, e->n, e->first, e->last, e->cut, e->negative,
		e->value, e->begin, e->end};

	put(t, words, sizeof(words));
	if (has_text)
		put(t, e->text, e->n);
	return STATUS_OK;
}

/* ends[] are where the pieces end, but for the last one; in ascending order. */
static void read_in_pieces(struct trace *t, const size_t *ends, size_t count)
{
	struct json_reader r;
	size_t at = 0;

	t->n = 0;
	t->status = STATUS_OK;
	json_begin(&r, note, t);
	for (size_t i = 0; i <= count && t->status == STATUS_OK; i++) {
		const size_t end = i < count ? ends[i] : doc_size;
		/* An exact copy, so that the sanitizer sees a read past the piece. */
		uint8_t *copy = malloc(end - at + 1);
		memcpy(copy + 1, doc + at, end - at);
		t->status = json_feed(&r, copy + 1, end - at);
		free(copy);
		at = end;
	}
	if (t->status == STATUS_OK)
		t->status = json_end(&r);
	t->offset = r.offset;
}

static void check_split(const size_t *ends, size_t count)
{
	splits++;
	read_in_pieces(&pieces, ends, count);
	if (pieces.status != whole.status || pieces.offset != whole.offset ||
	    pieces.n != whole.n || memcmp(pieces.text, whole.text, whole.n) != 0)
		fail_msg("document %u, cut in %zu at %zu: %s at %llu, not %s at %llu: %.*s", documents,
			count + 1, ends[0], status_name(pieces.status),
			(unsigned long long)pieces.offset, status_name(whole.status),
			(unsigned long long)whole.offset, (int)doc_size, doc);
}

static int by_value(const void *a, const void *b)
{
	const size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return (x > y) - (x < y);
}

static void random_split(void)
{
	size_t ends[64];
	const size_t count = 1 + draw(ARRAY_SIZE(ends));

	for (size_t i = 0; i < count; i++)
		ends[i] = draw((uint32_t)doc_size + 1);
	qsort(ends, count, sizeof(ends[0]), by_value);
	check_split(ends, count);
}

static void try_splits(void)
{
	read_in_pieces(&whole, NULL, 0);
	documents++;
	refused += whole.status != STATUS_OK;
	for (size_t end = 0; doc_size <= SMALL && end <= doc_size; end++)
		check_split(&end, 1);
	for (unsigned i = 0; doc_size > SMALL && i < RANDOM_SPLITS; i++)
		random_split();
}

static void tell(void)
{
	printf("seed %u: %u documents, %u of them refused, %u splits\n", DOCUMENTS_SEED, documents,
		refused, splits);
}

static void generated_documents_read_the_same_in_any_split(void **state)
{
	(void)state;
	documents = refused = splits = 0;
	for (unsigned i = 0; i < 3000; i++) {
		document_generate();
		try_splits();
	}
	tell();
	assert_true(documents - refused > 2500);
}

static void mutated_documents_are_refused_at_the_same_byte_in_any_split(void **state)
{
	(void)state;
	documents = refused = splits = 0;
	for (unsigned i = 0; i < 6000; i++) {
		document_generate();
		document_mutate();
		try_splits();
	}
	tell();
	assert_true(refused > 2000 && documents - refused > 500);
}

/* Every token in it, each cut in the middle somewhere; pieces of one byte, too. */
static void a_document_with_every_token_reads_the_same_cut_in_three(void **state)
{
	static const char text[] = " {\"a\\u00e9\\ud83d\\ude00\":[true,false,null,-12.5e+3,0,\"\xe2\x82\xac"
		"\xf0\x9f\x98\x80\\\"\\n\"],\"\":{},\"b\":18446744073709551616} ";
	size_t ends[sizeof(text)];

	(void)state;
	doc_size = sizeof(text) - 1;
	memcpy(doc, text, doc_size);
	read_in_pieces(&whole, NULL, 0);
	assert_int_equal(whole.status, STATUS_OK);
	for (ends[0] = 0; ends[0] <= doc_size; ends[0]++)
		for (ends[1] = ends[0]; ends[1] <= doc_size; ends[1]++)
			check_split(ends, 2);
	for (size_t i = 0; i + 1 < doc_size; i++)
		ends[i] = i + 1;
	check_split(ends, doc_size - 1);
}

/* What surrounds the size of a part decides whether a string comes whole. */
static void strings_around_the_size_of_a_part_read_the_same_in_any_split(void **state)
{
	(void)state;
	for (size_t n = JSON_PART_MAX - 2; n <= 2 * JSON_PART_MAX + 2; n++) {
		doc_size = n + 2;
		memset(doc, 'x', doc_size);
		doc[0] = doc[n + 1] = '"';
		try_splits();
		memcpy(doc + n - 5, "\\u20ac", 6);
		try_splits();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(generated_documents_read_the_same_in_any_split),
		cmocka_unit_test(mutated_documents_are_refused_at_the_same_byte_in_any_split),
		cmocka_unit_test(a_document_with_every_token_reads_the_same_cut_in_three),
		cmocka_unit_test(strings_around_the_size_of_a_part_read_the_same_in_any_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
