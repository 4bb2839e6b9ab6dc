/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * fuzz-seeds FOLDER: the inputs every corpus begins with, made of worlds of the tests' own (keys,
 * certificates, collateral, quotes and policies): FOLDER/TARGET/NAME, and what is the same for all
 * inputs of a target: collateral.json, quote.bin, own.blob.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "seeds.h"
#include "keys.h"

_Static_assert((int)FUZZ_KEY_PCK == (int)PCK && (int)FUZZ_KEY_ATTESTATION == (int)AK &&
	(int)FUZZ_KEY_SIGNING == (int)SIGNING,
	"keys of a world");

static const char *folder;
static unsigned saved;

void seeds_need(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "cannot make seeds: %s: %s\n", what, strerror(errno));
		exit(1);
	}
}

/* `prefix` stands before the bytes; -1 for none. */
void seeds_save(const char *target, int prefix, const void *from, size_t n)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", folder, target);
	seeds_need(mkdir(path, 0777) == 0 || errno == EEXIST, path);
	snprintf(path, sizeof(path), "%s/%s/%03u", folder, target, saved++);
	FILE *f = fopen(path, "wb");
	seeds_need(f != NULL, path);
	if (prefix >= 0)
		fputc(prefix, f);
	seeds_need(fwrite(from, 1, n, f) == n && fclose(f) == 0, path);
}

void seeds_save_text(const char *target, int prefix, const char *text)
{
	seeds_save(target, prefix, text, strlen(text));
}

const char *seeds_path(const char *name)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

void seeds_save_fixed(const char *name, const void *from, size_t n)
{
	const char *path = seeds_path(name);
	FILE *f = fopen(path, "wb");

	seeds_need(f != NULL && fwrite(from, 1, n, f) == n && fclose(f) == 0, path);
}

void seeds_begin(struct world *w)
{
	world_create_with(w, fuzz_key);
}

const char *seeds_bundle_of(struct world *w)
{
	static struct collateral opened;

	world_issue(w);
	(void)!world_open(w, &opened);
	return world_bundle(w);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: fuzz-seeds FOLDER\n");
		return 2;
	}
	folder = argv[1];
	seeds_need(mkdir(folder, 0777) == 0 || errno == EEXIST, folder);
	oracle_start_crypto();
	seeds_bundles();
	seeds_certificates();
	seeds_texts();
	seeds_answers();
	seeds_policies();
	seeds_policies_v1();
	seeds_measure();
	return 0;
}
