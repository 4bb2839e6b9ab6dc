/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * replay CORPUS: runs each file of a corpus through the target it is linked with, as TAP.  An
 * input that breaks a rule of the target ends the program; the file is the last one named.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static int is_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* In a buffer of exactly its size, so that a sanitizer sees a read past its end. */
static bool run(const char *folder, const char *name)
{
	char path[4096];
	bool read = false;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "rb");
	if (f == NULL || fseek(f, 0, SEEK_END) != 0)
		return false;
	const long n = ftell(f);
	uint8_t *bytes = n >= 0 ? malloc((size_t)n + (n == 0)) : NULL;
	rewind(f);
	if (bytes != NULL && fread(bytes, 1, (size_t)n, f) == (size_t)n) {
		read = true;
		LLVMFuzzerTestOneInput(bytes, (size_t)n);
	}
	free(bytes);
	fclose(f);
	return read;
}

int main(int argc, char **argv)
{
	struct dirent **files;
	int failed = 0;

	const int n = argc == 2 ? scandir(argv[1], &files, is_file, alphasort) : -1;
	if (n < 0) {
		fprintf(stderr, "usage: replay CORPUS (a folder)\n");
		return 1;
	}
	/* The plan comes first: a program that ends before its last line has failed. */
	printf("1..2\n");
	for (int i = 0; i < n; i++) {
		printf("# %s\n", files[i]->d_name);
		fflush(stdout);
		if (!run(argv[1], files[i]->d_name))
			failed++;
		free(files[i]);
	}
	free(files);
	printf("%s 1 - %d inputs are judged, and every rule holds\n",
		n > 0 && failed == 0 ? "ok" : "not ok", n);
	printf("%s 2 - %lu of them are accepted\n", fuzz_accepted > 0 ? "ok" : "not ok",
		fuzz_accepted);
	return n == 0 || failed > 0 || fuzz_accepted == 0;
}
