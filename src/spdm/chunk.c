/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Large messages in pieces (spec 3.9): CHUNK_SEND, CHUNK_SEND_ACK, CHUNK_GET, CHUNK_RESPONSE.
 * Pieces are neither buffered nor reassembled; s->vdm counts how far the message has come.
 */
#include "spdm/engine.h"

#define LAST_CHUNK 0x01
#define EARLY_ERROR 0x01
#define LARGE_MESSAGE_MIN 42
/* No piece but the last is smaller than the least DataTransferSize allows. */
#define CHUNK_FIRST_MIN 26
#define CHUNK_MIDDLE_MIN 30

enum status spdm_chunks_allowed(const struct spdm *s, uint32_t size)
{
	return s->peer_chunks && size <= s->peer_max ? STATUS_OK : ERR_SPDM_TOO_LARGE;
}

/* The next piece of the message going out. */
static enum status send_piece(struct spdm *s, uint8_t code, enum spdm_state next,
	enum spdm_state next_if_last)
{
	const bool first = s->chunk_sequence == 0;
	const uint32_t header = first ? CHUNK_FIRST_HEADER_SIZE : CHUNK_HEADER_SIZE;
	const uint32_t left = s->vdm.size - s->vdm.at;
	const bool last = left <= s->peer_limit - header;
	const uint32_t size = last ? left : s->peer_limit - header;
	struct writer w = spdm_message_of(s, code, last ? LAST_CHUNK : 0, s->chunk_handle);

	writer_u16(&w, s->chunk_sequence++);
	writer_u16(&w, 0);
	writer_u32(&w, size);
	if (first)
		writer_u32(&w, s->vdm.size);
	return spdm_message_send(s, &w, size, last ? next_if_last : next);
}

/* What a piece coming in must be; `large` is LargeMessageSize of the first. */
struct piece {
	bool last;
	uint8_t handle;
	uint16_t sequence;
	uint32_t size;
	uint32_t large;
};

static enum status piece_read(const struct spdm *s, const uint8_t *message, size_t n, bool first,
	struct piece *p)
{
	struct reader r = reader_of(message + 2, n - 2);
	const uint8_t flags = reader_u8(&r);

	p->last = (flags & LAST_CHUNK) != 0;
	p->handle = reader_u8(&r);
	p->sequence = reader_u16(&r);
	reader_zero(&r, 2);
	p->size = reader_u32(&r);
	p->large = first ? reader_u32(&r) : 0;
	if (!reader_done(&r) || (flags & ~LAST_CHUNK) != 0 || p->size != s->message_size - n)
		return ERR_SPDM_CHUNK;
	return STATUS_OK;
}

static enum status piece_first(struct spdm *s, const struct piece *p,
	const struct vdm_schema *schema)
{
	const bool ready = s->vdm.ready && s->vdm.schema == schema;

	if (p->last || p->sequence != 0 || p->size < CHUNK_FIRST_MIN || p->size >= p->large)
		return ERR_SPDM_CHUNK;
	if (p->large < LARGE_MESSAGE_MIN || p->large > SPDM_MAX_MESSAGE_SIZE)
		return ERR_SPDM_CHUNK;
	TRY(vdm_receive_begin(s, schema, p->large));
	s->vdm.ready = ready;	/* a requester asked before its first CHUNK_GET */
	s->chunk_sequence = 1;
	return STATUS_OK;
}

static enum status piece_later(struct spdm *s, const struct piece *p)
{
	const uint32_t left = s->vdm.size - s->vdm.at;

	if (p->handle != s->chunk_handle || p->sequence != s->chunk_sequence || p->size > left)
		return ERR_SPDM_CHUNK;
	if (p->last != (p->size == left) || (!p->last && p->size < CHUNK_MIDDLE_MIN))
		return ERR_SPDM_CHUNK;
	s->chunk_sequence++;
	return STATUS_OK;
}

/* --- a large request ----------------------------------------------------------------------- */

enum status spdm_chunk_send_build(struct spdm *s)
{
	return send_piece(s, SPDM_CHUNK_SEND, SPDM_STATE_CHUNK_OUT, SPDM_STATE_CHUNK_LAST);
}

enum status spdm_chunk_send_handle(struct spdm *s, const uint8_t *message, size_t n)
{
	const bool first = s->state == SPDM_STATE_ATTEST;
	struct piece p;

	TRY(piece_read(s, message, n, first, &p));
	if (first) {
		TRY(piece_first(s, &p, &vdm_attest_req));
		s->chunk_handle = p.handle;
		s->chunked_request = true;
	} else {
		TRY(piece_later(s, &p));
		s->chunk_last = p.last;
	}
	spdm_take_body(s, s->filled, p.size);
	return STATUS_OK;
}

