/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What the tests of src/attest get from OpenSSL: keys, certificates, CRLs, and second opinions. */
#ifndef TESTS_ATTEST_ORACLE_H
#define TESTS_ATTEST_ORACLE_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "migtd/base.h"

/* A new key on a curve, "P-256" or "P-384". */
EVP_PKEY *oracle_key(const char *curve);

struct oracle_certificate {
	const char *subject_cn;
	const char *issuer_cn;
	EVP_PKEY *key;		/* certified */
	EVP_PKEY *signer;
	const EVP_MD *md;
	uint64_t serial;
	bool is_ca;
	bool bare;		/* without extensions */
};

/* Signed by OpenSSL; returns the DER's size. */
size_t oracle_issue(const struct oracle_certificate *what, uint8_t *der, size_t room);

/* True if OpenSSL parses the whole of it and writes the same bytes again. */
bool oracle_parses_certificate(const uint8_t *der, size_t n);
/* True if OpenSSL finds the certificate signed by the key. */
bool oracle_verifies(const uint8_t *der, size_t n, EVP_PKEY *signer);

/* An empty test arena for the bignum code; every test program calls it first. */
void oracle_start_crypto(void);

#endif
