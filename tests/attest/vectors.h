/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The attestation vectors of SHARED_DIR, and files read whole. */
#ifndef TESTS_ATTEST_VECTORS_H
#define TESTS_ATTEST_VECTORS_H

#include <jansson.h>

#include "attest/attest.h"

struct file {
	uint8_t *bytes;
	size_t n;
};

/* One case: quote, bundle, and what is expected. */
struct vector {
	char name[512];
	struct file quote, bundle, result;	/* result.bytes is NULL for a reject */
	json_t *expected;
};

/* Skips the test, saying so loudly, when the vectors are absent. */
void need_vectors(void);

/* Path below the folder of the vectors; bytes == NULL when there is no such file. */
struct file read_file(const char *path);
void free_file(struct file *f);

/* A copy on the heap of exactly n bytes, so that the sanitizer sees every step too far. */
uint8_t *exact_copy(const uint8_t *from, size_t n);

/* The n-th case of "real" or "synthetic", in the order of their names; false past the last. */
bool read_vector(const char *kind, size_t n, struct vector *v);
void read_named_vector(const char *path, struct vector *v);
void free_vector(struct vector *v);

#endif
