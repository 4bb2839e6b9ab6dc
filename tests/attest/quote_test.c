/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "attest/quote.h"
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

/* --- changed quotes ------------------------------------------------------------------------- */

/* The open collateral and the quote of a real case; the bundle stays with the vector. */
static void open_real(struct vector *v, struct quote_result *result)
{
	need_vectors();
	read_named_vector("real/migtd_az__migtd_prod", v);
	assert_int_equal(collateral_open(&collateral, &scratch, v->bundle.bytes, v->bundle.n),
		STATUS_OK);
	assert_int_equal(verify_quote(&collateral, &scratch, v->quote.bytes, v->quote.n, result),
		STATUS_OK);
}

static enum status judge_quote(const uint8_t *quote, size_t n)
{
	struct quote_result result;
	uint8_t *copy = exact_copy(quote, n);
	const enum status verdict = verify_quote(&collateral, &scratch, copy, n, &result);
	uint8_t any = 0;

	/* A rejected quote leaves nothing behind, nor does any in the scratch memory. */
	for (size_t i = 0; verdict != STATUS_OK && i < sizeof(result.bytes); i++)
		any |= result.bytes[i];
	for (size_t i = 0; i < ARRAY_SIZE(scratch.words); i++)
		any |= scratch.words[i] != 0;
	assert_int_equal(any, 0);
	free(copy);
	return verdict;
}

/* One of mutations.json.  The signed length need not fill the quote, but we require it. */
static void judge_mutation(const json_t *m, size_t *wrong)
{
	struct vector v;
	const char *class = json_string_value(json_object_get(m, "class"));
	const bool choice = class != NULL && strcmp(class, "implementation-choice") == 0;
	const bool accept = !choice &&
		strcmp(json_string_value(json_object_get(m, "verdict")), "accept") == 0;
	const json_t *truncate = json_object_get(m, "truncate_to");

	read_named_vector(json_string_value(json_object_get(m, "base")), &v);
	assert_int_equal(collateral_open(&collateral, &scratch, v.bundle.bytes, v.bundle.n),
		STATUS_OK);
	if (truncate != NULL) {
		v.quote.n = (size_t)json_integer_value(truncate);
	} else {
		const size_t at = (size_t)json_integer_value(json_object_get(m, "offset"));
		assert_true(at < v.quote.n);
		v.quote.bytes[at] ^= (uint8_t)strtoul(
			json_string_value(json_object_get(m, "xor")), NULL, 16);
	}
	if ((judge_quote(v.quote.bytes, v.quote.n) == STATUS_OK) != accept) {
		print_error("%s\n", json_dumps(m, 0));
		++*wrong;
	}
	free_vector(&v);
}

static void listed_mutations_get_the_expected_verdict(void **state)
{
	size_t i, wrong = 0;
	json_t *m;

	(void)state;
	need_vectors();
	struct file f = read_file("mutations.json");
	assert_non_null(f.bytes);
	json_t *list = json_loadb((const char *)f.bytes, f.n, 0, NULL);
	json_array_foreach(list, i, m)
		judge_mutation(m, &wrong);
	assert_int_equal(wrong, 0);
	assert_true(json_array_size(list) >= 116);
	json_decref(list);
	free_file(&f);
}

static void padding_is_taken_up_to_the_largest_quote(void **state)
{
	struct vector v;
	struct quote_result result;
	uint8_t quote[8193] = {0};

	(void)state;
	open_real(&v, &result);
	memcpy(quote, v.quote.bytes, v.quote.n);
	assert_int_equal(judge_quote(quote, 8192), STATUS_OK);
	assert_int_equal(judge_quote(quote, 8193), ERR_QUOTE_FORMAT);
	free_vector(&v);
}

/* --- changed bundles ------------------------------------------------------------------------ */

