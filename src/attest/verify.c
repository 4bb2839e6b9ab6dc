/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* One quote against the collateral, in the order of attestation spec 3.2 and 3.6. */
#include "attest/work.h"

#include "wire/writer.h"

/* Fields of the TD report body. */
enum {
	BODY_TEE_TCB_SVN = 0,
	BODY_MR_SIGNER_SEAM = 64,
	BODY_SEAM_ATTRIBUTES = 112,
};

/* The certificates of the quote's chain by their roles. */
struct pck_chain {
	const struct x509 *pck, *intermediate, *root;
};

/* --- PCK chain ------------------------------------------------------------------------------ */

/* The PCK certificate comes first, for its FMSPC is looked for there; the others in any order. */
static enum status assign_roles(const struct attest_work *w, struct pck_chain *chain)
{
	const bool root_last = x509_name_matches(w->cert[2].issuer, w->cert[2].subject);

	chain->pck = &w->cert[0];
	chain->intermediate = &w->cert[root_last ? 1 : 2];
	chain->root = &w->cert[root_last ? 2 : 1];
	if (x509_name_matches(chain->intermediate->issuer, chain->intermediate->subject) ||
		!x509_cn_contains(chain->intermediate->subject, "CA") ||
		!x509_cn_contains(chain->pck->subject, "SGX PCK Certificate"))
		return ERR_X509_CHAIN;
	if (!x509_cn_contains(chain->pck->issuer, "Platform") &&
		!x509_cn_contains(chain->pck->issuer, "Processor"))
		return ERR_X509_CHAIN;
	return STATUS_OK;
}

/* As chain_check_issued(); the signature may have been accepted before. */
static enum status check_issued(struct collateral *c, enum accept_role role,
	const struct x509 *cert, const struct x509 *issuer)
{
	const uint8_t *point = chain_point(issuer);
	struct accept_key key;

	accept_key_of(&key, role, c->root_digest, point, cert->der.at, cert->der.n);
	if (accept_cache_find(&c->accepted, &key))
		return chain_check_name(cert, issuer);
	TRY(chain_check_issued(cert, issuer, point));
	accept_cache_store(&c->accepted, &key);
	return STATUS_OK;
}

static enum status check_signatures(struct collateral *c, const struct pck_chain *chain)
{
	if (!chain_is_certificate(chain->root, c->root_digest))
		return ERR_X509_ROOT;
	TRY(chain_check_certificate(chain->intermediate, true));
	/* The CA certificate of the bundle was verified at start-up. */
	if (!chain_is_certificate(chain->intermediate, c->issuer_digest))
		TRY(check_issued(c, ACCEPT_INTERMEDIATE, chain->intermediate, chain->root));
	TRY(chain_check_certificate(chain->pck, false));
	return check_issued(c, ACCEPT_PCK, chain->pck, chain->intermediate);
}

static enum status check_revocation(const struct collateral *c, struct attest_work *w,
	const struct pck_chain *chain)
{
	const uint8_t *point = chain_point(chain->intermediate);

	TRY(crl_read(&w->crl, collateral_text(c, c->root_crl), chain->root->subject,
		chain->intermediate->serial, &w->crl_facts));
	if (w->crl_facts.listed)
		return ERR_REVOKED;
	TRY(crl_read(&w->crl, collateral_text(c, c->pck_crl), chain->intermediate->subject,
		chain->pck->serial, &w->crl_facts));
	/* Its signature was verified at start-up with the key of its issuer's certificate. */
	if (memcmp(point, c->issuer_point, P256_POINT_SIZE) != 0)
		TRY(crl_verify(&w->crl_facts, point));
	return w->crl_facts.listed ? ERR_REVOKED : STATUS_OK;
}

static enum status check_pck_chain(struct collateral *c, struct attest_work *w)
{
	const struct span text = w->quote.chain;
	struct pck_chain chain;

	/* The FMSPC is looked for between lines that end with LF alone. */
	for (size_t i = 0; i < text.n; i++) {
		if (text.at[i] == '\r')
			return ERR_PEM;
	}
	TRY(chain_read(w, text_plain(text.at, text.n), 3));
	TRY(assign_roles(w, &chain));
	TRY(check_signatures(c, &chain));
	TRY(check_revocation(c, w, &chain));
	return sgx_extension_read(chain.pck, &w->sgx);
}

/* --- TCB info and TDX module ---------------------------------------------------------------- */

static const struct collateral_platform *find_platform(const struct collateral *c,
	const uint8_t fmspc[6])
{
	for (uint32_t i = 0; i < c->platform_count; i++) {
		if (memcmp(c->platform[i].fmspc, fmspc, 6) == 0)
			return &c->platform[i];
	}
	return NULL;
}

static enum status check_module(const struct attest_work *w)
{
	const struct tdx_module *module = &w->tcb.module;
	const uint8_t *attributes = w->quote.body + BODY_SEAM_ATTRIBUTES;
	uint8_t any = 0;

