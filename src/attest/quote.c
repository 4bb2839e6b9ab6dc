/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "attest/quote.h"

#define ATTESTATION_KEY_P256 2
#define TEE_TYPE_TDX 0x81
#define BODY_TD_REPORT_10 2
#define BODY_TD_REPORT_15 3
#define BODY_TD_REPORT_15_SIZE 648
#define BODY_REPORT_DATA 520
#define AUTH_SIZE_SIZE 4 /* of the signature part, before it */
#define CERTIFICATION_PCK_CHAIN 5
#define CERTIFICATION_QE_REPORT 6

static const uint8_t qe_vendor_intel[16] = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
	0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};

/* The 48 bytes both versions begin with; returns the version. */
static uint16_t read_header(struct reader *r)
{
	const uint16_t version = reader_u16(r);

	if (reader_u16(r) != ATTESTATION_KEY_P256 || reader_u32(r) != TEE_TYPE_TDX)
		r->failed = true;
	reader_bytes(r, 4);
	const uint8_t *vendor = reader_bytes(r, sizeof(qe_vendor_intel));
	if (vendor == NULL || memcmp(vendor, qe_vendor_intel, sizeof(qe_vendor_intel)) != 0)
		r->failed = true;
	reader_bytes(r, 20);
	return version;
}

/* What stands before the body, and its size. */
static size_t read_body_size(struct reader *r, uint16_t version)
{
	size_t size = QUOTE_BODY_SIZE;

	if (version == 5) {
		const uint16_t type = reader_u16(r);
		size = type == BODY_TD_REPORT_10 ? QUOTE_BODY_SIZE : BODY_TD_REPORT_15_SIZE;
		if ((type != BODY_TD_REPORT_10 && type != BODY_TD_REPORT_15) ||
			reader_u32(r) != size)
			r->failed = true;
	} else if (version != 4) {
		r->failed = true;
	}
	return size;
}

static void read_body(struct quote *q, struct reader *r, uint16_t version)
{
	const size_t size = read_body_size(r, version);

	q->body = reader_bytes(r, size);
	if (q->body != NULL && size > QUOTE_BODY_SIZE)
		q->tee_tcb_svn2 = q->body + QUOTE_BODY_SIZE;
}

enum status quote_find_places(struct quote_places *places, const uint8_t head[QUOTE_HEAD_SIZE],
	size_t n)
{
	struct reader r = reader_of(head, QUOTE_HEAD_SIZE);
	const size_t body_size = read_body_size(&r, read_header(&r));
	const size_t body = (size_t)(r.at - head);
	const size_t signature = body + body_size + AUTH_SIZE_SIZE;

	if (!reader_ok(&r) || n > QUOTE_MAX || n < signature + P256_SIGNATURE_SIZE)
		return ERR_QUOTE_FORMAT;
	places->report_data = (uint16_t)(body + BODY_REPORT_DATA);
	places->signature = (uint16_t)signature;
	return STATUS_OK;
}

/* QE report certification data, to its last byte. */
static void read_qe_certification(struct quote *q, struct reader *r)
{
	q->qe_report = reader_bytes(r, QE_REPORT_SIZE);
	q->qe_report_signature = reader_bytes(r, P256_SIGNATURE_SIZE);
	q->qe_auth.n = reader_u16(r);
	q->qe_auth.at = reader_bytes(r, q->qe_auth.n);
	if (reader_u16(r) != CERTIFICATION_PCK_CHAIN)
		r->failed = true;
	q->chain.n = reader_u32(r);
	q->chain.at = reader_bytes(r, q->chain.n);
	if (q->chain.at != NULL && q->chain.n > 0 && q->chain.at[q->chain.n - 1] == '\0')
		q->chain.n--;
}

enum status quote_parse(struct quote *q, const uint8_t *bytes, size_t n)
{
	struct reader r = reader_of(bytes, n);

	*q = (struct quote){0};
	if (n > QUOTE_MAX)
		return ERR_QUOTE_FORMAT;
	read_body(q, &r, read_header(&r));
	q->signed_bytes = (struct span){bytes, (size_t)(r.at - bytes)};

	/* Bytes behind the signature part are padding of the quoting enclave's buffer. */
	struct reader auth = reader_sub(&r, reader_u32(&r));
	q->signature = reader_bytes(&auth, P256_SIGNATURE_SIZE);
	q->attestation_key = reader_bytes(&auth, P256_POINT_SIZE);
	if (reader_u16(&auth) != CERTIFICATION_QE_REPORT)
		auth.failed = true;
	struct reader qe = reader_sub(&auth, reader_u32(&auth));
	read_qe_certification(q, &qe);
	if (!reader_ok(&r) || !reader_done(&auth) || !reader_done(&qe))
		return ERR_QUOTE_FORMAT;
	return STATUS_OK;
}
