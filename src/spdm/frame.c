/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The 12-byte header before every message on the stream (spec 1.2). */
#include "spdm/engine.h"

#define SIGNATURE 0x4D445053	/* "SPDM" */
#define FRAME_VERSION 0x0100
#define TYPE_PLAIN 0x01
#define TYPE_SECURED 0x02

struct writer spdm_message_begin(struct spdm *s)
{
	if (spdm_is_secured(s))
		return writer_of(s->frame + SECURED_MESSAGE_AT,
			SPDM_FRAME_SIZE - SECURED_MESSAGE_AT - GCM_TAG_SIZE);
	return writer_of(s->frame + SPDM_FRAME_HEADER_SIZE, SPDM_MESSAGE_MAX);
}

struct writer spdm_message_of(struct spdm *s, uint8_t code, uint8_t param1, uint8_t param2)
{
	struct writer w = spdm_message_begin(s);

	writer_u8(&w, SPDM_VERSION_12);
	writer_u8(&w, code);
	writer_u8(&w, param1);
	writer_u8(&w, param2);
	return w;
}

enum status spdm_message_send(struct spdm *s, const struct writer *message, size_t body,
	enum spdm_state next)
{
	const bool secured = spdm_is_secured(s);
	struct writer w = writer_of(s->frame, SPDM_FRAME_HEADER_SIZE);
	size_t size = writer_size(message);

	if (!writer_ok(message))
		return ERR_INTERNAL;
	if (secured) {
		spdm_seal(s, size);
		size += SECURED_OVERHEAD;
	}
	writer_u32(&w, SIGNATURE);
	writer_u16(&w, FRAME_VERSION);
	writer_u8(&w, secured ? TYPE_SECURED : TYPE_PLAIN);
	writer_u8(&w, 0);
	writer_u32(&w, (uint32_t)(size + body));
	s->need = (uint16_t)(SPDM_FRAME_HEADER_SIZE + size);
	s->filled = 0;
	s->body_left = (uint16_t)body;
	s->next_state = (uint8_t)next;
	s->task = SPDM_TASK_SEND;
	return STATUS_OK;
}

enum status spdm_frame_header(struct spdm *s, uint32_t *length)
{
	struct reader r = reader_of(s->frame, SPDM_FRAME_HEADER_SIZE);
	const uint32_t signature = reader_u32(&r);
	const uint16_t version = reader_u16(&r);
	const uint8_t type = reader_u8(&r);
	const uint8_t reserved = reader_u8(&r);

	*length = reader_u32(&r);
	if (signature != SIGNATURE || version != FRAME_VERSION || reserved != 0 ||
		*length > SPDM_FRAME_LENGTH_MAX)
		return ERR_SPDM_FRAME;
	if (type != TYPE_PLAIN && type != TYPE_SECURED)
		return ERR_SPDM_FRAME;
	/* A secured message before the keys are there, or a plain one after, ends the session. */
	return (type == TYPE_SECURED) == spdm_is_secured(s) ? STATUS_OK : ERR_SPDM_SECURED;
}