/* Acknowledges the piece that came last. */
void spdm_chunk_ack_header(const struct spdm *s, struct writer *w)
{
	writer_u8(w, SPDM_VERSION_12);
	writer_u8(w, SPDM_RESPONSE(SPDM_CHUNK_SEND));
	writer_u8(w, 0);
	writer_u8(w, s->chunk_handle);
	writer_u16(w, (uint16_t)(s->chunk_sequence - 1));
}

enum status spdm_chunk_ack_build(struct spdm *s)
{
	struct writer w = spdm_message_begin(s);

	spdm_chunk_ack_header(s, &w);
	return spdm_message_send(s, &w, 0, SPDM_STATE_CHUNK_IN);
}

/* STATUS_OK: acknowledges the piece we sent last; *response is what it has embedded. */
static enum status ack_read(const struct spdm *s, const uint8_t *message, size_t n, bool *early,
	struct reader *response)
{
	struct reader r = reader_of(message + 2, n - 2);
	const uint8_t flags = reader_u8(&r);
	const uint8_t handle = reader_u8(&r);
	const uint16_t sequence = reader_u16(&r);

	if (!reader_ok(&r) || (flags & ~EARLY_ERROR) != 0 || handle != s->chunk_handle ||
		sequence != s->chunk_sequence - 1)
		return ERR_SPDM_CHUNK;
	*early = flags != 0;
	*response = r;
	return STATUS_OK;
}

static bool is_error(const struct reader *response)
{
	return reader_left(response) >= ERROR_SIZE && response->at[0] == SPDM_VERSION_12 &&
		response->at[1] == SPDM_ERROR;
}

enum status spdm_chunk_send_ack_handle(struct spdm *s, const uint8_t *message, size_t n)
{
	struct reader response;
	bool early;

	TRY(ack_read(s, message, n, &early, &response));
	if (early && is_error(&response))
		return spdm_error_handle(s, response.at, reader_left(&response));
	if (early || !reader_done(&response))
		return ERR_SPDM_CHUNK;
	spdm_proceed(s, SPDM_STATE_CHUNK_OUT);
	return STATUS_OK;
}

enum status spdm_chunk_send_last_ack_handle(struct spdm *s, const uint8_t *message, size_t n)
{
	struct reader response;
	bool early;

	TRY(ack_read(s, message, n, &early, &response));
	if (is_error(&response) && early)
		return spdm_error_handle(s, response.at, reader_left(&response));
	if (early)
		return ERR_SPDM_CHUNK;
	if (is_error(&response))
		return spdm_attest_error_handle(s, response.at, reader_left(&response));
	s->message_at = (uint16_t)(s->message_at + CHUNK_ACK_SIZE);
	s->message_size = (uint16_t)(s->message_size - CHUNK_ACK_SIZE);
	return spdm_attest_rsp_handle(s, response.at, reader_left(&response));
}

/* --- a large response ---------------------------------------------------------------------- */

enum status spdm_chunk_get_build(struct spdm *s)
{
	struct writer w = spdm_message_of(s, SPDM_CHUNK_GET, 0, s->chunk_handle);

	TRY(vdm_ready(s, false));
	writer_u16(&w, s->chunk_sequence);
	return spdm_message_send(s, &w, 0, SPDM_STATE_CHUNK_IN);
}

enum status spdm_chunk_get_handle(struct spdm *s, const uint8_t *message, size_t n)
{
	struct reader r = reader_of(message + 2, n - 2);
	const uint8_t param1 = reader_u8(&r);
	const uint8_t handle = reader_u8(&r);
	const uint16_t sequence = reader_u16(&r);

	if (!reader_done(&r) || param1 != 0 || handle != s->chunk_handle ||
		sequence != s->chunk_sequence)
		return ERR_SPDM_CHUNK;
	return send_piece(s, SPDM_RESPONSE(SPDM_CHUNK_GET), SPDM_STATE_CHUNK_OUT,
		SPDM_STATE_FINISH);
}

enum status spdm_chunk_response_handle(struct spdm *s, const uint8_t *message, size_t n)
{
	const bool first = s->chunk_sequence == 0;
	struct piece p;

	/* The rule gathered what a first piece has; a later one's header is shorter. */
	if (n < CHUNK_FIRST_HEADER_SIZE && first)
		return ERR_SPDM_CHUNK;
	n = first ? CHUNK_FIRST_HEADER_SIZE : CHUNK_HEADER_SIZE;
	TRY(piece_read(s, message, n, first, &p));
	if (p.handle != s->chunk_handle)
		return ERR_SPDM_CHUNK;
	if (first)
		TRY(piece_first(s, &p, &vdm_attest_rsp));
	else
		TRY(piece_later(s, &p));
	spdm_take_body(s, s->message_at + n, p.size);
	return STATUS_OK;
}
