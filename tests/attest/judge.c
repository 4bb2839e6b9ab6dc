/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define _GNU_SOURCE
#include "judge.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>
#include <openssl/sha.h>

#include "judge_x509.h"

#define LEVELS_MAX 256
#define STATUSES 7
#define CONFIGURATION_AND_SW 3

static const char *const status_names[STATUSES] = {"UpToDate", "SWHardeningNeeded",
	"ConfigurationNeeded", "ConfigurationAndSWHardeningNeeded", "OutOfDate",
	"OutOfDateConfigurationNeeded", "Revoked"};

struct level {
	uint8_t sgx[16], tdx[16];
	unsigned pcesvn;
	const char *status;
	int64_t date;
};

/* One case: what was read, all freed at the end. */
struct dock {
	const uint8_t *quote;
	size_t quote_n;
	size_t signed_n;
	const uint8_t *body, *svn2, *auth, *report, *qe_auth, *pem;
	size_t qe_auth_n, pem_n;
	json_t *bundle, *tcb, *qe;
	const json_t *info, *identity;
	STACK_OF(X509) *chain, *tcb_chain, *qe_chain, *crl_chain, *anchor;
	X509_CRL *root_crl, *pck_crl;
	X509 *pck, *ca, *root;
	uint8_t anchor_point[65];
	struct judge_sgx sgx;
	struct level level[LEVELS_MAX];
	size_t levels;
	const char *module_status, *qe_status;	/* NULL: none */
	unsigned module_svn;
	unsigned qe_svn;
	int64_t qe_date;
	const char *why;
};

static bool need(struct dock *d, bool ok, const char *what)
{
	if (!ok && d->why == NULL)
		d->why = what;
	return ok;
}

static unsigned u16(const uint8_t *at)
{
	return at[0] | (unsigned)at[1] << 8;
}

static uint32_t u32(const uint8_t *at)
{
	return u16(at) | (uint32_t)u16(at + 2) << 16;
}

/* --- quote (1.3 to 1.5) --------------------------------------------------------------------- */

static bool read_certification(struct dock *d, const uint8_t *at, size_t n)
{
	if (n < 456)
		return false;
	d->report = at;
	d->qe_auth_n = u16(at + 448);
	d->qe_auth = at + 450;
	if (n < 456 + d->qe_auth_n)
		return false;
	const uint8_t *inner = d->qe_auth + d->qe_auth_n;
	d->pem = inner + 6;
	d->pem_n = n - 456 - d->qe_auth_n;
	return u16(inner) == 5 && u32(inner + 2) == d->pem_n;
}

static bool read_quote(struct dock *d)
{
	static const uint8_t vendor[] = "\x93\x9a\x72\x33\xf7\x9c\x4c\xa9\x94\x0a\x0d\xb3\x95\x7f\x06\x07";
	const uint8_t *q = d->quote;
	size_t body = 48, size = 584;

	if (d->quote_n < 1020 || u16(q + 2) != 2 || u32(q + 4) != 0x81 ||
		memcmp(q + 12, vendor, 16) != 0)
		return false;
	if (u16(q) == 5) {
		const unsigned type = u16(q + 48);
		size = type == 3 ? 648 : 584;
		body = 54;
		if ((type != 2 && type != 3) || u32(q + 50) != size)
			return false;
		d->svn2 = type == 3 ? q + body + 584 : NULL;
	} else if (u16(q) != 4) {
		return false;
	}
	d->body = q + body;
	d->signed_n = body + size;
	const size_t left = d->quote_n - d->signed_n - 4, auth = u32(q + d->signed_n);
	d->auth = q + d->signed_n + 4;
	if (auth > left || auth < 134 || u16(d->auth + 128) != 6 || u32(d->auth + 130) > auth - 134)
		return false;
	return read_certification(d, d->auth + 134, u32(d->auth + 130));
}

/* --- JSON ----------------------------------------------------------------------------------- */

static const char *text(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));
	return s != NULL ? s : "";
}

static bool number(const json_t *o, const char *name, int64_t most, int64_t *to)
{
	const json_t *v = json_object_get(o, name);

	*to = json_integer_value(v);
	return json_is_integer(v) && *to >= 0 && *to <= most;
}

