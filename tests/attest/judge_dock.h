/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What the parts of the second opinion (judge.h) share. */
#ifndef TESTS_ATTEST_JUDGE_DOCK_H
#define TESTS_ATTEST_JUDGE_DOCK_H

#include <jansson.h>

#include "judge_x509.h"

#define LEVELS_MAX 256

struct level {
	uint8_t sgx[16], tdx[16];
	unsigned pcesvn;
	const char *status;
	int64_t date;
};

/* One case: what was read, all freed at the end. */
struct dock {
	const uint8_t *quote;
	size_t quote_n;
	size_t signed_n;
	const uint8_t *body, *svn2, *auth, *report, *qe_auth, *pem;
	size_t qe_auth_n, pem_n;
	json_t *bundle, *tcb, *qe;
	const json_t *info, *identity;
	STACK_OF(X509) *chain, *tcb_chain, *qe_chain, *crl_chain, *anchor;
	X509_CRL *root_crl, *pck_crl;
	X509 *pck, *ca, *root;
	uint8_t anchor_point[65];
	struct judge_sgx sgx;
	struct level level[LEVELS_MAX];
	size_t levels;
	const char *module_status, *qe_status;	/* NULL: none */
	unsigned module_svn;
	unsigned qe_svn;
	int64_t qe_date;
	const char *why;
};

/* Notes the first thing that is not as it has to be; ok. */
bool judge_need(struct dock *d, bool ok, const char *what);

/* "" when it is absent or no string. */
const char *judge_text(const json_t *o, const char *name);
/* 0 to `most`. */
bool judge_number(const json_t *o, const char *name, int64_t most, int64_t *to);
bool judge_is_number(const json_t *o, const char *name, int64_t value);
/* Of exactly n bytes. */
bool judge_hex(const json_t *o, const char *name, uint8_t *to, size_t n);
/* Seconds since 1970. */
bool judge_date(const json_t *o, const char *name, int64_t *to);
/* "signature" of the document is the signer's, over the compact form of the body. */
bool judge_is_signed(const json_t *body, const json_t *document, X509 *signer);

/* The module identity of this version; NULL when there is none. */
const json_t *judge_identity_of(const struct dock *d, unsigned version);
/* The level that decides and the status after combining; NULL when something refuses. */
const struct level *judge_choose(struct dock *d, const char **converged);

#endif
