/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Certificates against OpenSSL: issued by it, changed at random, judged by both. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "attest/x509.h"
#include "oracle.h"

static EVP_PKEY *key256, *key384;

struct certificate {
	uint8_t der[2048];
	size_t n;
	struct x509 x509;
};

static void issue(struct certificate *c, EVP_PKEY *key, EVP_PKEY *signer, bool is_ca)
{
	const bool p384 = EVP_PKEY_get_bits(signer) == 384;
	const struct oracle_certificate what = {.subject_cn = "Intel SGX PCK Certificate",
		.issuer_cn = "issuer", .key = key, .signer = signer,
		.md = p384 ? EVP_sha384() : EVP_sha256(), .serial = 0x80ff, .is_ca = is_ca};

	c->n = oracle_issue(&what, c->der, sizeof(c->der));
	assert_int_equal(x509_parse(&c->x509, c->der, c->n), STATUS_OK);
}

static struct x509_key key_of(EVP_PKEY *pkey)
{
	struct certificate c;
	struct x509_key key;

	issue(&c, pkey, pkey, true);
	assert_int_equal(x509_key(&c.x509, &key), STATUS_OK);
	return key;
}

static void certificates_of_openssl_verify_on_both_curves(void **state)
{
	struct certificate c;
	const struct x509_key k256 = key_of(key256), k384 = key_of(key384);

	(void)state;
	for (int i = 0; i < 20; i++) {
		const bool is_ca = i % 2 == 0;
		issue(&c, key384, key256, is_ca);
		assert_int_equal(c.x509.algorithm, X509_ECDSA_SHA256);
		assert_int_equal(c.x509.curve, X509_P384);
		assert_true(c.x509.algorithms_agree);
		assert_int_equal(c.x509.is_ca, is_ca);
		assert_int_equal(c.x509.has, 0x1f);
		assert_int_equal(c.x509.serial.n, 2);
		assert_int_equal(x509_verify(&c.x509, &k256), STATUS_OK);
		assert_int_equal(x509_verify(&c.x509, &k384), ERR_X509_SIGNATURE);

		issue(&c, key256, key384, is_ca);
		assert_int_equal(c.x509.algorithm, X509_ECDSA_SHA384);
		assert_int_equal(c.x509.curve, X509_P256);
		assert_int_equal(x509_verify(&c.x509, &k384), STATUS_OK);
		assert_int_equal(x509_verify(&c.x509, &k256), ERR_X509_SIGNATURE);
	}
}

static void a_key_of_the_right_curve_but_another_one_is_refused(void **state)
{
	EVP_PKEY *other = oracle_key("P-384");
	const struct x509_key wrong = key_of(other);
	struct certificate c;

	(void)state;
	issue(&c, key384, key384, false);
	assert_int_equal(x509_verify(&c.x509, &wrong), ERR_X509_SIGNATURE);
	EVP_PKEY_free(other);
}

static void the_fields_are_those_openssl_reads(void **state)
{
	uint8_t name[256];
	struct certificate c;

	(void)state;
	issue(&c, key384, key256, false);
	size_t n = oracle_name("Intel SGX PCK Certificate", name, sizeof(name));
	assert_true(span_equal(c.x509.subject, (struct span){name, n}));
	n = oracle_name("issuer", name, sizeof(name));
	assert_true(span_equal(c.x509.issuer, (struct span){name, n}));
	assert_memory_equal(c.x509.serial.at, "\x80\xff", 2);
	assert_true(x509_cn_contains(c.x509.subject, "SGX PCK"));
	assert_true(x509_cn_contains(c.x509.subject, "Certificate"));
	assert_false(x509_cn_contains(c.x509.subject, "Certificates"));
	assert_false(x509_cn_contains(c.x509.issuer, "SGX"));
	assert_true(x509_name_matches(c.x509.issuer, c.x509.issuer));
	assert_false(x509_name_matches(c.x509.issuer, c.x509.subject));

	const struct span value = x509_extension(&c.x509, (const uint8_t *)"\x55\x1d\x0f", 3);
	assert_int_equal(value.n, 4);
	assert_memory_equal(value.at, "\x03\x02\x07\x80", 4);
	assert_null(x509_extension(&c.x509, (const uint8_t *)"\x55\x1d\x11", 3).at);
}

