/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A whole collateral bundle, signatures and all. */
#include "fuzz.h"

#include "attest/work.h"

static void check_string(const struct collateral *c, size_t n, struct collateral_string s)
{
	HOLDS(s.offset > 0 && s.offset < n && s.n < n - s.offset);
	HOLDS(c->text[s.offset - 1] == '"' && c->text[s.offset + s.n] == '"');
}

static void check_opened(const struct collateral *c, size_t n)
{
	uint32_t number;

	check_string(c, n, c->root_ca);
	check_string(c, n, c->root_crl);
	check_string(c, n, c->pck_crl_chain);
	check_string(c, n, c->pck_crl);
	check_string(c, n, c->qe_identity_chain);
	check_string(c, n, c->qe_identity);
	HOLDS(c->platform_count <= COLLATERAL_PLATFORMS_MAX);
	for (uint32_t i = 0; i < c->platform_count; i++) {
		check_string(c, n, c->platform[i].tcb_info_chain);
		check_string(c, n, c->platform[i].tcb_info);
		HOLDS(collateral_evaluation_number(c, c->platform[i].fmspc, &number) ==
			STATUS_OK);
	}
	HOLDS(collateral_pck_crl_number(c) == c->pck_crl_number);
	HOLDS(collateral_root_crl_number(c) == c->root_crl_number);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct attest_scratch scratch;
	static struct collateral c;
	uint32_t number;

	fuzz_start_crypto();
	const enum status status = collateral_open(&c, &scratch, bytes, n);
	for (size_t i = 0; i < sizeof(scratch.words) / sizeof(scratch.words[0]); i++)
		HOLDS(scratch.words[i] == 0);
	if (status == STATUS_OK) {
		ACCEPTED();
		check_opened(&c, n);
		return 0;
	}
	HOLDS(c.platform_count == 0 && c.text == NULL);
	HOLDS(collateral_evaluation_number(&c, (const uint8_t[6]){0}, &number) != STATUS_OK);
	return 0;
}