static bool is_number(const json_t *o, const char *name, int64_t value)
{
	int64_t n;
	return number(o, name, INT64_MAX, &n) && n == value;
}

static bool hex(const json_t *o, const char *name, uint8_t *to, size_t n)
{
	const char *s = text(o, name);

	if (strlen(s) != 2 * n || strspn(s, "0123456789abcdefABCDEF") != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		char two[3] = {s[2 * i], s[2 * i + 1], '\0'};
		to[i] = (uint8_t)strtoul(two, NULL, 16);
	}
	return true;
}

/* Written again it must be the same text, so it is a date of the calendar. */
static bool date(const json_t *o, const char *name, int64_t *to)
{
	const char *s = text(o, name);
	struct tm tm = {0};
	char again[64];

	if (strlen(s) != 20 || strptime(s, "%Y-%m-%dT%H:%M:%SZ", &tm) == NULL)
		return false;
	time_t when = timegm(&tm);
	*to = when;
	gmtime_r(&when, &tm);
	strftime(again, sizeof(again), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return strcmp(again, s) == 0 && tm.tm_year >= 0;
}

/* The signature is over the compact form of the body. */
static bool is_signed(const json_t *body, const json_t *document, X509 *signer)
{
	uint8_t rs[64];
	char *compact = json_dumps(body, JSON_COMPACT);
	const bool verdict = compact != NULL && hex(document, "signature", rs, 64) &&
		judge_signature(X509_get0_pubkey(signer), compact, strlen(compact), rs);

	free(compact);
	return verdict;
}

/* --- chains (3.4, 3.5) ---------------------------------------------------------------------- */

static bool same_bytes(const X509 *a, const X509 *b)
{
	const ASN1_BIT_STRING *left, *right;

	X509_get0_signature(&left, NULL, a);
	X509_get0_signature(&right, NULL, b);
	return left->length == right->length &&
		memcmp(left->data, right->data, (size_t)left->length) == 0;
}

static bool check_pck_chain(struct dock *d)
{
	if (sk_X509_num(d->chain) != 3)
		return false;
	d->pck = sk_X509_value(d->chain, 0);
	for (int i = 1; i < 3; i++) {
		X509 *x = sk_X509_value(d->chain, i);
		if (judge_self_issued(x))
			d->root = x;
		else
			d->ca = x;
	}
	if (d->root == NULL || d->ca == NULL || !judge_root(d->root, d->anchor_point))
		return false;
	const X509_NAME *issuer = X509_get_issuer_name(d->pck);
	return judge_certificate(d->ca) && judge_certificate(d->pck) &&
		judge_cn_has(X509_get_subject_name(d->ca), "CA") &&
		judge_cn_has(X509_get_subject_name(d->pck), "SGX PCK Certificate") &&
		(judge_cn_has(issuer, "Platform") || judge_cn_has(issuer, "Processor")) &&
		judge_issued(d->ca, d->root) && judge_issued(d->pck, d->ca) &&
		X509_NAME_cmp(issuer, X509_get_subject_name(d->ca)) == 0 &&
		judge_sgx_extension(d->pck, &d->sgx);
}

static bool check_crls(struct dock *d)
{
	d->root_crl = judge_crl(text(d->bundle, "rootCaCrl"));
	d->pck_crl = judge_crl(text(d->bundle, "pckCrl"));
	return judge_crl_of(d->root_crl, d->root) && judge_crl_of(d->pck_crl, d->ca) &&
		!judge_listed(d->root_crl, d->ca) && !judge_listed(d->pck_crl, d->pck);
}

/* The signer of a document, or NULL. */
static X509 *check_pair(struct dock *d, STACK_OF(X509) *pair)
{
	if (sk_X509_num(pair) != 2)
		return NULL;
	const int at = judge_self_issued(sk_X509_value(pair, 1)) ? 1 : 0;
	X509 *root = sk_X509_value(pair, at), *leaf = sk_X509_value(pair, 1 - at);
	return judge_root(root, d->anchor_point) && same_bytes(root, d->root) &&
		judge_certificate(leaf) && judge_issued(leaf, root) &&
		judge_cn_has(X509_get_subject_name(leaf), "SGX TCB Signing") &&
		!judge_listed(d->root_crl, leaf) ? leaf : NULL;
}

static STACK_OF(X509) *chain_in(const json_t *o, const char *name)
{
	return judge_chain(text(o, name), strlen(text(o, name)));
}

static bool check_anchor(struct dock *d)
{
	int64_t major, minor;

	d->anchor = chain_in(d->bundle, "rootCa");
	d->crl_chain = chain_in(d->bundle, "pckCrlIssuerChain");
	if (!number(d->bundle, "majorVersion", 65535, &major) ||
		!number(d->bundle, "minorVersion", 65535, &minor) ||
		!is_number(d->bundle, "teeType", 0x81))
		return false;
	for (int i = 0; i < sk_X509_num(d->crl_chain); i++) {
		if (!judge_has_extensions(sk_X509_value(d->crl_chain, i)))
			return false;
	}
	const int64_t version = major | minor << 16;
	return (version == 1 || version == 3 || version == 4 || version == 0x10003) &&
		sk_X509_num(d->anchor) == 1 && sk_X509_num(d->crl_chain) > 0 &&
		judge_point(sk_X509_value(d->anchor, 0), d->anchor_point);
}

/* --- TCB info (3.6, 3.7) -------------------------------------------------------------------- */

static int descending(const void *a, const void *b)
{
	const struct level *x = a, *y = b;
	const int sgx = memcmp(y->sgx, x->sgx, 16);

	if (sgx != 0 || x->pcesvn != y->pcesvn)
		return sgx != 0 ? sgx : x->pcesvn < y->pcesvn ? 1 : -1;
	return memcmp(y->tdx, x->tdx, 16);
}

static const char *status_of(const json_t *o)
{
	for (size_t i = 0; i < STATUSES; i++) {
		if (strcmp(text(o, "tcbStatus"), status_names[i]) == 0)
			return status_names[i];
	}
	return NULL;
}

static bool components(const json_t *tcb, const char *name, uint8_t *to)
{
	const json_t *list = json_object_get(tcb, name);
	int64_t svn;

	if (!json_is_array(list) || json_array_size(list) != 16)
		return false;
	for (size_t i = 0; i < 16; i++) {
		if (!number(json_array_get(list, i), "svn", 255, &svn))
			return false;
		to[i] = (uint8_t)svn;
	}
	return true;
}

static bool read_levels(struct dock *d)
{
	const json_t *list = json_object_get(d->info, "tcbLevels"), *one;
	size_t i;

	if (!json_is_array(list) || json_array_size(list) == 0 ||
		json_array_size(list) > LEVELS_MAX)
		return false;
	json_array_foreach(list, i, one) {
		struct level *l = &d->level[i];
		const json_t *tcb = json_object_get(one, "tcb");
		int64_t pcesvn;
		l->status = status_of(one);
		if (!components(tcb, "sgxtcbcomponents", l->sgx) ||
			!components(tcb, "tdxtcbcomponents", l->tdx) ||
			!number(tcb, "pcesvn", 65535, &pcesvn) || l->status == NULL ||
			!date(one, "tcbDate", &l->date))
			return false;
		l->pcesvn = (unsigned)pcesvn;
	}
	d->levels = i;
	qsort(d->level, d->levels, sizeof(d->level[0]), descending);
	for (i = 1; i < d->levels; i++) {
		if (descending(&d->level[i - 1], &d->level[i]) == 0)
			return false;
	}
	return true;
}

static bool is_module(const json_t *o)
{
	uint8_t buf[48];
	return hex(o, "mrsigner", buf, 48) && hex(o, "attributes", buf, 8) &&
		hex(o, "attributesMask", buf, 8);
}

static bool is_identity(const json_t *o)
{
	const json_t *list = json_object_get(o, "tcbLevels"), *a, *b;
	int64_t svn, other, when;
	size_t i, k;

	if (!is_module(o) || !json_is_string(json_object_get(o, "id")) ||
		!json_is_array(list) || json_array_size(list) == 0)
		return false;
	json_array_foreach(list, i, a) {
		if (!number(json_object_get(a, "tcb"), "isvsvn", 65535, &svn) ||
			!date(a, "tcbDate", &when) || !json_is_string(json_object_get(a, "tcbStatus")))
			return false;
		json_array_foreach(list, k, b) {
			number(json_object_get(b, "tcb"), "isvsvn", 65535, &other);
			if (k < i && svn == other)
				return false;
		}
	}
	return true;
}

static bool is_tcb_info(const json_t *info)
{
	const json_t *list = json_object_get(info, "tdxModuleIdentities"), *one;
	uint8_t buf[6];
	int64_t when;
	size_t i;

	if (strcmp(text(info, "id"), "TDX") != 0 || !is_number(info, "version", 3) ||
		!is_number(info, "tcbType", 0) || !hex(info, "fmspc", buf, 6) ||
		!hex(info, "pceId", buf, 2) || !date(info, "issueDate", &when) ||
		when == 0 || !date(info, "nextUpdate", &when) || when == 0 ||
		!number(info, "tcbEvaluationDataNumber", UINT32_MAX, &when) ||
		!is_module(json_object_get(info, "tdxModule")))
		return false;
	if (list == NULL)
		return true;
	json_array_foreach(list, i, one) {
		if (!is_identity(one))
			return false;
	}
	return json_is_array(list) && i > 0;
}

/* The identity of a module's version, its id in whatever case. */
static const json_t *identity_of(const struct dock *d, unsigned version)
{
	const json_t *one;
	char id[16];
	size_t i;

	snprintf(id, sizeof(id), "TDX_%02X", version);
	json_array_foreach(json_object_get(d->info, "tdxModuleIdentities"), i, one) {
		if (strcasecmp(text(one, "id"), id) == 0)
			return one;
	}
	return NULL;
}

static bool check_module(struct dock *d)
{
	const unsigned version = d->body[1];
	const json_t *module = version > 0 ? identity_of(d, version) :
		json_object_get(d->info, "tdxModule"), *one;
	uint8_t signer[48], attributes[8];
	size_t i;

	if (!hex(module, "mrsigner", signer, 48) || !hex(module, "attributes", attributes, 8) ||
		memcmp(signer, d->body + 64, 48) != 0 || memcmp(attributes, d->body + 112, 8) != 0 ||
		memcmp(attributes, (uint8_t[8]){0}, 8) != 0)
		return false;
	if (version == 0)
		return true;
	json_array_foreach(json_object_get(module, "tcbLevels"), i, one) {
		int64_t svn;
		number(json_object_get(one, "tcb"), "isvsvn", 65535, &svn);
		if (svn <= d->body[0] && (d->module_status == NULL || svn > d->module_svn)) {
			d->module_status = text(one, "tcbStatus");
			d->module_svn = (unsigned)svn;
		}
	}
	return true;
}

static bool read_tcb_info(struct dock *d)
{
	const json_t *one, *platform = NULL;
	char fmspc[13];
	uint8_t own[6], pce_id[2];
	size_t i;

	for (i = 0; i < 6; i++)
		snprintf(fmspc + 2 * i, 3, "%02X", d->sgx.fmspc[i]);
	json_array_foreach(json_object_get(d->bundle, "platforms"), i, one) {
		if (platform == NULL && strcmp(text(one, "fmspc"), fmspc) == 0)
			platform = one;
	}
	d->tcb_chain = chain_in(platform, "tcbInfoIssuerChain");
	d->tcb = json_loads(text(platform, "tcbInfo"), JSON_REJECT_DUPLICATES, NULL);
	d->info = json_object_get(d->tcb, "tcbInfo");
	X509 *signer = check_pair(d, d->tcb_chain);
	return need(d, platform != NULL, "no platform") && need(d, signer != NULL, "TCB chain") &&
		need(d, is_tcb_info(d->info) && read_levels(d), "TCB info") &&
		need(d, is_signed(d->info, d->tcb, signer), "TCB info signature") &&
		need(d, hex(d->info, "fmspc", own, 6) && hex(d->info, "pceId", pce_id, 2) &&
		memcmp(own, d->sgx.fmspc, 6) == 0 && memcmp(pce_id, d->sgx.pce_id, 2) == 0,
		"FMSPC or PCEID") && need(d, check_module(d), "TDX module");
}

/* --- quoting enclave (3.6) ------------------------------------------------------------------ */

static bool masked(const json_t *o, const char *name, const char *mask_name, const uint8_t *value,
	size_t n)
{
	uint8_t wanted[16], mask[16];

	if (!hex(o, name, wanted, n) || !hex(o, mask_name, mask, n))
		return false;
	for (size_t i = 0; i < n; i++) {
		if ((value[i] & mask[i]) != wanted[i])
			return false;
	}
	return true;
}

/* The first in the order of the file. */
static bool read_qe_levels(struct dock *d)
{
	const json_t *list = json_object_get(d->identity, "tcbLevels"), *one;
	int64_t svn, when;
	size_t i;

	json_array_foreach(list, i, one) {
		const char *status = status_of(one);
		if (!number(json_object_get(one, "tcb"), "isvsvn", 65535, &svn) ||
			!date(one, "tcbDate", &when) || status == NULL ||
			strstr(status, "SW") != NULL)
			return false;
		if (d->qe_status == NULL && svn <= u16(d->report + 258)) {
			d->qe_status = status;
			d->qe_svn = (unsigned)svn;
			d->qe_date = when;
		}
	}
	return json_is_array(list) && i > 0;
}

static bool is_qe_identity(const json_t *o)
{
	int64_t when;
	return strcmp(text(o, "id"), "TD_QE") == 0 && is_number(o, "version", 2) &&
		date(o, "issueDate", &when) && when != 0 && date(o, "nextUpdate", &when) &&
		when != 0 &&
		number(o, "tcbEvaluationDataNumber", UINT32_MAX, &when);
}

static bool check_qe_identity(struct dock *d)
{
	const json_t *o;
	uint8_t signer[32];

	d->qe_chain = chain_in(d->bundle, "qeIdentityIssuerChain");
	d->qe = json_loads(text(d->bundle, "qeIdentity"), JSON_REJECT_DUPLICATES, NULL);
	o = d->identity = json_object_get(d->qe, "enclaveIdentity");
	X509 *issuer = check_pair(d, d->qe_chain);
	return need(d, issuer != NULL, "QE chain") &&
		need(d, is_qe_identity(o) && read_qe_levels(d), "QE identity") &&
		need(d, is_signed(o, d->qe, issuer), "QE identity signature") &&
		need(d, masked(o, "miscselect", "miscselectMask", d->report + 16, 4) &&
		masked(o, "attributes", "attributesMask", d->report + 48, 16) &&
		hex(o, "mrsigner", signer, 32) && memcmp(signer, d->report + 128, 32) == 0 &&
		is_number(o, "isvprodid", u16(d->report + 256)), "QE mismatch");
}

static bool check_enclave(struct dock *d)
{
	uint8_t *bound = malloc(64 + d->qe_auth_n), digest[32];

	memcpy(bound, d->auth + 64, 64);
	memcpy(bound + 64, d->qe_auth, d->qe_auth_n);
	SHA256(bound, 64 + d->qe_auth_n, digest);
	free(bound);
	return need(d, judge_signature(X509_get0_pubkey(d->pck), d->report, 384, d->report + 384),
		"QE report signature") &&
		need(d, memcmp(digest, d->report + 320, 32) == 0, "QE report data") &&
		need(d, judge_signature_by_point(d->auth + 64, d->quote, d->signed_n, d->auth),
		"quote signature");
}

/* --- status (3.7 to 3.10) ------------------------------------------------------------------- */

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
		const json_t *identity = identity_of(d, svn2[1]);
		if (identity == NULL)
			return NULL;
		module = 0;
		json_array_foreach(json_object_get(identity, "tcbLevels"), i, one) {
			number(json_object_get(one, "tcb"), "isvsvn", 65535, &svn);
			module = svn > module ? svn : module;
		}
	}
	if (svn2[0] < module || svn2[2] < top[2])
		return status;
	return configuration(sgx) || configuration(status) ?
		"TDRelaunchAdvisedConfigurationNeeded" : "TDRelaunchAdvised";
}

