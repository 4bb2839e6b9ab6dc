/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Certificates, CRLs and signatures of the second opinion (judge.h), all by OpenSSL. */
#ifndef TESTS_ATTEST_JUDGE_X509_H
#define TESTS_ATTEST_JUDGE_X509_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the SGX extension of a PCK certificate says. */
struct judge_sgx {
	uint8_t components[16];
	unsigned pcesvn;
	uint8_t fmspc[6], pce_id[2];
};

/* Every certificate of a PEM text, up to the first that is malformed; to be freed. */
STACK_OF(X509) *judge_chain(const void *text, size_t n);
/* The five extensions; with them, a key on P-256. */
bool judge_has_extensions(const X509 *x);
bool judge_certificate(const X509 *x);
bool judge_cn_has(const X509_NAME *name, const char *text);
bool judge_self_issued(const X509 *x);
/* Names match and the signature is the issuer's. */
bool judge_issued(X509 *x, const X509 *issuer);
/* A root under this key (65 bytes). */
bool judge_root(X509 *x, const uint8_t *point);
/* The key as 04 || x || y; false unless it is one of P-256. */
bool judge_point(const X509 *x, uint8_t point[65]);
bool judge_sgx_extension(const X509 *x, struct judge_sgx *sgx);

/* PEM or digits; NULL when it is malformed. */
X509_CRL *judge_crl(const char *text);
/* Issued and signed by this certificate, with number and key identifier. */
bool judge_crl_of(X509_CRL *crl, const X509 *issuer);
bool judge_listed(X509_CRL *crl, const X509 *x);

/* r || s over the SHA-256 of the bytes. */
bool judge_signature(EVP_PKEY *key, const void *from, size_t n, const uint8_t rs[64]);
bool judge_signature_by_point(const uint8_t xy[64], const void *from, size_t n,
	const uint8_t rs[64]);

#endif
