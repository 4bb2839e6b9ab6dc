/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "attest/x509.h"
#include "oracle.h"

static EVP_PKEY *key256, *key384, *other256;

static size_t issue(uint8_t *der, EVP_PKEY *key, EVP_PKEY *signer, const EVP_MD *md, bool is_ca)
{
	const struct oracle_certificate what = {.subject_cn = "leaf", .issuer_cn = "issuer",
		.key = key, .signer = signer, .md = md, .serial = 0x80ff, .is_ca = is_ca};
	return oracle_issue(&what, der, 2048);
}

static struct x509_key key_of(EVP_PKEY *pkey)
{
	const struct oracle_certificate what = {.subject_cn = "k", .issuer_cn = "k", .key = pkey,
		.signer = pkey, .md = EVP_sha256(), .serial = 1, .bare = true};
	struct x509_key key;
	struct x509 cert;
	uint8_t der[2048];
	const size_t n = oracle_issue(&what, der, sizeof(der));

	assert_int_equal(x509_parse(&cert, der, n), STATUS_OK);
	assert_int_equal(x509_key(&cert, &key), STATUS_OK);
	return key;
}

static void certificates_of_openssl_verify_on_both_curves(void **state)
{
	uint8_t der[2048];
	struct x509 cert;
	const struct x509_key k256 = key_of(key256), k384 = key_of(key384);

	(void)state;
	for (int i = 0; i < 20; i++) {
		const bool is_ca = i % 2 == 0;
		size_t n = issue(der, key384, key256, EVP_sha256(), is_ca);
		assert_int_equal(x509_parse(&cert, der, n), STATUS_OK);
		assert_int_equal(cert.algorithm, X509_ECDSA_SHA256);
		assert_int_equal(cert.curve, X509_P384);
		assert_true(cert.algorithms_agree);
		assert_int_equal(cert.is_ca, is_ca);
		assert_int_equal(cert.has, 0x1f);
		assert_int_equal(cert.serial.n, 2);
		assert_int_equal(x509_verify(&cert, &k256), STATUS_OK);
		assert_int_equal(x509_verify(&cert, &k384), ERR_X509_SIGNATURE);

		n = issue(der, key256, key384, EVP_sha384(), is_ca);
		assert_int_equal(x509_parse(&cert, der, n), STATUS_OK);
		assert_int_equal(cert.algorithm, X509_ECDSA_SHA384);
		assert_int_equal(cert.curve, X509_P256);
		assert_int_equal(x509_verify(&cert, &k384), STATUS_OK);
		assert_int_equal(x509_verify(&cert, &k256), ERR_X509_SIGNATURE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificates_of_openssl_verify_on_both_curves),
	};

	oracle_start_crypto();
	key256 = oracle_key("P-256");
	other256 = oracle_key("P-256");
	key384 = oracle_key("P-384");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
