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
	size_t serial_n;	/* so many bytes of serial number instead, unless 0 */
	bool is_ca;
	bool issuer_reversed;	/* the issuer's attributes, not the subject's */
	bool bare;		/* without extensions */
	int without;		/* NID of an extension to leave out, or 0 */
	const uint8_t *sgx;	/* content of the SGX extension, or NULL */
	size_t sgx_n;
};

/* Signed by OpenSSL; returns the DER's size. */
size_t oracle_issue(const struct oracle_certificate *what, uint8_t *der, size_t room);

/* True if OpenSSL parses the whole of it and writes the same bytes again. */
bool oracle_parses_certificate(const uint8_t *der, size_t n);
/* True if OpenSSL finds the certificate signed by the key. */
bool oracle_verifies(const uint8_t *der, size_t n, EVP_PKEY *signer);

struct oracle_crl {
	const char *issuer_cn;
	EVP_PKEY *signer;
	EVP_PKEY *identified;	/* of the authority key identifier; NULL to leave it out */
	const uint64_t *serials;
	size_t serial_count;
	const char *number;	/* decimal; NULL to leave it out */
	bool with_reasons;	/* every other entry has an extension */
	bool critical;		/* and the CRL an issuing distribution point */
};

/* Signed by OpenSSL; returns the DER's size. */
size_t oracle_crl(const struct oracle_crl *what, uint8_t *der, size_t room);
bool oracle_crl_verifies(const uint8_t *der, size_t n, EVP_PKEY *signer);
/* CRL number of a PEM text. */
uint64_t oracle_crl_number(const char *pem);
/* DER of the name that oracle_issue() and oracle_crl() give to this CN. */
size_t oracle_name(const char *cn, uint8_t *der, size_t room);
/* PEM with 64 columns, no newline after the END line unless `newline`; returns its length. */
size_t oracle_pem(const char *label, const uint8_t *der, size_t n, bool newline, char *to,
	size_t room);

/*
 * Numbers for tests, from a seed that is always the same.  oracle_seed() prints the seed it sets
 * and takes it from TEST_SEED when the environment has it.
 */
void oracle_seed(void);
uint32_t oracle_random(uint32_t below);

/* A test arena for the bignum code for the bignum code; every test program calls it first. */
void oracle_start_crypto(void);

#endif
