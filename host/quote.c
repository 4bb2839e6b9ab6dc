/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Quote assembly (attestation.md 1.3 to 1.5, 6). */
#include "host/quote.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <string.h>

#include "host/bytes.h"

#define HEADER_BYTES 48
#define BODY_1_0_BYTES 584	/* in version 4, and type 2 of version 5 */
#define BODY_1_5_BYTES 648	/* type 3 of version 5 */
#define BODY_1_0_TYPE 2
#define BODY_1_5_TYPE 3
#define TEE_TYPE_TDX 0x81
#define KEY_TYPE_P256 2
#define CERTIFICATION_QE_REPORT 6
#define CERTIFICATION_PCK_CHAIN 5
#define PADDING 70
_Static_assert(PADDING == 6 + BODY_1_5_BYTES - BODY_1_0_BYTES, "both versions have one largest size");
#define VALID_1_0 0x1FFull
#define VALID_SVN2 0x301FFull

static const uint8_t qe_vendor[16] = {0x93, 0x9A, 0x72, 0x33, 0xF7, 0x9C, 0x4C, 0xA9, 0x94, 0x0A,
	0x0D, 0xB3, 0x95, 0x7F, 0x06, 0x07};

/* ECDSA with SHA-256 as r, s of 32 bytes each. */
static bool sign(EVP_PKEY *key, const uint8_t *data, size_t n, uint8_t rs[64])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	ECDSA_SIG *parts = NULL;
	uint8_t der[80];
	size_t size = sizeof(der);
	const uint8_t *p = der;
	bool ok;

	ok = md && EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, key) == 1 &&
	     EVP_DigestSign(md, der, &size, data, n) == 1;
	EVP_MD_CTX_free(md);
	if (ok)
		parts = d2i_ECDSA_SIG(NULL, &p, (long)size);
	ok = parts && BN_bn2binpad(ECDSA_SIG_get0_r(parts), rs, 32) == 32 &&
	     BN_bn2binpad(ECDSA_SIG_get0_s(parts), rs + 32, 32) == 32;
	ECDSA_SIG_free(parts);
	return ok;
}

static void fill_auth(uint8_t *auth, size_t n)
{
	for (size_t i = 0; i < n; i++)
		auth[i] = (uint8_t)i;
}

static bool certify(struct quoting_enclave *qe)
{
	static const uint8_t attributes[16] = {0x15, 0, 0, 0, 0, 0, 0, 0, 0xE7};
	const size_t n = qe->pki->qe_auth_bytes;
	uint8_t bound[64 + QE_AUTH_MAX];
	uint8_t *r = qe->report;

	memcpy(bound, qe->public_key, 64);
	fill_auth(bound + 64, n);
	memcpy(r, qe->pki->cpusvn, 16);
	memcpy(r + 48, attributes, sizeof(attributes));
	/* MRENCLAVE: any value, but one a platform keeps. */
	SHA256(qe->pki->qe_id, sizeof(qe->pki->qe_id), r + 64);
	memcpy(r + 128, qe->pki->qe_mrsigner, 32);
	store16(r + 256, qe->pki->qe_isvprodid);
	store16(r + 258, qe->pki->qe_isvsvn);
	SHA256(bound, 64 + n, r + 320);
	return sign(qe->pki->pck_key, r, QE_REPORT_BYTES, qe->report_signature);
}

bool qe_init(struct quoting_enclave *qe, const struct pki *pki)
{
	uint8_t point[65];
	size_t n = 0;

	*qe = (struct quoting_enclave){.pki = pki};
	qe->attestation_key = EVP_EC_gen("P-256");
	if (!qe->attestation_key || EVP_PKEY_get_octet_string_param(qe->attestation_key, "pub", point,
					    sizeof(point), &n) != 1 || n != sizeof(point))
		return false;
	memcpy(qe->public_key, point + 1, sizeof(qe->public_key));
	return certify(qe);
}

void qe_fini(struct quoting_enclave *qe)
{
	EVP_PKEY_free(qe->attestation_key);
	qe->attestation_key = NULL;
}

/* What a real QE looks at besides the MAC: forms of TDREPORT that it knows. */
static bool report_is_quotable(const uint8_t *r)
{
	static const uint8_t zeros[32];
	uint64_t valid = load64(r + 256);

	return r[0] == TEE_TYPE_TDX && !r[1] && r[2] <= 1 && !r[3] && !memcmp(r + 4, zeros, 12) &&
	       !memcmp(r + 192, zeros, 32) && (valid == VALID_1_0 || valid == VALID_SVN2);
}

