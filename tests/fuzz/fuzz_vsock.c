/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Connections over a carrier that delivers any packet, takes packets or not, or fails, while
 * sessions read, write, flush and end.  What is read is what was delivered, no more is sent than a
 * peer has room for, a peer is told the truth about the window, and what waits for room is counted.
 */
#include "fuzz.h"

#include "transport/vsock.h"
#include "transport/vsock_packet.h"

#define CONNECTIONS 3
#define LOCAL_CID 33
#define REMOTE_CID 2

enum step { PACKET, READ, WRITE, FLUSH, POLL, REOPEN, CARRIER, STEPS };

struct end {
	struct vsock_connection c;
	uint64_t request_id;
	uint32_t delivered, taken;	/* bytes of the peer's stream, which counts up from 0 */
	uint32_t sent, allowed;		/* the same of ours: as far as the peer has let us */
};

static struct vsock vsock;
static struct end ends[CONNECTIONS];
static struct reader script;
static uint8_t packet[VSOCK_HEADER_SIZE + 2 * VSOCK_WINDOW];
static size_t packet_size;	/* 0: none is there */
static enum status carrier_says;

static struct end *end_at(uint32_t local_port)
{
	for (size_t i = 0; i < CONNECTIONS; i++)
		if (ends[i].c.vsock != NULL && ends[i].c.local_port == local_port)
			return &ends[i];
	return NULL;
}

static enum status carrier_send(void *ctx, uint64_t request_id, const uint8_t *header,
	const uint8_t *payload, size_t n)
{
	struct reader r = reader_of(header, VSOCK_HEADER_SIZE);
	const struct vsock_header h = vsock_header_read(&r);
	struct end *e = end_at(h.src_port);

	(void)ctx;
	HOLDS(h.src_cid == LOCAL_CID && h.type == VSOCK_TYPE_STREAM && h.size == n);
	HOLDS(n <= VSOCK_PAYLOAD_MAX && (n == 0) == (h.op != OP_RW));
	if (carrier_says != STATUS_OK)
		return carrier_says;
	/* A packet of a connection that is gone has no end. */
	if (e == NULL || e->request_id != request_id)
		return STATUS_OK;
	HOLDS(h.op == OP_RST || (h.buf_alloc == VSOCK_WINDOW && h.fwd_cnt <= e->taken));
	for (size_t i = 0; i < n; i++)
		HOLDS(payload[i] == (uint8_t)(e->sent + i));
	e->sent += (uint32_t)n;
	HOLDS(e->sent <= e->allowed);
	return STATUS_OK;
}

static enum status carrier_receive(void *ctx, const uint8_t **bytes, size_t *n)
{
	(void)ctx;
	if (packet_size == 0)
		return STATUS_PENDING;
	*bytes = packet;
	*n = packet_size;
	packet_size = 0;
	return STATUS_OK;
}

static void check(void)
{
	uint32_t unsent = 0;

	for (size_t i = 0; i < CONNECTIONS; i++) {
		const struct vsock_connection *c = &ends[i].c;

		unsent += c->vsock != NULL && c->unsent != 0;
		HOLDS(c->rx_used <= VSOCK_WINDOW && c->rx_head < VSOCK_WINDOW);
	}
	HOLDS(vsock.unsent == unsent && vsock.farewells <= VSOCK_FAREWELLS);
	HOLDS(vsock.held_size <= sizeof(vsock.held));
}

static void look(void)
{
	struct vsock_connection *touched;

	for (unsigned i = 0; i < 2; i++)
		if (vsock_poll(&vsock, &touched) == STATUS_OK && touched != NULL)
			HOLDS(end_at(touched->local_port) != NULL);
}

