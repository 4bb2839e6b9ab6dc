/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Accepted signatures are remembered, and nothing that differs from them anywhere is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "world.h"

static struct collateral collateral;

/* A world whose quote was accepted once, so that chain and QE report are remembered. */
static void create_warm(struct world *w)
{
	world_create(w);
	world_issue(w);
	assert_int_equal(world_open(w, &collateral), STATUS_OK);
	assert_int_equal(world_verify(w, &collateral), STATUS_OK);
}

/* Opens what the world's documents say now, and hands it what the old collateral remembers. */
static void open_with_cache_kept(struct world *w)
{
	const struct accept_cache kept = collateral.anchor.accepted;

	assert_int_equal(world_open(w, &collateral), STATUS_OK);
	assert_int_equal(collateral.anchor.accepted.count, 0);
	collateral.anchor.accepted = kept;
}

/* --- entries -------------------------------------------------------------------------------- */

static struct accept_key numbered(uint8_t i)
{
	struct accept_key key;

	memset(key.digest, i, sizeof(key.digest));
	return key;
}

static bool finds(struct accept_cache *cache, uint8_t i)
{
	const struct accept_key key = numbered(i);
	return accept_cache_find(cache, &key);
}

static void store(struct accept_cache *cache, uint8_t i)
{
	const struct accept_key key = numbered(i);
	accept_cache_store(cache, &key);
}

static void the_key_not_used_for_longest_makes_room(void **state)
{
	struct accept_cache cache = {0};

	(void)state;
	/* The digest of all zeros is not in an empty cache. */
	assert_false(finds(&cache, 0));
	for (uint8_t i = 0; i < ACCEPT_CACHE_ENTRIES; i++)
		store(&cache, i);
	for (uint8_t i = 0; i < ACCEPT_CACHE_ENTRIES; i++)
		assert_true(finds(&cache, i));
	assert_true(finds(&cache, 0));
	store(&cache, 100);
	assert_true(finds(&cache, 0));
	assert_true(finds(&cache, 100));
	assert_false(finds(&cache, 1));
	for (uint8_t i = 2; i < ACCEPT_CACHE_ENTRIES; i++)
		assert_true(finds(&cache, i));
	assert_int_equal(cache.count, ACCEPT_CACHE_ENTRIES);
}

