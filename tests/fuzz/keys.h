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
enum { FUZZ_KEY_PCK = 2, FUZZ_KEY_ATTESTATION = 4 };

EVP_PKEY *fuzz_key(int number);
/* r || s of ECDSA P-256 over SHA-256. */
void fuzz_sign(EVP_PKEY *key, const uint8_t *from, size_t n, uint8_t rs[64]);

#endif
