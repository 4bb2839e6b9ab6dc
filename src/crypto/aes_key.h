/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#ifndef CRYPTO_AES_KEY_H
#define CRYPTO_AES_KEY_H

#include "crypto/internal.h"

struct aes256_ctx;

/* Fills in the library's round keys for encryption, in constant time. */
void aes256_expand_key(struct aes256_ctx *aes, const uint8_t key[AES256_KEY_SIZE]);

#endif
