/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The crypto library's headers, to be included before any of ours.  nettle gives its functions
 * short macro names; those that are ours too are taken away again, and the few calls concerned
 * are spelled with the nettle_ prefix.
 */
#ifndef CRYPTO_LIBRARY_H
#define CRYPTO_LIBRARY_H

#include <gmp.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecc.h>
#include <nettle/ecdsa.h>
#include <nettle/gcm.h>
#include <nettle/sha2.h>

#undef GCM_IV_SIZE
#undef sha256_init
#undef sha256_update
#undef sha384_init
#undef sha384_update

#endif
