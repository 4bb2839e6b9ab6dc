/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * What a quote says about its platform against TCB info and QE identity: attestation spec 3.6 to
 * 3.10.
 */
#include "attest/steps.h"

/* Fields of the TD report body. */
enum {
	BODY_TEE_TCB_SVN = 0,
	BODY_MR_SIGNER_SEAM = 64,
	BODY_SEAM_ATTRIBUTES = 112,
};

/* --- TCB info and TDX module ---------------------------------------------------------------- */

void tcb_info_ask(struct attest_work *w)
{
	memcpy(w->platform.sgx, w->sgx.components, TCB_COMPONENTS);
	memcpy(w->platform.tdx, w->quote.body + BODY_TEE_TCB_SVN, TCB_COMPONENTS);
	w->platform.pcesvn = w->sgx.pcesvn;
	w->tcb = (struct tcb_info){.platform = &w->platform,
		.tee_tcb_svn2 = w->quote.tee_tcb_svn2};
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

enum status tcb_info_check(const struct attest_work *w)
{
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
static enum status check_qe_report(const struct quote *q, struct trust_anchor *anchor,
	const uint8_t *point)
{
	struct accept_key key;

	accept_key_of(&key, ACCEPT_QE_REPORT, anchor->point, point, q->qe_report,
		QE_REPORT_SIZE + P256_SIGNATURE_SIZE);
	if (accept_cache_find(&anchor->accepted, &key))
		return STATUS_OK;
	TRY(check_p256(point, q->qe_report, QE_REPORT_SIZE, q->qe_report_signature,
		ERR_QE_REPORT));
	accept_cache_store(&anchor->accepted, &key);
	return STATUS_OK;
}

enum status qe_report_check(const struct quote *q, struct trust_anchor *anchor,
	const struct x509 *pck)
{
	uint8_t binding[SHA256_SIZE];
	struct sha256 h;

	TRY(check_qe_report(q, anchor, chain_point(pck)));
	sha256_init(&h);
	sha256_update(&h, q->attestation_key, P256_POINT_SIZE);
	sha256_update(&h, q->qe_auth.at, q->qe_auth.n);
	sha256_final(&h, binding);
	return memcmp(binding, q->qe_report + QE_REPORT_DATA, sizeof(binding)) == 0 ? STATUS_OK :
		ERR_QE_REPORT;
}

void qe_identity_ask(struct attest_work *w)
{
	struct reader isvsvn = reader_of(w->quote.qe_report + QE_REPORT_ISV_SVN, 2);

	w->qe = (struct qe_identity){.isvsvn = reader_u16(&isvsvn)};
}

enum status quote_signature_check(const struct quote *q)
{
	return check_p256(q->attestation_key, q->signed_bytes.at, q->signed_bytes.n, q->signature,
		ERR_QUOTE_SIGNATURE);
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

enum status tcb_status_check(const struct attest_work *w, struct quote_details *details)
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
