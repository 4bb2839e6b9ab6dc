/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * A provisioning hierarchy that behaves like the real one (attestation spec 1.6, 4, 6) and the
 * policy signing chains (policy spec 5.7), written to a folder:
 *
 *   root.pem root.der          SGX root CA
 *   collateral.json            the bundle of attestation spec 4.4 for all platforms
 *   root.key platform_ca.key processor_ca.key tcb_signing.key    to sign further collateral
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

/* What one physical platform is. */
struct platform {
	uint8_t fmspc[FMSPC_SIZE];
	uint8_t pceid[2];
	uint8_t cpusvn[COMPONENTS];
	uint16_t pcesvn;
	uint8_t tee_tcb_svn[COMPONENTS];
	uint8_t tee_tcb_svn2[COMPONENTS];
	uint16_t qe_isvsvn;
	bool processor_ca;	/* issues its PCK certificate, not the Platform CA */
};

/* Hosts with one FMSPC share its TCB info: the first of them says what stands there. */
struct pki_host {
	const char *name;
	const char *tcb_status;	/* of the TCB level the host matches; NULL = UpToDate */
	bool revoked;		/* its PCK certificate is in the CRL */
	uint16_t quote_bytes;	/* of its largest quotes; 0 = as they come */
	bool described;		/* `platform` is set; else a default is taken */
	struct platform platform;
	const char *module_status;	/* NULL = that of all hosts */
	json_t *levels;		/* "tcbLevels" as served; NULL = a default with tcb_status */
	json_t *modules;	/* "tdxModuleIdentities" likewise; an empty array: no such member */
};

struct pki_options {
	size_t platforms;
	struct pki_host hosts[PKI_HOSTS_MAX];
	size_t host_count;
	const char *qe_status;		/* NULL = UpToDate, as the next */
	const char *module_status;
	json_t *qe_levels;		/* "tcbLevels" as served; NULL = a default with qe_status */
	bool processor_ca;		/* the collateral holds this CA's CRL, not the Platform CA's */
	bool revoke_platform_ca;
	bool revoke_processor_ca;
	bool revoke_tcb_signing;
	uint32_t evaluation_number;	/* tcbEvaluationDataNumber; 0 = 5 */
	uint32_t root_crl_number;	/* 0 = 1, as the next */
	uint32_t pck_crl_number;
	json_t *owned;			/* by pki_describe(), or NULL */
};

/*
 * Reads a description over *options, which was zero.  Every member may be left out but "hosts" and
 * the names in it; others are refused.  Error lines name file and member.
 *
 *   {"platforms": 32, "ca": "platform",
 *    "tcb_evaluation_data_number": 5, "root_ca_crl_number": 1, "pck_crl_number": 1,
 *    "revoke": ["pck:HOST", "platform-ca", "processor-ca", "tcb-signing"],
 *    "qe_status": "UpToDate" or "qe_levels": [LEVEL, ...],
 *    "hosts": [{"name": "a", "fmspc": "00806F000000", "pceid": "0000", "ca": "platform",
 *               "cpusvn": [5, 5, ...], "pcesvn": 13, "tee_tcb_svn": [5, 1, 5, ...],
 *               "tee_tcb_svn2": [5, 1, 5, ...], "qe_isvsvn": 8,
 *               "quote_bytes": 8140,
 *               "tcb_status": "UpToDate" or "levels": [TCB LEVEL, ...],
 *               "module_status": "UpToDate" or
 *               "modules": [{"major": 1, "levels": [LEVEL, ...]}, ...]}, ...]}
 *
 *   LEVEL      {"isvsvn": 4, "status": "UpToDate", "date": "2024-03-13T00:00:00Z",
 *               "advisories": ["INTEL-SA-00001", ...]}
 *   TCB LEVEL  the same with "sgx", "tdx" and "pcesvn" in place of "isvsvn"
 *
 * Lists of SVNs have at most 16; what is missing at their end is 0.  tee_tcb_svn2 is tee_tcb_svn
 * when left out.  quote_bytes is what the largest of the host's quotes have, by the length of their QE
 * authentication data; without it as much as they need.  The outer "ca" says whose CRL the collateral holds, and is the default of hosts.
 */
int pki_describe(const char *path, struct pki_options *options) MUST_USE;
void cleanup_pki_options(struct pki_options *options);

/* "platform-ca", "processor-ca", "tcb-signing" or "pck:HOST"; false for all else. */
bool pki_revoke(struct pki_options *options, const char *what);
/* NULL when there is none of that name. */
struct pki_host *pki_find_host(struct pki_options *options, const char *name);
/* Warns of a status that no TCB info has: `what` names where it was given. */
void pki_check_status(const char *what, const char *status);

/* `folder` must not exist or be empty; it appears complete or not at all. */
int pki_generate(const struct pki_options *options, const char *folder) MUST_USE;

/* --- inside this folder -------------------------------------------------------------------- */

/* The default; the FMSPCs of distinct indexes differ. */
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
X509_CRL *crl_make(X509 *issuer, EVP_PKEY *issuer_key, uint32_t number, X509 *const *revoked,
	size_t n);
/* DER of the SGX extension's value: seven members, or five of a PCK from the Processor CA. */
void sgx_extension(const struct platform *p, struct blob *der);

/* Everything collateral needs. */
struct authority {
	EVP_PKEY *root_key, *platform_ca_key, *processor_ca_key, *tcb_signing_key;
	X509 *root, *platform_ca, *processor_ca, *tcb_signing;
	X509_CRL *root_crl, *pck_crl;
};

/* A TCB level of a platform, or of a TDX module or the quoting enclave, which have no components. */
struct pki_level {
	uint8_t sgx[COMPONENTS];
	uint8_t tdx[COMPONENTS];
	uint16_t svn;		/* PCESVN; ISVSVN of a module or the enclave */
	const char *status;
	const char *date;	/* NULL = a default */
	json_t *advisories;	/* NULL = none */
};
json_t *platform_level(const struct pki_level *level);
json_t *isvsvn_level(const struct pki_level *level);
/* The identity of TDX modules of one major version; takes over `levels`. */
json_t *module_identity(unsigned major, json_t *levels);

/* {"tcbInfo":{...},"signature":"..."}; `host` NULL: of a platform that nobody plays. */
char *tcb_info_make(const struct pki_options *options, const struct platform *p,
	const struct pki_host *host, EVP_PKEY *signing_key);
char *qe_identity_make(const struct pki_options *options, EVP_PKEY *signing_key);
/* Chain of two, each with its newline; the bundle wants some without the last one. */
char *chain_text(const X509 *leaf, const X509 *issuer);

extern const char qe_mrsigner_hex[65];
#define QE_ISVPRODID 2
#define QE_ISVSVN 8

#endif