/* Ports and counters mostly as they should be; the rest, and sometimes those, as the input says. */
static void make_packet(void)
{
	const uint8_t way = reader_u8(&script);
	struct end *e = &ends[way % CONNECTIONS];
	const bool strange = (way & 0x80) != 0;
	const size_t n = (way & 0x40) != 0 ? reader_u16(&script) % (2 * VSOCK_WINDOW) : 0;
	struct vsock_header h = {
		.src_cid = REMOTE_CID,
		.dst_cid = LOCAL_CID,
		.src_port = e->c.remote_port,
		.dst_port = e->c.local_port,
		.size = (uint32_t)n,
		.type = VSOCK_TYPE_STREAM,
		.op = reader_u8(&script) % 9u,
		.flags = reader_u8(&script),
		.buf_alloc = reader_u16(&script),
		.fwd_cnt = e->sent,
	};

	if (strange) {
		h.size += reader_u8(&script) % 3u;
		h.type = reader_u8(&script) % 3u;
		h.src_port ^= reader_u8(&script) & 1;
		h.dst_port ^= reader_u8(&script) & 1;
		h.dst_cid ^= reader_u8(&script) & 1;
		h.fwd_cnt += reader_u32(&script);
	}
	/* Whoever it comes to. */
	if (end_at(h.dst_port) != NULL)
		e = end_at(h.dst_port);
	const uint8_t state = e->c.state;
	const uint16_t used = e->c.rx_used;
	vsock_header_write(&h, packet);
	for (size_t i = 0; i < n; i++)
		packet[VSOCK_HEADER_SIZE + i] = (uint8_t)(e->delivered + i);
	packet_size = VSOCK_HEADER_SIZE + n;
	if (strange && (way & 0x20) != 0)
		packet_size -= reader_u8(&script) % packet_size;
	/* At most what the peer may ever have heard of. */
	if (e->allowed < e->c.tx_cnt + h.buf_alloc)
		e->allowed = e->c.tx_cnt + h.buf_alloc;
	look();
	packet_size = 0;
	if (state == VSOCK_OPEN && e->c.rx_used > used) {
		HOLDS(e->c.rx_used - used == (int)n);
		e->delivered += (uint32_t)n;
		ACCEPTED();
	}
}

static void read_some(struct end *e)
{
	uint8_t bytes[VSOCK_WINDOW];
	const size_t n = vsock_stream_ops.rx(&e->c, bytes, reader_u16(&script) % sizeof(bytes));

	HOLDS(n <= e->delivered - e->taken);
	for (size_t i = 0; i < n; i++)
		HOLDS(bytes[i] == (uint8_t)(e->taken + i));
	e->taken += (uint32_t)n;
}

static void write_some(struct end *e)
{
	uint8_t bytes[VSOCK_PAYLOAD_MAX];
	const size_t room = vsock_stream_ops.tx_room(&e->c);
	const size_t n = reader_u16(&script) % (room + 1);

	HOLDS(room <= VSOCK_PAYLOAD_MAX);
	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(e->c.tx_cnt + i);
	(void)!vsock_stream_ops.tx(&e->c, bytes, n);
}

static void reopen(struct end *e)
{
	static uint64_t requests;

	vsock_close(&e->c);
	*e = (struct end){.request_id = ++requests};
	if (vsock_connect(&vsock, &e->c, e->request_id, REMOTE_CID, 1000) != STATUS_OK)
		HOLDS(e->c.vsock == NULL);
}

static void step(void)
{
	const uint8_t what = reader_u8(&script);
	struct end *e = &ends[what / STEPS % CONNECTIONS];

	switch ((enum step)(what % STEPS)) {
	case PACKET:
		make_packet();
		break;
	case READ:
		read_some(e);
		break;
	case WRITE:
		write_some(e);
		break;
	case FLUSH:
		vsock_flush(&e->c);
		break;
	case POLL:
		look();
		break;
	case REOPEN:
		reopen(e);
		break;
	default:
		carrier_says = what < 128 ? STATUS_OK : what < 240 ? STATUS_PENDING : ERR_VMCALL;
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const struct vsock_carrier carrier = {.send = carrier_send, .receive = carrier_receive};

	script = reader_of(bytes, n);
	carrier_says = STATUS_OK;
	packet_size = 0;
	vsock_init(&vsock, &carrier, LOCAL_CID);
	memset(ends, 0, sizeof(ends));
	for (size_t i = 0; i < CONNECTIONS; i++)
		reopen(&ends[i]);
	while (reader_left(&script) > 0) {
		step();
		check();
	}
	for (size_t i = 0; i < CONNECTIONS; i++)
		vsock_close(&ends[i].c);
	HOLDS(vsock.unsent == 0);
	return 0;
}
