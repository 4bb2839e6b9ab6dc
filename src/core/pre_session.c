/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The pre-session exchange (SPDM spec 1.4): hello, peer data, start.  Each side sends first and
 * then receives; we do both at once, since two full policies may not fit the buffers in between.
 */
#include "core/td.h"
#include "wire/reader.h"
#include "wire/writer.h"

#define PACKET_HEADER_SIZE 8
#define PACKET_HELLO 0xff
#define PACKET_DATA 0x01
#define PACKET_START 0x02

#define HELLO_SIZE 8
#define HELLO_VERSION 0x0100
static const uint8_t hello_magic[4] = {'M', 'G', 'T', 'D'};

/* Bytes moved at a time through the stack. */
#define PIECE_SIZE 1024

struct packet_kind {
	uint8_t type;
	enum phase next;
};

static const struct packet_kind packet_kinds[] = {
	[PHASE_HELLO] = {PACKET_HELLO, PHASE_POLICY},
	[PHASE_POLICY] = {PACKET_DATA, PHASE_START},
	[PHASE_START] = {PACKET_START, PHASE_VERSION},
};

void pre_session_begin(struct session *s)
{
	wipe(&s->stage.pre, sizeof(s->stage.pre));
	s->phase = PHASE_HELLO;
}

static uint32_t own_payload_size(const struct session *s)
{
	switch (s->phase) {
	case PHASE_HELLO:
		return HELLO_SIZE;
	case PHASE_POLICY:
		return (uint32_t)policy_own_blob_size(s->td->own);
	default:
		return 0;
	}
}

static void own_head(const struct session *s, uint8_t head[PACKET_HEADER_SIZE])
{
	struct writer w = writer_of(head, PACKET_HEADER_SIZE);

	writer_u8(&w, packet_kinds[s->phase].type);
	writer_zero(&w, 3);
	writer_u32(&w, own_payload_size(s));
}

static void own_hello(uint8_t hello[HELLO_SIZE])
{
	struct writer w = writer_of(hello, HELLO_SIZE);

	writer_bytes(&w, hello_magic, sizeof(hello_magic));
	writer_u16(&w, HELLO_VERSION);
	writer_u16(&w, HELLO_VERSION);
}

/* Lays out at most n bytes of the own packet from its offset on; returns how many. */
static size_t own_packet_read(const struct session *s, uint32_t offset, uint8_t *to, size_t n)
{
	uint8_t head[PACKET_HEADER_SIZE + HELLO_SIZE];
	const size_t in_head =
		PACKET_HEADER_SIZE + (s->phase == PHASE_HELLO ? (size_t)HELLO_SIZE : 0);

	if (offset < in_head) {
		own_head(s, head);
		own_hello(head + PACKET_HEADER_SIZE);
		if (n > in_head - offset)
			n = in_head - offset;
		memcpy(to, head + offset, n);
	} else {
		policy_own_blob_read(s->td->own, offset - in_head, to, n);
	}
	return n;
}

/*
 * The next piece of the own packet.  One at a time, between pieces of the peer's: what is sent tells
 * the peer what has been read of its own, so that little else has to be said about it.
 */
static enum status send_own(struct session *s, const struct stream *io)
{
	struct pre_session *pre = &s->stage.pre;
	const uint32_t size = PACKET_HEADER_SIZE + own_payload_size(s);
	uint8_t piece[PIECE_SIZE];
	size_t n;

	if (pre->tx_offset == size)
		return STATUS_OK;
	n = stream_tx_room(io);
	if (n == 0)
		return STATUS_PENDING;
	if (n > size - pre->tx_offset)
		n = size - pre->tx_offset;
	if (n > sizeof(piece))
		n = sizeof(piece);
	n = own_packet_read(s, pre->tx_offset, piece, n);
	TRY(stream_tx(io, piece, n));
	pre->tx_offset += (uint32_t)n;
	if (pre->tx_offset == size)
		return STATUS_OK;
	s->wait = SESSION_WAIT_NONE;
	return STATUS_PENDING;
}

