/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "one_quote.h"

#include <string.h>

#include "../attest/world.h"

static struct world world;

const uint8_t *one_quote_make(size_t *n, uint8_t fmspc[6])
{
	world_create(&world);
	world_issue(&world);
	memcpy(fmspc, world.fmspc, sizeof(world.fmspc));
	return world_quote(&world, n);
}

void one_quote_free(void)
{
	world_free(&world);
}
