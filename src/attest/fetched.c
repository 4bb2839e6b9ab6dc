/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * One quote against collateral that the VMM has fetched for it.  The quote comes first, as far as it
 * can be judged alone.  Then each blob is read once, from its beginning to its end, so that none has
 * to be kept: both signing chains before the root CA CRL, in which their serial numbers are looked
 * up, and that before the documents, whose reading needs the memory of the certificates.
 */
#include "attest/steps.h"

/* The quote's certificates, which stay while the issuer chains are read. */
#define QUOTE_CERTIFICATES 3

static enum status check_quote(struct attest_work *w, struct trust_anchor *anchor,
	struct pck_chain *chain)
{
	TRY(pck_chain_read(w, chain));
	TRY(anchor_check_root(anchor, chain->root));
	TRY(anchor_check_issued(anchor, ACCEPT_ROOT, chain->root, chain->root));
	TRY(pck_chain_check(chain, anchor, NULL));
	TRY(sgx_extension_read(chain->pck, &w->sgx));
	TRY(qe_report_check(&w->quote, anchor, chain->pck));
	return quote_signature_check(&w->quote);
}

/* --- issuer chains and CRLs ----------------------------------------------------------------- */

static enum status read_signer(struct attest_work *w, struct trust_anchor *anchor,
	struct text_reader text, const uint8_t root_digest[SHA256_SIZE],
	struct tcb_signer *signer)
{
	struct chain_pair pair;

	TRY(chain_read_pair(w, QUOTE_CERTIFICATES, text, root_digest, &pair));
	TRY(chain_check_tcb_signing(pair.leaf));
	TRY(anchor_check_issued(anchor, ACCEPT_TCB_SIGNING, pair.leaf, pair.root));
	const struct span serial = pair.leaf->serial;
	memcpy(signer->point, chain_point(pair.leaf), P256_POINT_SIZE);
	memcpy(signer->serial, serial.at, serial.n);
	signer->serial_n = (uint8_t)serial.n;
	return STATUS_OK;
}

static enum status read_issuer_chains(struct attest_work *w, struct trust_anchor *anchor,
	const struct collateral_source *source, const struct pck_chain *chain)
{
	uint8_t root_digest[SHA256_SIZE];

	sha256_of(chain->root->der.at, chain->root->der.n, root_digest);
	TRY(read_signer(w, anchor, text_fetched(source, COLLATERAL_TCB_INFO_CHAIN), root_digest,
		&w->tcb_signer));
	TRY(read_signer(w, anchor, text_fetched(source, COLLATERAL_QE_IDENTITY_CHAIN), root_digest,
		&w->qe_signer));
	/* The PCK CRL answers to the CA in the quote; of this chain only the form counts (3.4 g). */
	return chain_check_form(w, QUOTE_CERTIFICATES,
		text_fetched(source, COLLATERAL_PCK_CRL_CHAIN));
}

static enum status check_crl(struct attest_work *w, struct trust_anchor *anchor,
	struct text_reader text, const struct x509 *issuer, const struct span *serials,
	size_t count)
{
	struct crl *crl = &w->crl_facts;

	TRY(crl_read_for(&w->crl, text, issuer->subject, serials, count, crl));
	TRY(anchor_check_digest(anchor, ACCEPT_CRL, chain_point(issuer), crl->digest,
		crl->signature, ERR_CRL_SIGNATURE));
	return crl->listed ? ERR_REVOKED : STATUS_OK;
}

static enum status check_revocation(struct attest_work *w, struct trust_anchor *anchor,
	const struct collateral_source *source, const struct pck_chain *chain)
{
	const struct span below_root[] = {chain->intermediate->serial,
		{w->tcb_signer.serial, w->tcb_signer.serial_n},
		{w->qe_signer.serial, w->qe_signer.serial_n}};

	TRY(check_crl(w, anchor, text_fetched(source, COLLATERAL_ROOT_CRL), chain->root,
		below_root, ARRAY_SIZE(below_root)));
	return check_crl(w, anchor, text_fetched(source, COLLATERAL_PCK_CRL), chain->intermediate,
		&chain->pck->serial, 1);
}

