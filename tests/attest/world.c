/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ecdsa.h>
#include <openssl/sha.h>

#include "world.h"

#define DER_MAX 4096

struct der {
	uint8_t bytes[DER_MAX];
	size_t n;
};

struct world_files {
	struct der root, ca, pck, signing, quote_root, quote_ca, anchor, crl_ca;
	char *bundle;
	uint8_t quote[8192];
	size_t quote_n;
};

static void need(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "cannot make a world: %s\n", what);
		abort();
	}
}

/* --- documents ------------------------------------------------------------------------------ */

static json_t *components(unsigned first, unsigned third)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < 16; i++)
		json_array_append_new(list, json_pack("{s:i}", "svn",
			(int)(i == 0 ? first : i == 2 ? third : 0)));
	return list;
}

static json_t *date_of(const char *day)
{
	char text[32];

	snprintf(text, sizeof(text), "%sT00:00:00Z", day);
	return json_string(text);
}

json_t *world_level(unsigned sgx0, unsigned pcesvn, unsigned tdx0, unsigned tdx2,
	const char *status, const char *date)
{
	return json_pack("{s:{s:o,s:i,s:o},s:o,s:s}", "tcb", "sgxtcbcomponents",
		components(sgx0, 0), "pcesvn", (int)pcesvn, "tdxtcbcomponents",
		components(tdx0, tdx2), "tcbDate", date_of(date), "tcbStatus", status);
}

json_t *world_svn_level(unsigned isvsvn, const char *status, const char *date)
{
	return json_pack("{s:{s:i},s:o,s:s}", "tcb", "isvsvn", (int)isvsvn, "tcbDate",
		date_of(date), "tcbStatus", status);
}

static char *zeros(size_t n)
{
	static char text[129];

	memset(text, '0', sizeof(text) - 1);
	return text + sizeof(text) - 1 - n;
}

json_t *world_module(const char *id, json_t *levels)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:o}", "id", id, "mrsigner", zeros(96), "attributes",
		zeros(16), "attributesMask", "FFFFFFFFFFFFFFFF", "tcbLevels", levels);
}

static json_t *default_tcb(void)
{
	return json_pack("{s:s,s:i,s:s,s:s,s:s,s:s,s:i,s:i,s:{s:s,s:s,s:s},s:[o]}",
		"id", "TDX", "version", 3, "issueDate", "2026-01-01T00:00:00Z",
		"nextUpdate", "2026-02-01T00:00:00Z", "fmspc", "00a06f0000d1", "pceId", "0000",
		"tcbType", 0, "tcbEvaluationDataNumber", 19,
		"tdxModule", "mrsigner", zeros(96), "attributes", zeros(16), "attributesMask",
		"FFFFFFFFFFFFFFFF",
		"tcbLevels", world_level(5, 10, 3, 0, "UpToDate", "2026-01-01"));
}

static json_t *default_qe(void)
{
	return json_pack("{s:s,s:i,s:s,s:s,s:i,s:s,s:s,s:s,s:s,s:s,s:i,s:[o]}",
		"id", "TD_QE", "version", 2, "issueDate", "2026-01-01T00:00:00Z",
		"nextUpdate", "2026-02-01T00:00:00Z", "tcbEvaluationDataNumber", 19,
		"miscselect", "00000000", "miscselectMask", "FFFFFFFF",
		"attributes", "11000000000000000000000000000000",
		"attributesMask", "FBFFFFFFFFFFFFFF0000000000000000",
		"mrsigner", "dc000000000000000000000000000000000000000000000000000000000000DC",
		"isvprodid", 2, "tcbLevels", world_svn_level(4, "UpToDate", "2026-01-02"));
}

/* --- set-up --------------------------------------------------------------------------------- */

static struct oracle_certificate certificate(const char *subject, const char *issuer,
	EVP_PKEY *key, EVP_PKEY *signer, uint64_t serial, bool is_ca)
{
	return (struct oracle_certificate){.subject_cn = subject, .issuer_cn = issuer, .key = key,
		.signer = signer, .md = EVP_sha256(), .serial = serial, .is_ca = is_ca};
}

static EVP_PKEY *new_key(int number)
{
	(void)number;
	return oracle_key("P-256");
}

void world_create(struct world *w)
{
	world_create_with(w, new_key);
}

