/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* One quote against a bundle, in the order of attestation spec 3.2 and 3.6. */
#include "attest/steps.h"

/* The signatures of both CRLs were verified at start-up, that of the PCK CRL with one CA's key. */
static enum status check_revocation(const struct collateral *c, struct attest_work *w,
	const struct pck_chain *chain)
{
	const struct text_reader pck_crl = collateral_text(c, c->pck_crl);
	const struct span issuer = chain->intermediate->subject;
	const uint8_t *point = chain_point(chain->intermediate);
	bool listed;

	TRY(crl_look_up(&w->crl, collateral_text(c, c->root_crl), chain->root->subject,
		chain->intermediate->serial, &listed));
	if (listed)
		return ERR_REVOKED;
	if (c->issuer_known && memcmp(point, c->issuer_point, P256_POINT_SIZE) == 0) {
		TRY(crl_look_up(&w->crl, pck_crl, issuer, chain->pck->serial, &listed));
		return listed ? ERR_REVOKED : STATUS_OK;
	}
	TRY(crl_read(&w->crl, pck_crl, issuer, chain->pck->serial, &w->crl_facts));
	TRY(crl_verify(&w->crl_facts, point));
	return w->crl_facts.listed ? ERR_REVOKED : STATUS_OK;
}

static enum status check_pck_chain(struct collateral *c, struct attest_work *w)
{
	struct pck_chain chain;

	TRY(pck_chain_read(w, &chain));
	if (!chain_is_certificate(chain.root, c->root_digest))
		return ERR_X509_ROOT;
	/* The CA certificate of the bundle was verified at start-up. */
	TRY(pck_chain_check(&chain, &c->anchor, c->issuer_known ? c->issuer_digest : NULL));
	TRY(check_revocation(c, w, &chain));
	return sgx_extension_read(chain.pck, &w->sgx);
}

static const struct collateral_platform *find_platform(const struct collateral *c,
	const uint8_t fmspc[6])
{
	for (uint32_t i = 0; i < c->platform_count; i++) {
		if (memcmp(c->platform[i].fmspc, fmspc, 6) == 0)
			return &c->platform[i];
	}
	return NULL;
}

static enum status read_tcb_info(const struct collateral *c, struct attest_work *w)
{
	const struct collateral_platform *platform = find_platform(c, w->sgx.fmspc);

	if (platform == NULL)
		return ERR_COLLATERAL_PLATFORM;
	tcb_info_ask(w);
	w->tcb.verified = true;
	TRY(tcb_info_read(&w->tcb, &w->json, collateral_text(c, platform->tcb_info)));
	return tcb_info_check(w);
}

static enum status check_quoting_enclave(struct collateral *c, struct attest_work *w)
{
	TRY(qe_report_check(&w->quote, &c->anchor, &w->cert[0]));
	qe_identity_ask(w);
	w->qe.verified = true;
	TRY(qe_identity_read(&w->qe, &w->json, collateral_text(c, c->qe_identity)));
	return qe_identity_match(&w->qe, w->quote.qe_report);
}

static enum status verify(struct collateral *c, struct attest_work *w,
	const uint8_t *quote, size_t n, struct quote_result *result,
	struct quote_details *details)
{
	details->stage = "quote";
	TRY(quote_parse(&w->quote, quote, n));
	details->stage = "pck_chain";
	TRY(check_pck_chain(c, w));
	details->stage = "tcb_info";
	TRY(read_tcb_info(c, w));
	details->stage = "qe_identity";
	TRY(check_quoting_enclave(c, w));
	details->stage = "quote_signature";
	TRY(quote_signature_check(&w->quote));
	details->stage = "tcb_status";
	TRY(tcb_status_check(w, details));
	details->stage = "result";
	return quote_result_write(w, result);
}

enum status verify_quote_in_detail(struct collateral *c, struct attest_scratch *scratch,
	const uint8_t *quote, size_t n, struct quote_result *result,
	struct quote_details *details)
{
	*details = (struct quote_details){0};
	const enum status verdict =
		verify(c, (struct attest_work *)scratch, quote, n, result, details);

	if (verdict != STATUS_OK)
		wipe(result, sizeof(*result));
	wipe(scratch, sizeof(*scratch));
	return verdict;
}

enum status verify_quote(struct collateral *c, struct attest_scratch *scratch,
	const uint8_t *quote, size_t n, struct quote_result *result)
{
	struct quote_details details;

	return verify_quote_in_detail(c, scratch, quote, n, result, &details);
}
