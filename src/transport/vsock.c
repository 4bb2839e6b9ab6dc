/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "transport/vsock.h"

#include "transport/vsock_packet.h"

/* Bits of vsock_connection.unsent. */
#define UNSENT_REQUEST 1u
#define UNSENT_CREDIT 2u
#define UNSENT_RST 4u
/* Not a packet: the session was told there is no room, and wants to know when there is. */
#define UNSENT_WAKE 8u

/* Local ports: the range upstream begins with, without the reserved ones at both ends. */
#define PORT_FIRST 40001u
#define PORT_LAST 0xfffffffeu

/* --- the table of connections -------------------------------------------------------------- */

static struct vsock_connection **bucket_of(struct vsock *v, uint32_t local_port)
{
	return &v->bucket[local_port % VSOCK_BUCKETS];
}

static struct vsock_connection *at_port(struct vsock *v, uint32_t local_port)
{
	struct vsock_connection *c = *bucket_of(v, local_port);

	while (c != NULL && c->local_port != local_port)
		c = c->next;
	return c;
}

static uint32_t take_port(struct vsock *v)
{
	uint32_t port;

	do {
		port = v->next_port;
		v->next_port = port == PORT_LAST ? PORT_FIRST : port + 1;
	} while (at_port(v, port) != NULL);
	return port;
}

static void insert(struct vsock *v, struct vsock_connection *c)
{
	struct vsock_connection **bucket = bucket_of(v, c->local_port);

	c->next = *bucket;
	*bucket = c;
}

static void set_unsent(struct vsock_connection *c, uint8_t unsent)
{
	if (c->unsent == 0 && unsent != 0)
		c->vsock->unsent++;
	if (c->unsent != 0 && unsent == 0)
		c->vsock->unsent--;
	c->unsent = unsent;
}

static void forget(struct vsock_connection *c)
{
	struct vsock_connection **link = bucket_of(c->vsock, c->local_port);

	while (*link != c)
		link = &(*link)->next;
	*link = c->next;
	set_unsent(c, 0);
	c->next = NULL;
	c->vsock = NULL;
	c->state = VSOCK_CLOSED;
	c->rx_used = 0;
}

/* --- sending ------------------------------------------------------------------------------- */

static bool may_send(const struct vsock_connection *c)
{
	return c->state == VSOCK_OPEN && !(c->peer_shutdown & SHUTDOWN_RECEIVE);
}

/* The peer is told nothing after this but, unless it knows already, that there was a reset. */
static void break_connection(struct vsock_connection *c, enum status why, bool tell)
{
	c->state = VSOCK_RESET;
	c->error = why;
	c->rx_used = 0;
	set_unsent(c, tell ? UNSENT_RST : 0);
}

static uint32_t credit(const struct vsock_connection *c)
{
	const uint32_t in_flight = c->tx_cnt - c->peer_fwd_cnt;

	return c->peer_buf_alloc > in_flight ? c->peer_buf_alloc - in_flight : 0;
}

static void connection_header(const struct vsock_connection *c, uint16_t op, size_t size,
	uint8_t to[VSOCK_HEADER_SIZE])
{
	const struct vsock_header h = {
		.src_cid = c->vsock->local_cid,
		.dst_cid = c->remote_cid,
		.src_port = c->local_port,
		.dst_port = c->remote_port,
		.size = (uint32_t)size,
		.type = VSOCK_TYPE_STREAM,
		.op = op,
		.buf_alloc = VSOCK_WINDOW,
		.fwd_cnt = c->rx_cnt,
	};

	vsock_header_write(&h, to);
}

/* Any packet tells the peer how much it may send. */
static void window_told(struct vsock_connection *c)
{
	c->rx_told = c->rx_cnt;
	set_unsent(c, (uint8_t)(c->unsent & ~UNSENT_CREDIT));
}

static enum status send_control(struct vsock_connection *c, uint16_t op)
{
	struct vsock *v = c->vsock;
	uint8_t header[VSOCK_HEADER_SIZE];

