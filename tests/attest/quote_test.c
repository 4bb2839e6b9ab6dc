/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "oracle.h"
#include "vectors.h"

static struct collateral collateral;
static struct attest_scratch scratch;

/* Opens the bundle and verifies the quote, both from copies of their exact size. */
static enum status judge(const struct vector *v, struct quote_result *result)
{
	uint8_t *bundle = exact_copy(v->bundle.bytes, v->bundle.n);
	uint8_t *quote = exact_copy(v->quote.bytes, v->quote.n);
	enum status verdict = collateral_open(&collateral, &scratch, bundle, v->bundle.n);

	if (verdict == STATUS_OK)
		verdict = verify_quote(&collateral, &scratch, quote, v->quote.n, result);
	else
		assert_int_equal(collateral.platform_count, 0);
	free(bundle);
	free(quote);
	return verdict;
}

/* Where we are stricter than the verdict of the vector, which leaves the choice to us. */
static const char *const refused_by_choice[] = {
	"synthetic/c-json-space",	/* white space is part of what is signed */
};

static bool is_refused_by_choice(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused_by_choice); i++) {
		if (strcmp(name, refused_by_choice[i]) == 0)
			return true;
	}
	return false;
}

static void check_vectors(const char *kind, size_t at_least)
{
	struct vector v;
	struct quote_result result;
	size_t n = 0, wrong = 0;

	need_vectors();
	for (; read_vector(kind, n, &v); n++) {
		const char *text = json_string_value(json_object_get(v.expected, "verdict"));
		const bool choice = is_refused_by_choice(v.name);
		const bool accept = strcmp(text, "accept") == 0 && !choice;

		if (choice)
			assert_string_equal(json_string_value(json_object_get(v.expected, "class")),
				"implementation-choice");
		const enum status verdict = judge(&v, &result);
		if ((verdict == STATUS_OK) != accept) {
			print_error("%s: %s, expected %s\n", v.name, status_name(verdict), text);
			wrong++;
		} else if (accept) {
			assert_int_equal(v.result.n, QUOTE_RESULT_SIZE);
			assert_memory_equal(result.bytes, v.result.bytes, QUOTE_RESULT_SIZE);
		}
		print_message("%-36s %s\n", v.name, status_name(verdict));
		free_vector(&v);
	}
	assert_int_equal(wrong, 0);
	assert_true(n >= at_least);
}

static void real_quotes_get_the_published_verdict_and_result(void **state)
{
	(void)state;
	check_vectors("real", 13);
}

static void synthetic_quotes_get_the_expected_verdict_and_result(void **state)
{
	(void)state;
	check_vectors("synthetic", 38);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_quotes_get_the_published_verdict_and_result),
		cmocka_unit_test(synthetic_quotes_get_the_expected_verdict_and_result),
	};

	oracle_start_crypto();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
