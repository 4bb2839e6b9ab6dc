/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "vectors.h"

#define ROOT SHARED_DIR "/vectors/attestation"

void need_vectors(void)
{
	struct stat st;

	if (stat(ROOT, &st) != 0) {
		print_message("*** SKIPPED: no attestation vectors in %s ***\n", ROOT);
		skip();
	}
}

struct file read_file(const char *path)
{
	char full[512];
	struct file f = {NULL, 0};
	struct stat st;

	snprintf(full, sizeof(full), "%s/%s", ROOT, path);
	FILE *in = fopen(full, "rb");
	if (in == NULL)
		return f;
	assert_int_equal(fstat(fileno(in), &st), 0);
	f.n = (size_t)st.st_size;
	f.bytes = malloc(f.n + 1);
	assert_non_null(f.bytes);
	assert_int_equal(fread(f.bytes, 1, f.n, in), f.n);
	f.bytes[f.n] = '\0';
	fclose(in);
	return f;
}

void free_file(struct file *f)
{
	free(f->bytes);
	f->bytes = NULL;
}

uint8_t *exact_copy(const uint8_t *from, size_t n)
{
	uint8_t *copy = malloc(n == 0 ? 1 : n);

	assert_non_null(copy);
	memcpy(copy, from, n);
	return copy;
}

void read_named_vector(const char *path, struct vector *v)
{
	char at[600];
	struct file expected;

	snprintf(v->name, sizeof(v->name), "%s", path);
	snprintf(at, sizeof(at), "%s/quote.bin", path);
	v->quote = read_file(at);
	snprintf(at, sizeof(at), "%s/collateral.json", path);
	v->bundle = read_file(at);
	snprintf(at, sizeof(at), "%s/suppl.bin", path);
	v->result = read_file(at);
	snprintf(at, sizeof(at), "%s/expected.json", path);
	expected = read_file(at);
	assert_non_null(v->quote.bytes);
	assert_non_null(v->bundle.bytes);
	assert_non_null(expected.bytes);
	v->expected = json_loadb((const char *)expected.bytes, expected.n, 0, NULL);
	assert_non_null(v->expected);
	free_file(&expected);
}

static int has_name(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && strchr(entry->d_name, '.') == NULL;
}

bool read_vector(const char *kind, size_t n, struct vector *v)
{
	char path[512];
	struct dirent **entries;
	bool found = false;

	snprintf(path, sizeof(path), "%s/%s", ROOT, kind);
	const int count = scandir(path, &entries, has_name, alphasort);
	assert_true(count > 0);
	if (n < (size_t)count) {
		snprintf(path, sizeof(path), "%s/%s", kind, entries[n]->d_name);
		read_named_vector(path, v);
		found = true;
	}
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
	return found;
}

void free_vector(struct vector *v)
{
	free_file(&v->quote);
	free_file(&v->bundle);
	free_file(&v->result);
	json_decref(v->expected);
}