/* Names with the same attributes in another order match, though their bytes differ. */
static void the_order_of_name_attributes_is_ignored_in_matching(void **state)
{
	static const uint8_t one[] = {0x30, 0x1a, 0x31, 0x0b, 0x30, 0x09, 6, 3, 0x55, 4, 6, 0x13, 2,
		'U', 'S', 0x31, 0x0b, 0x30, 0x09, 6, 3, 0x55, 4, 3, 0x0c, 2, 'C', 'A'};
	static const uint8_t two[] = {0x30, 0x1a, 0x31, 0x0b, 0x30, 0x09, 6, 3, 0x55, 4, 3, 0x13, 2,
		'C', 'A', 0x31, 0x0b, 0x30, 0x09, 6, 3, 0x55, 4, 6, 0x0c, 2, 'U', 'S'};
	static const uint8_t other[] = {0x30, 0x0d, 0x31, 0x0b, 0x30, 0x09, 6, 3, 0x55, 4, 3, 0x13,
		2, 'C', 'A'};
	const struct span a = {one, sizeof(one)}, b = {two, sizeof(two)};
	const struct span c = {other, sizeof(other)};

	(void)state;
	assert_true(x509_name_matches(a, b));
	assert_false(span_equal(a, b));
	assert_false(x509_name_matches(a, c));
	assert_false(x509_name_matches(c, b));
}

static void every_truncation_and_every_byte_behind_is_refused(void **state)
{
	struct certificate c;
	struct x509 x;

	(void)state;
	issue(&c, key256, key256, true);
	for (size_t n = 0; n < c.n; n++) {
		uint8_t *copy = malloc(n == 0 ? 1 : n);
		memcpy(copy, c.der, n);
		assert_int_equal(x509_parse(&x, copy, n), ERR_X509);
		free(copy);
	}
	c.der[c.n] = 0;
	assert_int_equal(x509_parse(&x, c.der, c.n + 1), ERR_X509);
}

/* The verdict is the same, and what parses here parses there. */
static void judge_changed(const uint8_t *der, size_t n, EVP_PKEY *signer,
	const struct x509_key *key, size_t *parsed)
{
	uint8_t *copy = malloc(n);
	struct x509 x;

	memcpy(copy, der, n);
	const enum status parse = x509_parse(&x, copy, n);
	const bool verifies = parse == STATUS_OK && x509_verify(&x, key) == STATUS_OK;
	assert_int_equal(verifies, oracle_verifies(copy, n, signer));
	if (parse == STATUS_OK) {
		assert_true(oracle_parses_certificate(copy, n));
		++*parsed;
	}
	free(copy);
}

static void changed_certificates_get_openssls_verdict(void **state)
{
	const struct x509_key k256 = key_of(key256), k384 = key_of(key384);
	size_t parsed = 0;
	struct certificate c;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		if (i % 50 == 0)
			issue(&c, key256, i % 100 == 0 ? key256 : key384, i % 4 < 2);
		const uint32_t at = oracle_random((uint32_t)c.n);
		const uint8_t before = c.der[at];
		c.der[at] ^= (uint8_t)(1u << oracle_random(8));
		if (i % 3 == 0)
			c.der[at] = (uint8_t)oracle_random(256);
		EVP_PKEY *signer = c.x509.algorithm == X509_ECDSA_SHA256 ? key256 : key384;
		judge_changed(c.der, c.n, signer, signer == key256 ? &k256 : &k384, &parsed);
		c.der[at] = before;
	}
	assert_true(parsed > 100);
}

/* A field of a certificate replaced, without a new signature: only whether it parses. */
static enum status parse_with(size_t offset, const void *bytes, size_t n)
{
	struct certificate c;
	struct x509 x;

	issue(&c, key256, key256, false);
	memcpy(c.der + offset, bytes, n);
	return x509_parse(&x, c.der, c.n);
}

