/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* END_SESSION and END_SESSION_ACK (spec 3.7): only after ops 0x05 and 0x06. */
#include "spdm/engine.h"

static enum status read(const uint8_t *message, size_t n)
{
	struct reader r = reader_of(message + 2, n - 2);

	reader_zero(&r, 2);	/* the negotiated state is not preserved */
	return reader_done(&r) ? STATUS_OK : ERR_SPDM_MESSAGE;
}

enum status spdm_end_session_build(struct spdm *s)
{
	const struct writer w = spdm_message_of(s, SPDM_END_SESSION, 0, 0);

	return spdm_message_send(s, &w, 0, SPDM_STATE_END);
}

enum status spdm_end_session_handle(struct spdm *s, const uint8_t *message, size_t n)
{
	struct writer w;

	TRY(read(message, n));
	w = spdm_message_of(s, SPDM_RESPONSE(SPDM_END_SESSION), 0, 0);
	return spdm_message_send(s, &w, 0, SPDM_STATE_ENDED);
}

enum status spdm_end_session_ack_handle(struct spdm *s, const uint8_t *message, size_t n)
{
	TRY(read(message, n));
	spdm_proceed(s, SPDM_STATE_ENDED);
	return STATUS_OK;
}
