/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * A bundle's content as the answer of a quoting service, in a buffer that is hostile: whatever has
 * been read of it is overwritten at once, so that to look at anything twice is to see something else.
 */
#ifndef TESTS_ATTEST_FETCHED_H
#define TESTS_ATTEST_FETCHED_H

#include "attest/attest.h"
#include "tdx/get_collateral.h"

#define ANSWER_MAX (GET_COLLATERAL_PAGES * 4096)

struct fetched {
	/* The texts, without their NULs; a test may change them before it judges. */
	uint8_t *text[COLLATERAL_BLOBS];
	size_t n[COLLATERAL_BLOBS];
	uint16_t major, minor;
	uint8_t root[4096];
	size_t root_n;
	/* Of the last verdict */
	size_t reads, bytes;	/* calls of the source, and what it handed out */
	uint64_t checks;	/* P-256 verifications */
};

/*
 * Takes a bundle apart.  What it lacks, as the platform of this FMSPC, comes as a text that is
 * nothing.  False when it is no bundle at all.
 */
bool fetched_take(struct fetched *f, const uint8_t *bundle, size_t n, const uint8_t fmspc[6]);
void fetched_free(struct fetched *f);
/* Another text for a blob. */
void fetched_set(struct fetched *f, enum collateral_blob blob, const uint8_t *text, size_t n);
/* A CRL as DER. */
void fetched_set_der(struct fetched *f, enum collateral_blob blob);

/* Makes the answer's buffer; returns its size. */
size_t fetched_answer(const struct fetched *f, uint8_t buffer[ANSWER_MAX]);
/* Has an answer, which is destroyed, judged with the quote. */
enum status fetched_judge_answer(struct fetched *f, struct trust_anchor *anchor,
	uint8_t buffer[ANSWER_MAX], const uint8_t *quote, size_t quote_n,
	struct quote_result *result);
/* All of it, with the bundle's root as a new anchor. */
enum status fetched_judge(struct fetched *f, const uint8_t *quote, size_t quote_n,
	struct quote_result *result);

/* Anchor, request and verdict of a quote with a bundle's content. */
enum status fetched_verdict(const uint8_t *bundle, size_t n, const uint8_t *quote, size_t quote_n,
	struct quote_result *result);

#endif