/* What is found from the first bytes is what taking the whole quote apart finds. */
static void places_are_those_of_the_whole_quote(void **state)
{
	size_t seen = 0;

	(void)state;
	need_vectors();
	for (int kind = 0; kind < 2; kind++) {
		struct vector v;

		for (size_t i = 0; read_vector(kind == 0 ? "real" : "synthetic", i, &v); i++) {
			struct quote_places places;
			struct quote q;

			if (quote_parse(&q, v.quote.bytes, v.quote.n) == STATUS_OK) {
				uint8_t *head = exact_copy(v.quote.bytes, QUOTE_HEAD_SIZE);
				const size_t signature = (size_t)(q.signature - v.quote.bytes);
				const size_t least = signature + P256_SIGNATURE_SIZE;

				assert_int_equal(
					quote_find_places(&places, head, v.quote.n), STATUS_OK);
				assert_int_equal(places.signature, signature);
				assert_int_equal(places.report_data,
					(size_t)(q.body - v.quote.bytes) + RESULT_REPORTDATA);
				assert_int_equal(
					quote_find_places(&places, head, least), STATUS_OK);
				assert_int_equal(quote_find_places(&places, head, least - 1),
					ERR_QUOTE_FORMAT);
				assert_int_equal(quote_find_places(&places, head, QUOTE_MAX + 1),
					ERR_QUOTE_FORMAT);
				free(head);
				seen++;
			}
			free_vector(&v);
		}
	}
	assert_true(seen >= 20);
}

/* Version, key type, TEE type, vendor, type and size of the body. */
static void no_places_are_found_in_what_is_no_quote(void **state)
{
	static const uint8_t bad_at[] = {0, 1, 2, 4, 12, 27, 48, 49, 50, 51, 53};
	struct quote_places places;
	struct vector v;
	uint8_t head[QUOTE_HEAD_SIZE];
	size_t tried = 0;

	(void)state;
	need_vectors();
	for (size_t i = 0; read_vector("synthetic", i, &v); i++) {
		const bool is_v5 = v.quote.n > QUOTE_HEAD_SIZE && v.quote.bytes[0] == 5;

		for (size_t k = 0; is_v5 && k < sizeof(bad_at); k++) {
			memcpy(head, v.quote.bytes, sizeof(head));
			head[bad_at[k]] ^= 0x10;
			assert_int_equal(quote_find_places(&places, head, v.quote.n),
				ERR_QUOTE_FORMAT);
			tried++;
		}
		free_vector(&v);
	}
	assert_true(tried > 0);
}

static void every_truncated_bundle_is_refused(void **state)
{
	struct vector v;
	struct quote_result result;

	(void)state;
	open_real(&v, &result);
	for (size_t n = 0; n < v.bundle.n; n += n < 64 ? 1 : 31) {
		uint8_t *bundle = exact_copy(v.bundle.bytes, n);
		assert_int_not_equal(collateral_open(&collateral, &scratch, bundle, n),
			STATUS_OK);
		assert_int_equal(verify_quote(&collateral, &scratch, v.quote.bytes, v.quote.n,
			&result) == STATUS_OK, false);
		free(bundle);
	}
	free_vector(&v);
}

/* Each member's text is taken out of, or put a second time into, the same bundle. */
static void members_are_all_required_and_none_may_come_twice(void **state)
{
	struct vector v;
	struct quote_result result;
	const char *key;
	json_t *value;

	(void)state;
	open_real(&v, &result);
	json_t *bundle = json_loadb((const char *)v.bundle.bytes, v.bundle.n, 0, NULL);
	json_object_foreach(bundle, key, value) {
		json_t *one = json_object(), *without = json_copy(bundle);
		char text[65536];

		json_object_del(without, key);
		char *less = json_dumps(without, JSON_COMPACT);
		assert_int_equal(collateral_open(&collateral, &scratch, (uint8_t *)less,
			strlen(less)), ERR_COLLATERAL);
		json_object_set(one, key, value);
		char *member = json_dumps(one, JSON_COMPACT);
		snprintf(text, sizeof(text), "%.*s,%s}", (int)strlen(less) - 1, less, member + 1);
		text[strlen(text) - 1] = '\0';
		assert_int_equal(collateral_open(&collateral, &scratch, (uint8_t *)text,
			strlen(text)), STATUS_OK);
		snprintf(text, sizeof(text), "%.*s,%s", (int)v.bundle.n - 1, v.bundle.bytes,
			member + 1);
		assert_int_equal(collateral_open(&collateral, &scratch, (uint8_t *)text,
			strlen(text)), ERR_COLLATERAL);
		free(less);
		free(member);
		json_decref(one);
		json_decref(without);
	}
	json_decref(bundle);
	free_vector(&v);
}

/* --- whole bundles -------------------------------------------------------------------------- */

