/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * A provisioning hierarchy, a platform and its quote, all made for one test: keys by OpenSSL,
 * documents by jansson.  A test changes a field or two of a new world and has it judged.
 */
#ifndef TESTS_ATTEST_WORLD_H
#define TESTS_ATTEST_WORLD_H

#include <jansson.h>

#include "attest/attest.h"
#include "oracle.h"

struct world_files;

enum { ROOT, CA, PCK, SIGNING, AK, OTHER, WORLD_KEYS };

struct world {
	EVP_PKEY *key[WORLD_KEYS];
	/* Certificates: who signs, what they say. */
	struct oracle_certificate root, ca, pck, signing;
	struct oracle_certificate quote_root, quote_ca;	/* as in the quote's chain */
	bool own_quote_root, own_quote_ca;	/* not the same bytes as in the bundle */
	struct oracle_certificate anchor, crl_ca;	/* rootCa; CA in the PCK CRL's issuer chain */
	bool own_anchor, own_crl_ca;	/* not root and CA */
	void (*change_bundle)(json_t *bundle);	/* before it is written; may be NULL */
	unsigned kept;			/* bits 1 << ROOT etc.: not issued again */
	struct oracle_crl root_crl, pck_crl;
	const char *quote_order;	/* "pcr": PCK, CA, root */
	const char *line_end;		/* of the quote's chain */
	const char *pair_order;		/* "lr": leaf, root */
	const char *crl_pair_order;	/* the same of the PCK CRL's issuer chain */
	/* Platform */
	uint8_t sgx_components[16];
	uint16_t pcesvn;
	uint8_t tee_tcb_svn[16], tee_tcb_svn2[16];
	uint8_t fmspc[6], pce_id[2];
	unsigned version, body_type;	/* 4, or 5 with 2 or 3 */
	unsigned sgx_members;		/* 5 or 7 */
	bool sgx_twice;			/* the first member instead of the second */
	bool sgx_reversed;		/* members in the opposite order */
	bool sgx_padded;		/* PCESVN in one octet too many */
	uint8_t header_reserved;	/* of the quote */
	uint8_t mr_signer_seam, seam_attributes;	/* first byte of them */
	uint16_t qe_isvsvn, qe_prod_id;
	uint8_t qe_attributes, qe_misc;	/* first byte */
	size_t qe_auth;
	const char *bundle_fmspc;
	/* Documents; the text goes behind the first { of their bodies. */
	json_t *tcb, *qe;
	const char *tcb_extra, *qe_extra;
	EVP_PKEY *tcb_signer, *qe_signer;
	/* Verdict */
	struct quote_result result;
	uint64_t open_checks, quote_checks;
	struct world_files *files;
};

/* One UpToDate level of components {5, 0...}, pcesvn 10, TDX {3, 0...}; the platform has it. */
void world_create(struct world *w);
/* The same with keys from `key`, by the numbers above; the world owns them. */
void world_create_with(struct world *w, EVP_PKEY *key(int number));
void world_free(struct world *w);

/* {"tcb": {...}, "tcbDate", "tcbStatus"}, a date "YYYY-MM-DD" */
json_t *world_level(unsigned sgx0, unsigned pcesvn, unsigned tdx0, unsigned tdx2,
	const char *status, const char *date);
json_t *world_svn_level(unsigned isvsvn, const char *status, const char *date);
/* A module identity with these levels (stolen). */
json_t *world_module(const char *id, json_t *levels);

/* Makes all of it, opens the bundle and verifies the quote. */
enum status world_judge(struct world *w);

/* The same step by step: issues certificates and makes the quote; */
void world_issue(struct world *w);
/* signs the documents and opens the bundle, which stays until the next one is made; */
enum status world_open(struct world *w, struct collateral *c);
/* verifies the quote. */
enum status world_verify(struct world *w, struct collateral *c);
/* The quote, to be changed. */
uint8_t *world_quote(const struct world *w, size_t *n);
/* The text opened last. */
const char *world_bundle(const struct world *w);

#endif
