/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Certificates and CRLs, as DER and as PEM. */
#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>

#include "seeds.h"

#define DER_MAX 4096

static void save_certificate(const struct oracle_certificate *what)
{
	uint8_t der[DER_MAX];
	char text[2 * DER_MAX];
	const size_t n = oracle_issue(what, der, sizeof(der));

	seeds_save("x509", -1, der, n);
	seeds_save("der", -1, der, n);
	seeds_save("pem", 3, text, oracle_pem("CERTIFICATE", der, n, true, text, sizeof(text)));
}

/* The first certificate of a world's quote. */
static void save_pck(const struct world *w)
{
	static const char line[] = "-----BEGIN CERTIFICATE-----";
	size_t n;
	uint8_t *quote = world_quote(w, &n), *der = NULL;
	char *text = memmem(quote, n, line, strlen(line));

	seeds_need(text != NULL, "find the PCK certificate");
	BIO *bio = BIO_new_mem_buf(text, (int)(n - (size_t)(text - (char *)quote)));
	X509 *pck = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	const int size = i2d_X509(pck, &der);
	seeds_need(size > 0, "encode the PCK certificate");
	seeds_save("x509", -1, der, (size_t)size);
	seeds_save("der", -1, der, (size_t)size);
	OPENSSL_free(der);
	X509_free(pck);
	BIO_free(bio);
}

static void certificates(void)
{
	EVP_PKEY *p384 = oracle_key("P-384");
	struct world w;

	seeds_begin(&w);
	for (unsigned members = 5; members <= 7; members++) {
		w.sgx_members = members;
		w.sgx_twice = members == 6;
		world_issue(&w);
		save_pck(&w);
	}
	save_certificate(&w.root);
	save_certificate(&w.signing);
	struct oracle_certificate other = w.root;
	other.bare = true;
	save_certificate(&other);
	other = w.root;
	other.without = NID_basic_constraints;
	save_certificate(&other);
	other = w.root;
	other.key = other.signer = p384;
	other.md = EVP_sha384();
	save_certificate(&other);
	other.md = EVP_sha512();
	save_certificate(&other);
	EVP_PKEY_free(p384);
	world_free(&w);
}

static void save_crl(const struct oracle_crl *what)
{
	uint8_t der[DER_MAX];
	char text[2 * DER_MAX];
	const size_t n = oracle_crl(what, der, sizeof(der));

	seeds_save("crl", 0, der, n);
	seeds_save("der", -1, der, n);
	const size_t size = oracle_pem("X509 CRL", der, n, true, text, sizeof(text));
	seeds_save("crl", 1, text, size);
	seeds_save("pem", 7, text, size);
}

static void crls(void)
{
	static const uint64_t serials[] = {3, 5, 7, 300, 0x123456789};
	struct world w;

	seeds_begin(&w);
	struct oracle_crl crl = {.issuer_cn = "CA", .signer = w.key[CA], .identified = w.key[CA],
		.number = "12"};
	save_crl(&crl);
	crl.serials = serials;
	crl.serial_count = ARRAY_SIZE(serials);
	save_crl(&crl);
	crl.with_reasons = true;
	save_crl(&crl);
	crl.critical = true;
	save_crl(&crl);
	crl.critical = false;
	crl.number = "12345678901234567890";
	save_crl(&crl);
	crl.number = NULL;
	save_crl(&crl);
	world_free(&w);
}

void seeds_certificates(void)
{
	certificates();
	crls();
}