void world_create_with(struct world *w, EVP_PKEY *key(int number))
{
	const char *root = "Intel SGX Root CA", *ca = "Intel SGX PCK Platform CA";

	memset(w, 0, sizeof(*w));
	for (int i = 0; i < WORLD_KEYS; i++)
		w->key[i] = key(i);
	w->root = certificate(root, root, w->key[ROOT], w->key[ROOT], 1, true);
	w->ca = certificate(ca, root, w->key[CA], w->key[ROOT], 2, true);
	w->pck = certificate("Intel SGX PCK Certificate", ca, w->key[PCK], w->key[CA], 3, false);
	w->signing = certificate("Intel SGX TCB Signing", root, w->key[SIGNING], w->key[ROOT], 4,
		false);
	w->quote_root = w->root;
	w->quote_ca = w->crl_ca = w->ca;
	w->anchor = w->root;
	w->root_crl = (struct oracle_crl){.issuer_cn = root, .signer = w->key[ROOT],
		.identified = w->key[ROOT], .number = "11"};
	w->pck_crl = (struct oracle_crl){.issuer_cn = ca, .signer = w->key[CA],
		.identified = w->key[CA], .number = "12"};
	w->quote_order = "pcr";
	w->pair_order = w->crl_pair_order = "lr";
	w->line_end = "\n";
	w->sgx_components[0] = 5;
	w->pcesvn = 10;
	w->tee_tcb_svn[0] = 3;
	w->tee_tcb_svn2[0] = 3;
	memcpy(w->fmspc, "\x00\xa0\x6f\x00\x00\xd1", 6);
	w->bundle_fmspc = "00A06F0000D1";
	w->version = 4;
	w->body_type = 2;
	w->sgx_members = 7;
	w->qe_isvsvn = 4;
	w->qe_prod_id = 2;
	w->qe_attributes = 0x15;
	w->qe_auth = 32;
	w->tcb = default_tcb();
	w->qe = default_qe();
	w->tcb_extra = w->qe_extra = "";
	w->tcb_signer = w->qe_signer = w->key[SIGNING];
	w->files = calloc(1, sizeof(*w->files));
	need(w->files != NULL, "memory");
}

void world_free(struct world *w)
{
	for (int i = 0; i < WORLD_KEYS; i++)
		EVP_PKEY_free(w->key[i]);
	json_decref(w->tcb);
	json_decref(w->qe);
	free(w->files->bundle);
	free(w->files);
}

/* --- signatures ----------------------------------------------------------------------------- */

/* r || s over the SHA-256 of the bytes. */
static void sign(EVP_PKEY *key, const uint8_t *from, size_t n, uint8_t rs[64])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[80];
	size_t size = sizeof(der);
	const uint8_t *at = der;

	need(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
		EVP_DigestSign(ctx, der, &size, from, n) == 1, "sign");
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)size);
	need(sig != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(sig), rs, 32) == 32 &&
		BN_bn2binpad(ECDSA_SIG_get0_s(sig), rs + 32, 32) == 32, "split a signature");
	ECDSA_SIG_free(sig);
	EVP_MD_CTX_free(ctx);
}

static void public_point(EVP_PKEY *key, uint8_t point[64])
{
	uint8_t encoded[65];
	size_t n;

	need(EVP_PKEY_get_octet_string_param(key, "pub", encoded, sizeof(encoded), &n) == 1 &&
		n == 65, "get a public key");
	memcpy(point, encoded + 1, 64);
}

static char *signed_document(const char *name, const json_t *body, const char *extra,
	EVP_PKEY *signer)
{
	char *compact = json_dumps(body, JSON_COMPACT);
	const size_t n = strlen(compact) + strlen(extra);
	char *inner = malloc(n + 1), *text = malloc(n + 256);
	uint8_t rs[64];

	sprintf(inner, "{%s%s", extra, compact + 1);
	sign(signer, (const uint8_t *)inner, n, rs);
	size_t at = (size_t)sprintf(text, "{\"%s\":%s,\"signature\":\"", name, inner);
	for (int i = 0; i < 64; i++)
		at += (size_t)sprintf(text + at, "%02x", rs[i]);
	strcpy(text + at, "\"}");
	free(compact);
	free(inner);
	return text;
}

