/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Why a policy refuses a peer: where in the own policy, what it wants, what the peer has.  Too
 * large for a session's arena: told to the log at once, while the session keeps the place alone.
 */
#ifndef POLICY_REASON_H
#define POLICY_REASON_H

#include "migtd/base.h"

/* Longest text of a value: a measurement in hexadecimal.  Longer ones are cut. */
#define REASON_TEXT_MAX 96

struct reason_text {
	uint8_t n;
	bool cut;
	uint8_t text[REASON_TEXT_MAX];
};

/* Place in the own policy; property NULL when there is nothing to tell. */
struct policy_place {
	const char *block;	/* "policy", "forwardPolicy", "mandatory", "initial", "TDINFO", ... */
	const char *property;	/* "tcbDate", ... */
	uint8_t index;		/* of the block in its list */
};

struct policy_reason {
	struct policy_place place;
	const char *operation;	/* as policies write it; NULL when that is not what failed */
	struct reason_text expected;
	struct reason_text actual;
};

/* Each appends. */
void reason_text(struct reason_text *to, const char *text);
void reason_text_n(struct reason_text *to, const uint8_t *text, size_t n);
void reason_dec(struct reason_text *to, uint64_t value);
/* Upper-case hexadecimal, as policies write it. */
void reason_hex(struct reason_text *to, const uint8_t *bytes, size_t n);

#endif