static enum status check_hello(const uint8_t *payload)
{
	struct reader r = reader_of(payload, HELLO_SIZE);
	const uint8_t *magic = reader_bytes(&r, sizeof(hello_magic));
	const uint16_t lowest = reader_u16(&r);
	const uint16_t highest = reader_u16(&r);

	if (!reader_done(&r) || memcmp(magic, hello_magic, sizeof(hello_magic)) != 0)
		return ERR_PRE_SESSION;
	if (lowest > HELLO_VERSION || highest < HELLO_VERSION)
		return ERR_PRE_SESSION;
	return STATUS_OK;
}

static enum status check_header(struct session *s)
{
	struct pre_session *pre = &s->stage.pre;
	struct reader r = reader_of(pre->rx_header, PACKET_HEADER_SIZE);
	const uint8_t type = reader_u8(&r);

	reader_bytes(&r, 3); /* reserved, not checked by any peer */
	pre->rx_size = reader_u32(&r);
	if (type != packet_kinds[s->phase].type)
		return ERR_PRE_SESSION;
	switch (s->phase) {
	case PHASE_HELLO:
		return pre->rx_size == HELLO_SIZE ? STATUS_OK : ERR_PRE_SESSION;
	case PHASE_START:
		return pre->rx_size == 0 ? STATUS_OK : ERR_PRE_SESSION;
	default:
		if (pre->rx_size > POLICY_BLOB_MAX)
			return ERR_PRE_SESSION;
		peer_policy_begin(&pre->peer, s->td->own, &s->td->store, pre->rx_size);
		return STATUS_OK;
	}
}

/* The packet's fixed head (all of a hello), gathered before it is looked at. */
static enum status receive_head(struct session *s, const struct stream *io, uint32_t size)
{
	struct pre_session *pre = &s->stage.pre;

	if (pre->rx_offset >= size)
		return STATUS_OK;
	pre->rx_offset += (uint32_t)stream_rx(
		io, pre->rx_header + pre->rx_offset, size - pre->rx_offset);
	return pre->rx_offset == size ? STATUS_OK : STATUS_PENDING;
}

static enum status receive_blob(struct session *s, const struct stream *io)
{
	struct pre_session *pre = &s->stage.pre;
	const uint32_t size = PACKET_HEADER_SIZE + pre->rx_size;
	uint8_t piece[PIECE_SIZE];

	while (pre->rx_offset < size) {
		size_t n = size - pre->rx_offset;

		n = stream_rx(io, piece, n < sizeof(piece) ? n : sizeof(piece));
		if (n == 0)
			return STATUS_PENDING;
		TRY(peer_policy_feed(&pre->peer, piece, n));
		pre->rx_offset += (uint32_t)n;
	}
	return peer_policy_end(&pre->peer, &s->peer);
}

static enum status receive_peer(struct session *s, const struct stream *io)
{
	struct pre_session *pre = &s->stage.pre;
	const bool fresh = pre->rx_offset < PACKET_HEADER_SIZE;

	TRY(receive_head(s, io, PACKET_HEADER_SIZE));
	if (fresh)
		TRY(check_header(s));
	if (s->phase == PHASE_HELLO) {
		TRY(receive_head(s, io, PACKET_HEADER_SIZE + HELLO_SIZE));
		return check_hello(pre->rx_header + PACKET_HEADER_SIZE);
	}
	if (s->phase == PHASE_POLICY && s->peer == NULL)
		return receive_blob(s, io);
	return STATUS_OK;
}

enum status pre_session_step(struct session *s)
{
	const struct stream io = link_stream(s);

	s->wait = SESSION_WAIT_IO;
	const enum status received = receive_peer(s, &io);
	if (received != STATUS_OK && received != STATUS_PENDING)
		return received;
	TRY(send_own(s, &io));
	TRY(received);

	s->stage.pre.tx_offset = 0;
	s->stage.pre.rx_offset = 0;
	s->phase = (uint8_t)packet_kinds[s->phase].next;
	s->wait = SESSION_WAIT_NONE;
	return STATUS_PENDING;
}