	if (v->held_size != 0)
		return STATUS_PENDING;
	connection_header(c, op, 0, header);
	TRY(v->carrier.send(v->carrier.ctx, c->request_id, header, NULL, 0));
	window_told(c);
	return STATUS_OK;
}

/* Sends what a connection has unsent, as far as there is room. */
static enum status flush_connection(struct vsock_connection *c)
{
	static const struct {
		uint8_t bit;
		uint8_t op;
	} order[] = {
		{UNSENT_REQUEST, OP_REQUEST},
		{UNSENT_CREDIT, OP_CREDIT_UPDATE},
		{UNSENT_RST, OP_RST},
	};

	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		if (!(c->unsent & order[i].bit))
			continue;
		TRY(send_control(c, order[i].op));
		set_unsent(c, (uint8_t)(c->unsent & ~order[i].bit));
	}
	return STATUS_OK;
}

static enum status send_farewell(struct vsock *v, const struct vsock_farewell *f)
{
	uint8_t header[VSOCK_HEADER_SIZE];
	const struct vsock_header h = {
		.src_cid = v->local_cid,
		.dst_cid = f->remote_cid,
		.src_port = f->local_port,
		.dst_port = f->remote_port,
		.type = VSOCK_TYPE_STREAM,
		.op = f->op,
		.flags = f->op == OP_SHUTDOWN ? SHUTDOWN_BOTH : 0,
		.buf_alloc = f->buf_alloc,
		.fwd_cnt = f->fwd_cnt,
	};

	if (v->held_size != 0)
		return STATUS_PENDING;
	vsock_header_write(&h, header);
	return v->carrier.send(v->carrier.ctx, f->request_id, header, NULL, 0);
}

/*
 * These return false when the carrier has no more room.  A farewell that it refuses has no one left
 * to be told.
 */
static bool flush_farewells(struct vsock *v)
{
	while (v->farewells > 0) {
		const enum status status = send_farewell(v, &v->farewell[0]);
		if (status == STATUS_PENDING)
			return false;
		if (status != STATUS_OK)
			v->dropped++;
		v->farewells--;
		memmove(&v->farewell[0], &v->farewell[1],
			v->farewells * sizeof(v->farewell[0]));
	}
	return true;
}

static void add_farewell(struct vsock *v, const struct vsock_farewell *f)
{
	if (v->farewells == VSOCK_FAREWELLS) {
		v->dropped++;
		return;
	}
	v->farewell[v->farewells++] = *f;
}

static bool flush_held(struct vsock *v, struct vsock_connection **touched)
{
	if (v->held_size == 0)
		return true;

	const enum status status = v->carrier.send(v->carrier.ctx, v->held_request_id, v->held,
		v->held + VSOCK_HEADER_SIZE, v->held_size - VSOCK_HEADER_SIZE);
	if (status == STATUS_PENDING)
		return false;
	v->held_size = 0;
	struct vsock_connection *c = at_port(v, v->held_port);
	if (status != STATUS_OK && c != NULL) {
		break_connection(c, status, false);
		*touched = c;
	}
	return true;
}

/* One connection of a bucket that has something unsent: sends it, wakes its session. */
static bool flush_bucket(struct vsock_connection *c, struct vsock_connection **touched)
{
	for (; c != NULL && *touched == NULL; c = c->next) {
		if (c->unsent == 0)
			continue;
		const bool wake = c->unsent & UNSENT_WAKE;
		const enum status status = flush_connection(c);
		if (status == STATUS_PENDING)
			return false;
		if (status != STATUS_OK)
			break_connection(c, status, false);
		set_unsent(c, (uint8_t)(c->unsent & ~UNSENT_WAKE));
		if (wake || status != STATUS_OK)
			*touched = c;
	}
	return true;
}

/* Stops at the first packet without room, and at a connection whose session should look. */
static void flush(struct vsock *v, struct vsock_connection **touched)
{
	if (!flush_held(v, touched) || !flush_farewells(v))
		return;
	for (int i = 0; i < VSOCK_BUCKETS && v->unsent != 0 && *touched == NULL; i++) {
		if (!flush_bucket(v->bucket[v->next_bucket], touched))
			return;
		if (*touched == NULL)
			v->next_bucket = (v->next_bucket + 1) % VSOCK_BUCKETS;
	}
}

