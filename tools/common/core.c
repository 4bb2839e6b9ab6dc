/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define _GNU_SOURCE
#include "common/core.h"

#include <stdlib.h>
#include <sys/random.h>

#include "common/tool.h"
#include "crypto/crypto.h"

static void random_bytes(void *ctx, uint8_t *to, size_t n)
{
	(void)ctx;
	while (n > 0) {
		const ssize_t done = getrandom(to, n, 0);
		if (done < 0)
			exit(tool_fail(TOOL_USAGE, "getrandom failed"));
		to += done;
		n -= (size_t)done;
	}
}

void core_begin(void)
{
	static _Alignas(16) uint8_t arena[CRYPTO_ARENA_SIZE];

	crypto_init(arena, sizeof(arena), random_bytes, NULL);
}
