/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Keys, signatures, certificates and digests over OpenSSL, with its failures as error lines. */
#ifndef TOOLS_KEY_H
#define TOOLS_KEY_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "common/tool.h"

#define DIGEST_SHA256_SIZE 32
#define DIGEST_SHA384_SIZE 48
#define POINT_P384_SIZE 97

void cleanup_key(EVP_PKEY **key);
void cleanup_certificate(X509 **certificate);
#define AUTO_KEY CLEANUP(cleanup_key) EVP_PKEY *
#define AUTO_CERTIFICATE CLEANUP(cleanup_certificate) X509 *

/* Ends the program: OpenSSL failed where only lack of memory or of randomness can be the cause. */
void openssl_died(const char *what) __attribute__((noreturn));

void digest_sha256(const void *from, size_t n, uint8_t digest[DIGEST_SHA256_SIZE]);
void digest_sha384(const void *from, size_t n, uint8_t digest[DIGEST_SHA384_SIZE]);
/* An RTMR after TDG.MR.RTMR.EXTEND with SHA-384 of the bytes. */
void rtmr_measure(uint8_t rtmr[DIGEST_SHA384_SIZE], const void *from, size_t n);

EVP_PKEY *key_generate_p256(void);
EVP_PKEY *key_generate_p384(void);
bool key_is_p384(const EVP_PKEY *key);
/* The uncompressed point. */
void key_point(const EVP_PKEY *key, uint8_t *point, size_t n);

/* PEM; private keys unencrypted PKCS#8.  NULL after an error line. */
EVP_PKEY *key_read_private(const char *path);
EVP_PKEY *key_read_public(const char *path);
int key_write_private(const char *path, const EVP_PKEY *key) MUST_USE;
int key_write_public(const char *path, const EVP_PKEY *key) MUST_USE;

/* DER SEQUENCE { r, s }; SHA-384 with a P-384 key, SHA-256 with a P-256 one. */
void key_sign_der(EVP_PKEY *key, const void *from, size_t n, struct blob *signature);
bool key_verify_der(EVP_PKEY *key, const void *from, size_t n, const void *signature, size_t size);
/* r || s, big-endian, of a P-256 key. */
void key_sign_raw(EVP_PKEY *key, const void *from, size_t n, uint8_t signature[64]);

/* PEM text, appended. */
void certificate_pem(const X509 *certificate, struct blob *pem);
void crl_pem(const X509_CRL *crl, struct blob *pem);
void certificate_der(const X509 *certificate, struct blob *der);
/*
 * Every certificate of a PEM text, in order; at most `most` (TOOL_REJECT beyond).  The caller
 * frees each.
 */
int certificates_read(const char *name, const struct blob *pem, X509 **certificates, size_t most,
	size_t *n) MUST_USE;

#endif
