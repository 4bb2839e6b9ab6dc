/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Real quotes and their collateral with one byte changed or taken out.  What must not matter and
 * what must is said here; where it depends on what the byte means, a second opinion decides: what
 * is accepted here is accepted there, with the same result.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "judge.h"
#include "oracle.h"
#include "vectors.h"

/* Under the sanitizers every step costs ten times as much. */
#if defined(__SANITIZE_ADDRESS__)
#define STRIDE 7
#else
#define STRIDE 1
#endif

static struct collateral collateral;
static struct attest_scratch scratch;

struct counts {
	size_t tried, accepted, refused_here_alone;
};

static void print_counts(const char *what, const struct counts *n)
{
	print_message("# %s: %zu changes, %zu accepted by both, %zu refused here alone\n", what,
		n->tried, n->accepted, n->refused_here_alone);
}

/* The second opinion on what was judged here; asked about every accept and some refusals. */
static void compare(const struct file *bundle, const struct file *quote, enum status verdict,
	const struct quote_result *result, struct counts *n, const char *where, size_t at)
{
	struct judgement j;

	n->tried++;
	if (verdict != STATUS_OK && n->tried % 8 != 0)
		return;
	judge_plainly(bundle->bytes, bundle->n, quote->bytes, quote->n, &j);
	if (verdict == STATUS_OK && !j.accept)
		fail_msg("%s, byte %zu: accepted here, there %s", where, at, j.why);
	if (verdict == STATUS_OK)
		assert_memory_equal(result->bytes, j.result, JUDGE_RESULT_SIZE);
	n->accepted += verdict == STATUS_OK;
	n->refused_here_alone += verdict != STATUS_OK && j.accept;
}

/* --- quotes --------------------------------------------------------------------------------- */

static enum status judge_quote(const struct file *quote, struct quote_result *result)
{
	uint8_t *copy = exact_copy(quote->bytes, quote->n);
	const enum status verdict = verify_quote(&collateral, &scratch, copy, quote->n, result);

	free(copy);
	return verdict;
}

struct region {
	const char *name;
	size_t auth_end;	/* of the QE's authentication data; everything before counts */
	size_t end;		/* of the signature part */
};

/* The inner certification data: its type, size, certificates and final NUL. */
static void flip_certification(struct vector *v, size_t at, uint8_t mask, struct counts *n)
{
	struct quote_result result;

	v->quote.bytes[at] ^= mask;
	const enum status verdict = judge_quote(&v->quote, &result);
	compare(&v->bundle, &v->quote, verdict, &result, n, v->name, at);
	v->quote.bytes[at] ^= mask;
}

static void flip_other(struct vector *v, size_t at, uint8_t mask, bool accept)
{
	struct quote_result result;

	v->quote.bytes[at] ^= mask;
	const enum status verdict = judge_quote(&v->quote, &result);
	v->quote.bytes[at] ^= mask;
	if ((verdict == STATUS_OK) != accept)
		fail_msg("%s, byte %zu ^ %02x: %s", v->name, at, mask, status_name(verdict));
}

static void flip_quote(const struct region *r, const uint8_t *masks, size_t n)
{
	struct counts counts = {0};
	struct vector v;

	read_named_vector(r->name, &v);
	assert_int_equal(collateral_open(&collateral, &scratch, v.bundle.bytes, v.bundle.n),
		STATUS_OK);
	for (size_t k = 0; k < n; k++) {
		for (size_t at = k % STRIDE; at < v.quote.n; at += STRIDE) {
			if (at >= r->auth_end && at < r->end)
				flip_certification(&v, at, masks[k], &counts);
			else
				flip_other(&v, at, masks[k], at >= r->end);
		}
	}
	print_counts(r->name, &counts);
	/* The NUL is all that may change; nothing the spec takes is refused. */
	assert_true(counts.accepted <= n);
	assert_int_equal(counts.refused_here_alone, 0);
	free_vector(&v);
}

static void every_byte_of_a_quote_counts_but_its_padding(void **state)
{
	static const struct region v4 = {"real/migtd_az__migtd_prod", 1252, 4936};
	static const struct region v5 = {"real/alibaba5__migtd_thim", 1322, 5006};
	static const uint8_t masks[] = {0x01, 0x80, 0xff};

	(void)state;
	need_vectors();
	flip_quote(&v4, masks, ARRAY_SIZE(masks));
	flip_quote(&v5, masks + 2, 1);
}

static void a_quote_may_be_cut_in_its_padding_alone(void **state)
{
	static const struct region quotes[] = {{"real/migtd_az__migtd_prod", 0, 4936},
		{"real/alibaba5__migtd_thim", 0, 5006}};
	struct quote_result result;
	struct vector v;

	(void)state;
	need_vectors();
	for (size_t i = 0; i < ARRAY_SIZE(quotes); i++) {
		read_named_vector(quotes[i].name, &v);
		assert_int_equal(collateral_open(&collateral, &scratch, v.bundle.bytes,
			v.bundle.n), STATUS_OK);
		for (size_t all = v.quote.n, n = 0; n <= all; n++) {
			v.quote.n = n;
			assert_int_equal(judge_quote(&v.quote, &result) == STATUS_OK,
				n >= quotes[i].end);
		}
		free_vector(&v);
	}
}

