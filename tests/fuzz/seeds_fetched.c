/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Each text of collateral that a VMM fetches, as inputs of the target `fetched`. */
#include <stdlib.h>
#include <string.h>

#include "fetched.h"
#include "seeds.h"

/* A text in the place of the one that is always the same. */
static void save(uint8_t version, uint8_t fails, unsigned which, const void *text, size_t n)
{
	const size_t size = FETCHED_HEADER + FETCHED_TEXT_HEADER + n;
	uint8_t *input = malloc(size);

	seeds_need(input != NULL && n <= 0xffff, "fetch a text");
	const uint8_t head[] = {version, fails, (uint8_t)which, (uint8_t)n, (uint8_t)(n >> 8)};
	memcpy(input, head, sizeof(head));
	memcpy(input + sizeof(head), text, n);
	seeds_save("fetched", -1, input, size);
	free(input);
}

static void save_text(unsigned which, const char *text)
{
	save(0, 0, which, text, strlen(text));
}

static void save_crl(unsigned which, const struct oracle_crl *crl, uint64_t revoked)
{
	struct oracle_crl changed = *crl;
	const uint64_t serials[] = {99, revoked};
	uint8_t der[1024];

	changed.serials = serials;
	changed.serial_count = revoked == 0 ? 1 : 2;
	save(0, 0, which, der, oracle_crl(&changed, der, sizeof(der)));
}

void seeds_fetched(struct world *w, const char *bundle)
{
	static const char *const members[] = {"pckCrlIssuerChain", "rootCaCrl", "pckCrl", NULL, NULL,
		"qeIdentityIssuerChain", "qeIdentity"};
	json_t *all = json_loads(bundle, 0, NULL);
	const char *text[COLLATERAL_BLOBS];

	for (unsigned i = 0; i < COLLATERAL_BLOBS; i++)
		if (members[i] != NULL)
			text[i] = json_string_value(json_object_get(all, members[i]));
	seeds_need(json_unpack(all, "{s:[{s:s,s:s}]}", "platforms", "tcbInfo",
		&text[COLLATERAL_TCB_INFO], "tcbInfoIssuerChain",
		&text[COLLATERAL_TCB_INFO_CHAIN]) == 0, "take a bundle apart");
	for (unsigned i = 0; i < COLLATERAL_BLOBS; i++)
		save_text(i, text[i]);
	for (uint8_t version = 0; version < 16; version++)
		save(version, 0, COLLATERAL_PCK_CRL_CHAIN, text[COLLATERAL_TCB_INFO_CHAIN],
			strlen(text[COLLATERAL_TCB_INFO_CHAIN]));
	for (unsigned fails = 1; fails < 256; fails += 20)
		save(0, (uint8_t)fails, COLLATERAL_ROOT_CRL, text[COLLATERAL_ROOT_CRL],
			strlen(text[COLLATERAL_ROOT_CRL]));
	save_crl(COLLATERAL_ROOT_CRL, &w->root_crl, 0);
	save_crl(COLLATERAL_ROOT_CRL, &w->root_crl, w->ca.serial);
	save_crl(COLLATERAL_ROOT_CRL, &w->root_crl, w->signing.serial);
	save_crl(COLLATERAL_PCK_CRL, &w->pck_crl, 0);
	save_crl(COLLATERAL_PCK_CRL, &w->pck_crl, w->pck.serial);
	save_crl(COLLATERAL_PCK_CRL, &w->root_crl, 0);
	json_decref(all);
}
