/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "policy/chain.h"

void issuer_chain_begin(struct issuer_chain_reader *c)
{
	memset(c, 0, sizeof(*c));
	c->found.issuers_are_ca = true;
	pem_begin(&c->pem, c->der, sizeof(c->der));
}

/* The leaf: its key signs documents, so it must be one that can. */
static enum status take_leaf(struct issuer_chain_reader *c, const struct x509 *cert)
{
	struct x509_key key;

	TRY(x509_key(cert, &key));
	if (key.curve != X509_P384 || cert->algorithm != X509_ECDSA_SHA384)
		return ERR_POLICY_SIGNATURE;
	memcpy(c->found.leaf_point, key.point, sizeof(key.point));
	sha384(cert->subject.at, cert->subject.n, c->found.subject_digest);
	return STATUS_OK;
}

/* The certificate before this one must be signed by its key. */
static enum status take_issuer(struct issuer_chain_reader *c, const struct x509 *cert, uint8_t *links)
{
	struct x509_key key;

	if (!cert->is_ca)
		c->found.issuers_are_ca = false;
	TRY(x509_key(cert, &key));
	if (key.curve != X509_P384 || c->previous.algorithm != X509_ECDSA_SHA384)
		return ERR_POLICY_SIGNATURE;
	if (*links == POLICY_LINKS_MAX)
		return ERR_POLICY_LIMIT;
	++*links;
	return x509_signature_verify(&c->previous, &key);
}

static enum status take_certificate(struct issuer_chain_reader *c, uint8_t *links)
{
	struct x509 cert;

	TRY(x509_parse(&cert, c->der, c->pem.n));
	if (c->count == 0)
		TRY(take_leaf(c, &cert));
	else
		TRY(take_issuer(c, &cert, links));
	sha384(c->der, c->pem.n, c->found.root_digest);
	/* Unknown algorithms are no fault of the last certificate. */
	if (x509_signature(&cert, &c->previous) != STATUS_OK)
		c->previous.algorithm = X509_ALGORITHM_OTHER;
	if (c->count < UINT8_MAX)
		c->count++;
	return STATUS_OK;
}

static enum status feed(struct issuer_chain_reader *c, const uint8_t *from, size_t n, uint8_t *links)
{
	while (n > 0) {
		enum pem_event event;
		size_t taken;

		TRY(pem_feed(&c->pem, from, n, &taken, &event));
		from += taken;
		n -= taken;
		if (event == PEM_FULL)
			return ERR_POLICY_LIMIT;
		if (event == PEM_CERTIFICATE)
			TRY(take_certificate(c, links));
		if (event != PEM_MORE)
			c->pem.n = 0;
	}
	return STATUS_OK;
}

void issuer_chain_feed(struct issuer_chain_reader *c, const uint8_t *from, size_t n, uint8_t *links)
{
	if (c->status == STATUS_OK)
		c->status = feed(c, from, n, links);
}

enum status issuer_chain_end(struct issuer_chain_reader *c)
{
	if (c->status == STATUS_OK)
		c->status = pem_end(&c->pem);
	if (c->status == STATUS_OK && c->count == 0)
		c->status = ERR_POLICY_SIGNATURE;
	if (c->status == STATUS_OK || c->status == ERR_POLICY_LIMIT)
		return c->status;
	return ERR_POLICY_SIGNATURE;
}

bool issuer_chain_matches(const struct policy_chain *own, const struct policy_chain *peer)
{
	return peer->issuers_are_ca &&
	       memcmp(own->root_digest, peer->root_digest, SHA384_SIZE) == 0 &&
	       memcmp(own->subject_digest, peer->subject_digest, SHA384_SIZE) == 0;
}
