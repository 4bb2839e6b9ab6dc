/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* FINISH and FINISH_RSP, in clear (spec 3.5). */
#include "spdm/engine.h"

#define HEADER_SIZE 4
#define SIGNATURE_INCLUDED 0x01
#define SLOT_RAW_KEY 0xFF

static const char signing_context[] = "requester-finish signing";

enum status spdm_finish_build(struct spdm *s)
{
	struct writer w = spdm_message_of(s, SPDM_FINISH, SIGNATURE_INCLUDED, SLOT_RAW_KEY);
	uint8_t *signature = writer_claim(&w, P384_SIGNATURE_SIZE);
	uint8_t *verify_data = writer_claim(&w, SHA384_SIZE);

	if (!writer_ok(&w))
		return ERR_INTERNAL;
	spdm_transcript_requester_identity(s);
	spdm_transcript_add(s, w.base, HEADER_SIZE);
	TRY(spdm_sign(s, signing_context, signature));
	wipe(s->signing_scalar, sizeof(s->signing_scalar));
	spdm_transcript_add(s, signature, P384_SIGNATURE_SIZE);
	spdm_verify_data(s, s->secrets.handshake.request_finished, verify_data);
	spdm_transcript_add(s, verify_data, SHA384_SIZE);
	return spdm_message_send(s, &w, 0, SPDM_STATE_FINISH);
}

static enum status request_verify(struct spdm *s, const uint8_t *message, size_t n)
{
	struct reader r = reader_of(message + 2, n - 2);
	bool fixed = reader_u8(&r) == SIGNATURE_INCLUDED;
	const uint8_t *signature;
	const uint8_t *verify_data;
	uint8_t expected[SHA384_SIZE];

	fixed &= reader_u8(&r) == SLOT_RAW_KEY;
	signature = reader_bytes(&r, P384_SIGNATURE_SIZE);
	verify_data = reader_bytes(&r, SHA384_SIZE);
	if (!reader_done(&r) || !fixed)
		return ERR_SPDM_MESSAGE;
	spdm_transcript_requester_identity(s);
	spdm_transcript_add(s, message, HEADER_SIZE);
	TRY(spdm_verify(s, signing_context, signature));
	spdm_transcript_add(s, signature, P384_SIGNATURE_SIZE);
	spdm_verify_data(s, s->secrets.handshake.request_finished, expected);
	if (!ct_equal(expected, verify_data, sizeof(expected)))
		return ERR_SPDM_HMAC;
	spdm_transcript_add(s, verify_data, SHA384_SIZE);
	return STATUS_OK;
}

enum status spdm_finish_handle(struct spdm *s, const uint8_t *message, size_t n)
{
	struct writer w;
	uint8_t *verify_data;

	TRY(request_verify(s, message, n));
	w = spdm_message_of(s, SPDM_RESPONSE(SPDM_FINISH), 0, 0);
	verify_data = writer_claim(&w, SHA384_SIZE);
	if (verify_data == NULL)
		return ERR_INTERNAL;
	spdm_transcript_add(s, w.base, HEADER_SIZE);
	spdm_verify_data(s, s->secrets.handshake.response_finished, verify_data);
	spdm_transcript_add(s, verify_data, SHA384_SIZE);
	spdm_data_keys(s);
	return spdm_message_send(s, &w, 0, SPDM_STATE_MIGRATION_INFO);
}

enum status spdm_finish_rsp_handle(struct spdm *s, const uint8_t *message, size_t n)
{
	struct reader r = reader_of(message + 2, n - 2);
	const uint8_t *verify_data;
	uint8_t expected[SHA384_SIZE];

	reader_zero(&r, 2);
	verify_data = reader_bytes(&r, SHA384_SIZE);
	if (!reader_done(&r))
		return ERR_SPDM_MESSAGE;
	spdm_transcript_add(s, message, HEADER_SIZE);
	spdm_verify_data(s, s->secrets.handshake.response_finished, expected);
	if (!ct_equal(expected, verify_data, sizeof(expected)))
		return ERR_SPDM_HMAC;
	spdm_transcript_add(s, verify_data, SHA384_SIZE);
	spdm_data_keys(s);
	spdm_proceed(s, SPDM_STATE_MIGRATION_INFO);
	return STATUS_OK;
}