/* --- SGX extension -------------------------------------------------------------------------- */

static void put(struct der *d, const void *from, size_t n)
{
	need(d->n + n <= DER_MAX, "room");
	memcpy(d->bytes + d->n, from, n);
	d->n += n;
}

static void put_tlv(struct der *d, uint8_t tag, const void *content, size_t n)
{
	const uint8_t header[] = {tag, (uint8_t)(n < 0x80 ? n : n < 0x100 ? 0x81 : 0x82),
		(uint8_t)(n < 0x100 ? n : n >> 8), (uint8_t)n};

	put(d, header, n < 0x80 ? 2 : n < 0x100 ? 3 : 4);
	put(d, content, n);
}

/* SEQUENCE { base.path, tag content } */
static void put_pair(struct der *d, const char *path, size_t path_n, uint8_t tag,
	const void *content, size_t n)
{
	struct der oid = {.n = 0}, pair = {.n = 0};

	put(&oid, "\x2a\x86\x48\x86\xf8\x4d\x01\x0d\x01", 9);
	put(&oid, path, path_n);
	put_tlv(&pair, 0x06, oid.bytes, oid.n);
	put_tlv(&pair, tag, content, n);
	put_tlv(d, 0x30, pair.bytes, pair.n);
}

static void put_number(struct der *d, char arc, unsigned value)
{
	const uint8_t bytes[] = {0, (uint8_t)(value >> 8), (uint8_t)value};
	const char path[] = {2, arc};
	const size_t skip = value >= 0x8000 ? 0 : value >= 0x80 ? 1 : 2;

	put_pair(d, path, 2, 0x02, bytes + skip, 3 - skip);
}

/* One member of the extension, by its number. */
static void put_member(const struct world *w, struct der *d, unsigned number)
{
	struct der tcb = {.n = 0}, configuration = {.n = 0};
	const uint8_t padded[] = {0, 0, (uint8_t)w->pcesvn};

	switch (number) {
	case 1:
		put_pair(d, "\x01", 1, 0x04, zeros(16), 16);
		break;
	case 2:
		for (int i = 0; i < 16; i++)
			put_number(&tcb, (char)(i + 1), w->sgx_components[i]);
		if (w->sgx_padded)
			put_pair(&tcb, "\x02\x11", 2, 0x02, padded, sizeof(padded));
		else
			put_number(&tcb, 17, w->pcesvn);
		put_pair(&tcb, "\x02\x12", 2, 0x04, w->sgx_components, 16);
		put_pair(d, "\x02", 1, 0x30, tcb.bytes, tcb.n);
		break;
	case 3:
		put_pair(d, "\x03", 1, 0x04, w->pce_id, 2);
		break;
	case 4:
		put_pair(d, "\x04", 1, 0x04, w->fmspc, 6);
		break;
	case 5:
		put_pair(d, "\x05", 1, 0x0a, "\x01", 1);
		break;
	case 6:
		put_pair(d, "\x06", 1, 0x04, zeros(16), 16);
		break;
	default:
		put_pair(&configuration, "\x07\x01", 2, 0x01, "\xff", 1);
		put_pair(d, "\x07", 1, 0x30, configuration.bytes, configuration.n);
		break;
	}
}

static void make_sgx_extension(const struct world *w, struct der *d)
{
	struct der list = {.n = 0};

	for (unsigned i = 1; i <= w->sgx_members; i++) {
		const unsigned number = w->sgx_reversed ? w->sgx_members + 1 - i : i;
		put_member(w, &list, w->sgx_twice && number == 2 ? 1 : number);
	}
	d->n = 0;
	put_tlv(d, 0x30, list.bytes, list.n);
}

/* --- bundle --------------------------------------------------------------------------------- */

static void issue(const struct oracle_certificate *what, struct der *d)
{
	d->n = oracle_issue(what, d->bytes, sizeof(d->bytes));
}

static void issue_unless_kept(const struct world *w, int which,
	const struct oracle_certificate *what, struct der *d)
{
	if ((w->kept >> which & 1) == 0)
		issue(what, d);
}