static void a_key_that_differs_in_one_bit_is_not_found(void **state)
{
	struct accept_cache cache = {0};

	(void)state;
	store(&cache, 1);
	for (size_t bit = 0; bit < 8 * SHA384_SIZE; bit++) {
		struct accept_key key = numbered(1);
		key.digest[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(accept_cache_find(&cache, &key));
	}
}

static void everything_goes_into_the_key(void **state)
{
	struct {
		uint8_t anchor[P256_POINT_SIZE], issuer[P256_POINT_SIZE], bytes[100];
	} in;
	struct accept_cache cache = {0};
	struct accept_key key;
	uint8_t *const all = (uint8_t *)&in;

	(void)state;
	memset(&in, 7, sizeof(in));
	accept_key_of(&key, ACCEPT_PCK, in.anchor, in.issuer, in.bytes, sizeof(in.bytes));
	accept_cache_store(&cache, &key);
	for (size_t i = 0; i < sizeof(in); i++) {
		all[i] ^= 1;
		accept_key_of(&key, ACCEPT_PCK, in.anchor, in.issuer, in.bytes, sizeof(in.bytes));
		assert_false(accept_cache_find(&cache, &key));
		all[i] ^= 1;
	}
	accept_key_of(&key, ACCEPT_PCK, in.anchor, in.issuer, in.bytes, sizeof(in.bytes) - 1);
	assert_false(accept_cache_find(&cache, &key));
	accept_key_of(&key, ACCEPT_QE_REPORT, in.anchor, in.issuer, in.bytes, sizeof(in.bytes));
	assert_false(accept_cache_find(&cache, &key));
	accept_key_of(&key, ACCEPT_INTERMEDIATE, in.anchor, in.issuer, in.bytes, sizeof(in.bytes));
	assert_false(accept_cache_find(&cache, &key));
	accept_key_of(&key, ACCEPT_PCK, in.anchor, in.issuer, in.bytes, sizeof(in.bytes));
	assert_true(accept_cache_find(&cache, &key));
}

/* --- quotes --------------------------------------------------------------------------------- */

static void a_known_platform_costs_one_check(void **state)
{
	struct world w;

	(void)state;
	create_warm(&w);
	assert_int_equal(w.quote_checks, 3);
	assert_int_equal(world_verify(&w, &collateral), STATUS_OK);
	assert_int_equal(w.quote_checks, 1);
	world_free(&w);

	/* The same with a CA certificate that is not the bundle's. */
	world_create(&w);
	w.own_quote_ca = true;
	world_issue(&w);
	assert_int_equal(world_open(&w, &collateral), STATUS_OK);
	assert_int_equal(world_verify(&w, &collateral), STATUS_OK);
	assert_int_equal(w.quote_checks, 4);
	assert_int_equal(world_verify(&w, &collateral), STATUS_OK);
	assert_int_equal(w.quote_checks, 1);
	world_free(&w);
}

static void no_byte_of_a_known_quote_can_change(void **state)
{
	struct world w;
	size_t n;

	(void)state;
	create_warm(&w);
	uint8_t *quote = world_quote(&w, &n);
	/* The NUL behind the last certificate may be any text. */
	for (size_t i = 0; i < n - 1; i++) {
		quote[i] ^= (uint8_t)(1u << i % 8);
		if (world_verify(&w, &collateral) == STATUS_OK)
			fail_msg("byte %zu", i);
		quote[i] ^= (uint8_t)(1u << i % 8);
	}
	assert_int_equal(world_verify(&w, &collateral), STATUS_OK);
	assert_int_equal(w.quote_checks, 1);
	world_free(&w);
}

/* Offsets in a quote of version 4 with 32 bytes of QE authentication data. */
enum { QE_REPORT = 770, QE_SIGNATURE = QE_REPORT + 384 };

static void what_was_rejected_is_not_remembered(void **state)
{
	struct world w;
	size_t n;

	(void)state;
	world_create(&w);
	world_issue(&w);
	assert_int_equal(world_open(&w, &collateral), STATUS_OK);
	uint8_t *quote = world_quote(&w, &n);
	quote[QE_SIGNATURE + 40] ^= 1;
	/* The PCK certificate is genuine and remembered, the signature of the report is not. */
	for (int i = 0; i < 3; i++) {
		assert_int_equal(world_verify(&w, &collateral), ERR_QE_REPORT);
		assert_int_equal(w.quote_checks, i == 0 ? 2 : 1);
		assert_int_equal(collateral.anchor.accepted.count, 1);
	}
	quote[QE_SIGNATURE + 40] ^= 1;
	assert_int_equal(world_verify(&w, &collateral), STATUS_OK);
	assert_int_equal(w.quote_checks, 2);
	world_free(&w);

	/* A PCK certificate that another key signed. */
	world_create(&w);
	w.pck.signer = w.key[OTHER];
	world_issue(&w);
	assert_int_equal(world_open(&w, &collateral), STATUS_OK);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(world_verify(&w, &collateral), ERR_X509_SIGNATURE);
		assert_int_equal(w.quote_checks, 1);
		assert_int_equal(collateral.anchor.accepted.count, 0);
	}
	world_free(&w);
}

static void a_known_certificate_is_nothing_under_another_key(void **state)
{
	struct world w;

	(void)state;
	create_warm(&w);
	/* The same PCK certificate, under a genuine CA certificate of the same name. */
	w.kept = 1u << ROOT | 1u << CA | 1u << PCK;
	w.own_quote_ca = true;
	w.quote_ca.key = w.key[OTHER];
	world_issue(&w);
	assert_int_equal(world_verify(&w, &collateral), ERR_X509_SIGNATURE);
	assert_int_equal(w.quote_checks, 2);
	world_free(&w);
}

static void a_known_report_is_nothing_under_another_certificate(void **state)
{
	struct world w;
	size_t n;

	(void)state;
	create_warm(&w);
	uint8_t *quote = world_quote(&w, &n), report[384 + 64];
	memcpy(report, quote + QE_REPORT, sizeof(report));
	/* Another platform hands on the report of the first. */
	w.kept = 1u << ROOT | 1u << CA;
	w.pck.key = w.key[OTHER];
	world_issue(&w);
	memcpy(quote + QE_REPORT, report, sizeof(report));
	const uint32_t count = collateral.anchor.accepted.count;
	assert_int_equal(world_verify(&w, &collateral), ERR_QE_REPORT);
	assert_int_equal(w.quote_checks, 2);
	assert_int_equal(collateral.anchor.accepted.count, count + 1);
	world_free(&w);
}

