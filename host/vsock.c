/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * vhost-vsock of one Migration TD: guest connections to CID 2 port P become connections to the
 * Unix socket PREFIX_P (or to AF_VSOCK port P, or inside of this process; see vsock_end.h), with
 * credit in both directions.
 *
 * Nothing is read from the host's end before the guest asks for a packet and has credit for it,
 * so the only data kept here are guest bytes that the host's end does not take yet: at most
 * HOST_WINDOW a connection, which is what we advertise.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "host/bytes.h"
#include "host/platform.h"
#include "host/vsock_end.h"
#include "host/vsock_packet.h"

#define HOST_WINDOW 65536u
/* vhost-vsock's receive buffers: data bytes of one packet to the guest. */
#define PACKET_DATA_MAX 4096u
#define STRAYS_MAX 1024
#define BUCKETS 1024
#define CONNECT_RETRY_MS 20
#define CONNECT_TIMEOUT_MS 8000
#define ANY_REQUEST UINT64_MAX

/* A reset for the guest, of a connection that is gone or never was. */
struct stray {
	struct stray *next;
	uint64_t request_id;
	uint32_t guest_port;
	uint32_t host_port;
};

struct connection {
	struct vsock_end end;
	struct timer retry;
	uint64_t give_up;
	struct vsock_host *host;
	struct connection *next_in_bucket;
	struct connection *next_ready;
	bool queued;		/* in the ready list */
	bool gone;		/* to be freed when nothing of this batch can mean it any more */
	uint64_t request_id;
	uint32_t guest_port;
	uint32_t host_port;
	bool open;		/* the host side is connected */
	bool readable;		/* the host socket may have bytes, or its end */
	bool hung_up;
	bool ended;		/* the guest has been told of the end */
	bool owes_response;
	bool owes_credit;
	uint32_t guest_shutdown;
	uint32_t guest_alloc;
	uint32_t guest_fwd;
	uint32_t to_guest;	/* bytes sent to the guest */
	uint32_t forwarded;	/* bytes of the guest that the host socket took */
	uint32_t told;		/* the last fwd_cnt the guest saw */
	uint64_t bytes;		/* both directions */
	uint8_t *queue;		/* guest bytes not taken yet */
	size_t queue_size;
};

struct vsock_host {
	struct migtd *td;
	struct connection *buckets[BUCKETS];
	struct connection *ready;
	struct connection *ready_last;
	struct stray *strays;
	struct stray *strays_last;
	unsigned stray_count;
};

/* ------------------------------------------------------- lists of what waits for the guest */

static void stray_add(struct vsock_host *host, uint64_t request_id, uint32_t host_port,
	uint32_t guest_port)
{
	struct stray *stray = calloc(1, sizeof(*stray));

	if (!stray)
		return;
	*stray = (struct stray){NULL, request_id, guest_port, host_port};
	if (host->strays_last)
		host->strays_last->next = stray;
	else
		host->strays = stray;
	host->strays_last = stray;
	host->stray_count++;
	migtd_interrupt(host->td, INTERRUPT_RX);
}

static uint32_t credit(const struct connection *c)
{
	uint32_t in_flight = c->to_guest - c->guest_fwd;

	return in_flight < c->guest_alloc ? c->guest_alloc - in_flight : 0;
}

static bool has_packet(const struct connection *c)
{
	if (c->owes_response || c->owes_credit)
		return true;
	return c->open && c->readable && !c->ended && credit(c);
}

static void make_ready(struct connection *c)
{
	struct vsock_host *host = c->host;

	if (!has_packet(c))
		return;
	if (!c->queued) {
		c->queued = true;
		c->next_ready = NULL;
		if (host->ready_last)
			host->ready_last->next_ready = c;
		else
			host->ready = c;
		host->ready_last = c;
	}
	migtd_interrupt(host->td, INTERRUPT_RX);
}

static void unqueue(struct connection *c)
{
	struct vsock_host *host = c->host;
	struct connection *before = NULL;

	if (!c->queued)
		return;
	for (struct connection *at = host->ready; at != c; at = at->next_ready)
		before = at;
	if (before)
		before->next_ready = c->next_ready;
	else
		host->ready = c->next_ready;
	if (host->ready_last == c)
		host->ready_last = before;
	c->queued = false;
}