static const struct level *choose(struct dock *d, const char **converged)
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
	if (!need(d, tdx != NULL && d->qe_status != NULL, "TCB not supported") ||
		!need(d, d->body[1] == 0 || d->module_status != NULL, "module not supported"))
		return NULL;
	const char *status = tdx->status;
	if (d->module_status != NULL) {
		if (!need(d, is(d->module_status, "UpToDate") || is(d->module_status, "OutOfDate") ||
			is(d->module_status, "Revoked"), "module status"))
			return NULL;
		status = combine(status, d->module_status);
	}
	status = relaunch(d, sgx->status, status);
	if (!need(d, status != NULL, "module now loaded"))
		return NULL;
	*converged = combine(status, is(d->qe_status, "UpToDate") || is(d->qe_status, "Revoked") ?
		d->qe_status : "OutOfDate");
	return need(d, !is(*converged, "Revoked"), "revoked") ? tdx : NULL;
}

/* --- result (5) ----------------------------------------------------------------------------- */

static void put(uint8_t *to, uint64_t value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (uint8_t)(value >> (8 * i));
}

static void write_result(const struct dock *d, const struct level *l, uint8_t *r)
{
	const uint8_t *report = d->report;
	const int64_t date = l->date < d->qe_date ? l->date : d->qe_date;

	memset(r, 0, JUDGE_RESULT_SIZE);
	memcpy(r, d->body, 584);
	memcpy(r + 584, d->sgx.fmspc, 6);
	memcpy(r + 590, l->tdx, 16);
	put(r + 606, l->pcesvn, 2);
	memcpy(r + 608, l->sgx, 16);
	r[624] = d->body[1];
	r[625] = (uint8_t)d->module_svn;
	hex(d->identity, "miscselectMask", r + 630, 4);
	hex(d->identity, "attributesMask", r + 650, 16);
	for (size_t i = 0; i < 4; i++)
		r[626 + i] = report[16 + i] & r[630 + i];
	for (size_t i = 0; i < 16; i++)
		r[634 + i] = report[48 + i] & r[650 + i];
	memcpy(r + 666, report + 64, 32);
	memcpy(r + 698, report + 128, 32);
	memcpy(r + 730, report + 256, 2);
	put(r + 732, d->qe_svn, 2);
	put(r + 734, (uint64_t)date, 8);
	strcpy((char *)r + 742, l->status);
	put(r + 774, (uint64_t)l->date, 8);
	put(r + 782, (uint64_t)d->qe_date, 8);
	strcpy((char *)r + 790, d->qe_status);
}

