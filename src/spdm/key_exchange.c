/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* KEY_EXCHANGE and KEY_EXCHANGE_RSP (spec 3.3). */
#include "spdm/engine.h"

#define SLOT_RAW_KEY 0xFF	/* SlotID of a provisioned raw public key */
#define SLOT_PARAM_RAW_KEY 0x0F	/* the same in KEY_EXCHANGE_RSP's SlotIDParam */
#define MUT_AUTH 0x01		/* within the session, without encapsulated requests */
#define SESSION_HALF 0xFFFD	/* ReqSessionID and RspSessionID */
#define RANDOM_SIZE 32

#define SM_DATA_VERSION 1
#define SM_DATA_SELECTION 0	/* responder: the secured message version chosen */
#define SM_DATA_LIST 1		/* requester: those it has */
#define SECURED_VERSION_12 0x1200
#define SECURED_VERSIONS_MAX 3

static const char signing_context[] = "responder-key_exchange_rsp signing";

static void opaque_header_write(struct writer *w, uint16_t size, uint8_t id)
{
	writer_u8(w, 1);	/* elements */
	writer_zero(w, 3);
	writer_u8(w, 0);	/* registry: DMTF */
	writer_u8(w, 0);	/* no vendor id */
	writer_u16(w, size);
	writer_u8(w, SM_DATA_VERSION);
	writer_u8(w, id);
}

static bool opaque_header_is(struct reader *r, uint16_t *size, uint8_t id)
{
	bool is = reader_u8(r) == 1;

	reader_zero(r, 3);
	is &= reader_u8(r) == 0;
	is &= reader_u8(r) == 0;
	*size = reader_u16(r);
	is &= reader_u8(r) == SM_DATA_VERSION;
	is &= reader_u8(r) == id;
	return is && reader_ok(r);
}

/* The requester's list of secured message versions, which must have 1.2. */
static bool opaque_offers_12(struct reader *r)
{
	bool offered = false;
	uint16_t size;
	uint8_t count;

	if (!opaque_header_is(r, &size, SM_DATA_LIST))
		return false;
	count = reader_u8(r);
	if (count == 0 || count > SECURED_VERSIONS_MAX || size != 3 + 2 * count)
		return false;
	for (uint8_t i = 0; i < count; i++)
		offered |= (reader_u16(r) & 0xFF00) == SECURED_VERSION_12;
	reader_zero(r, (4 - size % 4) % 4);
	return reader_done(r) && offered;
}

static bool opaque_selects_12(struct reader *r)
{
	uint16_t size;

	return opaque_header_is(r, &size, SM_DATA_SELECTION) && size == 4 &&
		reader_u16(r) == SECURED_VERSION_12 && reader_done(r);
}

static bool peer_half_ok(const struct spdm *s, uint16_t half)
{
	return half == SESSION_HALF || s->profile->any_session_half;
}

/* Both random values are public; the scalar stays until the response came. */
enum status spdm_key_exchange_build(struct spdm *s)
{
	uint8_t point[P384_POINT_SIZE];
	struct writer w = spdm_message_of(s, SPDM_KEY_EXCHANGE, 0, SLOT_RAW_KEY);
	uint8_t *random;

	writer_u16(&w, SESSION_HALF);
	writer_u8(&w, 0);	/* SessionPolicy */
	writer_u8(&w, 0);
	random = writer_claim(&w, RANDOM_SIZE);
	if (random == NULL)
		return ERR_INTERNAL;
	crypto_random(random, RANDOM_SIZE);
	TRY(p384_generate(s->secrets.ecdhe_scalar, point));
	writer_bytes(&w, point, sizeof(point));
	writer_u16(&w, 16);
	opaque_header_write(&w, 5, SM_DATA_LIST);
	writer_u8(&w, 1);
	writer_u16(&w, SECURED_VERSION_12);
	writer_zero(&w, 3);
	spdm_transcript_responder_identity(s);
	spdm_transcript_add(s, w.base, writer_size(&w));
	return spdm_message_send(s, &w, 0, SPDM_STATE_KEY_EXCHANGE);
}

static enum status request_read(struct spdm *s, const uint8_t *message, size_t n,
	uint8_t point[P384_POINT_SIZE])
{
	struct reader r = reader_of(message + 2, n - 2);
	bool fixed = reader_u8(&r) == 0;	/* no measurement summary */
	uint16_t half;
	uint16_t opaque_size;
	struct reader opaque;

	fixed &= reader_u8(&r) == SLOT_RAW_KEY;
	half = reader_u16(&r);
	reader_zero(&r, 2);
	reader_bytes(&r, RANDOM_SIZE);
	reader_copy(&r, point, P384_POINT_SIZE);
	opaque_size = reader_u16(&r);
	opaque = reader_sub(&r, opaque_size);
	if (!reader_done(&r) || !fixed || !peer_half_ok(s, half) || !opaque_offers_12(&opaque))
		return ERR_SPDM_MESSAGE;
	s->session_id = (uint32_t)SESSION_HALF << 16 | half;
	return STATUS_OK;
}