/* --- collateral ----------------------------------------------------------------------------- */

static enum status judge_bundle(const struct file *bundle, const struct file *quote,
	struct quote_result *result)
{
	uint8_t *copy = exact_copy(bundle->bytes, bundle->n);
	enum status verdict = collateral_open(&collateral, &scratch, copy, bundle->n);

	if (verdict == STATUS_OK)
		verdict = verify_quote(&collateral, &scratch, quote->bytes, quote->n, result);
	free(copy);
	return verdict;
}

/* The text of a member, escapes and all, ends at the first quote that no backslash precedes. */
static void find_member(const struct file *bundle, const char *name, size_t *at, size_t *n)
{
	const char *text = (const char *)bundle->bytes;
	char key[64];

	snprintf(key, sizeof(key), "\"%s\":\"", name);
	const char *begin = strstr(text, key);
	assert_non_null(begin);
	begin += strlen(key);
	const char *end = begin;
	while (*end != '"' || end[-1] == '\\')
		end++;
	*at = (size_t)(begin - text);
	*n = (size_t)(end - begin);
}

static void take_out(struct vector *v, size_t at, struct counts *n)
{
	struct quote_result result;
	uint8_t *shorter = exact_copy(v->bundle.bytes, v->bundle.n);
	const struct file bundle = {shorter, v->bundle.n - 1};

	memmove(shorter + at, shorter + at + 1, v->bundle.n - at - 1);
	shorter[v->bundle.n - 1] = '\0';
	const enum status verdict = judge_bundle(&bundle, &v->quote, &result);
	compare(&bundle, &v->quote, verdict, &result, n, "taken out", at);
	free(shorter);
}

/* Every byte changed in one of several ways, and some taken out. */
static void change_member(struct vector *v, const char *name, size_t step)
{
	static const uint8_t masks[] = {0x01, 0x80, 0xff, 0x20, 0x04};
	struct counts counts = {0};
	struct quote_result result;
	size_t begin, n;

	find_member(&v->bundle, name, &begin, &n);
	for (size_t i = 0; i < n; i += step * STRIDE) {
		uint8_t *byte = v->bundle.bytes + begin + i;
		const uint8_t mask = masks[i / step % ARRAY_SIZE(masks)];
		*byte ^= mask;
		const enum status verdict = judge_bundle(&v->bundle, &v->quote, &result);
		compare(&v->bundle, &v->quote, verdict, &result, &counts, name, begin + i);
		*byte ^= mask;
		if (i % 6 == 0)
			take_out(v, begin + i, &counts);
	}
	print_counts(name, &counts);
	/* Line ends in PEM, a hexadecimal digit's case: little may change and be accepted. */
	if (strcmp(name, "rootCa") != 0 && strcmp(name, "pckCrlIssuerChain") != 0)
		assert_true(counts.accepted * 8 < counts.tried);
}

/* All of a CRL, a chain and both documents; of the others a sample. */
static const struct {
	const char *name;
	size_t step;
} members[] = {{"rootCa", 3}, {"pckCrlIssuerChain", 5}, {"rootCaCrl", 1}, {"pckCrl", 3},
	{"tcbInfoIssuerChain", 1}, {"tcbInfo", 1}, {"qeIdentityIssuerChain", 5}, {"qeIdentity", 1}};

static void changed_collateral_is_refused_or_says_the_same(void **state)
{
	struct quote_result result;
	struct vector v;

	(void)state;
	need_vectors();
	read_named_vector("real/migtd_az__migtd_thim", &v);
	assert_int_equal(judge_bundle(&v.bundle, &v.quote, &result), STATUS_OK);
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		change_member(&v, members[i].name, members[i].step);
	free_vector(&v);
}

/* Names, numbers and what stands between them. */
static void changed_frames_of_bundles_are_refused_or_say_the_same(void **state)
{
	static const uint8_t masks[] = {0x01, 0x02, 0x04, 0x10, 0x20, 0x80, 0xff};
	struct counts counts = {0};
	struct quote_result result;
	struct vector v;
	size_t begin, n;

	(void)state;
	need_vectors();
	read_named_vector("real/migtd_az__migtd_thim", &v);
	uint8_t *in_member = calloc(v.bundle.n, 1);
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		find_member(&v.bundle, members[i].name, &begin, &n);
		memset(in_member + begin, 1, n);
	}
	for (size_t at = 0; at < v.bundle.n; at++) {
		for (size_t k = at % STRIDE; in_member[at] == 0 && k < sizeof(masks); k += STRIDE) {
			v.bundle.bytes[at] ^= masks[k];
			const enum status verdict = judge_bundle(&v.bundle, &v.quote, &result);
			compare(&v.bundle, &v.quote, verdict, &result, &counts, "frame", at);
			v.bundle.bytes[at] ^= masks[k];
		}
	}
	print_counts("frame", &counts);
	free(in_member);
	free_vector(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_of_a_quote_counts_but_its_padding),
		cmocka_unit_test(a_quote_may_be_cut_in_its_padding_alone),
		cmocka_unit_test(changed_collateral_is_refused_or_says_the_same),
		cmocka_unit_test(changed_frames_of_bundles_are_refused_or_say_the_same),
	};

	oracle_start_crypto();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