/* --- receiving ----------------------------------------------------------------------------- */

/*
 * Counters may come a little late, packets of one peer being made by several threads; ahead of what
 * was sent they are a lie.
 */
static bool take_credit(struct vsock_connection *c, const struct vsock_header *h)
{
	const uint32_t acknowledged = h->fwd_cnt - c->peer_fwd_cnt;
	const bool late = acknowledged > UINT32_MAX / 2;

	if (!late && acknowledged > c->tx_cnt - c->peer_fwd_cnt)
		return false;
	if (!late)
		c->peer_fwd_cnt = h->fwd_cnt;
	c->peer_buf_alloc = h->buf_alloc;
	return true;
}

static bool take_data(struct vsock_connection *c, const uint8_t *from, size_t n)
{
	if ((c->peer_shutdown & SHUTDOWN_SEND) || n > (size_t)(VSOCK_WINDOW - c->rx_used))
		return false;

	size_t at = (c->rx_head + (size_t)c->rx_used) % VSOCK_WINDOW;
	const size_t first = n < VSOCK_WINDOW - at ? n : VSOCK_WINDOW - at;
	memcpy(c->rx_ring + at, from, first);
	if (n > first)
		memcpy(c->rx_ring, from + first, n - first);
	c->rx_used = (uint16_t)(c->rx_used + n);
	return true;
}

/* The peer has ended the connection; it is answered with a reset unless it sent one itself. */
static void ended_by_peer(struct vsock_connection *c, bool tell)
{
	c->state = VSOCK_CLOSING;
	c->peer_shutdown = SHUTDOWN_BOTH;
	set_unsent(c, tell ? UNSENT_RST : 0);
}

/* False: the packet breaks the protocol. */
static bool apply_open(struct vsock_connection *c, const struct vsock_header *h,
	const uint8_t *payload)
{
	switch (h->op) {
	case OP_RW:
		return take_credit(c, h) && take_data(c, payload, h->size);
	case OP_CREDIT_UPDATE:
		return h->size == 0 && take_credit(c, h);
	case OP_CREDIT_REQUEST:
		set_unsent(c, c->unsent | UNSENT_CREDIT);
		return h->size == 0 && take_credit(c, h);
	case OP_SHUTDOWN:
		c->peer_shutdown |= (uint8_t)(h->flags & SHUTDOWN_BOTH);
		if (c->peer_shutdown == SHUTDOWN_BOTH)
			ended_by_peer(c, true);
		return h->size == 0;
	default:
		return false;
	}
}

static bool apply_connecting(struct vsock_connection *c, const struct vsock_header *h)
{
	if (h->op != OP_RESPONSE || h->size != 0 || !take_credit(c, h))
		return false;
	c->state = VSOCK_OPEN;
	return true;
}

/* A reset carries no more than its addresses; its other fields are not looked at. */
static void apply_reset(struct vsock_connection *c)
{
	if (c->state == VSOCK_CONNECTING) {
		break_connection(c, ERR_TRANSPORT_REFUSED, false);
	} else if (c->state == VSOCK_OPEN) {
		ended_by_peer(c, false);
		c->was_reset = true;
	} else {
		set_unsent(c, c->unsent & UNSENT_WAKE);
	}
}

static void apply(struct vsock_connection *c, const struct vsock_header *h, struct reader payload)
{
	bool ok = h->type == VSOCK_TYPE_STREAM && h->size == reader_left(&payload);

	if (ok && h->op == OP_RST) {
		apply_reset(c);
		return;
	}
	switch (c->state) {
	case VSOCK_OPEN:
		ok = ok && apply_open(c, h, payload.at);
		break;
	case VSOCK_CONNECTING:
		ok = ok && apply_connecting(c, h);
		break;
	default:
		/* Ended, though its session has not closed it yet. */
		set_unsent(c, c->unsent | UNSENT_RST);
		return;
	}
	if (!ok)
		break_connection(c, ERR_TRANSPORT_PROTOCOL, true);
}

