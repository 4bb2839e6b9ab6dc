/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The stack that opening a bundle and verifying a quote take, measured by painting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fetched.h"
#include "oracle.h"
#include "vectors.h"

#include "../painted_stack.h"

/* All the TD may use is 16 KiB; what lies above and below has to fit too. */
#define STACK_LIMIT 8192

static struct collateral collateral;
static struct attest_scratch scratch;
static struct quote_result result;
static struct vector vector;
static enum status verdict;

static void *idle(void *arg)
{
	return arg;
}

static void *open_bundle(void *arg)
{
	verdict = collateral_open(&collateral, &scratch, vector.bundle.bytes, vector.bundle.n);
	return arg;
}

static void *verify(void *arg)
{
	verdict = verify_quote(&collateral, &scratch, vector.quote.bytes, vector.quote.n, &result);
	return arg;
}

static struct fetched fetched;
static struct trust_anchor anchor;
static uint8_t answer[ANSWER_MAX];
static struct get_collateral answered = {.buffer = answer};

static void *verify_fetched(void *arg)
{
	const struct collateral_source source = get_collateral_source(&answered);

	verdict = verify_quote_fetched(&anchor, &scratch, &source, vector.quote.bytes,
		vector.quote.n, &result);
	return arg;
}

static void *ask(void *arg)
{
	struct collateral_request request;

	verdict = quote_collateral_request(&scratch, vector.quote.bytes, vector.quote.n, &request);
	return arg;
}

static void verification_keeps_to_a_small_stack(void **state)
{
	(void)state;
	need_vectors();
	read_named_vector("real/trustee_az__migtd_prod", &vector);
	const size_t thread = stack_of(idle);
	const size_t open = stack_of(open_bundle) - thread;
	assert_int_equal(verdict, STATUS_OK);
	const size_t quote = stack_of(verify) - thread;
	assert_int_equal(verdict, STATUS_OK);
	assert_true(fetched_take(&fetched, vector.bundle.bytes, vector.bundle.n,
		(const uint8_t *)"\x00\x80\x6f\x05\x00\x00"));
	assert_int_equal(trust_anchor_open(&anchor, fetched.root, fetched.root_n), STATUS_OK);
	fetched_answer(&fetched, answer);
	assert_int_equal(get_collateral_poll(&answered), STATUS_OK);
	const size_t request = stack_of(ask) - thread;
	assert_int_equal(verdict, STATUS_OK);
	const size_t with_fetched = stack_of(verify_fetched) - thread;
	assert_int_equal(verdict, STATUS_OK);
	print_message("stack: collateral_open %zu, verify_quote %zu, quote_collateral_request %zu, "
		"verify_quote_fetched %zu bytes\n", open, quote, request, with_fetched);
	print_message("sizes: struct collateral %zu (cache %zu), struct attest_scratch %zu bytes\n",
		sizeof(struct collateral), sizeof(struct accept_cache),
		sizeof(struct attest_scratch));
	assert_true(open < STACK_LIMIT && quote < STACK_LIMIT);
	assert_true(request < STACK_LIMIT && with_fetched < STACK_LIMIT);
	assert_true(sizeof(struct collateral) <= 4096);
	fetched_free(&fetched);
	free_vector(&vector);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verification_keeps_to_a_small_stack),
	};

	oracle_start_crypto();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
