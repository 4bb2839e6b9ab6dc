/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Ops 0x01 and 0x02: each side's fresh public key (spec 3.2).  The hashes of the two messages are
 * the responder's identity in the transcript.
 */
#include "spdm/engine.h"

#define PAYLOAD_SIZE (4 + VDM_ELEMENT_HEADER_SIZE + SPKI_SIZE)

static void add_message_hash(struct spdm *s, const uint8_t *message, size_t n)
{
	uint8_t digest[SHA384_SIZE];

	sha384(message, n, digest);
	spdm_transcript_add(s, digest, sizeof(digest));
}

/* A fresh key pair of our own, whose public half is sent. */
static enum status send(struct spdm *s, uint8_t code, enum vdm_op op, enum spdm_state next)
{
	uint8_t point[P384_POINT_SIZE];
	struct writer w = spdm_message_begin(s);

	TRY(p384_generate(s->signing_scalar, point));
	vdm_header_write(&w, code, (uint8_t)op, 1, PAYLOAD_SIZE);
	writer_u16(&w, ELEMENT_PUB_KEY);
	writer_u32(&w, SPKI_SIZE);
	spdm_spki_write(&w, point);
	add_message_hash(s, w.base, writer_size(&w));
	return spdm_message_send(s, &w, 0, next);
}

static enum status take(struct spdm *s, uint8_t code, enum vdm_op op, const uint8_t *message,
	size_t n)
{
	struct reader r = reader_of(message, n);
	uint16_t type;
	uint32_t size;

	TRY(vdm_header_read(&r, code, (uint8_t)op, 1, n - VDM_ENVELOPE_SIZE));
	type = reader_u16(&r);
	size = reader_u32(&r);
	if (!reader_ok(&r) || type != ELEMENT_PUB_KEY || size != reader_left(&r) ||
		size != SPKI_SIZE)
		return ERR_SPDM_VDM;
	TRY(spdm_spki_read(&r, s->peer_key));
	add_message_hash(s, message, n);
	return STATUS_OK;
}

enum status spdm_pub_key_build(struct spdm *s)
{
	return send(s, SPDM_VENDOR_DEFINED, VDM_PUB_KEY_REQ, SPDM_STATE_PUB_KEY);
}

enum status spdm_pub_key_req_handle(struct spdm *s, const uint8_t *message, size_t n)
{
	TRY(take(s, SPDM_VENDOR_DEFINED, VDM_PUB_KEY_REQ, message, n));
	return send(s, SPDM_RESPONSE(SPDM_VENDOR_DEFINED), VDM_PUB_KEY_RSP,
		SPDM_STATE_KEY_EXCHANGE);
}

enum status spdm_pub_key_rsp_handle(struct spdm *s, const uint8_t *message, size_t n)
{
	TRY(take(s, SPDM_RESPONSE(SPDM_VENDOR_DEFINED), VDM_PUB_KEY_RSP, message, n));
	spdm_proceed(s, SPDM_STATE_KEY_EXCHANGE);
	return STATUS_OK;
}