/* A fresh ephemeral key: its point into the response, Z from it and the peer's point. */
static enum status agree(const uint8_t peer[P384_POINT_SIZE], uint8_t point[P384_POINT_SIZE],
	uint8_t z[P384_SCALAR_SIZE])
{
	uint8_t scalar[P384_SCALAR_SIZE];
	enum status status = p384_generate(scalar, point);

	if (status == STATUS_OK)
		status = p384_ecdh(scalar, peer, z);
	wipe(scalar, sizeof(scalar));
	return status == ERR_CRYPTO_POINT ? ERR_SPDM_KEY : status;
}

/* KEY_EXCHANGE_RSP but for its signature. */
static enum status response_write(struct writer *w, const uint8_t point[P384_POINT_SIZE])
{
	uint8_t *random;

	writer_u16(w, SESSION_HALF);
	writer_u8(w, MUT_AUTH);
	writer_u8(w, SLOT_PARAM_RAW_KEY);
	random = writer_claim(w, RANDOM_SIZE);
	if (random == NULL)
		return ERR_INTERNAL;
	crypto_random(random, RANDOM_SIZE);
	writer_bytes(w, point, P384_POINT_SIZE);
	writer_u16(w, 12);
	opaque_header_write(w, 4, SM_DATA_SELECTION);
	writer_u16(w, SECURED_VERSION_12);
	return STATUS_OK;
}

static enum status respond(struct spdm *s, const uint8_t point[P384_POINT_SIZE],
	const uint8_t z[P384_SCALAR_SIZE])
{
	struct writer w = spdm_message_of(s, SPDM_RESPONSE(SPDM_KEY_EXCHANGE), 0, 0);
	uint8_t *signature;

	TRY(response_write(&w, point));
	spdm_transcript_add(s, w.base, writer_size(&w));
	signature = writer_claim(&w, P384_SIGNATURE_SIZE);
	if (signature == NULL)
		return ERR_INTERNAL;
	TRY(spdm_sign(s, signing_context, signature));
	wipe(s->signing_scalar, sizeof(s->signing_scalar));
	spdm_transcript_add(s, signature, P384_SIGNATURE_SIZE);
	spdm_handshake_secrets(s, z);
	return spdm_message_send(s, &w, 0,
		s->profile->keys == NULL ? SPDM_STATE_ATTEST : SPDM_STATE_FINISH);
}

enum status spdm_key_exchange_handle(struct spdm *s, const uint8_t *message, size_t n)
{
	uint8_t peer[P384_POINT_SIZE];
	uint8_t point[P384_POINT_SIZE];
	uint8_t z[P384_SCALAR_SIZE];
	enum status status;

	TRY(request_read(s, message, n, peer));
	spdm_transcript_responder_identity(s);
	spdm_transcript_add(s, message, n);
	status = agree(peer, point, z);
	if (status == STATUS_OK)
		status = respond(s, point, z);
	wipe(z, sizeof(z));
	return status;
}

static enum status response_read(struct spdm *s, const uint8_t *message, size_t n,
	const uint8_t **point, const uint8_t **signature)
{
	struct reader r = reader_of(message + 2, n - 2);
	bool fixed;
	uint16_t half;
	uint16_t opaque_size;
	struct reader opaque;

	reader_zero(&r, 2);	/* no heartbeat */
	half = reader_u16(&r);
	fixed = reader_u8(&r) == MUT_AUTH;
	fixed &= reader_u8(&r) == SLOT_PARAM_RAW_KEY;
	reader_bytes(&r, RANDOM_SIZE);
	*point = reader_bytes(&r, P384_POINT_SIZE);
	opaque_size = reader_u16(&r);
	opaque = reader_sub(&r, opaque_size);
	*signature = reader_bytes(&r, P384_SIGNATURE_SIZE);
	if (!reader_done(&r) || !fixed || !peer_half_ok(s, half) || !opaque_selects_12(&opaque))
		return ERR_SPDM_MESSAGE;
	s->session_id = (uint32_t)half << 16 | SESSION_HALF;
	return STATUS_OK;
}

enum status spdm_key_exchange_rsp_handle(struct spdm *s, const uint8_t *message, size_t n)
{
	uint8_t z[P384_SCALAR_SIZE];
	const uint8_t *point;
	const uint8_t *signature;

	TRY(response_read(s, message, n, &point, &signature));
	spdm_transcript_add(s, message, n - P384_SIGNATURE_SIZE);
	TRY(spdm_verify(s, signing_context, signature));
	spdm_transcript_add(s, signature, P384_SIGNATURE_SIZE);
	if (p384_ecdh(s->secrets.ecdhe_scalar, point, z) != STATUS_OK)
		return ERR_SPDM_KEY;
	spdm_handshake_secrets(s, z);
	wipe(z, sizeof(z));
	spdm_proceed(s, s->profile->keys == NULL ? SPDM_STATE_ATTEST : SPDM_STATE_FINISH);
	return STATUS_OK;
}