static size_t offset_of(const void *pattern, size_t n)
{
	struct certificate c;

	issue(&c, key256, key256, false);
	const uint8_t *at = memmem(c.der, c.n, pattern, n);
	assert_non_null(at);
	return (size_t)(at - c.der);
}

static void what_the_profile_forbids_does_not_parse(void **state)
{
	const size_t version = offset_of("\xa0\x03\x02\x01\x02", 5);
	const size_t serial = version + 5;
	const size_t usage = offset_of("\x55\x1d\x0f", 3);
	const size_t key_id = offset_of("\x55\x1d\x0e", 3);
	const size_t date = offset_of("\x17\x0d", 2) + 2;

	(void)state;
	assert_int_equal(parse_with(version + 4, "\x02", 1), STATUS_OK);
	assert_int_equal(parse_with(version + 4, "\x01", 1), ERR_X509);
	/* Serial 00 80 ff: negative, padded, zero. */
	assert_int_equal(parse_with(serial, "\x02\x03\xff\x80\xff", 5), ERR_X509);
	assert_int_equal(parse_with(serial, "\x02\x03\x00\x7f\xff", 5), ERR_X509);
	assert_int_equal(parse_with(serial, "\x02\x01\x00\x02\x00", 5), ERR_X509);
	/* Two extensions of one kind; a boolean that is neither; month 13; no seconds of 60. */
	assert_int_equal(parse_with(key_id + 2, "\x0f", 1), ERR_X509);
	assert_int_equal(parse_with(usage + 5, "\x01", 1), ERR_X509);
	assert_int_equal(parse_with(date + 2, "13", 2), ERR_X509);
	assert_int_equal(parse_with(date + 2, "0230", 4), ERR_X509);
	assert_int_equal(parse_with(date + 10, "60", 2), ERR_X509);
	assert_int_equal(parse_with(date + 12, "+", 1), ERR_X509);
}

static void signatures_are_read_in_der_alone(void **state)
{
	static const uint8_t good[] = {0x30, 6, 2, 1, 5, 2, 1, 7};
	static const struct {
		uint8_t n;
		uint8_t der[10];
	} bad[] = {
		{8, {0x30, 6, 2, 1, 0x85, 2, 1, 7}},		/* negative */
		{9, {0x30, 7, 2, 2, 0, 5, 2, 1, 7}},		/* padded */
		{9, {0x30, 6, 2, 1, 5, 2, 1, 7, 0}},		/* more behind */
		{9, {0x30, 7, 2, 1, 5, 2, 1, 7, 0}},		/* more inside */
		{9, {0x30, 0x81, 6, 2, 1, 5, 2, 1, 7}},		/* long length */
		{5, {0x30, 3, 2, 1, 5}},			/* one number */
		{7, {0x30, 5, 2, 0, 2, 1, 7}},			/* empty number */
		{10, {0x30, 8, 2, 3, 1, 0, 0, 2, 1, 7}},	/* too wide for 2 */
	};
	uint8_t rs[4];

	(void)state;
	assert_true(der_ecdsa_signature((struct span){good, sizeof(good)}, 2, rs));
	assert_memory_equal(rs, "\x00\x05\x00\x07", 4);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(der_ecdsa_signature((struct span){bad[i].der, bad[i].n}, 2, rs));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificates_of_openssl_verify_on_both_curves),
		cmocka_unit_test(a_key_of_the_right_curve_but_another_one_is_refused),
		cmocka_unit_test(the_fields_are_those_openssl_reads),
		cmocka_unit_test(the_order_of_name_attributes_is_ignored_in_matching),
		cmocka_unit_test(every_truncation_and_every_byte_behind_is_refused),
		cmocka_unit_test(changed_certificates_get_openssls_verdict),
		cmocka_unit_test(what_the_profile_forbids_does_not_parse),
		cmocka_unit_test(signatures_are_read_in_der_alone),
	};

	oracle_start_crypto();
	key256 = oracle_key("P-256");
	key384 = oracle_key("P-384");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
