/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* ERROR (spec 7.2 to 7.5). */
#include "spdm/engine.h"

enum error_code {
	ERROR_NONE = 0,	/* not on the wire: the failure is not answered */
	ERROR_INVALID_REQUEST = 0x01,
	ERROR_UNEXPECTED_REQUEST = 0x04,
	ERROR_UNSPECIFIED = 0x05,
	ERROR_DECRYPT = 0x06,
	ERROR_UNSUPPORTED_REQUEST = 0x07,
	ERROR_SESSION_LIMIT = 0x0A,
	ERROR_RESPONSE_TOO_LARGE = 0x0D,
	ERROR_VERSION_MISMATCH = 0x41,
	ERROR_VENDOR_DEFINED = 0xFF,
};

static const struct {
	enum status status;
	enum error_code code;
} codes[] = {
	{ERR_SPDM_FRAME, ERROR_NONE},
	{ERR_SPDM_SECURED, ERROR_NONE},
	{ERR_SPDM_MESSAGE, ERROR_INVALID_REQUEST},
	{ERR_SPDM_CAPABILITIES, ERROR_INVALID_REQUEST},
	{ERR_SPDM_ALGORITHMS, ERROR_INVALID_REQUEST},
	{ERR_SPDM_KEY, ERROR_INVALID_REQUEST},
	{ERR_SPDM_CHUNK, ERROR_INVALID_REQUEST},
	{ERR_SPDM_VDM, ERROR_INVALID_REQUEST},
	{ERR_SPDM_UNEXPECTED, ERROR_UNEXPECTED_REQUEST},
	{ERR_SPDM_SIGNATURE, ERROR_DECRYPT},
	{ERR_SPDM_HMAC, ERROR_DECRYPT},
	{ERR_SPDM_UNSUPPORTED, ERROR_UNSUPPORTED_REQUEST},
	{ERR_SPDM_SESSION_LIMIT, ERROR_SESSION_LIMIT},
	{ERR_SPDM_TOO_LARGE, ERROR_RESPONSE_TOO_LARGE},
	{ERR_SPDM_VERSION, ERROR_VERSION_MISMATCH},
};

static enum error_code code_of(enum status why)
{
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		if (codes[i].status == why)
			return codes[i].code;
	}
	return ERROR_UNSPECIFIED;
}

bool spdm_error_build(struct spdm *s, enum status why)
{
	const enum error_code code = s->owner_failed ? ERROR_VENDOR_DEFINED : code_of(why);
	struct writer w = spdm_message_begin(s);

	if (code == ERROR_NONE)
		return false;
	if (s->chunk_last)
		spdm_chunk_ack_header(s, &w);
	writer_u8(&w, s->state == SPDM_STATE_VERSION ? SPDM_VERSION_10 : SPDM_VERSION_12);
	writer_u8(&w, SPDM_ERROR);
	writer_u8(&w, (uint8_t)code);
	writer_u8(&w, code == ERROR_VENDOR_DEFINED ? (uint8_t)status_result(why) : 0);
	return spdm_message_send(s, &w, 0, SPDM_STATE_ENDED) == STATUS_OK;
}

enum status spdm_large_response_build(struct spdm *s)
{
	struct writer w = spdm_message_of(s, SPDM_ERROR, ERROR_LARGE_RESPONSE, 0);

	writer_u8(&w, s->chunk_handle);
	return spdm_message_send(s, &w, 0, SPDM_STATE_CHUNK_OUT);
}

/* The result code in Param2; 0, which would read as success, and unknown ones are a failure. */
static enum status peer_status(uint8_t result)
{
	switch (result) {
	case RESULT_INVALID_PARAMETER:
		return ERR_PEER_INVALID_PARAMETER;
	case RESULT_UNSUPPORTED:
		return ERR_PEER_UNSUPPORTED;
	case RESULT_OUT_OF_RESOURCE:
		return ERR_PEER_OUT_OF_RESOURCE;
	case RESULT_TDX_MODULE_ERROR:
		return ERR_PEER_TDX_MODULE;
	case RESULT_NETWORK_ERROR:
		return ERR_PEER_NETWORK;
	case RESULT_MUTUAL_ATTESTATION_ERROR:
		return ERR_PEER_ATTESTATION;
	case RESULT_POLICY_UNSATISFIED:
		return ERR_PEER_POLICY;
	case RESULT_INVALID_POLICY:
		return ERR_PEER_INVALID_POLICY;
	case RESULT_VMM_CANCELED:
		return ERR_PEER_CANCELED;
	case RESULT_VMM_INTERNAL_ERROR:
		return ERR_PEER_VMM_INTERNAL;
	case RESULT_UNSUPPORTED_OPERATION:
		return ERR_PEER_UNSUPPORTED_OPERATION;
	case RESULT_INITIALIZATION_ERROR:
		return ERR_PEER_INITIALIZATION;
	default:
		return ERR_PEER_SECURE_SESSION;
	}
}

enum status spdm_error_handle(struct spdm *s, const uint8_t *message, size_t n)
{
	struct reader r = reader_of(message + 2, n - 2);
	const uint8_t code = reader_u8(&r);
	const uint8_t result = reader_u8(&r);

	(void)s;
	return code == ERROR_VENDOR_DEFINED ? peer_status(result) : ERR_SPDM_PEER;
}