static void issue_all(struct world *w, struct world_files *f)
{
	struct der sgx;

	make_sgx_extension(w, &sgx);
	w->pck.sgx = sgx.bytes;
	w->pck.sgx_n = sgx.n;
	issue_unless_kept(w, ROOT, &w->root, &f->root);
	issue_unless_kept(w, CA, &w->ca, &f->ca);
	issue_unless_kept(w, PCK, &w->pck, &f->pck);
	issue_unless_kept(w, SIGNING, &w->signing, &f->signing);
	f->quote_root = f->root;
	f->quote_ca = f->ca;
	f->anchor = f->root;
	f->crl_ca = f->ca;
	if (w->own_anchor)
		issue(&w->anchor, &f->anchor);
	if (w->own_crl_ca)
		issue(&w->crl_ca, &f->crl_ca);
	if (w->own_quote_root)
		issue(&w->quote_root, &f->quote_root);
	if (w->own_quote_ca)
		issue(&w->quote_ca, &f->quote_ca);
	w->pck.sgx = NULL;
}

static json_t *pem(const char *label, const struct der *d)
{
	char text[3 * DER_MAX];

	oracle_pem(label, d->bytes, d->n, true, text, sizeof(text));
	return json_string(text);
}

static json_t *pair(const char *order, const struct der *leaf, const struct der *root)
{
	char text[9 * DER_MAX] = "";

	for (const char *c = order; *c != '\0'; c++) {
		const struct der *d = *c == 'l' ? leaf : root;
		oracle_pem("CERTIFICATE", d->bytes, d->n, true, text + strlen(text), 3 * DER_MAX);
	}
	return json_string(text);
}

static json_t *crl(const struct oracle_crl *what)
{
	struct der d;

	d.n = oracle_crl(what, d.bytes, sizeof(d.bytes));
	return pem("X509 CRL", &d);
}

static void make_bundle(const struct world *w, struct world_files *f)
{
	char *tcb = signed_document("tcbInfo", w->tcb, w->tcb_extra, w->tcb_signer);
	char *qe = signed_document("enclaveIdentity", w->qe, w->qe_extra, w->qe_signer);
	json_t *bundle = json_pack("{s:i,s:i,s:i,s:o,s:o,s:o,s:o,s:[{s:s,s:o,s:s}],s:o,s:s}",
		"majorVersion", 1, "minorVersion", 0, "teeType", 129,
		"rootCa", pem("CERTIFICATE", &f->anchor),
		"pckCrlIssuerChain", pair(w->crl_pair_order, &f->crl_ca, &f->root),
		"rootCaCrl", crl(&w->root_crl), "pckCrl", crl(&w->pck_crl),
		"platforms", "fmspc", w->bundle_fmspc,
		"tcbInfoIssuerChain", pair(w->pair_order, &f->signing, &f->root), "tcbInfo", tcb,
		"qeIdentityIssuerChain", pair(w->pair_order, &f->signing, &f->root), "qeIdentity", qe);

	need(bundle != NULL, "bundle");
	if (w->change_bundle != NULL)
		w->change_bundle(bundle);
	f->bundle = json_dumps(bundle, JSON_COMPACT);
	json_decref(bundle);
	free(tcb);
	free(qe);
}

/* --- quote ---------------------------------------------------------------------------------- */

static void add(struct world_files *f, const void *from, size_t n)
{
	need(f->quote_n + n <= sizeof(f->quote), "quote size");
	memcpy(f->quote + f->quote_n, from, n);
	f->quote_n += n;
}

static void add_number(struct world_files *f, uint32_t value, size_t n)
{
	const uint8_t bytes[] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
		(uint8_t)(value >> 24)};
	add(f, bytes, n);
}

static size_t make_chain(const struct world *w, const struct world_files *f, char *text)
{
	char one[3 * DER_MAX];
	size_t n = 0;

	for (const char *c = w->quote_order; *c != '\0'; c++) {
		const struct der *d = *c == 'p' ? &f->pck : *c == 'c' ? &f->quote_ca :
			&f->quote_root;
		oracle_pem("CERTIFICATE", d->bytes, d->n, true, one, sizeof(one));
		for (const char *at = one; *at != '\0'; at++) {
			if (*at == '\n')
				n += (size_t)sprintf(text + n, "%s", w->line_end);
			else
				text[n++] = *at;
		}
	}
	text[n++] = '\0';
	return n;
}

