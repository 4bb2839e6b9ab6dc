/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Ops 0x03 and 0x04: quotes and what goes with them (spec 3.4), whole or in chunks (spec 3.9).  The
 * hashes of the two messages are the requester's identity in the transcript.  How long an element
 * must be is the owner's to say: policy v1 ignores what policy v2 wants in full.
 */
#include "spdm/engine.h"

const struct vdm_schema vdm_attest_req = {
	.code = SPDM_VENDOR_DEFINED,
	.op = VDM_ATTEST_REQ,
	.clear = true,
	.count = 5,
	.elements = {{ELEMENT_QUOTE, 0}, {ELEMENT_EVENT_LOG, 0}, {ELEMENT_POLICY_HASH, 0},
		{ELEMENT_SERVTD_EXT, 0}, {ELEMENT_INIT_TDINFO, 0}},
};

const struct vdm_schema vdm_attest_rsp = {
	.code = SPDM_RESPONSE(SPDM_VENDOR_DEFINED),
	.op = VDM_ATTEST_RSP,
	.clear = true,
	.next_state = SPDM_STATE_FINISH,
	.count = 3,
	.elements = {{ELEMENT_QUOTE, 0}, {ELEMENT_EVENT_LOG, 0}, {ELEMENT_POLICY_HASH, 0}},
};

enum status spdm_attest_req_build(struct spdm *s)
{
	struct writer w = spdm_message_begin(s);

	TRY(vdm_send_begin(s, &vdm_attest_req));
	if (s->vdm.size <= s->peer_limit)
		return spdm_message_send(s, &w, s->vdm.size, SPDM_STATE_ATTEST);
	TRY(spdm_chunks_allowed(s, s->vdm.size));
	s->chunk_handle = 1;
	s->chunk_sequence = 0;
	return spdm_chunk_send_build(s);
}

enum status spdm_attest_req_handle(struct spdm *s, const uint8_t *message, size_t n)
{
	(void)message;
	(void)n;
	TRY(vdm_receive_begin(s, &vdm_attest_req, s->message_size));
	spdm_take_body(s, s->message_at, s->message_size);
	return STATUS_OK;
}

/* The answer to a request in chunks goes into the last acknowledgement, if it fits. */
enum status spdm_attest_rsp_build(struct spdm *s)
{
	const size_t ack = s->chunked_request ? CHUNK_ACK_SIZE : 0;
	struct writer w = spdm_message_begin(s);

	TRY(vdm_send_begin(s, &vdm_attest_rsp));
	if (ack + s->vdm.size <= s->peer_limit) {
		if (s->chunked_request)
			spdm_chunk_ack_header(s, &w);
		s->chunk_last = false;
		return spdm_message_send(s, &w, s->vdm.size, SPDM_STATE_FINISH);
	}
	TRY(spdm_chunks_allowed(s, s->vdm.size));
	s->chunk_last = false;
	s->chunk_handle = 1;
	s->chunk_sequence = 0;
	return spdm_large_response_build(s);
}

enum status spdm_attest_rsp_handle(struct spdm *s, const uint8_t *message, size_t n)
{
	(void)message;
	(void)n;
	TRY(vdm_receive_begin(s, &vdm_attest_rsp, s->message_size));
	spdm_take_body(s, s->message_at, s->message_size);
	return STATUS_OK;
}

enum status spdm_attest_error_handle(struct spdm *s, const uint8_t *message, size_t n)
{
	struct reader r = reader_of(message + 2, n - 2);
	const uint8_t param1 = reader_u8(&r);

	if (param1 != ERROR_LARGE_RESPONSE)
		return spdm_error_handle(s, message, n);
	reader_zero(&r, 1);
	s->chunk_handle = reader_u8(&r);
	s->chunk_sequence = 0;
	if (!reader_done(&r))
		return ERR_SPDM_MESSAGE;
	wipe(&s->vdm, sizeof(s->vdm));
	s->vdm.schema = &vdm_attest_rsp;
	spdm_proceed(s, SPDM_STATE_CHUNK_IN);
	return STATUS_OK;
}
