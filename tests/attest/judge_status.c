/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What the levels come to (attestation spec 3.7 to 3.10). */
#include "judge_dock.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

const json_t *judge_identity_of(const struct dock *d, unsigned version)
{
	const json_t *one;
	char id[16];
	size_t i;

	snprintf(id, sizeof(id), "TDX_%02X", version);
	json_array_foreach(json_object_get(d->info, "tdxModuleIdentities"), i, one) {
		if (strcasecmp(judge_text(one, "id"), id) == 0)
			return one;
	}
	return NULL;
}

static bool reaches(const uint8_t *have, const uint8_t *wanted, size_t from)
{
	for (size_t i = from; i < 16; i++) {
		if (have[i] < wanted[i])
			return false;
	}
	return true;
}

static bool is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static bool configuration(const char *status)
{
	return strstr(status, "Configuration") != NULL;
}

/* The table of 3.10; what does not say it is current is out of date. */
static const char *combine(const char *status, const char *with)
{
	if (is(status, "Revoked") || is(with, "Revoked"))
		return "Revoked";
	if (is(with, "UpToDate") || strncmp(status, "TDRelaunch", 10) == 0)
		return status;
	return configuration(status) ? "OutOfDateConfigurationNeeded" : "OutOfDate";
}

/* 3.9; NULL when the module now loaded has no identity. */
static const char *relaunch(const struct dock *d, const char *sgx, const char *status)
{
	const uint8_t *svn2 = d->svn2, *top = d->level[0].tdx;
	int64_t module = top[0], svn;
	const json_t *one;
	size_t i;

	if (svn2 == NULL || !is(d->qe_status, "UpToDate") || strncmp(sgx, "OutOfDate", 9) == 0 ||
		is(sgx, "Revoked") || strncmp(status, "OutOfDate", 9) != 0 ||
		d->module_status == NULL || !is(d->module_status, "OutOfDate"))
		return status;
	if (svn2[1] > 0) {
		const json_t *identity = judge_identity_of(d, svn2[1]);
		if (identity == NULL)
			return NULL;
		module = 0;
		json_array_foreach(json_object_get(identity, "tcbLevels"), i, one) {
			judge_number(json_object_get(one, "tcb"), "isvsvn", 65535, &svn);
			module = svn > module ? svn : module;
		}
	}
	if (svn2[0] < module || svn2[2] < top[2])
		return status;
	return configuration(sgx) || configuration(status) ?
		"TDRelaunchAdvisedConfigurationNeeded" : "TDRelaunchAdvised";
}

const struct level *judge_choose(struct dock *d, const char **converged)
{
	const struct level *sgx = NULL, *tdx = NULL;
	const size_t from = d->body[1] > 0 ? 2 : 0;

	for (size_t i = 0; i < d->levels; i++) {
		const struct level *l = &d->level[i];
		if (!reaches(d->sgx.components, l->sgx, 0) || d->sgx.pcesvn < l->pcesvn)
			continue;
		sgx = sgx == NULL ? l : sgx;
		tdx = tdx == NULL && reaches(d->body, l->tdx, from) ? l : tdx;
	}
	if (!judge_need(d, tdx != NULL && d->qe_status != NULL, "TCB not supported") ||
		!judge_need(d, d->body[1] == 0 || d->module_status != NULL, "module not supported"))
		return NULL;
	const char *status = tdx->status;
	if (d->module_status != NULL) {
		if (!judge_need(d, is(d->module_status, "UpToDate") || is(d->module_status, "OutOfDate") ||
			is(d->module_status, "Revoked"), "module status"))
			return NULL;
		status = combine(status, d->module_status);
	}
	status = relaunch(d, sgx->status, status);
	if (!judge_need(d, status != NULL, "module now loaded"))
		return NULL;
	*converged = combine(status, is(d->qe_status, "UpToDate") || is(d->qe_status, "Revoked") ?
		d->qe_status : "OutOfDate");
	return judge_need(d, !is(*converged, "Revoked"), "revoked") ? tdx : NULL;
}
