/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Policies of version 1 judged, by the product and by a plain model of policy spec section 1. */
#ifndef TESTS_POLICY_V1_BENCH_H
#define TESTS_POLICY_V1_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "policy/v1.h"

struct v1_party {
	struct quote_result result;
	struct event_digests events;
};

/* Both MigTDs as the next judgement sees them, and why it went against the peer. */
struct v1_case {
	bool is_source;
	struct v1_party local;
	struct v1_party peer;
	struct policy_reason reason;
};

uint32_t v1_draw(uint32_t below);
void v1_add_event(struct event_digests *events, enum event_class class, const void *item, size_t n);

/* Opens the text, in a block of its very size, and evaluates it; the first status that is no OK. */
enum status v1_judge(struct v1_case *c, const char *text, size_t n);
enum status v1_open(const char *text, size_t n);

/*
 * The same by the model, which stands on jansson: ERR_JSON for every policy that is invalid.
 * *judged is false where it has no opinion: duplicate names, integers from 2^63 on.
 */
enum status v1_model(const struct v1_case *c, const char *text, size_t n, bool *judged);
/* Product and model agree on the text, an invalid policy being just that. */
void v1_compare(struct v1_case *c, const char *text, size_t n);

#endif
