/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The checks of collateral_open() and verify_quote() made with OpenSSL and jansson in the obvious
 * way: all collateral is parsed once and kept as objects, signatures accepted last are remembered.
 * Only a measure to compare with: TCB levels are taken in the order served, and there is no
 * relaunch rule.
 */
#ifndef TESTS_BENCH_REFERENCE_H
#define TESTS_BENCH_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reference;

/* Parses and verifies a bundle; NULL when it is not acceptable. */
struct reference *reference_open(const uint8_t *bundle, size_t n);
void reference_close(struct reference *r);

/* tcbStatus of the quote's TDX level; NULL when the quote is rejected. */
const char *reference_verify(struct reference *r, const uint8_t *quote, size_t n);

/* Forgets the signatures accepted so far. */
void reference_forget(struct reference *r);

#endif
