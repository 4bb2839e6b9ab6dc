/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The platform directory of `migtd-tool pki`, as `tdhost platform --pki DIR` reads it:
 *
 *   platform.json  {"fmspc": "12 hex digits", "pceid": "4 hex digits", "cpusvn": [16 numbers],
 *                   "pcesvn": N, "tee_tcb_svn": [16 numbers], "tee_tcb_svn2": [16 numbers],
 *                   "qe_isvsvn": N, "qe_isvprodid": N, "qe_mrsigner": "64 hex digits",
 *                   "qe_id": "32 hex digits", "mrseam": "96 hex digits",
 *                   "qe_auth_bytes": N}
 *                  tee_tcb_svn2 may be absent: then it equals tee_tcb_svn; qe_auth_bytes, the length
 *                  of the QE authentication data, too: then it is 32.
 *   pck.key        the PCK private key, PEM, EC P-256
 *   pck_chain.pem  PCK certificate, platform CA, root CA; each PEM ends with a newline
 */
#ifndef HOST_PKI_H
#define HOST_PKI_H

#include <openssl/evp.h>
#include <stddef.h>
#include <stdint.h>

#define PKI_CHAIN_MAX 16384

struct pki {
	uint8_t fmspc[6];
	uint8_t pceid[2];
	uint8_t cpusvn[16];
	uint16_t pcesvn;
	uint8_t tee_tcb_svn[16];
	uint8_t tee_tcb_svn2[16];
	uint16_t qe_isvsvn;
	uint16_t qe_isvprodid;
	uint8_t qe_mrsigner[32];
	uint8_t qe_id[16];
	uint8_t mrseam[48];
	uint16_t qe_auth_bytes;
	EVP_PKEY *pck_key;
	char *pck_chain;	/* NUL-terminated */
	size_t pck_chain_size;	/* without the NUL */
};

/* 0, or -1 and one line in `why` (without newline) that names the file.  pki_free() either way. */
int pki_load(struct pki *pki, const char *directory, char *why, size_t why_size);
void pki_free(struct pki *pki);

#endif