static void the_anchor_is_its_key_whatever_certificate_brings_it(void **state)
{
	struct world w;

	(void)state;
	create_warm(&w);
	/* The root's key stays, its certificate does not; what it signed is still known.  The QE report is new. */
	w.kept = 1u << CA | 1u << PCK;
	world_issue(&w);
	assert_int_equal(world_verify(&w, &collateral), ERR_X509_ROOT);
	open_with_cache_kept(&w);
	assert_int_equal(world_verify(&w, &collateral), STATUS_OK);
	assert_int_equal(w.quote_checks, 2);
	world_free(&w);
}

static void a_known_platform_that_gets_revoked_is_refused(void **state)
{
	static const uint64_t serials[] = {3};
	struct world w;

	(void)state;
	create_warm(&w);
	open_with_cache_kept(&w);
	assert_int_equal(world_verify(&w, &collateral), STATUS_OK);
	assert_int_equal(w.quote_checks, 1);
	w.pck_crl.serials = serials;
	w.pck_crl.serial_count = 1;
	open_with_cache_kept(&w);
	assert_int_equal(world_verify(&w, &collateral), ERR_REVOKED);
	assert_int_equal(w.quote_checks, 0);
	world_free(&w);
}

static void a_known_platform_is_held_to_its_level(void **state)
{
	struct world w;

	(void)state;
	create_warm(&w);
	json_object_set_new(w.tcb, "tcbLevels", json_pack("[o]",
		world_level(6, 10, 3, 0, "UpToDate", "2026-01-01")));
	open_with_cache_kept(&w);
	assert_int_equal(world_verify(&w, &collateral), ERR_TCB_UNSUPPORTED);
	assert_int_equal(w.quote_checks, 1);
	world_free(&w);
}

static void more_platforms_than_fit_push_the_oldest_out(void **state)
{
	static struct attest_scratch scratch;
	uint8_t first[8192];
	struct quote_result result;
	struct world w;
	size_t n;

	(void)state;
	create_warm(&w);
	memcpy(first, world_quote(&w, &n), sizeof(first));
	w.kept = 1u << ROOT | 1u << CA;
	/* Two entries each: the last of these takes the room of the first platform. */
	for (size_t i = 0; i < ACCEPT_CACHE_ENTRIES / 2; i++) {
		world_issue(&w);
		assert_int_equal(world_verify(&w, &collateral), STATUS_OK);
		assert_int_equal(w.quote_checks, 3);
		assert_int_equal(world_verify(&w, &collateral), STATUS_OK);
		assert_int_equal(w.quote_checks, 1);
	}
	const uint64_t before = crypto_counters()->p256_verify;
	assert_int_equal(verify_quote(&collateral, &scratch, first, n, &result), STATUS_OK);
	assert_int_equal(crypto_counters()->p256_verify - before, 3);
	assert_int_equal(collateral.anchor.accepted.count, ACCEPT_CACHE_ENTRIES);
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_key_not_used_for_longest_makes_room),
		cmocka_unit_test(a_key_that_differs_in_one_bit_is_not_found),
		cmocka_unit_test(everything_goes_into_the_key),
		cmocka_unit_test(a_known_platform_costs_one_check),
		cmocka_unit_test(no_byte_of_a_known_quote_can_change),
		cmocka_unit_test(what_was_rejected_is_not_remembered),
		cmocka_unit_test(a_known_certificate_is_nothing_under_another_key),
		cmocka_unit_test(a_known_report_is_nothing_under_another_certificate),
		cmocka_unit_test(the_anchor_is_its_key_whatever_certificate_brings_it),
		cmocka_unit_test(a_known_platform_that_gets_revoked_is_refused),
		cmocka_unit_test(a_known_platform_is_held_to_its_level),
		cmocka_unit_test(more_platforms_than_fit_push_the_oldest_out),
	};

	oracle_start_crypto();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