static bool needs_version5(const uint8_t *r)
{
	return r[2] == 1 || (load64(r + 256) == VALID_SVN2 && memcmp(r + 264, r + 384, 16));
}

/* All of the newer body; the older one is its beginning. */
static void fill_body(uint8_t *body, const uint8_t *r)
{
	memset(body, 0, BODY_1_5_BYTES);
	memcpy(body, r + 264, 16);		/* TEE_TCB_SVN */
	memcpy(body + 16, r + 280, 48);		/* MRSEAM; MRSIGNERSEAM and its attributes stay zero */
	memcpy(body + 120, r + 512, 400);	/* ATTRIBUTES .. RTMR3 */
	memcpy(body + 520, r + 128, 64);	/* REPORTDATA */
	memcpy(body + 584, r + 384, 16);	/* TEE_TCB_SVN2 */
	memcpy(body + 600, r + 912, 48);	/* SERVTD_HASH */
}

/* Header and body; their size. */
static size_t fill_signed(uint8_t *q, const struct pki *pki, const uint8_t *tdreport,
	enum quote_layout layout)
{
	bool newer = layout == QUOTE_VERSION_5_TYPE_3;
	uint32_t size = newer ? BODY_1_5_BYTES : BODY_1_0_BYTES;
	uint8_t body[BODY_1_5_BYTES];
	size_t n = HEADER_BYTES;

	memset(q, 0, HEADER_BYTES);
	store16(q, layout == QUOTE_VERSION_4 ? 4 : 5);
	store16(q + 2, KEY_TYPE_P256);
	store32(q + 4, TEE_TYPE_TDX);
	memcpy(q + 12, qe_vendor, sizeof(qe_vendor));
	memcpy(q + 28, pki->qe_id, sizeof(pki->qe_id));
	if (layout != QUOTE_VERSION_4) {
		store16(q + n, newer ? BODY_1_5_TYPE : BODY_1_0_TYPE);
		store32(q + n + 2, size);
		n += 6;
	}
	fill_body(body, tdreport);
	memcpy(q + n, body, size);
	return n + size;
}

/* QE report certification data; its size. */
static size_t fill_certification(uint8_t *at, const struct quoting_enclave *qe)
{
	size_t chain = qe->pki->pck_chain_size + 1;
	uint16_t n = qe->pki->qe_auth_bytes;

	memcpy(at, qe->report, QE_REPORT_BYTES);
	memcpy(at + 384, qe->report_signature, 64);
	store16(at + 448, n);
	fill_auth(at + 450, n);
	at += 450 + n;
	store16(at, CERTIFICATION_PCK_CHAIN);
	store32(at + 2, (uint32_t)chain);
	memcpy(at + 6, qe->pki->pck_chain, chain);
	return 450 + n + 6 + chain;
}

/* Version 4 with padding; version 5 has as much more in header and body. */
size_t quote_most(size_t pck_chain_size, size_t qe_auth_bytes)
{
	return HEADER_BYTES + BODY_1_0_BYTES + 4 + 134 + 450 + qe_auth_bytes + 6 + pck_chain_size +
	       1 + PADDING;
}

size_t qe_quote(struct quoting_enclave *qe, const uint8_t tdreport[1024], enum quote_layout layout,
	uint8_t *quote, size_t size)
{
	size_t padding;
	size_t n;
	size_t outer;
	uint8_t *auth;

	if (!report_is_quotable(tdreport) ||
		quote_most(qe->pki->pck_chain_size, qe->pki->qe_auth_bytes) > size)
		return 0;
	if (layout == QUOTE_AS_RULED)
		layout = needs_version5(tdreport) ? QUOTE_VERSION_5_TYPE_3 : QUOTE_VERSION_4;
	padding = layout == QUOTE_VERSION_4 && qe->quotes % 4 == 3 ? PADDING : 0;
	n = fill_signed(quote, qe->pki, tdreport, layout);
	auth = quote + n + 4;
	outer = fill_certification(auth + 134, qe);
	if (!sign(qe->attestation_key, quote, n, auth))
		return 0;
	memcpy(auth + 64, qe->public_key, 64);
	store16(auth + 128, CERTIFICATION_QE_REPORT);
	store32(auth + 130, (uint32_t)outer);
	store32(quote + n, (uint32_t)(134 + outer));
	n += 4 + 134 + outer;
	memset(quote + n, 0, padding);
	qe->quotes++;
	return n + padding;
}
