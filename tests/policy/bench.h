/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What every policy test needs: a heap with records, an own policy, and peers' blobs fed to it. */
#ifndef TESTS_POLICY_BENCH_H
#define TESTS_POLICY_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "collateral_double.h"
#include "kit.h"
#include "policy/policy.h"

#define BENCH_SESSIONS 4

struct bench {
	struct policy_own own;
	struct policy_store store;
	struct heap heap;
	struct attest_scratch scratch;
	char *policy;		/* texts of the own policy; freed by bench_close() */
	char *chain;
};

extern struct bench bench;

uint32_t draw(uint32_t below);

/* cmocka group set-up: crypto and heap. */
int bench_setup(void **state);
/* Opens an own policy; takes the policy text. */
enum status bench_open(char *policy, const char *chain);
void bench_close(void);

/* Feeds a blob in random pieces of at most `most` bytes; the record, or NULL with *status. */
const struct policy_record *bench_feed(const uint8_t *blob, size_t n, uint32_t most,
	enum status *status);
/* The verdict on a peer's policy: first of format, signature, chain; its record is dropped. */
enum status bench_verdict(const uint8_t *blob, size_t n);
enum status bench_peer(const char *policy, const char *chain);
/* The verdict on a policy as the own one. */
enum status bench_own(const char *policy, const char *chain);
uint32_t bench_records(void);
uint64_t bench_verifications(void);
/* Stack bytes of a call, on a painted stack of its own; says nothing in a sanitizer build. */
size_t bench_stack_of(void (*call)(void));

#endif
