/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * A second opinion on quotes: the rules of attestation spec 3 to 5 written anew over OpenSSL and
 * jansson, plainly and with no regard for memory.  It shares nothing with src/attest, and takes
 * what the spec lets it take: where src/attest is stricter by choice (attest.h), it may accept.
 */
#ifndef TESTS_ATTEST_JUDGE_H
#define TESTS_ATTEST_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JUDGE_RESULT_SIZE 822

struct judgement {
	bool accept;
	const char *why;	/* of a refusal */
	const char *converged;	/* status after combining; NULL when a rule failed before */
	uint8_t result[JUDGE_RESULT_SIZE];
};

void judge_plainly(const void *bundle, size_t bundle_n, const void *quote, size_t quote_n,
	struct judgement *j);

#endif
