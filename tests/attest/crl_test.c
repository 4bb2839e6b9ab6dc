/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* CRLs against OpenSSL: issued by it, changed at random, judged by both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "attest/crl.h"
#include "attest/x509.h"
#include "oracle.h"

#define DER_MAX 65536

static EVP_PKEY *key;
static uint8_t point[P256_POINT_SIZE];
static uint8_t issuer[256];
static size_t issuer_n;
static uint8_t der[DER_MAX];
static char pem[2 * DER_MAX];
static struct crl_work work;

static struct oracle_crl usual(const uint64_t *serials, size_t n)
{
	return (struct oracle_crl){.issuer_cn = "issuer", .signer = key, .identified = key,
		.serials = serials, .serial_count = n, .number = "7", .with_reasons = true};
}

/* Reads from a copy of the exact size, and verifies. */
static enum status judge(const char *text, size_t n, uint64_t serial, struct crl *crl)
{
	uint8_t magnitude[8];
	struct span wanted = {magnitude, 8};
	uint8_t *copy = malloc(n == 0 ? 1 : n);

	for (int i = 0; i < 8; i++)
		magnitude[i] = (uint8_t)(serial >> (56 - 8 * i));
	while (wanted.n > 0 && *wanted.at == 0) {
		wanted.at++;
		wanted.n--;
	}
	memcpy(copy, text, n);
	enum status s = crl_read(&work, text_plain(copy, n), (struct span){issuer, issuer_n},
		wanted, crl);
	if (s == STATUS_OK)
		s = crl_verify(crl, point);
	free(copy);
	return s;
}

/* As PEM, and as it is with the same outcome. */
static enum status judge_der(size_t n, uint64_t serial, struct crl *crl)
{
	struct crl plain;
	const enum status as_it_is = judge((const char *)der, n, serial, &plain);
	const size_t size = oracle_pem("X509 CRL", der, n, false, pem, sizeof(pem));
	const enum status status = judge(pem, size, serial, crl);
	/* What does not begin like a long SEQUENCE is not seen as DER. */
	if (der[0] == DER_SEQUENCE && der[1] >= 0x80)
		assert_int_equal(as_it_is == STATUS_OK, status == STATUS_OK);
	if (as_it_is == STATUS_OK) {
		assert_int_equal(plain.listed, crl->listed);
		assert_memory_equal(plain.digest, crl->digest, sizeof(plain.digest));
	}
	return status;
}

static void lists_of_any_length_are_read_whole(void **state)
{
	static const size_t counts[] = {0, 1, 2, 3, 57, 500};
	uint64_t serials[500];
	struct crl crl;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(serials); i++)
		serials[i] = (uint64_t)oracle_random(1u << 30) * 2654435761u * 2 + 1;
	for (size_t c = 0; c < ARRAY_SIZE(counts); c++) {
		const struct oracle_crl what = usual(serials, counts[c]);
		const size_t n = oracle_crl(&what, der, sizeof(der));
		for (size_t i = 0; i < counts[c]; i += 1 + counts[c] / 20) {
			assert_int_equal(judge_der(n, serials[i], &crl), STATUS_OK);
			assert_true(crl.listed);
			assert_int_equal(crl.number, 7);
			assert_int_equal(judge_der(n, serials[i] + 1, &crl), STATUS_OK);
			assert_false(crl.listed);
		}
		assert_int_equal(judge_der(n, 2, &crl), STATUS_OK);
		assert_false(crl.listed);
	}
}

static void several_serials_are_looked_up_at_once(void **state)
{
	static const uint8_t numbers[] = {3, 5, 7};
	const struct span wanted[] = {{&numbers[0], 1}, {&numbers[1], 1}, {&numbers[2], 1}};
	struct crl crl;

	(void)state;
	for (uint64_t listed = 2; listed < 9; listed++) {
		const uint64_t serials[] = {100, listed, 101};
		const struct oracle_crl what = usual(serials, 3);
		const size_t n = oracle_crl(&what, der, sizeof(der));
		assert_int_equal(crl_read_for(&work, text_plain(der, n),
			(struct span){issuer, issuer_n}, wanted, 3, &crl), STATUS_OK);
		assert_int_equal(crl.listed, listed % 2 == 1);
		assert_int_equal(crl_read_for(&work, text_plain(der, n),
			(struct span){issuer, issuer_n}, wanted, 2, &crl), STATUS_OK);
		assert_int_equal(crl.listed, listed == 3 || listed == 5);
	}
}

