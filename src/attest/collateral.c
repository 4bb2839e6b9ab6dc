/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "attest/steps.h"

enum {
	BUNDLE,
	MAJOR_VERSION,
	MINOR_VERSION,
	TEE_TYPE,
	ROOT_CA,
	PCK_CRL_CHAIN,
	ROOT_CRL,
	PCK_CRL,
	PLATFORMS,
	PLATFORM,
	PLATFORM_FMSPC,
	PLATFORM_CHAIN,
	PLATFORM_TCB_INFO,
	QE_IDENTITY_CHAIN,
	QE_IDENTITY,
};

#define TEE_TYPE_TDX 0x81

static const struct schema_member platform_members[] = {
	{"fmspc", PLATFORM_FMSPC, SCHEMA_STRING, false, NULL},
	{"tcbInfoIssuerChain", PLATFORM_CHAIN, SCHEMA_PLACE, false, NULL},
	{"tcbInfo", PLATFORM_TCB_INFO, SCHEMA_PLACE, false, NULL},
};
static const struct schema_object platform_object = {platform_members,
	ARRAY_SIZE(platform_members), PLATFORM};

static const struct schema_member bundle_members[] = {
	{"majorVersion", MAJOR_VERSION, SCHEMA_INTEGER, false, NULL},
	{"minorVersion", MINOR_VERSION, SCHEMA_INTEGER, false, NULL},
	{"teeType", TEE_TYPE, SCHEMA_INTEGER, false, NULL},
	{"rootCa", ROOT_CA, SCHEMA_PLACE, false, NULL},
	{"pckCrlIssuerChain", PCK_CRL_CHAIN, SCHEMA_PLACE, false, NULL},
	{"rootCaCrl", ROOT_CRL, SCHEMA_PLACE, false, NULL},
	{"pckCrl", PCK_CRL, SCHEMA_PLACE, false, NULL},
	{"platforms", PLATFORMS, SCHEMA_ARRAY, false, &platform_object},
	{"qeIdentityIssuerChain", QE_IDENTITY_CHAIN, SCHEMA_PLACE, false, NULL},
	{"qeIdentity", QE_IDENTITY, SCHEMA_PLACE, false, NULL},
};
static const struct schema_object bundle_object = {bundle_members, ARRAY_SIZE(bundle_members),
	BUNDLE};

struct index {
	struct collateral *c;
	uint64_t major, minor;
};

/* --- index ---------------------------------------------------------------------------------- */

static struct collateral_string *place_of(struct collateral *c, uint8_t id)
{
	struct collateral_platform *platform = &c->platform[c->platform_count];

	switch (id) {
	case ROOT_CA:
		return &c->root_ca;
	case PCK_CRL_CHAIN:
		return &c->pck_crl_chain;
	case ROOT_CRL:
		return &c->root_crl;
	case PCK_CRL:
		return &c->pck_crl;
	case QE_IDENTITY_CHAIN:
		return &c->qe_identity_chain;
	case QE_IDENTITY:
		return &c->qe_identity;
	case PLATFORM_CHAIN:
		return &platform->tcb_info_chain;
	case PLATFORM_TCB_INFO:
		return &platform->tcb_info;
	default:
		return NULL;
	}
}

/* Twelve upper-case digits: another text could never equal what a quote is looked up by. */
static enum status read_fmspc(struct collateral *c, const struct schema_event *event)
{
	for (size_t i = 0; i < event->n; i++) {
		if (event->text[i] >= 'a')
			return ERR_COLLATERAL;
	}
	return schema_hex(event, c->platform[c->platform_count].fmspc, 6) ? STATUS_OK :
		ERR_COLLATERAL;
}

static enum status on_event(void *ctx, const struct schema_event *event)
{
	struct index *index = ctx;
	struct collateral *c = index->c;

	if (event->what == SCHEMA_BEGIN)
		return event->id == PLATFORM && c->platform_count == COLLATERAL_PLATFORMS_MAX ?
			ERR_COLLATERAL : STATUS_OK;
	if (event->what == SCHEMA_END) {
		if (event->id == PLATFORM)
			c->platform_count++;
		return STATUS_OK;
	}
	switch (event->id) {
	case MAJOR_VERSION:
		index->major = event->number;
		return STATUS_OK;
	case MINOR_VERSION:
		index->minor = event->number;
		return STATUS_OK;
	case TEE_TYPE:
		return event->number == TEE_TYPE_TDX ? STATUS_OK : ERR_COLLATERAL;
	case PLATFORM_FMSPC:
		return read_fmspc(c, event);
	default:
		break;
	}
	struct collateral_string *place = place_of(c, event->id);
	if (place == NULL)
		return ERR_COLLATERAL;
	*place = (struct collateral_string){(uint32_t)event->begin,
		(uint32_t)(event->end - event->begin)};
	return STATUS_OK;
}

