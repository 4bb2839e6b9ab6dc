/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "policy/chain.h"

/* Decoded at a time. */
#define PIECE_SIZE 64u

void issuer_chain_begin(struct issuer_chain_reader *c)
{
	memset(c, 0, sizeof(*c));
	c->issuers_are_ca = true;
	pem_begin(&c->pem, NULL, 0);
	certificate_begin(&c->certificate);
}

/* --- links --------------------------------------------------------------------------------- */

static void link_id(const struct issuer_chain_reader *c, const uint8_t *point,
	uint8_t id[SHA384_SIZE])
{
	struct sha384 hash;

	sha384_init(&hash);
	sha384_update(&hash, c->digest, sizeof(c->digest));
	sha384_update(&hash, c->signature, sizeof(c->signature));
	sha384_update(&hash, point, P384_POINT_SIZE);
	sha384_final(&hash, id);
}

static bool is_known(const struct known_links *links, const uint8_t id[SHA384_SIZE])
{
	for (size_t i = 0; i < links->count; i++)
		if (memcmp(links->id[i], id, SHA384_SIZE) == 0)
			return true;
	return false;
}

static void learn(struct known_links *links, const uint8_t id[SHA384_SIZE])
{
	if (links->count < POLICY_KNOWN_LINKS)
		memcpy(links->id[links->count++], id, SHA384_SIZE);
}

/* The certificate before must be signed by this key. */
static enum status take_issuer_point(const struct issuer_chain_reader *c,
	const struct issuer_chain_target *t, const uint8_t *point)
{
	uint8_t id[SHA384_SIZE];

	if (!c->signature_usable)
		return ERR_POLICY_SIGNATURE;
	link_id(c, point, id);
	if (is_known(t->learn != NULL ? t->learn : t->known, id))
		return STATUS_OK;
	/* Only a stranger's work is limited. */
	if (t->learn == NULL) {
		if (*t->links == POLICY_LINKS_MAX)
			return ERR_POLICY_LIMIT;
		++*t->links;
	}
	TRY(p384_verify(point, c->digest, c->signature));
	if (t->learn != NULL)
		learn(t->learn, id);
	return STATUS_OK;
}

/* --- certificates -------------------------------------------------------------------------- */

static enum status take_subject(struct issuer_chain_reader *c,
	const struct issuer_chain_target *t, const struct certificate_piece *piece)
{
	const size_t n = piece->part_n;

	if (t->keep != NULL) {
		if (n > POLICY_SUBJECT_MAX - (size_t)t->keep->subject_n)
			return ERR_POLICY_LIMIT;
		memcpy(t->keep->subject + t->keep->subject_n, piece->part, n);
		t->keep->subject_n = (uint16_t)(t->keep->subject_n + n);
		return STATUS_OK;
	}
	if (n > t->own->subject_n - (size_t)c->subject_n ||
	    memcmp(t->own->subject + c->subject_n, piece->part, n) != 0)
		c->other_subject = true;
	else
		c->subject_n = (uint16_t)(c->subject_n + n);
	return STATUS_OK;
}

static enum status take_complete(struct issuer_chain_reader *c,
	const struct issuer_chain_target *t, const struct certificate_piece *piece)
{
	const struct certificate_reader *cert = &c->certificate;

	/* The leaf's algorithm is the one its documents are signed with. */
	if (c->count == 0 && !cert->ecdsa_sha384)
		return ERR_POLICY_SIGNATURE;
	if (c->count > 0 && !cert->is_ca)
		c->issuers_are_ca = false;
	c->signature_usable = cert->ecdsa_sha384;
	if (t->keep != NULL)
		memcpy(t->keep->root_digest, piece->digest, SHA384_SIZE);
	else
		c->other_root = memcmp(t->own->root_digest, piece->digest, SHA384_SIZE) != 0;
	if (c->count < UINT8_MAX)
		c->count++;
	return STATUS_OK;
}

static enum status take_event(struct issuer_chain_reader *c, const struct issuer_chain_target *t,
	const struct certificate_piece *piece)
{
	switch (piece->event) {
	case CERTIFICATE_MORE:
		return STATUS_OK;
	case CERTIFICATE_SUBJECT:
		return c->count == 0 ? take_subject(c, t, piece) : STATUS_OK;
	case CERTIFICATE_KEY:
		if (c->count > 0)
			return take_issuer_point(c, t, piece->point);
		memcpy(t->leaf_point, piece->point, P384_POINT_SIZE);
		return STATUS_OK;
	case CERTIFICATE_DONE:
		return take_complete(c, t, piece);
	}
	return ERR_INTERNAL;
}

static enum status take_der(struct issuer_chain_reader *c, const struct issuer_chain_target *t,
	const uint8_t *from, size_t n)
{
	while (n > 0) {
		struct certificate_piece piece = {.tbs_digest = c->digest, .signature = c->signature};
		size_t taken;

		TRY(certificate_feed(&c->certificate, from, n, &taken, &piece));
		TRY(take_event(c, t, &piece));
		from += taken;
		n -= taken;
	}
	return STATUS_OK;
}

/* A section ends with its last byte: the certificate in it must be complete by then. */
static enum status end_section(struct issuer_chain_reader *c)
{
	if (!certificate_complete(&c->certificate))
		return ERR_X509;
	certificate_begin(&c->certificate);
	return STATUS_OK;
}

static enum status feed(struct issuer_chain_reader *c, const struct issuer_chain_target *t,
	const uint8_t *from, size_t n)
{
	uint8_t der[PIECE_SIZE];

	while (n > 0) {
		enum pem_event event;
		size_t taken;

		c->pem.to = der;
		c->pem.room = sizeof(der);
		c->pem.n = 0;
		TRY(pem_feed(&c->pem, from, n, &taken, &event));
		from += taken;
		n -= taken;
		if (pem_in_certificate(&c->pem))
			TRY(take_der(c, t, der, c->pem.n));
		if (event == PEM_CERTIFICATE)
			TRY(end_section(c));
	}
	return STATUS_OK;
}

void issuer_chain_feed(struct issuer_chain_reader *c, const struct issuer_chain_target *target,
	const uint8_t *from, size_t n)
{
	if (c->status == STATUS_OK)
		c->status = feed(c, target, from, n);
}

enum status issuer_chain_end(struct issuer_chain_reader *c,
	const struct issuer_chain_target *target)
{
	if (c->status == STATUS_OK)
		c->status = pem_end(&c->pem);
	if (c->status == STATUS_OK && c->count == 0)
		c->status = ERR_POLICY_SIGNATURE;
	if (target->own != NULL && c->subject_n != target->own->subject_n)
		c->other_subject = true;
	if (c->status == STATUS_OK || c->status == ERR_POLICY_LIMIT)
		return c->status;
	return ERR_POLICY_SIGNATURE;
}

bool issuer_chain_matches(const struct issuer_chain_reader *c)
{
	return c->issuers_are_ca && !c->other_subject && !c->other_root;
}
