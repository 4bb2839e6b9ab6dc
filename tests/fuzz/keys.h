/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The keys of the world that the seeds are made of.  They are derived from their numbers and secret
 * to nobody: who changes a seed can sign it again.
 */
#ifndef TESTS_FUZZ_KEYS_H
#define TESTS_FUZZ_KEYS_H

#include <openssl/evp.h>

#include "migtd/base.h"

/* Numbers of tests/attest/world.h. */
enum { FUZZ_KEY_PCK = 2, FUZZ_KEY_SIGNING = 3, FUZZ_KEY_ATTESTATION = 4 };

EVP_PKEY *fuzz_key(int number);
/* The same on P-384: of the certificate at this place in every chain of a policy, the leaf's being 0. */
EVP_PKEY *fuzz_key_p384(int number);
/* r || s of ECDSA P-256 over SHA-256. */
void fuzz_sign(EVP_PKEY *key, const uint8_t *from, size_t n, uint8_t rs[64]);
/* ECDSA P-384 over SHA-384, its DER in upper-case hexadecimal. */
#define FUZZ_DER_MAX 104
void fuzz_sign_hex(EVP_PKEY *key, const uint8_t *from, size_t n, char hex[2 * FUZZ_DER_MAX + 1]);

#endif
