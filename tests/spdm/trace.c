/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../wrapped.h"

#define MESSAGES_MAX 32

static char *annex_text;
static uint8_t decoded[1 << 14];
static size_t decoded_size;

static char *shared_file(const char *name)
{
	char path[512];
	size_t size;
	char *text;

	snprintf(path, sizeof(path), "%s/%s", SHARED_DIR, name);
	text = (char *)file_read(path, &size);
	if (text == NULL) {
		print_message("SKIPPED: %s is not there\n", path);
		skip();
	}
	return text;
}

/* Decodes lines of hexadecimal until one that is not. */
static struct bytes decode_lines(const char *at)
{
	const size_t start = decoded_size;

	for (;;) {
		const size_t room = sizeof(decoded) - decoded_size;
		const size_t n = from_hex(at, decoded + decoded_size, room);

		if (n == 0)
			break;
		decoded_size += n;
		at += 2 * n;
		if (*at != '\n')
			break;
		at++;
	}
	return (struct bytes){decoded + start, decoded_size - start};
}

struct bytes annex_a(const char *heading)
{
	char line[128];
	const char *at;
	struct bytes b;

	if (annex_text == NULL)
		annex_text = shared_file("spec/spdm-attestation.md");
	at = strstr(annex_text, "## Annex A.");
	assert_non_null(at);
	snprintf(line, sizeof(line), "\n%s", heading);
	at = strstr(at, line);
	if (at == NULL)
		fail_msg("no block \"%s\"", heading);
	b = decode_lines(strchr(at + 1, '\n') + 1);
	assert_true(b.n > 0);
	return b;
}

void annex_close(void)
{
	free(annex_text);
	annex_text = NULL;
	decoded_size = 0;
}

struct transcript {
	char *text;
	struct bytes frame[MESSAGES_MAX];
	struct bytes message[MESSAGES_MAX];
	size_t count;
};

struct transcript *transcript_open(const char *name)
{
	char path[128];
	struct transcript *t;
	char *text;

	snprintf(path, sizeof(path), "vectors/spdm/%s", name);
	text = shared_file(path);
	t = calloc(1, sizeof(*t));
	t->text = text;
	for (char *line = text; line != NULL && *line != 0;) {
		char *next = strchr(line, '\n');
		unsigned total, size;

		if (sscanf(line, "%*s %*s total %u spdm %u code", &total, &size) == 2) {
			const struct bytes f = decode_lines(next + 1);

			assert_true(t->count < MESSAGES_MAX);
			assert_int_equal(f.n, total);
			t->frame[t->count] = f;
			t->message[t->count++] = (struct bytes){f.at + f.n - size, size};
		}
		line = next != NULL ? next + 1 : NULL;
	}
	return t;
}

struct bytes transcript_message(const struct transcript *t, size_t index)
{
	assert_true(index < t->count);
	return t->message[index];
}

struct bytes transcript_frame(const struct transcript *t, size_t index)
{
	assert_true(index < t->count);
	return t->frame[index];
}

struct bytes transcript_note(const struct transcript *t, const char *field, size_t index)
{
	char start[32];

	snprintf(start, sizeof(start), "\n  %s[", field);
	for (const char *at = strstr(t->text, start); at != NULL; at = strstr(at + 1, start)) {
		if (index-- == 0)
			return decode_lines(strchr(at, ']') + 2);
	}
	fail_msg("no such note: %s", field);
	return (struct bytes){NULL, 0};
}

void transcript_close(struct transcript *t)
{
	free(t->text);
	free(t);
	decoded_size = 0;
}

struct bytes vector_file(const char *name, uint8_t *to, size_t max)
{
	char path[512];
	size_t size;
	uint8_t *bytes;

	snprintf(path, sizeof(path), "%s/vectors/spdm/%s", SHARED_DIR, name);
	bytes = file_read(path, &size);
	if (bytes == NULL) {
		print_message("SKIPPED: %s is not there\n", path);
		skip();
	}
	assert_true(size <= max);
	memcpy(to, bytes, size);
	free(bytes);
	return (struct bytes){to, size};
}

/* --- signatures ---------------------------------------------------------------------------- */

static const uint8_t *recorded_point, *recorded_signature;

void sign_as_recorded(const uint8_t *point, const uint8_t *signature)
{
	recorded_point = point;
	recorded_signature = signature;
}

WRAPPED(enum status, p384_sign, const uint8_t *scalar, const uint8_t *digest, uint8_t *signature)
{
	if (recorded_signature == NULL)
		return __real_p384_sign(scalar, digest, signature);
	assert_int_equal(p384_verify(recorded_point, digest, recorded_signature), STATUS_OK);
	memcpy(signature, recorded_signature, P384_SIGNATURE_SIZE);
	recorded_signature = NULL;
	return STATUS_OK;
}