/* Nothing is sent in here: the packet may lie in the carrier's only buffer. */
static struct vsock_connection *accept_packet(struct vsock *v, const uint8_t *packet, size_t n)
{
	struct reader r = reader_of(packet, n);
	const struct vsock_header h = vsock_header_read(&r);

	if (!reader_ok(&r) || h.dst_cid != v->local_cid) {
		v->dropped++;
		return NULL;
	}
	struct vsock_connection *c = at_port(v, h.dst_port);
	if (c != NULL && c->remote_cid == h.src_cid && c->remote_port == h.src_port) {
		apply(c, &h, r);
		return c;
	}
	if (h.op != OP_RST) {
		v->dropped++;
		const struct vsock_farewell reset = {
			.request_id = VSOCK_NO_REQUEST,
			.remote_cid = h.src_cid,
			.remote_port = h.src_port,
			.local_port = h.dst_port,
			.op = OP_RST,
		};
		add_farewell(v, &reset);
	}
	return NULL;
}

/* --- the interface ------------------------------------------------------------------------- */

void vsock_init(struct vsock *v, const struct vsock_carrier *carrier, uint64_t local_cid)
{
	memset(v, 0, sizeof(*v));
	v->carrier = *carrier;
	v->local_cid = local_cid;
	v->next_port = PORT_FIRST;
}

enum status vsock_connect(struct vsock *v, struct vsock_connection *c, uint64_t request_id,
	uint64_t remote_cid, uint32_t remote_port)
{
	memset(c, 0, sizeof(*c));
	c->vsock = v;
	c->request_id = request_id;
	c->remote_cid = remote_cid;
	c->remote_port = remote_port;
	c->local_port = take_port(v);
	c->state = VSOCK_CONNECTING;
	insert(v, c);

	set_unsent(c, UNSENT_REQUEST);
	const enum status status = flush_connection(c);
	if (status == STATUS_OK || status == STATUS_PENDING)
		return STATUS_OK;
	forget(c);
	return status;
}

enum status vsock_poll(struct vsock *v, struct vsock_connection **touched)
{
	const uint8_t *packet;
	size_t n;

	*touched = NULL;
	/* Without room to send, packets are taken all the same: they may be what makes room. */
	flush(v, touched);
	if (*touched != NULL)
		return STATUS_OK;
	TRY(v->carrier.receive(v->carrier.ctx, &packet, &n));
	*touched = accept_packet(v, packet, n);
	return STATUS_OK;
}

bool vsock_blocked(const struct vsock *v)
{
	return v->held_size != 0 || v->farewells != 0 || v->unsent != 0;
}

enum status vsock_status(const struct vsock_connection *c)
{
	switch (c->state) {
	case VSOCK_CONNECTING:
		return STATUS_PENDING;
	case VSOCK_OPEN:
	case VSOCK_CLOSING:
		if (c->rx_used == 0 && (c->peer_shutdown & SHUTDOWN_SEND))
			return ERR_TRANSPORT_CLOSED;
		return STATUS_OK;
	case VSOCK_RESET:
		return c->error;
	default:
		return ERR_TRANSPORT_CLOSED;
	}
}

bool vsock_was_reset(const struct vsock_connection *c)
{
	return c->was_reset || c->state == VSOCK_RESET;
}

size_t vsock_rx_waiting(const struct vsock_connection *c)
{
	return c->rx_used;
}

/* A packet of ours was refused: the peer knows nothing of the end. */
static bool carrier_failed(const struct vsock_connection *c)
{
	return c->state == VSOCK_RESET && c->error != ERR_TRANSPORT_REFUSED &&
	       c->error != ERR_TRANSPORT_CLOSED && c->error != ERR_TRANSPORT_PROTOCOL;
}