bool collateral_version_is_known(uint64_t major, uint64_t minor)
{
	return (minor == 0 && (major == 1 || major == 3 || major == 4)) ||
		(major == 3 && minor == 1);
}

static enum status read_index(struct collateral *c, struct schema_reader *r, size_t n)
{
	struct index index = {.c = c};

	if (n > UINT32_MAX)
		return ERR_COLLATERAL;
	json_schema_begin(r, &bundle_object, on_event, &index);
	TRY(schema_feed(r, c->text, n));
	TRY(schema_end(r));
	return collateral_version_is_known(index.major, index.minor) ? STATUS_OK : ERR_COLLATERAL;
}

struct text_reader collateral_text(const struct collateral *c, struct collateral_string s)
{
	return text_escaped(c->text + s.offset, s.n);
}

/* --- signatures ----------------------------------------------------------------------------- */

/*
 * The anchor is the key of rootCa (3.4 b), whatever the certificate that brings it.  The root
 * certificate itself is taken from a chain and checked; all chains then end with its very bytes.
 */
static enum status check_root(struct collateral *c, struct attest_work *w)
{
	const struct span nothing = {NULL, SIZE_MAX};

	TRY(chain_read(w, 0, collateral_text(c, c->root_ca), 1));
	TRY(anchor_take(&c->anchor, &w->cert[0]));
	TRY(chain_read(w, 0, collateral_text(c, c->qe_identity_chain), 2));
	const struct x509 *root = &w->cert[x509_is_self_issued(&w->cert[1]) ? 1 : 0];
	TRY(anchor_check_root(&c->anchor, root));
	TRY(chain_check_issued(root, root, c->anchor.point));
	sha256_of(root->der.at, root->der.n, c->root_digest);

	TRY(crl_read(&w->crl, collateral_text(c, c->root_crl), root->subject, nothing,
		&w->crl_facts));
	TRY(crl_verify(&w->crl_facts, c->anchor.point));
	c->root_crl_number = w->crl_facts.number;
	return STATUS_OK;
}

/* A CA certificate under our root. */
static bool is_pck_issuer(const struct collateral *c, const struct x509 *issuer,
	const struct x509 *root)
{
	return chain_is_certificate(root, c->root_digest) &&
		chain_check_certificate(issuer, true) == STATUS_OK &&
		x509_cn_contains(issuer->subject, "CA") && !x509_is_self_issued(issuer) &&
		chain_check_issued(issuer, root, c->anchor.point) == STATUS_OK;
}

/* The PCK CRL is named after, and signed by, this CA. */
static bool is_pck_crl_of(const struct collateral *c, struct attest_work *w,
	const struct x509 *issuer)
{
	const struct span nothing = {NULL, SIZE_MAX};

	return crl_read(&w->crl, collateral_text(c, c->pck_crl), issuer->subject, nothing,
		&w->crl_facts) == STATUS_OK &&
		crl_verify(&w->crl_facts, chain_point(issuer)) == STATUS_OK;
}

/*
 * The PCK CRL answers to the key of the CA in each quote; of its issuer chain only the form counts
 * (3.4 g).  Where that chain is root and issuer, as it always is when genuine, the signature is
 * checked here, once for all quotes with that CA; where it is not, every quote checks it.
 */
static enum status check_pck_crl(struct collateral *c, struct attest_work *w)
{
	const struct span any = {NULL, 0}, nothing = {NULL, SIZE_MAX};

	TRY(chain_check_form(w, 0, collateral_text(c, c->pck_crl_chain)));
	TRY(crl_read(&w->crl, collateral_text(c, c->pck_crl), any, nothing, &w->crl_facts));
	c->pck_crl_number = w->crl_facts.number;