	for (size_t i = 0; i < sizeof(module->attributes); i++)
		any |= attributes[i];
	if (!module->found || any != 0 ||
		memcmp(attributes, module->attributes, sizeof(module->attributes)) != 0 ||
		memcmp(w->quote.body + BODY_MR_SIGNER_SEAM, module->mr_signer,
		sizeof(module->mr_signer)) != 0)
		return ERR_TCB_MODULE;
	return STATUS_OK;
}

static enum status read_tcb_info(const struct collateral *c, struct attest_work *w)
{
	const struct collateral_platform *platform = find_platform(c, w->sgx.fmspc);

	if (platform == NULL)
		return ERR_COLLATERAL_PLATFORM;
	memcpy(w->platform.sgx, w->sgx.components, TCB_COMPONENTS);
	memcpy(w->platform.tdx, w->quote.body + BODY_TEE_TCB_SVN, TCB_COMPONENTS);
	w->platform.pcesvn = w->sgx.pcesvn;
	w->tcb = (struct tcb_info){.platform = &w->platform,
		.tee_tcb_svn2 = w->quote.tee_tcb_svn2};
	TRY(tcb_info_read(&w->tcb, &w->json, collateral_text(c, platform->tcb_info)));
	if (memcmp(w->tcb.fmspc, w->sgx.fmspc, sizeof(w->tcb.fmspc)) != 0 ||
		memcmp(w->tcb.pce_id, w->sgx.pce_id, sizeof(w->tcb.pce_id)) != 0)
		return ERR_COLLATERAL_PLATFORM;
	return check_module(w);
}

/* --- quoting enclave ------------------------------------------------------------------------ */

static enum status check_p256(const uint8_t *point, const uint8_t *from, size_t n,
	const uint8_t *signature, enum status failure)
{
	uint8_t digest[SHA256_SIZE];

	sha256_of(from, n, digest);
	return p256_verify(point, digest, signature) == STATUS_OK ? STATUS_OK : failure;
}

/* The QE report is signed by the PCK certificate's key. */
static enum status check_qe_report(struct collateral *c, const struct attest_work *w)
{
	const struct quote *q = &w->quote;
	const uint8_t *point = chain_point(&w->cert[0]);
	struct accept_key key;

	accept_key_of(&key, ACCEPT_QE_REPORT, c->root_digest, point, q->qe_report,
		QE_REPORT_SIZE + P256_SIGNATURE_SIZE);
	if (accept_cache_find(&c->accepted, &key))
		return STATUS_OK;
	TRY(check_p256(point, q->qe_report, QE_REPORT_SIZE, q->qe_report_signature,
		ERR_QE_REPORT));
	accept_cache_store(&c->accepted, &key);
	return STATUS_OK;
}

static enum status check_quoting_enclave(struct collateral *c, struct attest_work *w)
{
	const struct quote *q = &w->quote;
	uint8_t binding[SHA256_SIZE];
	struct sha256 h;

	TRY(check_qe_report(c, w));
	sha256_init(&h);
	sha256_update(&h, q->attestation_key, P256_POINT_SIZE);
	sha256_update(&h, q->qe_auth.at, q->qe_auth.n);
	sha256_final(&h, binding);
	if (memcmp(binding, q->qe_report + QE_REPORT_DATA, sizeof(binding)) != 0)
		return ERR_QE_REPORT;

	struct reader isvsvn = reader_of(q->qe_report + QE_REPORT_ISV_SVN, 2);
	w->qe = (struct qe_identity){.isvsvn = reader_u16(&isvsvn)};
	TRY(qe_identity_read(&w->qe, &w->json, collateral_text(c, c->qe_identity)));
	return qe_identity_match(&w->qe, q->qe_report);
}

/* --- status --------------------------------------------------------------------------------- */

/* Status the level is combined with: a QE that is anything but current is out of date. */
static enum level_status qe_status(const struct qe_identity *qe)
{
	const enum level_status status = (enum level_status)qe->level_status;

	return status == LEVEL_UP_TO_DATE || status == LEVEL_REVOKED ? status : LEVEL_OUT_OF_DATE;
}

static bool needs_configuration(enum level_status s)
{
	return s == LEVEL_CONFIGURATION_NEEDED ||
		s == LEVEL_CONFIGURATION_AND_SW_HARDENING_NEEDED ||
		s == LEVEL_OUT_OF_DATE_CONFIGURATION_NEEDED;
}

/*
 * The TD was launched under a TDX module that is now out of date, while the one loaded since is
 * current: relaunching the TD is enough (3.9).  *status is left alone when that is not so.
 */
static enum status advise_relaunch(const struct attest_work *w, enum level_status *status)
{
	const struct tcb_info *tcb = &w->tcb;
	const enum level_status sgx = (enum level_status)tcb->sgx_level.status;
	const uint8_t *svn2 = w->quote.tee_tcb_svn2;

