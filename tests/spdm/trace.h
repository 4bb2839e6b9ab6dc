/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Recorded exchanges: Annex A of the SPDM specification beside the source tree (a real MigTD pair)
 * and the libspdm transcripts.  Every loader skips the test when the files are not there.
 */
#ifndef TESTS_SPDM_TRACE_H
#define TESTS_SPDM_TRACE_H

#include "support.h"

struct bytes {
	const uint8_t *at;
	size_t n;
};

/* Annex A: the hexadecimal block under the line that starts with `heading`. */
struct bytes annex_a(const char *heading);
void annex_close(void);

/* A transcript of vectors/spdm: its n-th message, without transport header or with it. */
struct transcript;
struct transcript *transcript_open(const char *name);
struct bytes transcript_message(const struct transcript *t, size_t index);
struct bytes transcript_frame(const struct transcript *t, size_t index);
/* The n-th line "  field[..] hex" of the notes; field is "prk", "info", "out", "mac", ... */
struct bytes transcript_note(const struct transcript *t, const char *field, size_t index);
void transcript_close(struct transcript *t);

/* A file of vectors/spdm as it is. */
struct bytes vector_file(const char *name, uint8_t *to, size_t max);

/*
 * The next call of p384_sign() must be for a digest that this signature is good for under this key,
 * and returns it (the tests are linked with --wrap=p384_sign).  Without it signing is as usual.
 */
void sign_as_recorded(const uint8_t *point, const uint8_t *signature);

#endif