	if (chain_read(w, 0, collateral_text(c, c->pck_crl_chain), 2) != STATUS_OK)
		return STATUS_OK;
	const size_t at = chain_is_certificate(&w->cert[0], c->root_digest) ? 1 : 0;
	const struct x509 *issuer = &w->cert[at];
	if (!is_pck_issuer(c, issuer, &w->cert[1 - at]) || !is_pck_crl_of(c, w, issuer))
		return STATUS_OK;
	c->issuer_known = true;
	sha256_of(issuer->der.at, issuer->der.n, c->issuer_digest);
	memcpy(c->issuer_point, chain_point(issuer), P256_POINT_SIZE);
	return STATUS_OK;
}

/* The TCB signing certificate that was accepted last. */
struct signer {
	uint8_t digest[SHA256_SIZE];
	uint8_t point[P256_POINT_SIZE];
	bool known;
};

static enum status check_signing_chain(const struct collateral *c, struct attest_work *w,
	struct collateral_string chain, struct signer *signer)
{
	struct chain_pair pair;

	TRY(chain_read_pair(w, 0, collateral_text(c, chain), c->root_digest, &pair));
	const struct x509 *leaf = pair.leaf;
	if (signer->known && chain_is_certificate(leaf, signer->digest))
		return STATUS_OK;
	TRY(chain_check_tcb_signing(leaf));
	TRY(chain_check_issued(leaf, pair.root, c->anchor.point));
	TRY(crl_read(&w->crl, collateral_text(c, c->root_crl), pair.root->subject, leaf->serial,
		&w->crl_facts));
	if (w->crl_facts.listed)
		return ERR_REVOKED;
	sha256_of(leaf->der.at, leaf->der.n, signer->digest);
	memcpy(signer->point, chain_point(leaf), P256_POINT_SIZE);
	signer->known = true;
	return STATUS_OK;
}

static enum status check_platform(const struct collateral *c, struct attest_work *w,
	struct collateral_platform *platform, struct signer *signer)
{
	TRY(check_signing_chain(c, w, platform->tcb_info_chain, signer));
	w->tcb = (struct tcb_info){.seen = &w->seen};
	TRY(tcb_info_read(&w->tcb, &w->json, collateral_text(c, platform->tcb_info)));
	TRY(signed_json_verify(&w->json, signer->point));
	if (memcmp(w->tcb.fmspc, platform->fmspc, sizeof(platform->fmspc)) != 0)
		return ERR_COLLATERAL;
	platform->evaluation_number = w->tcb.evaluation_number;
	return STATUS_OK;
}

static enum status check_all(struct collateral *c, struct attest_work *w)
{
	struct signer signer = {.known = false};

	TRY(check_root(c, w));
	TRY(check_pck_crl(c, w));
	TRY(check_signing_chain(c, w, c->qe_identity_chain, &signer));
	w->qe = (struct qe_identity){0};
	TRY(qe_identity_read(&w->qe, &w->json, collateral_text(c, c->qe_identity)));
	TRY(signed_json_verify(&w->json, signer.point));
	for (uint32_t i = 0; i < c->platform_count; i++)
		TRY(check_platform(c, w, &c->platform[i], &signer));
	return STATUS_OK;
}

enum status collateral_open(struct collateral *c, struct attest_scratch *scratch,
	const uint8_t *bundle, size_t n)
{
	struct attest_work *w = (struct attest_work *)scratch;

	*c = (struct collateral){.text = bundle};
	enum status verdict = read_index(c, &w->json.schema, n);
	if (verdict == STATUS_OK)
		verdict = check_all(c, w);
	/* Without platforms no quote can pass. */
	if (verdict != STATUS_OK)
		*c = (struct collateral){0};
	wipe(scratch, sizeof(*scratch));
	return verdict;
}

enum status collateral_evaluation_number(const struct collateral *c, const uint8_t fmspc[6],
	uint32_t *number)
{
	for (uint32_t i = 0; i < c->platform_count; i++) {
		if (memcmp(c->platform[i].fmspc, fmspc, 6) == 0) {
			*number = c->platform[i].evaluation_number;
			return STATUS_OK;
		}
	}
	return ERR_COLLATERAL_PLATFORM;
}

uint32_t collateral_pck_crl_number(const struct collateral *c)
{
	return c->pck_crl_number;
}

uint32_t collateral_root_crl_number(const struct collateral *c)
{
	return c->root_crl_number;
}

bool collateral_pck_crl_is_verified(const struct collateral *c)
{
	return c->issuer_known;
}