void vsock_close(struct vsock_connection *c)
{
	struct vsock *v = c->vsock;

	if (v == NULL)
		return;
	struct vsock_farewell farewell = {
		.request_id = c->request_id,
		.remote_cid = c->remote_cid,
		.remote_port = c->remote_port,
		.local_port = c->local_port,
		.buf_alloc = VSOCK_WINDOW,
		.fwd_cnt = c->rx_cnt,
		.op = c->state == VSOCK_OPEN ? OP_SHUTDOWN : OP_RST,
	};
	const bool request_sent = !(c->unsent & UNSENT_REQUEST);
	const bool tell = c->state == VSOCK_OPEN ||
		(c->state == VSOCK_CONNECTING && request_sent) || (c->unsent & UNSENT_RST) ||
		carrier_failed(c);
	forget(c);
	if (tell)
		add_farewell(v, &farewell);
	(void)flush_farewells(v);
}

static size_t stream_rx_bytes(void *ctx, uint8_t *to, size_t n)
{
	struct vsock_connection *c = ctx;

	if (n > c->rx_used)
		n = c->rx_used;
	if (n == 0)
		return 0;
	const size_t first = n < (size_t)(VSOCK_WINDOW - c->rx_head) ? n :
		(size_t)(VSOCK_WINDOW - c->rx_head);
	memcpy(to, c->rx_ring + c->rx_head, first);
	if (n > first)
		memcpy(to + first, c->rx_ring, n - first);
	c->rx_head = (uint16_t)((c->rx_head + n) % VSOCK_WINDOW);
	c->rx_used = (uint16_t)(c->rx_used - n);
	c->rx_cnt += (uint32_t)n;

	return n;
}

void vsock_flush(struct vsock_connection *c)
{
	/* A peer that will send no more needs no window. */
	const bool wants_window = c->state == VSOCK_OPEN && !(c->peer_shutdown & SHUTDOWN_SEND);

	if (!wants_window || c->rx_cnt - c->rx_told < VSOCK_WINDOW / 2)
		return;
	set_unsent(c, c->unsent | UNSENT_CREDIT);
	const enum status status = flush_connection(c);
	if (status != STATUS_OK && status != STATUS_PENDING)
		break_connection(c, status, false);
}

static size_t stream_room(void *ctx)
{
	struct vsock_connection *c = ctx;

	if (c->state == VSOCK_CONNECTING)
		return 0;
	if (!may_send(c))
		return VSOCK_PAYLOAD_MAX;
	if (c->vsock->held_size != 0) {
		set_unsent(c, c->unsent | UNSENT_WAKE);
		return 0;
	}
	const uint32_t room = credit(c);
	return room < VSOCK_PAYLOAD_MAX ? room : VSOCK_PAYLOAD_MAX;
}

static enum status stream_send(void *ctx, const uint8_t *from, size_t n)
{
	struct vsock_connection *c = ctx;
	struct vsock *v = c->vsock;
	uint8_t header[VSOCK_HEADER_SIZE];

	if (!may_send(c))
		return c->state == VSOCK_RESET ? c->error : ERR_TRANSPORT_CLOSED;
	if (n > stream_room(c))
		return ERR_INTERNAL;
	if (n == 0)
		return STATUS_OK;

	connection_header(c, OP_RW, n, header);
	const enum status status = v->carrier.send(v->carrier.ctx, c->request_id, header, from, n);
	if (status == STATUS_PENDING) {
		/* Held for the session, which has been promised that its bytes are taken. */
		memcpy(v->held, header, sizeof(header));
		memcpy(v->held + sizeof(header), from, n);
		v->held_size = (uint32_t)(sizeof(header) + n);
		v->held_port = c->local_port;
		v->held_request_id = c->request_id;
	} else if (status != STATUS_OK) {
		break_connection(c, status, false);
		return status;
	}
	c->tx_cnt += (uint32_t)n;
	window_told(c);
	return STATUS_OK;
}

const struct stream_ops vsock_stream_ops = {
	.rx = stream_rx_bytes,
	.tx_room = stream_room,
	.tx = stream_send,
};
