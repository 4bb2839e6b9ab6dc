/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include <stdio.h>

#include "fuzz.h"

#include "crypto/crypto.h"

unsigned long fuzz_accepted;

static void no_random(void *ctx, uint8_t *to, size_t n)
{
	(void)ctx;
	memset(to, 0, n);
}

void fuzz_start_crypto(void)
{
	static _Alignas(16) uint8_t arena[CRYPTO_ARENA_SIZE];
	static bool started;

	if (!started)
		crypto_init(arena, sizeof(arena), no_random, NULL);
	started = true;
}

size_t fuzz_load(const char *name, uint8_t *to, size_t room)
{
	char path[4096];

	HOLDS(snprintf(path, sizeof(path), "%s/%s", FUZZ_DIR, name) < (int)sizeof(path));
	FILE *f = fopen(path, "rb");
	if (f == NULL) {
		perror(path);
		__builtin_trap();
	}
	const size_t n = fread(to, 1, room, f);
	HOLDS(n > 0 && n < room);
	fclose(f);
	return n;
}

size_t fuzz_piece(uint32_t *state, size_t n)
{
	if (*state == 0)
		return n;
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	const size_t most = (*state & 7) == 0 ? 4096 : (*state & 1) == 0 ? 100 : 4;
	const size_t piece = 1 + (*state >> 8) % most;
	return piece < n ? piece : n;
}