/* --------------------------------------------------------------------------- connections */

static struct connection **bucket(struct vsock_host *host, uint32_t guest_port, uint32_t host_port)
{
	return &host->buckets[(guest_port ^ host_port * 31) % BUCKETS];
}

static struct connection *find(struct vsock_host *host, uint32_t guest_port, uint32_t host_port)
{
	struct connection *c = *bucket(host, guest_port, host_port);

	while (c && (c->guest_port != guest_port || c->host_port != host_port))
		c = c->next_in_bucket;
	return c;
}

static void forget(struct connection *c)
{
	struct loop *loop = &c->host->td->platform->loop;
	struct connection **at = bucket(c->host, c->guest_port, c->host_port);

	while (*at != c)
		at = &(*at)->next_in_bucket;
	*at = c->next_in_bucket;
	unqueue(c);
	timer_cancel(loop, &c->retry);
	c->end.ops->close(&c->end);
	c->gone = true;
	free(c->queue);
	loop_bury(loop, c);
}

/* Ends a connection with a reset for the guest. */
static void reset(struct connection *c)
{
	stray_add(c->host, c->request_id, c->host_port, c->guest_port);
	forget(c);
}

/* A full accept queue is no refusal: tried again for as long as a guest waits for an answer. */
static void try_connect(struct connection *c)
{
	struct platform *platform = c->host->td->platform;

	if (!c->end.ops->dial(&c->end, platform, c->host_port))
		return;
	if (errno == EAGAIN && loop_now(&platform->loop) < c->give_up)
		timer_set(&platform->loop, &c->retry, CONNECT_RETRY_MS);
	else
		reset(c);
}

static void retry_connect(struct timer *timer)
{
	try_connect(CONTAINER_OF(timer, struct connection, retry));
}

static void host_side_ready(struct vsock_end *end, unsigned events);

static void connect_request(struct vsock_host *host, uint64_t request_id, const struct vsock_packet *p)
{
	struct platform *platform = host->td->platform;
	struct connection **at = bucket(host, p->src_port, p->dst_port);
	/* A new connection has taken nothing yet. */
	struct connection *c = p->fwd_cnt ? NULL : calloc(1, sizeof(*c));

	if (!c) {
		stray_add(host, request_id, p->dst_port, p->src_port);
		return;
	}
	c->end.ops = platform->vsock;
	c->end.ready = host_side_ready;
	c->end.watch.fd = -1;
	c->retry.expired = retry_connect;
	c->give_up = loop_now(&platform->loop) + CONNECT_TIMEOUT_MS;
	c->host = host;
	c->request_id = request_id;
	c->guest_port = p->src_port;
	c->host_port = p->dst_port;
	c->guest_alloc = p->buf_alloc;
	c->next_in_bucket = *at;
	*at = c;
	try_connect(c);
}

/* True when the fault ends the connection. */
static bool count_bytes(struct connection *c, size_t n)
{
	struct faults *faults = &c->host->td->platform->faults;
	const struct fault *fault = &faults->of[FAULT_VSOCK_RESET_AFTER];

	c->bytes += n;
	if (!fault->set || c->bytes < fault->arg)
		return false;
	return fault_fires(faults, FAULT_VSOCK_RESET_AFTER);
}

/* What shutdown means once every guest byte has been taken.  False when the connection is gone. */
static bool finish_shutdown(struct connection *c)
{
	if (c->queue_size || !c->guest_shutdown)
		return true;
	if (c->guest_shutdown == (SHUTDOWN_RECEIVE | SHUTDOWN_SEND)) {
		reset(c);
		return false;
	}
	c->end.ops->shutdown(&c->end, c->guest_shutdown == SHUTDOWN_SEND ? SHUT_WR : SHUT_RD);
	return true;
}

