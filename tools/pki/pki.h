/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * A provisioning hierarchy that behaves like the real one (attestation spec 1.6, 4, 6) and the
 * policy signing chains (policy spec 5.7), written to a folder:
 *
 *   root.pem root.der          SGX root CA
 *   collateral.json            the bundle of attestation spec 4.4 for all platforms
 *   tcb_signing.key, platform_ca.key, root.key    to sign further collateral
 *   hosts/NAME/platform.json   what an emulated host of that name says of itself
 *   hosts/NAME/pck.key pck_chain.pem              its PCK, chain leaf first
 *   policy/ identity/ mapping/ {leaf.key leaf.pub chain.pem}    P-384, leaf first
 */
#ifndef TOOLS_PKI_H
#define TOOLS_PKI_H

#include <openssl/x509.h>

#include "common/json_text.h"
#include "common/key.h"

#define PKI_HOSTS_MAX 64
#define PKI_PLATFORMS_MAX 1024

#define FMSPC_SIZE 6
#define COMPONENTS 16

struct pki_host {
	const char *name;
	const char *tcb_status;	/* of the TCB level the host matches; NULL = UpToDate */
	bool revoked;		/* its PCK certificate is in the CRL */
};

struct pki_options {
	size_t platforms;
	struct pki_host hosts[PKI_HOSTS_MAX];
	size_t host_count;
	const char *qe_status;		/* NULL = UpToDate, as the next */
	const char *module_status;
	bool revoke_platform_ca;
	bool revoke_tcb_signing;
};

/* `folder` must not exist or be empty; it appears complete or not at all. */
int pki_generate(const struct pki_options *options, const char *folder) MUST_USE;

/* --- inside this folder -------------------------------------------------------------------- */

/* What one physical platform is; the FMSPCs of distinct indexes differ. */
struct platform {
	uint8_t fmspc[FMSPC_SIZE];
	uint8_t pceid[2];
	uint8_t cpusvn[COMPONENTS];
	uint16_t pcesvn;
	uint8_t tee_tcb_svn[COMPONENTS];
};
void platform_describe(size_t index, struct platform *p);

/* A certificate to be made; `signer` NULL = self-signed. */
struct certificate_plan {
	const char *common_name;
	const char *organisation;
	bool sgx_names;		/* CN first, and a CRL distribution point */
	bool ca;
	int path_length;	/* -1 = none */
	const struct platform *pck;	/* adds the SGX extension */
};
X509 *certificate_make(const struct certificate_plan *plan, EVP_PKEY *key, X509 *issuer,
	EVP_PKEY *issuer_key);
X509_CRL *crl_make(X509 *issuer, EVP_PKEY *issuer_key, X509 *const *revoked, size_t n);
/* DER of the SGX extension's value with its seven members. */
void sgx_extension(const struct platform *p, struct blob *der);

/* Everything collateral needs. */
struct authority {
	EVP_PKEY *root_key, *platform_ca_key, *tcb_signing_key;
	X509 *root, *platform_ca, *tcb_signing;
	X509_CRL *root_crl, *platform_crl;
};

/* {"tcbInfo":{...},"signature":"..."}; status NULL = UpToDate. */
char *tcb_info_make(const struct platform *p, bool host, const char *tcb_status,
	const char *module_status, EVP_PKEY *signing_key);
char *qe_identity_make(const char *status, EVP_PKEY *signing_key);
/* Chain of two, each with its newline; the bundle wants some without the last one. */
char *chain_text(const X509 *leaf, const X509 *issuer);

extern const char qe_mrsigner_hex[65];
#define QE_ISVPRODID 2
#define QE_ISVSVN 8

#endif
