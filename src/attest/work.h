/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What lies in a struct attest_scratch, and the checks that start-up and quotes share. */
#ifndef ATTEST_WORK_H
#define ATTEST_WORK_H

#include "attest/attest.h"
#include "attest/crl.h"
#include "attest/qe_identity.h"
#include "attest/quote.h"
#include "attest/sgx_extension.h"
#include "attest/tcb_info.h"
#include "attest/x509.h"

/*
 * Room for the certificates of a quote, which take 2,600 bytes when genuine, and of an issuer chain
 * behind them, which takes 1,320.
 */
#define CHAIN_DER_MAX 4608
#define CHAIN_MAX 5

/* Longest serial number (RFC 5280, 4.1.2.2), without its leading zero. */
#define CHAIN_SERIAL_MAX 20

/* What stays of a TCB signing certificate while its document has not been read. */
struct tcb_signer {
	uint8_t point[P256_POINT_SIZE];
	uint8_t serial[CHAIN_SERIAL_MAX];
	uint8_t serial_n;
};

struct attest_work {
	union {
		uint8_t der[CHAIN_DER_MAX];
		struct tcb_info_seen seen;	/* once the certificates are done with */
	};
	struct x509 cert[CHAIN_MAX];
	union {
		struct crl_work crl;
		struct pem_reader pem;
		struct signed_json json;
	};
	union {
		struct crl crl_facts;
		struct tcb_info tcb;
	};
	struct tcb_signer tcb_signer, qe_signer;	/* fetched collateral only */
	struct qe_identity qe;
	struct quote quote;
	struct sgx_extension sgx;
	struct tcb_svns platform;
};

_Static_assert(sizeof(struct attest_work) <= sizeof(struct attest_scratch),
	"ATTEST_SCRATCH_SIZE is too small");

/* Text of the bundle, its escapes undone. */
struct text_reader collateral_text(const struct collateral *c, struct collateral_string s);

/*
 * Reads exactly n certificates into w->cert, behind the first `kept`, which stay; ERR_X509_CHAIN
 * for another number.
 */
enum status chain_read(struct attest_work *w, size_t kept, struct text_reader text, size_t n)
	MUST_CHECK;

/*
 * Reads a chain of any length behind the certificates kept, one at a time: at least one, each with
 * the five extensions.  What stays in w->cert[kept] is the last.
 */
enum status chain_check_form(struct attest_work *w, size_t kept, struct text_reader text)
	MUST_CHECK;

/* As chain_read() for an issuer chain: two certificates in any order, one of them the root. */
struct chain_pair {
	const struct x509 *root, *leaf;
};
enum status chain_read_pair(struct attest_work *w, size_t kept, struct text_reader text,
	const uint8_t root_digest[SHA256_SIZE], struct chain_pair *pair) MUST_CHECK;

/*
 * What every certificate under Intel's root must be: P-256 and SHA-256, the same algorithm inside
 * and outside, a serial number of at most CHAIN_SERIAL_MAX bytes, five extensions, and a CA or not.
 */
enum status chain_check_certificate(const struct x509 *cert, bool is_ca) MUST_CHECK;

/* The same, and by its name the certificate of the signer of TCB info. */
enum status chain_check_tcb_signing(const struct x509 *cert) MUST_CHECK;

/* True if the certificate is, byte for byte, the one with this digest. */
bool chain_is_certificate(const struct x509 *cert, const uint8_t digest[SHA256_SIZE]);

/* The certificate names `issuer` as its issuer. */
enum status chain_check_name(const struct x509 *cert, const struct x509 *issuer) MUST_CHECK;

/* The certificate is issued and signed by `issuer`, whose key is `point`. */
enum status chain_check_issued(const struct x509 *cert, const struct x509 *issuer,
	const uint8_t point[P256_POINT_SIZE]) MUST_CHECK;

/* The point of a certificate that passed chain_check_certificate(). */
const uint8_t *chain_point(const struct x509 *cert);

void sha256_of(const uint8_t *from, size_t n, uint8_t digest[SHA256_SIZE]);

#endif