/* --- documents ------------------------------------------------------------------------------ */

static enum status check_document(const struct attest_work *w, struct trust_anchor *anchor,
	enum accept_role role, const struct tcb_signer *signer)
{
	return anchor_check_digest(anchor, role, signer->point, w->json.digest, w->json.signature,
		ERR_COLLATERAL_SIGNATURE);
}

static enum status check_tcb_info(struct attest_work *w, struct trust_anchor *anchor,
	const struct collateral_source *source)
{
	tcb_info_ask(w);
	w->tcb.seen = &w->seen;
	TRY(tcb_info_read(&w->tcb, &w->json, text_fetched(source, COLLATERAL_TCB_INFO)));
	TRY(check_document(w, anchor, ACCEPT_TCB_INFO, &w->tcb_signer));
	return tcb_info_check(w);
}

static enum status check_qe_identity(struct attest_work *w, struct trust_anchor *anchor,
	const struct collateral_source *source)
{
	qe_identity_ask(w);
	TRY(qe_identity_read(&w->qe, &w->json, text_fetched(source, COLLATERAL_QE_IDENTITY)));
	TRY(check_document(w, anchor, ACCEPT_QE_IDENTITY, &w->qe_signer));
	return qe_identity_match(&w->qe, w->quote.qe_report);
}

/* --- verdict -------------------------------------------------------------------------------- */

static enum status verify(struct trust_anchor *anchor, struct attest_work *w,
	const struct collateral_source *source, const uint8_t *quote, size_t n,
	struct quote_result *result)
{
	struct quote_details details;
	struct pck_chain chain;

	TRY(quote_parse(&w->quote, quote, n));
	TRY(check_quote(w, anchor, &chain));
	if (!collateral_version_is_known(source->major, source->minor))
		return ERR_COLLATERAL;
	TRY(read_issuer_chains(w, anchor, source, &chain));
	TRY(check_revocation(w, anchor, source, &chain));
	TRY(check_tcb_info(w, anchor, source));
	TRY(check_qe_identity(w, anchor, source));
	TRY(tcb_status_check(w, &details));
	return quote_result_write(w, result);
}

enum status verify_quote_fetched(struct trust_anchor *anchor, struct attest_scratch *scratch,
	const struct collateral_source *source, const uint8_t *quote, size_t n,
	struct quote_result *result)
{
	const enum status verdict =
		verify(anchor, (struct attest_work *)scratch, source, quote, n, result);

	if (verdict != STATUS_OK)
		wipe(result, sizeof(*result));
	wipe(scratch, sizeof(*scratch));
	return verdict;
}

/* --- request -------------------------------------------------------------------------------- */

static enum status read_request(struct attest_work *w, const uint8_t *quote, size_t n,
	struct collateral_request *request)
{
	enum pem_event event;
	size_t size;

	TRY(quote_parse(&w->quote, quote, n));
	pem_open(&w->pem, text_plain(w->quote.chain.at, w->quote.chain.n));
	TRY(pem_next(&w->pem, w->der, CHAIN_DER_MAX, &size, &event));
	if (event != PEM_CERTIFICATE)
		return ERR_X509_CHAIN;
	const struct x509 *pck = &w->cert[0];
	TRY(x509_parse(&w->cert[0], w->der, size));
	TRY(sgx_extension_read(pck, &w->sgx));
	memcpy(request->fmspc, w->sgx.fmspc, sizeof(request->fmspc));
	if (x509_cn_contains(pck->issuer, "Platform"))
		request->ca = COLLATERAL_CA_PLATFORM;
	else if (x509_cn_contains(pck->issuer, "Processor"))
		request->ca = COLLATERAL_CA_PROCESSOR;
	else
		return ERR_X509_CHAIN;
	return STATUS_OK;
}

enum status quote_collateral_request(struct attest_scratch *scratch, const uint8_t *quote, size_t n,
	struct collateral_request *request)
{
	const enum status status =
		read_request((struct attest_work *)scratch, quote, n, request);

	wipe(scratch, sizeof(*scratch));
	return status;
}
