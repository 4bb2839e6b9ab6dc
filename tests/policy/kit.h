/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Policies made and signed with OpenSSL, to order. */
#ifndef TESTS_POLICY_KIT_H
#define TESTS_POLICY_KIT_H

#include <stddef.h>
#include <stdint.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#define KIT_CERTIFICATES_MAX 9

enum kit_certificate_flag {
	KIT_NOT_CA = 1,		/* no BasicConstraints */
	KIT_VERSION_1 = 2,
	KIT_P256 = 4,		/* key of another curve */
	KIT_SHA256 = 8,		/* signed with another hash */
	KIT_LARGE = 16,		/* a comment of 5,000 bytes */
	KIT_NEGATIVE_SERIAL = 32,
};

struct kit_certificate {
	EVP_PKEY *key;
	X509 *x509;
};

/* Leaf first. */
struct kit_chain {
	struct kit_certificate certificate[KIT_CERTIFICATES_MAX];
	size_t count;
	char *pem;
};

/* Makes the key of certificate i of a chain instead of the generator, unless it is of P-256. */
extern EVP_PKEY *(*kit_make_key)(int i);

/* flags[i] is for certificate i; NULL for none.  The last one signs itself. */
struct kit_chain kit_chain(size_t count, const char *leaf_name, const unsigned *flags);
/* The same below the root of another chain. */
struct kit_chain kit_chain_under(const struct kit_chain *other, size_t count,
	const char *leaf_name, const unsigned *flags);
void kit_chain_pem(struct kit_chain *chain);
void kit_chain_free(struct kit_chain *chain);

struct kit_policy {
	const struct kit_chain *issuer;
	const struct kit_chain *identity;
	const struct kit_chain *mapping;
	unsigned svn;
	const char *blocks;	/* members of policyData before `collaterals`, with a comma behind */
	const char *collaterals;
	const char *levels;	/* elements of tcbLevels and svnMappings */
	const char *mappings;
	const char *data;	/* whole policyData instead; %s is the servtdCollateral */
	const char *identity_text;	/* whole tdIdentity and tdTcbMapping instead */
	const char *mapping_text;
	size_t padding;		/* bytes of an unknown member that make the policy large */
	int chains_first;	/* members of servtdCollateral and envelope in reverse order */
	int spaces;		/* white space around the signed values */
	int lower_case;		/* signatures in lower-case hex */
};

struct kit_policy kit_defaults(const struct kit_chain *chain);
/* The signed policy. */
char *kit_policy(const struct kit_policy *p);
/* The peer-data blob. */
uint8_t *kit_blob(const char *policy, const char *chain, size_t *n);
/* One file below SHARED_DIR, with its size; NULL (and a line on stderr) when it is absent. */
char *kit_file(const char *name, size_t *n);
char *kit_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Text with the first occurrence of `from` replaced; fails the test when there is none. */
char *kit_replace(const char *text, const char *from, const char *to);

extern const char kit_collaterals[];

#endif