static void hexadecimal_text_is_read_like_pem(void **state)
{
	const uint64_t serials[] = {3, 77};
	const struct oracle_crl what = usual(serials, 2);
	const size_t n = oracle_crl(&what, der, sizeof(der));
	struct crl crl;

	(void)state;
	for (size_t i = 0; i < n; i++)
		snprintf(pem + 2 * i, 3, i % 2 == 0 ? "%02x" : "%02X", der[i]);
	assert_int_equal(judge(pem, 2 * n, 77, &crl), STATUS_OK);
	assert_true(crl.listed);
	for (size_t size = 0; size < 2 * n; size++)
		assert_int_not_equal(judge(pem, size, 77, &crl), STATUS_OK);
	pem[2 * n] = '0';
	pem[2 * n + 1] = '0';
	assert_int_not_equal(judge(pem, 2 * n + 1, 77, &crl), STATUS_OK);
	assert_int_not_equal(judge(pem, 2 * n + 2, 77, &crl), STATUS_OK);
	pem[20] = 'g';
	assert_int_not_equal(judge(pem, 2 * n, 77, &crl), STATUS_OK);
}

static enum status with(struct oracle_crl what)
{
	struct crl crl;
	return judge_der(oracle_crl(&what, der, sizeof(der)), 1, &crl);
}

static void what_the_profile_demands_is_demanded(void **state)
{
	EVP_PKEY *other = oracle_key("P-256");
	struct oracle_crl what = usual(NULL, 0);

	(void)state;
	assert_int_equal(with(what), STATUS_OK);
	what.number = "4294967295";
	assert_int_equal(with(what), STATUS_OK);
	what.number = "4294967296";
	assert_int_equal(with(what), ERR_COLLATERAL);
	what.number = NULL;
	assert_int_equal(with(what), ERR_CRL);
	what = usual(NULL, 0);
	what.identified = NULL;
	assert_int_equal(with(what), ERR_CRL);
	what = usual(NULL, 0);
	what.critical = true;
	assert_int_equal(with(what), ERR_CRL);
	what = usual(NULL, 0);
	what.issuer_cn = "another";
	assert_int_equal(with(what), ERR_CRL);
	what = usual(NULL, 0);
	what.signer = other;
	assert_int_equal(with(what), ERR_CRL_SIGNATURE);
	EVP_PKEY_free(other);
}

static void a_second_section_or_another_kind_is_refused(void **state)
{
	const struct oracle_crl what = usual(NULL, 0);
	const size_t n = oracle_crl(&what, der, sizeof(der));
	const size_t size = oracle_pem("X509 CRL", der, n, true, pem, sizeof(pem));
	struct crl crl;

	(void)state;
	assert_int_equal(judge(pem, size, 1, &crl), STATUS_OK);
	memcpy(pem + size, pem, size);
	assert_int_not_equal(judge(pem, 2 * size, 1, &crl), STATUS_OK);
	assert_int_not_equal(judge(pem, 0, 1, &crl), STATUS_OK);
	oracle_pem("CERTIFICATE", der, n, true, pem, sizeof(pem));
	assert_int_not_equal(judge(pem, strlen(pem), 1, &crl), STATUS_OK);
}

static void every_truncation_is_refused(void **state)
{
	const uint64_t serials[] = {3, 77, 80000};
	const struct oracle_crl what = usual(serials, 3);
	const size_t n = oracle_crl(&what, der, sizeof(der));
	struct crl crl;

	(void)state;
	for (size_t size = 1; size < n; size++)
		assert_int_not_equal(judge_der(size, 77, &crl), STATUS_OK);
	der[n] = 0;
	assert_int_not_equal(judge_der(n + 1, 77, &crl), STATUS_OK);
}

static void changed_lists_get_openssls_verdict(void **state)
{
	uint64_t serials[20];
	size_t good = 0;
	struct crl crl;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(serials); i++)
		serials[i] = 1000 + i;
	const struct oracle_crl what = usual(serials, ARRAY_SIZE(serials));
	const size_t n = oracle_crl(&what, der, sizeof(der));
	for (int i = 0; i < 1000; i++) {
		const uint32_t at = oracle_random((uint32_t)n);
		const uint8_t before = der[at];
		/* now and then the same byte again */
		der[at] ^= (uint8_t)(oracle_random(16) == 0 ? 0 : 1u << oracle_random(8));
		const bool verdict = judge_der(n, 1003, &crl) == STATUS_OK;
		assert_int_equal(verdict, oracle_crl_verifies(der, n, key));
		good += verdict;
		der[at] = before;
	}
	assert_true(good > 10 && good < 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_of_any_length_are_read_whole),
		cmocka_unit_test(several_serials_are_looked_up_at_once),
		cmocka_unit_test(hexadecimal_text_is_read_like_pem),
		cmocka_unit_test(what_the_profile_demands_is_demanded),
		cmocka_unit_test(a_second_section_or_another_kind_is_refused),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(changed_lists_get_openssls_verdict),
	};
	struct x509 cert;

	oracle_start_crypto();
	key = oracle_key("P-256");
	issuer_n = oracle_name("issuer", issuer, sizeof(issuer));
	const struct oracle_certificate what = {.subject_cn = "issuer", .issuer_cn = "issuer",
		.key = key, .signer = key, .md = EVP_sha256(), .serial = 1};
	const size_t n = oracle_issue(&what, der, sizeof(der));
	if (x509_parse(&cert, der, n) != STATUS_OK)
		return 1;
	memcpy(point, cert.key_bits.at + 1, sizeof(point));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
