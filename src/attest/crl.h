/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * CRLs (RFC 5280, v2) as collateral has them: PEM, DER in hexadecimal digits, or DER, read once
 * from beginning to end through a small window, so that their length does not matter.  Signatures
 * are ECDSA P-256 with SHA-256.
 */
#ifndef ATTEST_CRL_H
#define ATTEST_CRL_H

#include "attest/der.h"
#include "attest/pem.h"
#include "crypto/crypto.h"

/* Largest single element of a CRL (a name, an entry, all extensions) that can be read. */
#define CRL_WINDOW 512

struct crl {
	uint32_t number;	/* cRLNumber; CRLs that have none, or a larger one, are refused */
	bool listed;		/* a serial that was asked for is in the list */
	uint8_t digest[SHA256_SIZE];	/* of the signed bytes */
	uint8_t signature[P256_SIGNATURE_SIZE];
};

struct crl_work {
	struct pem_reader pem;	/* its text is that of the CRL in any encoding */
	struct sha256 hash;
	const struct span *serials;	/* asked for */
	size_t serial_count;
	size_t at, have;	/* bytes of the window that are consumed and filled */
	bool complete;		/* the window holds the CRL's last byte */
	uint8_t encoding;
	bool verified;		/* nothing is hashed */
	uint8_t window[CRL_WINDOW];
};

/*
 * Reads a CRL whose issuer must be `issuer` (a Name, header included, byte for byte; at == NULL for
 * any) and looks a serial number (magnitude) up in it.  ERR_CRL when it is malformed or of another
 * issuer, ERR_PEM when its text is malformed, ERR_COLLATERAL for a number beyond 32 bits.
 */
enum status crl_read(struct crl_work *w, struct text_reader text, struct span issuer,
	struct span serial, struct crl *crl) MUST_CHECK;
/* The same for any of several serial numbers. */
enum status crl_read_for(struct crl_work *w, struct text_reader text, struct span issuer,
	const struct span *serials, size_t count, struct crl *crl) MUST_CHECK;

/* The same for a CRL whose signature was verified before: only its list is asked. */
enum status crl_look_up(struct crl_work *w, struct text_reader text, struct span issuer,
	struct span serial, bool *listed) MUST_CHECK;

/* ERR_CRL_SIGNATURE unless the CRL is signed by this key. */
enum status crl_verify(const struct crl *crl, const uint8_t point[P256_POINT_SIZE]) MUST_CHECK;

#endif