/* Passes queued guest bytes on.  False when the connection is gone. */
static bool flush(struct connection *c)
{
	size_t done = 0;

	while (done < c->queue_size) {
		ssize_t n = c->end.ops->send(&c->end, c->queue + done, c->queue_size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN) {
			reset(c);
			return false;
		}
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	if (done) {
		memmove(c->queue, c->queue + done, c->queue_size - done);
		c->queue_size -= done;
		c->forwarded += (uint32_t)done;
		/* As vhost does: tell the guest before what it believes to have left runs low. */
		if (c->forwarded - c->told > HOST_WINDOW / 4)
			c->owes_credit = true;
		make_ready(c);
	}
	return finish_shutdown(c);
}

static void host_side_ready(struct vsock_end *end, unsigned events)
{
	struct connection *c = CONTAINER_OF(end, struct connection, end);

	if (!c->open && (events & END_WRITABLE)) {
		if (end->ops->error(end)) {
			reset(c);
			return;
		}
		c->open = true;
		c->owes_response = true;
	}
	if (events & END_READABLE)
		c->readable = true;
	if (events & END_HUNG_UP)
		c->hung_up = true;
	if (c->open && (events & END_WRITABLE) && !flush(c))
		return;
	make_ready(c);
}

/* -------------------------------------------------------------------- packets of the guest */

static void take_data(struct connection *c, const struct vsock_packet *p)
{
	/* More than the credit we gave: the guest breaks the protocol. */
	if (!c->open || (c->guest_shutdown & SHUTDOWN_SEND) || p->size > HOST_WINDOW - c->queue_size) {
		reset(c);
		return;
	}
	if (!c->queue)
		c->queue = malloc(HOST_WINDOW);
	if (!c->queue || count_bytes(c, p->size)) {
		reset(c);
		return;
	}
	memcpy(c->queue + c->queue_size, p->data, p->size);
	c->queue_size += p->size;
	/* Even if nothing can be passed on: the packet may have brought credit. */
	if (flush(c))
		make_ready(c);
}

static void take_packet(struct connection *c, const struct vsock_packet *p)
{
	/* The guest cannot have taken more than we sent. */
	if (c->to_guest - p->fwd_cnt > c->to_guest - c->guest_fwd) {
		reset(c);
		return;
	}
	c->guest_alloc = p->buf_alloc;
	c->guest_fwd = p->fwd_cnt;
	switch (p->operation) {
	case OP_RW:
		take_data(c, p);
		return;
	case OP_CREDIT_UPDATE:
		break;
	case OP_CREDIT_REQUEST:
		c->owes_credit = true;
		break;
	case OP_SHUTDOWN:
		c->guest_shutdown |= p->flags & (SHUTDOWN_RECEIVE | SHUTDOWN_SEND);
		if (c->open && !finish_shutdown(c))
			return;
		break;
	default:
		reset(c);
		return;
	}
	make_ready(c);
}

void vsock_host_send(struct vsock_host *host, uint64_t request_id, const uint8_t *bytes, size_t n)
{
	struct connection *c;
	struct vsock_packet p;

	if (!vsock_decode(&p, bytes, n) || p.src_cid != host->td->cid)
		return;
	c = find(host, p.src_port, p.dst_port);
	if (p.operation == OP_RST) {
		if (c)
			forget(c);
		return;
	}
	if (p.dst_cid != VSOCK_HOST_CID || p.type != VSOCK_STREAM || (!c && p.operation != OP_REQUEST)) {
		if (host->stray_count < STRAYS_MAX)
			stray_add(host, request_id, p.dst_port, p.src_port);
		return;
	}
	if (!c)
		connect_request(host, request_id, &p);
	else
		take_packet(c, &p);
}

/* ------------------------------------------------------------------ packets for the guest */

static bool wanted(uint64_t asked, uint64_t request_id)
{
	return asked == ANY_REQUEST || asked == request_id;
}

static size_t give_stray(struct vsock_host *host, uint64_t request_id, uint8_t *out)
{
	struct stray *before = NULL;
	struct stray *s = host->strays;

	while (s && !wanted(request_id, s->request_id)) {
		before = s;
		s = s->next;
	}
	if (!s)
		return 0;
	if (before)
		before->next = s->next;
	else
		host->strays = s->next;
	if (host->strays_last == s)
		host->strays_last = before;
	host->stray_count--;
	vsock_encode(out, OP_RST, s->host_port, host->td->cid, s->guest_port);
	free(s);
	return VSOCK_HEADER;
}

/* The header of any packet of a connection tells the guest our side of the credit. */
static size_t give_header(struct connection *c, enum vsock_operation operation, uint32_t flags, size_t n,
	uint8_t *out)
{
	vsock_encode(out, operation, c->host_port, c->host->td->cid, c->guest_port);
	store32(out + 24, (uint32_t)n);
	store32(out + 32, flags);
	store32(out + 36, HOST_WINDOW);
	store32(out + 40, c->forwarded);
	c->told = c->forwarded;
	c->owes_credit = false;
	return VSOCK_HEADER + n;
}

/* Data, the end of it, or nothing.  *gone when the connection is. */
static size_t give_data(struct connection *c, uint8_t *out, size_t size, bool *gone)
{
	size_t most = size - VSOCK_HEADER;
	ssize_t n;

	if (most > credit(c))
		most = credit(c);
	if (most > PACKET_DATA_MAX)
		most = PACKET_DATA_MAX;
	if (!c->open || !c->readable || c->ended || !most)
		return 0;
	n = c->end.ops->receive(&c->end, out + VSOCK_HEADER, most);
	if (n > 0) {
		if (count_bytes(c, (size_t)n)) {
			*gone = true;
			return 0;
		}
		c->to_guest += (uint32_t)n;
		return give_header(c, OP_RW, 0, (size_t)n, out);
	}
	if (n < 0 && errno == EAGAIN) {
		c->readable = false;
		return 0;
	}
	if (n < 0 && errno != EINTR) {
		*gone = true;
		return 0;
	}
	if (!n) {
		c->ended = true;
		return give_header(c, OP_SHUTDOWN,
			c->hung_up ? SHUTDOWN_RECEIVE | SHUTDOWN_SEND : SHUTDOWN_SEND, 0, out);
	}
	return 0;
}

static size_t give_packet(struct connection *c, uint8_t *out, size_t size)
{
	bool gone = false;
	size_t n;

	if (c->owes_response) {
		c->owes_response = false;
		return give_header(c, OP_RESPONSE, 0, 0, out);
	}
	n = give_data(c, out, size, &gone);
	if (gone) {
		reset(c);
		return 0;
	}
	if (!n && c->owes_credit)
		n = give_header(c, OP_CREDIT_UPDATE, 0, 0, out);
	return n;
}

size_t vsock_host_receive(struct vsock_host *host, uint64_t request_id, uint8_t *out, size_t size)
{
	size_t n = give_stray(host, request_id, out);
	struct connection *c = host->ready;

	while (!n && c) {
		struct connection *next = c->next_ready;

		if (wanted(request_id, c->request_id)) {
			/* To the back of the list, so that no connection starves another. */
			unqueue(c);
			n = give_packet(c, out, size);
			if (!c->gone)
				make_ready(c);
		}
		c = next;
	}
	/* A reset that was decided just now. */
	return n ? n : give_stray(host, request_id, out);
}

bool vsock_host_waiting(const struct vsock_host *host)
{
	return host->strays || host->ready;
}

/* ----------------------------------------------------------------------------- the host */

struct vsock_host *vsock_host_create(struct migtd *td)
{
	struct vsock_host *host = calloc(1, sizeof(*host));

	if (host)
		host->td = td;
	return host;
}

static struct connection *any_of(struct vsock_host *host, uint64_t request_id)
{
	for (unsigned i = 0; i < BUCKETS; i++) {
		for (struct connection *c = host->buckets[i]; c; c = c->next_in_bucket) {
			if (wanted(request_id, c->request_id))
				return c;
		}
	}
	return NULL;
}

unsigned vsock_host_reset(struct vsock_host *host, uint64_t request_id)
{
	struct connection *c;
	unsigned n = 0;

	while ((c = any_of(host, request_id))) {
		reset(c);
		n++;
	}
	return n;
}

void vsock_host_destroy(struct vsock_host *host)
{
	for (unsigned i = 0; i < BUCKETS; i++) {
		while (host->buckets[i])
			forget(host->buckets[i]);
	}
	while (host->strays) {
		struct stray *s = host->strays;

		host->strays = s->next;
		free(s);
	}
	free(host);
}
