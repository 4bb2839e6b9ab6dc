/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The quoting enclave: an attestation key certified by the PCK key, and quotes signed with it. */
#ifndef HOST_QUOTE_H
#define HOST_QUOTE_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/pki.h"

#define QUOTE_MAX 8192
#define QE_AUTH_BYTES 32	/* unless the platform says otherwise */
#define QE_AUTH_MAX QUOTE_MAX
#define QE_REPORT_BYTES 384

struct quoting_enclave {
	const struct pki *pki;
	EVP_PKEY *attestation_key;
	uint8_t public_key[64];		/* x, y */
	uint8_t report[QE_REPORT_BYTES];
	uint8_t report_signature[64];
	unsigned quotes;		/* made so far */
};

/* Draws the attestation key and has it certified. */
bool qe_init(struct quoting_enclave *qe, const struct pki *pki);
void qe_fini(struct quoting_enclave *qe);

/* AS_RULED: version 4, or 5 with body type 3, as attestation.md 1.4 says.  Others: to order. */
enum quote_layout {
	QUOTE_AS_RULED,
	QUOTE_VERSION_4,
	QUOTE_VERSION_5_TYPE_2,
	QUOTE_VERSION_5_TYPE_3,
};

/*
 * Bytes of the largest quote with a PCK chain of that many bytes of PEM text and so much QE
 * authentication data.
 */
size_t quote_most(size_t pck_chain_size, size_t qe_auth_bytes);

/*
 * A quote of a TDREPORT whose MAC has been verified; every fourth version 4 quote carries 70 bytes
 * of padding.  0 when the QE refuses the report or `size` does not suffice.
 */
size_t qe_quote(struct quoting_enclave *qe, const uint8_t tdreport[1024], enum quote_layout layout,
	uint8_t *quote, size_t size);

#endif
