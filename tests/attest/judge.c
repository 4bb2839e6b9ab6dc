/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define _GNU_SOURCE
#include "judge.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <openssl/sha.h>

#include "judge_dock.h"

#define STATUSES 7
#define CONFIGURATION_AND_SW 3

static const char *const status_names[STATUSES] = {"UpToDate", "SWHardeningNeeded",
	"ConfigurationNeeded", "ConfigurationAndSWHardeningNeeded", "OutOfDate",
	"OutOfDateConfigurationNeeded", "Revoked"};

bool judge_need(struct dock *d, bool ok, const char *what)
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
	d->root_crl = judge_crl(judge_text(d->bundle, "rootCaCrl"));
	d->pck_crl = judge_crl(judge_text(d->bundle, "pckCrl"));
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
	return judge_chain(judge_text(o, name), strlen(judge_text(o, name)));
}

static bool check_anchor(struct dock *d)
{
	int64_t major, minor;

	d->anchor = chain_in(d->bundle, "rootCa");
	d->crl_chain = chain_in(d->bundle, "pckCrlIssuerChain");
	if (!judge_number(d->bundle, "majorVersion", 65535, &major) ||
		!judge_number(d->bundle, "minorVersion", 65535, &minor) ||
		!judge_is_number(d->bundle, "teeType", 0x81))
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
		if (strcmp(judge_text(o, "tcbStatus"), status_names[i]) == 0)
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
		if (!judge_number(json_array_get(list, i), "svn", 255, &svn))
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
			!judge_number(tcb, "pcesvn", 65535, &pcesvn) || l->status == NULL ||
			!judge_date(one, "tcbDate", &l->date))
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
	return judge_hex(o, "mrsigner", buf, 48) && judge_hex(o, "attributes", buf, 8) &&
		judge_hex(o, "attributesMask", buf, 8);
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
		if (!judge_number(json_object_get(a, "tcb"), "isvsvn", 65535, &svn) ||
			!judge_date(a, "tcbDate", &when) || !json_is_string(json_object_get(a, "tcbStatus")))
			return false;
		json_array_foreach(list, k, b) {
			judge_number(json_object_get(b, "tcb"), "isvsvn", 65535, &other);
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

	if (strcmp(judge_text(info, "id"), "TDX") != 0 || !judge_is_number(info, "version", 3) ||
		!judge_is_number(info, "tcbType", 0) || !judge_hex(info, "fmspc", buf, 6) ||
		!judge_hex(info, "pceId", buf, 2) || !judge_date(info, "issueDate", &when) ||
		when == 0 || !judge_date(info, "nextUpdate", &when) || when == 0 ||
		!judge_number(info, "tcbEvaluationDataNumber", UINT32_MAX, &when) ||
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
static bool check_module(struct dock *d)
{
	const unsigned version = d->body[1];
	const json_t *module = version > 0 ? judge_identity_of(d, version) :
		json_object_get(d->info, "tdxModule"), *one;
	uint8_t signer[48], attributes[8];
	size_t i;

	if (!judge_hex(module, "mrsigner", signer, 48) || !judge_hex(module, "attributes", attributes, 8) ||
		memcmp(signer, d->body + 64, 48) != 0 || memcmp(attributes, d->body + 112, 8) != 0 ||
		memcmp(attributes, (uint8_t[8]){0}, 8) != 0)
		return false;
	if (version == 0)
		return true;
	json_array_foreach(json_object_get(module, "tcbLevels"), i, one) {
		int64_t svn;
		judge_number(json_object_get(one, "tcb"), "isvsvn", 65535, &svn);
		if (svn <= d->body[0] && (d->module_status == NULL || svn > d->module_svn)) {
			d->module_status = judge_text(one, "tcbStatus");
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
		if (platform == NULL && strcmp(judge_text(one, "fmspc"), fmspc) == 0)
			platform = one;
	}
	d->tcb_chain = chain_in(platform, "tcbInfoIssuerChain");
	d->tcb = json_loads(judge_text(platform, "tcbInfo"), JSON_REJECT_DUPLICATES, NULL);
	d->info = json_object_get(d->tcb, "tcbInfo");
	X509 *signer = check_pair(d, d->tcb_chain);
	return judge_need(d, platform != NULL, "no platform") && judge_need(d, signer != NULL, "TCB chain") &&
		judge_need(d, is_tcb_info(d->info) && read_levels(d), "TCB info") &&
		judge_need(d, judge_is_signed(d->info, d->tcb, signer), "TCB info signature") &&
		judge_need(d, judge_hex(d->info, "fmspc", own, 6) && judge_hex(d->info, "pceId", pce_id, 2) &&
		memcmp(own, d->sgx.fmspc, 6) == 0 && memcmp(pce_id, d->sgx.pce_id, 2) == 0,
		"FMSPC or PCEID") && judge_need(d, check_module(d), "TDX module");
}

/* --- quoting enclave (3.6) ------------------------------------------------------------------ */

static bool masked(const json_t *o, const char *name, const char *mask_name, const uint8_t *value,
	size_t n)
{
	uint8_t wanted[16], mask[16];

	if (!judge_hex(o, name, wanted, n) || !judge_hex(o, mask_name, mask, n))
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
		if (!judge_number(json_object_get(one, "tcb"), "isvsvn", 65535, &svn) ||
			!judge_date(one, "tcbDate", &when) || status == NULL ||
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
	return strcmp(judge_text(o, "id"), "TD_QE") == 0 && judge_is_number(o, "version", 2) &&
		judge_date(o, "issueDate", &when) && when != 0 && judge_date(o, "nextUpdate", &when) &&
		when != 0 &&
		judge_number(o, "tcbEvaluationDataNumber", UINT32_MAX, &when);
}

static bool check_qe_identity(struct dock *d)
{
	const json_t *o;
	uint8_t signer[32];

	d->qe_chain = chain_in(d->bundle, "qeIdentityIssuerChain");
	d->qe = json_loads(judge_text(d->bundle, "qeIdentity"), JSON_REJECT_DUPLICATES, NULL);
	o = d->identity = json_object_get(d->qe, "enclaveIdentity");
	X509 *issuer = check_pair(d, d->qe_chain);
	return judge_need(d, issuer != NULL, "QE chain") &&
		judge_need(d, is_qe_identity(o) && read_qe_levels(d), "QE identity") &&
		judge_need(d, judge_is_signed(o, d->qe, issuer), "QE identity signature") &&
		judge_need(d, masked(o, "miscselect", "miscselectMask", d->report + 16, 4) &&
		masked(o, "attributes", "attributesMask", d->report + 48, 16) &&
		judge_hex(o, "mrsigner", signer, 32) && memcmp(signer, d->report + 128, 32) == 0 &&
		judge_is_number(o, "isvprodid", u16(d->report + 256)), "QE mismatch");
}

static bool check_enclave(struct dock *d)
{
	uint8_t *bound = malloc(64 + d->qe_auth_n), digest[32];

	memcpy(bound, d->auth + 64, 64);
	memcpy(bound + 64, d->qe_auth, d->qe_auth_n);
	SHA256(bound, 64 + d->qe_auth_n, digest);
	free(bound);
	return judge_need(d, judge_signature(X509_get0_pubkey(d->pck), d->report, 384, d->report + 384),
		"QE report signature") &&
		judge_need(d, memcmp(digest, d->report + 320, 32) == 0, "QE report data") &&
		judge_need(d, judge_signature_by_point(d->auth + 64, d->quote, d->signed_n, d->auth),
		"quote signature");
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
	judge_hex(d->identity, "miscselectMask", r + 630, 4);
	judge_hex(d->identity, "attributesMask", r + 650, 16);
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
	if (!judge_need(d, d->bundle != NULL && check_anchor(d), "bundle") ||
		!judge_need(d, read_quote(d), "quote format"))
		return;
	d->chain = judge_chain(d->pem, d->pem_n);
	if (!judge_need(d, check_pck_chain(d), "PCK chain") || !judge_need(d, check_crls(d), "CRLs") ||
		!read_tcb_info(d) || !check_qe_identity(d) || !check_enclave(d))
		return;
	const struct level *level = judge_choose(d, &j->converged);
	if (level == NULL || !judge_need(d, level->status != status_names[CONFIGURATION_AND_SW],
		"status of 33 characters") ||
		!judge_need(d, level->date > 0 && d->qe_date > 0, "date"))
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
