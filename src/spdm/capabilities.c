/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* GET_CAPABILITIES and CAPABILITIES, which have one layout (spec 2.2). */
#include "spdm/engine.h"

enum capability {
	CERT_CAP = 1 << 1,
	ENCRYPT_CAP = 1 << 6,
	MAC_CAP = 1 << 7,
	MUT_AUTH_CAP = 1 << 8,
	KEY_EX_CAP = 1 << 9,
	HANDSHAKE_IN_THE_CLEAR_CAP = 1 << 15,
	PUB_KEY_ID_CAP = 1 << 16,
	CHUNK_CAP = 1 << 17,
};

/* Without these there is no exchange. */
#define REQUIRED_CAPS (ENCRYPT_CAP | MAC_CAP | MUT_AUTH_CAP | KEY_EX_CAP | \
	HANDSHAKE_IN_THE_CLEAR_CAP | PUB_KEY_ID_CAP)
#define OWN_CAPS (REQUIRED_CAPS | CHUNK_CAP)

/*
 * The standard's smallest DataTransferSize is 42; below 256 KEY_EXCHANGE_RSP would have to be
 * chunked, which this engine does not do.
 */
#define PEER_TRANSFER_MIN 256

static enum status send(struct spdm *s, uint8_t code, enum spdm_state next)
{
	struct writer w = spdm_message_of(s, code, 0, 0);

	writer_u8(&w, 0);
	writer_u8(&w, 0);	/* CTExponent */
	writer_u16(&w, 0);
	writer_u32(&w, OWN_CAPS);
	writer_u32(&w, SPDM_DATA_TRANSFER_SIZE);
	writer_u32(&w, SPDM_MAX_MESSAGE_SIZE);
	spdm_transcript_add(s, w.base, writer_size(&w));
	return spdm_message_send(s, &w, 0, next);
}

static enum status take(struct spdm *s, const uint8_t *message, size_t n)
{
	struct reader r = reader_of(message + 2, n - 2);
	uint32_t flags;
	uint32_t transfer;
	uint32_t max;

	reader_zero(&r, 3);
	reader_u8(&r);		/* CTExponent: a hint on time, which the owner bounds */
	reader_zero(&r, 2);
	flags = reader_u32(&r);
	transfer = reader_u32(&r);
	max = reader_u32(&r);
	if (!reader_done(&r))
		return ERR_SPDM_MESSAGE;
	if ((flags & REQUIRED_CAPS) != REQUIRED_CAPS || (flags & CERT_CAP) != 0)
		return ERR_SPDM_CAPABILITIES;
	if (transfer < PEER_TRANSFER_MIN || max < transfer)
		return ERR_SPDM_CAPABILITIES;
	s->peer_chunks = (flags & CHUNK_CAP) != 0;
	s->peer_limit = (uint16_t)(transfer < SPDM_DATA_TRANSFER_SIZE ? transfer
								      : SPDM_DATA_TRANSFER_SIZE);
	s->peer_max = max;
	spdm_transcript_add(s, message, n);
	return STATUS_OK;
}

enum status spdm_get_capabilities_build(struct spdm *s)
{
	return send(s, SPDM_GET_CAPABILITIES, SPDM_STATE_CAPABILITIES);
}

enum status spdm_get_capabilities_handle(struct spdm *s, const uint8_t *message, size_t n)
{
	TRY(take(s, message, n));
	return send(s, SPDM_RESPONSE(SPDM_GET_CAPABILITIES), SPDM_STATE_ALGORITHMS);
}

enum status spdm_capabilities_handle(struct spdm *s, const uint8_t *message, size_t n)
{
	TRY(take(s, message, n));
	spdm_proceed(s, SPDM_STATE_ALGORITHMS);
	return STATUS_OK;
}
