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

/* Parts of policies.  V1_HOLDS is a property that MigTDs alike satisfy, V1_FAILS one that none does. */
#define V1_ID "\"id\":\"D3FFCE43-36EF-4908-B0E4-50A457D6A2AA\""
#define V1_HOLDS(name) "\"" name "\":{\"operation\":\"equal\",\"reference\":\"self\"}"
#define V1_FAILS(name) "\"" name "\":{\"operation\":\"subset\",\"reference\":\"self\"}"
#define V1_PLATFORM "{\"fmspc\":\"self\",\"Platform\":{\"TcbInfo\":{}}}"
#define V1_FMSPC(f, properties) "{\"fmspc\":\"" f "\",\"Platform\":{\"TcbInfo\":{" properties "}}}"
#define V1_MODULE(properties) "{\"TDXModule\":{\"TDXModule_Identity\":{" properties "}}}"
#define V1_QE(properties) "{\"QE\":{\"QeIdentity\":{" properties "}}}"
#define V1_TD(properties, events) "{\"MigTD\":{\"TDINFO\":{" properties "}" events "}}"
#define V1_EVENTS(properties) ",\"EventLog\":{" properties "}"

uint32_t v1_draw(uint32_t below);
void v1_add_event(struct event_digests *events, enum event_class class, const void *item, size_t n);

/* A source and a destination alike in everything, with all events.  FMSPC F8FF060D141B. */
struct v1_case v1_alike(void);
/* Opens the text, in a block of its very size, and evaluates it; the first status that is no OK. */
enum status v1_judge(struct v1_case *c, const char *text, size_t n);
/* Of a policy with these blocks; the model must agree. */
enum status v1_judge_blocks(struct v1_case *c, const char *blocks);
enum status v1_open(const char *text, size_t n);

/*
 * The same by the model, which stands on jansson: ERR_JSON for every policy that is invalid.
 * *judged is false where it has no opinion: duplicate names, integers from 2^63 on.
 */
enum status v1_model(const struct v1_case *c, const char *text, size_t n, bool *judged);
/* Product and model agree on the text, an invalid policy being just that. */
void v1_compare(struct v1_case *c, const char *text, size_t n);

#endif
