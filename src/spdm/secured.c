/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Secured messages, DSP0277 1.2 with all 8 bytes of the sequence number on the wire (spec 5). */
#include "spdm/engine.h"

static void nonce(const struct spdm_direction *d, uint8_t iv[GCM_IV_SIZE])
{
	for (size_t i = 0; i < GCM_IV_SIZE; i++)
		iv[i] = i < 8 ? (uint8_t)(d->iv[i] ^ d->sequence >> 8 * i) : d->iv[i];
}

void spdm_seal(struct spdm *s, size_t n)
{
	struct spdm_direction *d = s->role == SPDM_REQUESTER ? &s->secrets.data.request
							     : &s->secrets.data.response;
	uint8_t *header = s->frame + SPDM_FRAME_HEADER_SIZE;
	uint8_t *text = header + SECURED_HEADER_SIZE;
	struct writer w = writer_of(header, SECURED_HEADER_SIZE + 2);
	uint8_t iv[GCM_IV_SIZE];

	writer_u32(&w, s->session_id);
	writer_u64(&w, d->sequence);
	writer_u16(&w, (uint16_t)(2 + n + GCM_TAG_SIZE));
	writer_u16(&w, (uint16_t)n);
	nonce(d, iv);
	aes256gcm_seal(d->key, iv, header, SECURED_HEADER_SIZE, text, 2 + n, text, text + 2 + n);
	wipe(iv, sizeof(iv));
	d->sequence++;
}

enum status spdm_open(struct spdm *s)
{
	struct spdm_direction *d = s->role == SPDM_REQUESTER ? &s->secrets.data.response
							     : &s->secrets.data.request;
	const size_t size = s->message_size;
	uint8_t *header = s->frame + SPDM_FRAME_HEADER_SIZE;
	uint8_t *text = header + SECURED_HEADER_SIZE;
	const size_t text_size = size - SECURED_HEADER_SIZE - GCM_TAG_SIZE;
	struct reader r = reader_of(header, SECURED_HEADER_SIZE);
	const uint32_t session_id = reader_u32(&r);
	const uint64_t sequence = reader_u64(&r);
	const uint16_t length = reader_u16(&r);
	uint8_t iv[GCM_IV_SIZE];
	enum status opened;

	if (session_id != s->session_id || sequence != d->sequence ||
		length != size - SECURED_HEADER_SIZE)
		return ERR_SPDM_SECURED;
	nonce(d, iv);
	opened = aes256gcm_open(d->key, iv, header, SECURED_HEADER_SIZE, text, text_size,
		text + text_size, text);
	wipe(iv, sizeof(iv));
	if (opened != STATUS_OK)
		return ERR_SPDM_SECURED;
	d->sequence++;
	r = reader_of(text, text_size);
	s->message_size = reader_u16(&r);
	s->message_at = SECURED_MESSAGE_AT;
	return s->message_size <= reader_left(&r) ? STATUS_OK : ERR_SPDM_SECURED;
}