static void make_qe_report(const struct world *w, const uint8_t *ak, const uint8_t *auth,
	uint8_t report[384])
{
	uint8_t bound[64 + 256];

	memset(report, 0, 384);
	report[16] = w->qe_misc;
	report[48] = w->qe_attributes;
	report[56] = 0xe7;
	memset(report + 64, 0xee, 32);
	report[128] = 0xdc;
	report[159] = 0xdc;
	report[256] = (uint8_t)w->qe_prod_id;
	report[258] = (uint8_t)w->qe_isvsvn;
	report[259] = (uint8_t)(w->qe_isvsvn >> 8);
	memcpy(bound, ak, 64);
	memcpy(bound + 64, auth, w->qe_auth);
	SHA256(bound, 64 + w->qe_auth, report + 320);
}

static void add_body(const struct world *w, struct world_files *f)
{
	uint8_t body[648];

	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = (uint8_t)(i * 7);
	memcpy(body, w->tee_tcb_svn, 16);
	memset(body + 64, 0, 56);
	body[64] = w->mr_signer_seam;
	body[112] = w->seam_attributes;
	memcpy(body + 584, w->tee_tcb_svn2, 16);
	const size_t size = w->version == 5 && w->body_type == 3 ? 648 : 584;
	if (w->version == 5) {
		add_number(f, w->body_type, 2);
		add_number(f, (uint32_t)size, 4);
	}
	add(f, body, size);
}

static void make_quote(const struct world *w, struct world_files *f)
{
	char chain[20000];
	uint8_t ak[64], auth[256], report[384], rs[64];
	const size_t chain_n = make_chain(w, f, chain);

	f->quote_n = 0;
	add_number(f, w->version, 2);
	add_number(f, 2, 2);
	add_number(f, 0x81, 4);
	add_number(f, w->header_reserved, 4);
	add(f, "\x93\x9a\x72\x33\xf7\x9c\x4c\xa9\x94\x0a\x0d\xb3\x95\x7f\x06\x07", 16);
	add(f, zeros(20), 20);
	add_body(w, f);

	public_point(w->key[AK], ak);
	for (size_t i = 0; i < sizeof(auth); i++)
		auth[i] = (uint8_t)i;
	sign(w->key[AK], f->quote, f->quote_n, rs);
	const uint32_t inner = (uint32_t)(384 + 64 + 2 + w->qe_auth + 6 + chain_n);
	add_number(f, 64 + 64 + 6 + inner, 4);
	add(f, rs, 64);
	add(f, ak, 64);
	add_number(f, 6, 2);
	add_number(f, inner, 4);
	make_qe_report(w, ak, auth, report);
	add(f, report, sizeof(report));
	sign(w->key[PCK], report, sizeof(report), rs);
	add(f, rs, 64);
	add_number(f, (uint32_t)w->qe_auth, 2);
	add(f, auth, w->qe_auth);
	add_number(f, 5, 2);
	add_number(f, (uint32_t)chain_n, 4);
	add(f, chain, chain_n);
}

/* --- verdict -------------------------------------------------------------------------------- */

static struct attest_scratch scratch;

void world_issue(struct world *w)
{
	issue_all(w, w->files);
	make_quote(w, w->files);
}

enum status world_open(struct world *w, struct collateral *c)
{
	const uint64_t before = crypto_counters()->p256_verify;

	free(w->files->bundle);
	make_bundle(w, w->files);
	const enum status verdict = collateral_open(c, &scratch, (uint8_t *)w->files->bundle,
		strlen(w->files->bundle));
	w->open_checks = crypto_counters()->p256_verify - before;
	return verdict;
}

enum status world_verify(struct world *w, struct collateral *c)
{
	const uint64_t before = crypto_counters()->p256_verify;
	const enum status verdict = verify_quote(c, &scratch, w->files->quote, w->files->quote_n,
		&w->result);

	w->quote_checks = crypto_counters()->p256_verify - before;
	return verdict;
}

uint8_t *world_quote(const struct world *w, size_t *n)
{
	*n = w->files->quote_n;
	return w->files->quote;
}

const char *world_bundle(const struct world *w)
{
	return w->files->bundle;
}

enum status world_judge(struct world *w)
{
	static struct collateral collateral;

	world_issue(w);
	w->quote_checks = 0;
	TRY(world_open(w, &collateral));
	return world_verify(w, &collateral);
}
