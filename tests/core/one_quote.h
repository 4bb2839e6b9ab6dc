/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A well-formed quote; apart from the tests, since jansson's and the core's JSON share names. */
#ifndef TESTS_CORE_ONE_QUOTE_H
#define TESTS_CORE_ONE_QUOTE_H

#include <stddef.h>
#include <stdint.h>

/* Made by the test world of tests/attest; lives until one_quote_free(). */
const uint8_t *one_quote_make(size_t *n, uint8_t fmspc[6]);
void one_quote_free(void);

#endif
