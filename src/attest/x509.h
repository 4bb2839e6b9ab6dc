/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * X.509 v3 certificates in DER, parsed in place: every span points into the caller's buffer.
 * ECDSA over P-256 with SHA-256 and over P-384 with SHA-384 can be verified; certificates with
 * other keys or algorithms still parse.  No clock: dates are only checked to be dates.
 */
#ifndef ATTEST_X509_H
#define ATTEST_X509_H

#include "attest/der.h"
#include "crypto/crypto.h"

enum x509_curve { X509_CURVE_OTHER, X509_P256, X509_P384 };

enum x509_algorithm { X509_ALGORITHM_OTHER, X509_ECDSA_SHA256, X509_ECDSA_SHA384 };

/* Extensions seen, one bit each. */
enum x509_extension_bit {
	X509_HAS_SUBJECT_KEY_ID = 1 << 0,
	X509_HAS_AUTHORITY_KEY_ID = 1 << 1,
	X509_HAS_KEY_USAGE = 1 << 2,
	X509_HAS_BASIC_CONSTRAINTS = 1 << 3,
	X509_HAS_CRL_DISTRIBUTION_POINTS = 1 << 4,
};

struct x509_key {
	uint8_t curve;		/* enum x509_curve */
	uint8_t point[P384_POINT_SIZE];		/* x || y, 64 or 96 bytes */
};

struct x509 {
	struct span der;	/* all of it */
	struct span tbs;	/* the signed element, header included */
	struct span serial;	/* magnitude, without leading zeros */
	struct span issuer;	/* Name elements, header included: equal names are equal bytes */
	struct span subject;
	struct span key_bits;	/* content of the key's BIT STRING: 04 || x || y */
	struct span extensions;	/* content of the SEQUENCE OF Extension */
	struct span signature;	/* content of the signature's BIT STRING: DER of r and s */
	uint8_t curve;		/* enum x509_curve */
	uint8_t algorithm;	/* enum x509_algorithm, the outer signatureAlgorithm */
	bool algorithms_agree;	/* inner and outer signature algorithm are the same bytes */
	bool is_ca;		/* basicConstraints with cA TRUE */
	uint8_t has;		/* enum x509_extension_bit */
};

/* What verification of a certificate needs once its DER is gone. */
struct x509_signature {
	uint8_t algorithm;	/* enum x509_algorithm */
	uint8_t digest[SHA384_SIZE];
	uint8_t signature[P384_SIGNATURE_SIZE];
};

/*
 * Parses one certificate that fills all n bytes.  ERR_X509: not DER, not version 3, serial not
 * positive, a date that is none, an extension twice, a name in strings other than UTF8String,
 * PrintableString and IA5String.
 */
enum status x509_parse(struct x509 *cert, const uint8_t *der, size_t n) MUST_CHECK;

/* An AlgorithmIdentifier, header included, as certificates and CRLs carry it. */
enum x509_algorithm x509_algorithm_of(struct span element);

/* The public key; ERR_X509 unless it is an uncompressed point of P-256 or P-384. */
enum status x509_key(const struct x509 *cert, struct x509_key *key) MUST_CHECK;

/*
 * Hashes the signed bytes; ERR_X509_SIGNATURE for an unknown algorithm, or when the one inside is not
 * the one outside.
 */
enum status x509_signature(const struct x509 *cert, struct x509_signature *s) MUST_CHECK;
/* ERR_X509_SIGNATURE also when key and algorithm do not belong together. */
enum status x509_signature_verify(const struct x509_signature *s, const struct x509_key *issuer)
	MUST_CHECK;
/* Both in one: the certificate is signed by this key. */
enum status x509_verify(const struct x509 *cert, const struct x509_key *issuer) MUST_CHECK;

/* The extnValue content of an extension, by the content of its OID; at == NULL when absent. */
struct span x509_extension(const struct x509 *cert, const uint8_t *oid, size_t n);

/* First value of a name's attribute 2.5.4.`type`; at == NULL when absent. */
enum x509_name_type { X509_CN = 3, X509_C = 6, X509_L = 7, X509_ST = 8, X509_O = 10 };
struct span x509_name_attribute(struct span name, enum x509_name_type type);
/* The same values of CN, C, O, L and ST, in whatever order. */
bool x509_name_matches(struct span a, struct span b);
bool x509_is_self_issued(const struct x509 *cert);
/* The common name contains this text. */
bool x509_cn_contains(struct span name, const char *text);

#endif
