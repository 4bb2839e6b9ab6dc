/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The SGX extension of a PCK certificate (attestation spec 1.6). */
#ifndef ATTEST_SGX_EXTENSION_H
#define ATTEST_SGX_EXTENSION_H

#include "attest/x509.h"

#define SGX_COMPONENTS 16

struct sgx_extension {
	uint8_t components[SGX_COMPONENTS];
	uint16_t pcesvn;
	uint8_t pce_id[2];
	uint8_t fmspc[6];
};

/* ERR_X509_EXTENSION when it is missing, incomplete or malformed. */
enum status sgx_extension_read(const struct x509 *pck, struct sgx_extension *sgx) MUST_CHECK;

#endif