/* --- all of it ------------------------------------------------------------------------------ */

static void judge(struct dock *d, const void *bundle, size_t n, struct judgement *j)
{
	d->bundle = json_loadb(bundle, n, JSON_REJECT_DUPLICATES, NULL);
	if (!need(d, d->bundle != NULL && check_anchor(d), "bundle") ||
		!need(d, read_quote(d), "quote format"))
		return;
	d->chain = judge_chain(d->pem, d->pem_n);
	if (!need(d, check_pck_chain(d), "PCK chain") || !need(d, check_crls(d), "CRLs") ||
		!read_tcb_info(d) || !check_qe_identity(d) || !check_enclave(d))
		return;
	const struct level *level = choose(d, &j->converged);
	if (level == NULL || !need(d, level->status != status_names[CONFIGURATION_AND_SW],
		"status of 33 characters") ||
		!need(d, level->date > 0 && d->qe_date > 0, "date"))
		return;
	write_result(d, level, j->result);
	j->accept = true;
}

static void free_chain(STACK_OF(X509) *chain)
{
	sk_X509_pop_free(chain, X509_free);
}

void judge_plainly(const void *bundle, size_t bundle_n, const void *quote, size_t quote_n,
	struct judgement *j)
{
	struct dock *d = calloc(1, sizeof(*d));

	memset(j, 0, sizeof(*j));
	d->quote = quote;
	d->quote_n = quote_n;
	judge(d, bundle, bundle_n, j);
	j->why = d->why;
	free_chain(d->chain);
	free_chain(d->tcb_chain);
	free_chain(d->qe_chain);
	free_chain(d->crl_chain);
	free_chain(d->anchor);
	X509_CRL_free(d->root_crl);
	X509_CRL_free(d->pck_crl);
	json_decref(d->bundle);
	json_decref(d->tcb);
	json_decref(d->qe);
	free(d);
}