static void the_published_bundles_open_and_serve_their_platforms(void **state)
{
	static const struct {
		const char *file;
		uint32_t platforms;
	} bundles[] = {
		{"bundles/collateral_production_fmspc.json", 13},
		{"bundles/collateral_pre_production_fmspc.json", 32},
		{"bundles/collateral_azure_thim.json", 3},
	};

	(void)state;
	need_vectors();
	for (size_t i = 0; i < ARRAY_SIZE(bundles); i++) {
		struct file f = read_file(bundles[i].file);
		const uint64_t before = crypto_counters()->p256_verify;
		json_t *bundle = json_loadb((const char *)f.bytes, f.n, 0, NULL), *platform;
		size_t k;
		uint32_t number;

		assert_int_equal(collateral_open(&collateral, &scratch, f.bytes, f.n), STATUS_OK);
		assert_int_equal(collateral.platform_count, bundles[i].platforms);
		const uint64_t checks = crypto_counters()->p256_verify - before;
		print_message("%s: %u P-256 verifications\n", bundles[i].file, (unsigned)checks);
		assert_int_equal(checks, bundles[i].platforms + 6);
		json_array_foreach(json_object_get(bundle, "platforms"), k, platform) {
			json_t *info = json_loads(json_string_value(json_object_get(platform,
				"tcbInfo")), 0, NULL);
			assert_int_equal(collateral_evaluation_number(&collateral,
				collateral.platform[k].fmspc, &number), STATUS_OK);
			assert_int_equal(number, json_integer_value(json_object_get(json_object_get(
				info, "tcbInfo"), "tcbEvaluationDataNumber")));
			json_decref(info);
		}
		assert_int_equal(collateral_evaluation_number(&collateral,
			(const uint8_t *)"\1\2\3\4\5\6", &number), ERR_COLLATERAL_PLATFORM);
		json_decref(bundle);
		free_file(&f);
	}
}

static void crl_numbers_are_those_openssl_reads(void **state)
{
	struct vector v;
	struct quote_result result;

	(void)state;
	open_real(&v, &result);
	json_t *bundle = json_loadb((const char *)v.bundle.bytes, v.bundle.n, 0, NULL);
	assert_int_equal(collateral_pck_crl_number(&collateral), oracle_crl_number(
		json_string_value(json_object_get(bundle, "pckCrl"))));
	assert_int_equal(collateral_root_crl_number(&collateral), oracle_crl_number(
		json_string_value(json_object_get(bundle, "rootCaCrl"))));
	json_decref(bundle);
	free_vector(&v);
}

static void a_quote_costs_three_signature_checks_and_then_one(void **state)
{
	struct vector v;
	struct quote_result result;

	(void)state;
	open_real(&v, &result);
	assert_int_equal(collateral_open(&collateral, &scratch, v.bundle.bytes, v.bundle.n),
		STATUS_OK);
	for (int i = 0; i < 3; i++) {
		const uint64_t before = crypto_counters()->p256_verify;
		assert_int_equal(judge_quote(v.quote.bytes, v.quote.n), STATUS_OK);
		assert_int_equal(crypto_counters()->p256_verify - before, i == 0 ? 3 : 1);
	}
	free_vector(&v);
}

/* The library's sample hands its chain over in DER, and its TCB info has components above 255. */
static void the_sample_with_a_chain_in_der_is_refused(void **state)
{
	struct vector v;
	struct quote_result result;

	(void)state;
	open_real(&v, &result);
	struct file f = read_file("qvl_sample/quote.dat");
	assert_non_null(f.bytes);
	assert_int_equal(judge_quote(f.bytes, f.n), ERR_PEM);
	free_file(&f);
	free_vector(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_quotes_get_the_published_verdict_and_result),
		cmocka_unit_test(synthetic_quotes_get_the_expected_verdict_and_result),
		cmocka_unit_test(listed_mutations_get_the_expected_verdict),
		cmocka_unit_test(padding_is_taken_up_to_the_largest_quote),
		cmocka_unit_test(places_are_those_of_the_whole_quote),
		cmocka_unit_test(no_places_are_found_in_what_is_no_quote),
		cmocka_unit_test(every_truncated_bundle_is_refused),
		cmocka_unit_test(members_are_all_required_and_none_may_come_twice),
		cmocka_unit_test(the_published_bundles_open_and_serve_their_platforms),
		cmocka_unit_test(crl_numbers_are_those_openssl_reads),
		cmocka_unit_test(a_quote_costs_three_signature_checks_and_then_one),
		cmocka_unit_test(the_sample_with_a_chain_in_der_is_refused),
	};

	oracle_start_crypto();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