	if (svn2 == NULL || qe_status(&w->qe) != LEVEL_UP_TO_DATE ||
		sgx > LEVEL_CONFIGURATION_AND_SW_HARDENING_NEEDED ||
		(*status != LEVEL_OUT_OF_DATE &&
		*status != LEVEL_OUT_OF_DATE_CONFIGURATION_NEEDED) ||
		!tcb->module_level.found || tcb->module_level.status != LEVEL_OUT_OF_DATE)
		return STATUS_OK;
	if (svn2[1] > 0 && !tcb->module2_found)
		return ERR_TCB_MODULE;
	const unsigned module_svn = svn2[1] > 0 ? tcb->module2_top : tcb->top.tdx[0];
	if (svn2[0] < module_svn || svn2[2] < tcb->top.tdx[2])
		return STATUS_OK;
	*status = needs_configuration(sgx) || needs_configuration(*status) ?
		LEVEL_RELAUNCH_ADVISED_CONFIGURATION_NEEDED : LEVEL_RELAUNCH_ADVISED;
	return STATUS_OK;
}

static enum status check_status(const struct attest_work *w, struct quote_details *details)
{
	const struct tcb_info *tcb = &w->tcb;
	enum level_status status = (enum level_status)tcb->tdx_level.status;

	if (!tcb->sgx_level.found || !tcb->tdx_level.found || !w->qe.level_found)
		return ERR_TCB_UNSUPPORTED;
	if (w->platform.tdx[1] > 0) {
		const enum level_status module = (enum level_status)tcb->module_level.status;
		if (!tcb->module_level.found)
			return ERR_TCB_UNSUPPORTED;
		if (module != LEVEL_UP_TO_DATE && module != LEVEL_OUT_OF_DATE &&
			module != LEVEL_REVOKED)
			return ERR_TCB_MODULE;
		status = level_status_combine(status, module);
	}
	TRY(advise_relaunch(w, &status));
	status = level_status_combine(status, qe_status(&w->qe));
	if (status < LEVEL_UNKNOWN)
		details->converged_status = level_status_text(status);
	if (status == LEVEL_REVOKED)
		return ERR_TCB_REVOKED;
	return status < LEVEL_UNKNOWN ? STATUS_OK : ERR_TCB_UNSUPPORTED;
}

/* --- result --------------------------------------------------------------------------------- */

/* Text in its field of 32 bytes; one that leaves no room for a NUL is refused, never cut. */
static void write_status(struct writer *to, uint8_t status)
{
	const char *text = level_status_text((enum level_status)status);
	const size_t n = strlen(text);

	if (n == 0 || n > TCB_STATUS_TEXT_MAX) {
		to->failed = true;
		return;
	}
	writer_bytes(to, (const uint8_t *)text, n);
	writer_zero(to, TCB_STATUS_TEXT_MAX + 1 - n);
}

static void write_masked(struct writer *to, const uint8_t *value, const uint8_t *mask, size_t n)
{
	for (size_t i = 0; i < n; i++)
		writer_u8(to, value[i] & mask[i]);
	writer_bytes(to, mask, n);
}

static enum status write_result(const struct attest_work *w, struct quote_result *result)
{
	const struct tcb_level *level = &w->tcb.tdx_level;
	const struct qe_identity *qe = &w->qe;
	const uint8_t *report = w->quote.qe_report;
	const int64_t date = level->date < qe->level_date ? level->date : qe->level_date;
	struct writer to = writer_of(result->bytes, sizeof(result->bytes));

	writer_bytes(&to, w->quote.body, QUOTE_BODY_SIZE);
	writer_bytes(&to, w->sgx.fmspc, sizeof(w->sgx.fmspc));
	writer_bytes(&to, level->svns.tdx, TCB_COMPONENTS);
	writer_u16(&to, level->svns.pcesvn);
	writer_bytes(&to, level->svns.sgx, TCB_COMPONENTS);
	writer_u8(&to, w->platform.tdx[1]);
	writer_u8(&to, w->platform.tdx[1] > 0 ? (uint8_t)w->tcb.module_level.isvsvn : 0);
	write_masked(&to, report + QE_REPORT_MISCSELECT, qe->miscselect_mask, 4);
	write_masked(&to, report + QE_REPORT_ATTRIBUTES, qe->attributes_mask, 16);
	writer_bytes(&to, report + QE_REPORT_MR_ENCLAVE, 32);
	writer_bytes(&to, report + QE_REPORT_MR_SIGNER, 32);
	writer_bytes(&to, report + QE_REPORT_ISV_PROD_ID, 2);
	writer_u16(&to, qe->level_isvsvn);
	writer_u64(&to, (uint64_t)date);
	write_status(&to, level->status);
	writer_u64(&to, (uint64_t)level->date);
	writer_u64(&to, (uint64_t)qe->level_date);
	write_status(&to, qe->level_status);
	if (date <= 0 || !writer_ok(&to) || writer_size(&to) != QUOTE_RESULT_SIZE)
		return ERR_TCB_UNSUPPORTED;
	return STATUS_OK;
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
	TRY(check_p256(w->quote.attestation_key, w->quote.signed_bytes.at,
		w->quote.signed_bytes.n, w->quote.signature, ERR_QUOTE_SIGNATURE));
	details->stage = "tcb_status";
	TRY(check_status(w, details));
	details->stage = "result";
	return write_result(w, result);
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
