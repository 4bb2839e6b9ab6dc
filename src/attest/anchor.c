/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "attest/steps.h"

/* The key of a certificate; on another curve there is no root. */
static enum status root_key(const struct x509 *cert, struct x509_key *key)
{
	TRY(x509_key(cert, key));
	return key->curve == X509_P256 ? STATUS_OK : ERR_X509_ROOT;
}

enum status anchor_take(struct trust_anchor *anchor, const struct x509 *cert)
{
	struct x509_key key;

	*anchor = (struct trust_anchor){.accepted = {.count = 0}};
	TRY(root_key(cert, &key));
	memcpy(anchor->point, key.point, sizeof(anchor->point));
	return STATUS_OK;
}

enum status anchor_check_root(const struct trust_anchor *anchor, const struct x509 *root)
{
	struct x509_key key;

	TRY(root_key(root, &key));
	if (memcmp(key.point, anchor->point, sizeof(anchor->point)) != 0 ||
		!x509_cn_contains(root->subject, "SGX Root CA"))
		return ERR_X509_ROOT;
	return chain_check_certificate(root, true);
}

enum status anchor_check_issued(struct trust_anchor *anchor, enum accept_role role,
	const struct x509 *cert, const struct x509 *issuer)
{
	const uint8_t *point = chain_point(issuer);
	struct accept_key key;

	accept_key_of(&key, role, anchor->point, point, cert->der.at, cert->der.n);
	if (accept_cache_find(&anchor->accepted, &key))
		return chain_check_name(cert, issuer);
	TRY(chain_check_issued(cert, issuer, point));
	accept_cache_store(&anchor->accepted, &key);
	return STATUS_OK;
}

enum status anchor_check_digest(struct trust_anchor *anchor, enum accept_role role,
	const uint8_t point[P256_POINT_SIZE], const uint8_t digest[SHA256_SIZE],
	const uint8_t signature[P256_SIGNATURE_SIZE], enum status failure)
{
	uint8_t bytes[SHA256_SIZE + P256_SIGNATURE_SIZE];
	struct accept_key key;

	memcpy(bytes, digest, SHA256_SIZE);
	memcpy(bytes + SHA256_SIZE, signature, P256_SIGNATURE_SIZE);
	accept_key_of(&key, role, anchor->point, point, bytes, sizeof(bytes));
	if (accept_cache_find(&anchor->accepted, &key))
		return STATUS_OK;
	if (p256_verify(point, digest, signature) != STATUS_OK)
		return failure;
	accept_cache_store(&anchor->accepted, &key);
	return STATUS_OK;
}

enum status trust_anchor_open(struct trust_anchor *anchor, const uint8_t *der, size_t n)
{
	struct x509 cert;

	*anchor = (struct trust_anchor){.accepted = {.count = 0}};
	TRY(x509_parse(&cert, der, n));
	return anchor_take(anchor, &cert);
}
