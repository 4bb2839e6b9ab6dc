/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "attest/work.h"

#define REQUIRED_EXTENSIONS (X509_HAS_SUBJECT_KEY_ID | X509_HAS_AUTHORITY_KEY_ID | \
	X509_HAS_KEY_USAGE | X509_HAS_BASIC_CONSTRAINTS | X509_HAS_CRL_DISTRIBUTION_POINTS)

void sha256_of(const uint8_t *from, size_t n, uint8_t digest[SHA256_SIZE])
{
	struct sha256 h;

	sha256_init(&h);
	sha256_update(&h, from, n);
	sha256_final(&h, digest);
}

/* Where the DER of the first `kept` certificates ends. */
static size_t der_used(const struct attest_work *w, size_t kept)
{
	if (kept == 0)
		return 0;
	const struct span last = w->cert[kept - 1].der;
	return (size_t)(last.at + last.n - w->der);
}

enum status chain_read(struct attest_work *w, size_t kept, struct text_reader text, size_t n)
{
	size_t used = der_used(w, kept), size;
	enum pem_event event;

	pem_open(&w->pem, text);
	for (size_t i = kept; i < kept + n; i++) {
		TRY(pem_next(&w->pem, w->der + used, CHAIN_DER_MAX - used, &size, &event));
		if (event != PEM_CERTIFICATE)
			return ERR_X509_CHAIN;
		TRY(x509_parse(&w->cert[i], w->der + used, size));
		used += size;
	}
	TRY(pem_next(&w->pem, w->der + used, CHAIN_DER_MAX - used, &size, &event));
	return event == PEM_MORE ? STATUS_OK : ERR_X509_CHAIN;
}

enum status chain_read_pair(struct attest_work *w, size_t kept, struct text_reader text,
	const uint8_t root_digest[SHA256_SIZE], struct chain_pair *pair)
{
	const struct x509 *cert = &w->cert[kept];

	TRY(chain_read(w, kept, text, 2));
	const size_t root = chain_is_certificate(&cert[1], root_digest) ? 1 : 0;
	if (root == 0 && !chain_is_certificate(&cert[0], root_digest))
		return ERR_X509_ROOT;
	*pair = (struct chain_pair){.root = &cert[root], .leaf = &cert[1 - root]};
	return STATUS_OK;
}

static bool has_extensions(const struct x509 *cert)
{
	return (cert->has & REQUIRED_EXTENSIONS) == REQUIRED_EXTENSIONS;
}

enum status chain_check_form(struct attest_work *w, size_t kept, struct text_reader text)
{
	const size_t used = der_used(w, kept);
	enum pem_event event;
	size_t count = 0, size;

	pem_open(&w->pem, text);
	for (;; count++) {
		TRY(pem_next(&w->pem, w->der + used, CHAIN_DER_MAX - used, &size, &event));
		if (event != PEM_CERTIFICATE)
			break;
		TRY(x509_parse(&w->cert[kept], w->der + used, size));
		if (!has_extensions(&w->cert[kept]))
			return ERR_X509_EXTENSION;
	}
	return event == PEM_MORE && count > 0 ? STATUS_OK : ERR_X509_CHAIN;
}

enum status chain_check_certificate(const struct x509 *cert, bool is_ca)
{
	struct x509_key key;

	TRY(x509_key(cert, &key));
	if (key.curve != X509_P256 || cert->algorithm != X509_ECDSA_SHA256 ||
		!cert->algorithms_agree || cert->serial.n > CHAIN_SERIAL_MAX)
		return ERR_X509;
	if (!has_extensions(cert) || cert->is_ca != is_ca)
		return ERR_X509_EXTENSION;
	return STATUS_OK;
}

enum status chain_check_tcb_signing(const struct x509 *cert)
{
	TRY(chain_check_certificate(cert, false));
	return x509_cn_contains(cert->subject, "SGX TCB Signing") ? STATUS_OK : ERR_X509_CHAIN;
}

bool chain_is_certificate(const struct x509 *cert, const uint8_t digest[SHA256_SIZE])
{
	uint8_t found[SHA256_SIZE];

	sha256_of(cert->der.at, cert->der.n, found);
	return memcmp(found, digest, sizeof(found)) == 0;
}

enum status chain_check_name(const struct x509 *cert, const struct x509 *issuer)
{
	return x509_name_matches(cert->issuer, issuer->subject) ? STATUS_OK : ERR_X509_CHAIN;
}

enum status chain_check_issued(const struct x509 *cert, const struct x509 *issuer,
	const uint8_t point[P256_POINT_SIZE])
{
	struct x509_key key = {.curve = X509_P256};

	TRY(chain_check_name(cert, issuer));
	memcpy(key.point, point, P256_POINT_SIZE);
	return x509_verify(cert, &key);
}

const uint8_t *chain_point(const struct x509 *cert)
{
	return cert->key_bits.at + 1;
}
