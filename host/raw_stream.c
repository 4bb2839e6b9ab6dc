/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * One migration request's stream.  A Send completes when its bytes are with the connection, a Receive
 * when bytes came; nothing is read ahead of a Receive, so that the peer feels what the guest does
 * not take.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/bytes.h"
#include "host/raw.h"
#include "host/vsock_end.h"

#define FRAME_HEADER 4
#define DIAL_AGAIN_MS 20
/* A foreign sender may cut its stream otherwise; a length beyond this is no frame. */
#define FRAME_MAX (16u << 20)
#define JUNK 64

struct raw_stream {
	struct raw_stream *next;
	struct raw_host *host;
	struct vsock_end end;
	struct timer dial_again;
	struct timer late;
	uint64_t request_id;
	uint32_t port;
	bool open;		/* it has an end outside */
	bool connected;
	bool ended;		/* nothing more comes from outside, or goes there */
	bool canceled;
	bool receive_lost;	/* fault: it never completes */
	bool send_lost;
	struct raw_buffer receive;
	struct raw_buffer send;
	uint8_t out[FRAME_HEADER + RAW_MTU];	/* the Send at hand */
	size_t out_at;
	size_t out_size;
	uint8_t header[FRAME_HEADER];		/* of the frame that comes in */
	size_t header_size;
	uint32_t frame_left;			/* bytes of it that the guest has not got */
};

static struct loop *loop_of(struct raw_stream *s)
{
	return &s->host->td->platform->loop;
}

static bool fires(struct raw_stream *s, enum fault_id id)
{
	return fault_fires(&s->host->td->platform->faults, id);
}

/* ------------------------------------------------------------------------------- outside */

static void close_outside(struct raw_stream *s)
{
	timer_cancel(loop_of(s), &s->dial_again);
	if (s->open)
		s->end.ops->close(&s->end);
	s->open = s->connected = false;
	s->ended = true;
}

/* Sends what waits.  True when all of it is gone. */
static bool flush(struct raw_stream *s)
{
	while (s->connected && !s->ended && s->out_at < s->out_size) {
		ssize_t n = s->end.ops->send(&s->end, s->out + s->out_at, s->out_size - s->out_at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			s->ended = true;
		if (n <= 0)
			return false;
		s->out_at += (size_t)n;
	}
	return s->out_at == s->out_size;
}

/* Up to n bytes; 0 when none are there now, or at the end. */
static size_t take(struct raw_stream *s, uint8_t *to, size_t n)
{
	ssize_t got;

	do
		got = s->end.ops->receive(&s->end, to, n);
	while (got < 0 && errno == EINTR);
	if (!got || (got < 0 && errno != EAGAIN))
		s->ended = true;
	return got > 0 ? (size_t)got : 0;
}

/* Payload bytes of frames, up to n. */
static size_t read_payload(struct raw_stream *s, uint8_t *to, size_t n)
{
	size_t got = 0;

	while (got < n && s->connected && !s->ended) {
		size_t part;

		if (s->frame_left) {
			part = take(s, to + got, n - got < s->frame_left ? n - got : s->frame_left);
			s->frame_left -= (uint32_t)part;
			got += part;
		} else {
			part = take(s, s->header + s->header_size, FRAME_HEADER - s->header_size);
			s->header_size += part;
			if (s->header_size == FRAME_HEADER) {
				s->header_size = 0;
				s->frame_left = load32(s->header);
				if (!s->frame_left || s->frame_left > FRAME_MAX)
					s->ended = true;
			}
		}
		if (!part)
			break;
	}
	return got;
}

/* ------------------------------------------------------------------------- the guest's calls */

static void complete_receive(struct raw_stream *s)
{
	static uint8_t payload[RAW_MTU];
	const uint32_t room = (uint32_t)(s->receive.size - RAW_HEADER);
	uint32_t n = (uint32_t)read_payload(s, payload, room);
	const struct faults *faults = &s->host->td->platform->faults;

	if (!n) {
		if (s->ended)
			raw_complete(s->host, &s->receive, RAW_NOT_COMPLETED, NULL, 0, 0);
		return;
	}
	if (fires(s, FAULT_RAW_ZERO))
		raw_complete(s->host, &s->receive, RAW_DONE, NULL, 0, 0);
	else if (fires(s, FAULT_RAW_OVERSIZE))
		raw_complete(s->host, &s->receive, RAW_DONE, payload, n, room + 1);
	else if (fires(s, FAULT_RAW_STATUS))
		raw_complete(s->host, &s->receive, faults->of[FAULT_RAW_STATUS].arg, payload, n, n);
	else
		raw_complete(s->host, &s->receive, RAW_DONE, payload, n, n);
}

static void cancel_pending(struct raw_stream *s)
{
	const uint64_t status = RAW_NOT_COMPLETED | RAW_CANCELED << 8;

	if (s->receive.pending && !s->receive_lost)
		raw_complete(s->host, &s->receive, status, NULL, 0, 0);
	if (s->send.pending && !s->send_lost)
		raw_complete(s->host, &s->send, status, NULL, 0, 0);
}

/* Does what can be done now. */
static void advance(struct raw_stream *s)
{
	if (s->late.armed)
		return;
	if (s->canceled) {
		cancel_pending(s);
		return;
	}
	if (s->send.pending && !s->send_lost) {
		if (flush(s))
			raw_complete(s->host, &s->send, RAW_DONE, NULL, 0, 0);
		else if (s->ended)
			raw_complete(s->host, &s->send, RAW_NOT_COMPLETED, NULL, 0, 0);
	}
	if (s->receive.pending && !s->receive_lost)
		complete_receive(s);
	if (s->ended)
		close_outside(s);
}

static void late_over(struct timer *timer)
{
	advance(CONTAINER_OF(timer, struct raw_stream, late));
}

static void begin(struct raw_stream *s)
{
	const struct faults *faults = &s->host->td->platform->faults;

	if (fires(s, FAULT_RAW_LATE))
		timer_set(loop_of(s), &s->late, faults->of[FAULT_RAW_LATE].arg);
	advance(s);
}

uint64_t raw_stream_send(struct raw_stream *s, const struct raw_buffer *buffer)
{
	uint8_t header[RAW_HEADER];
	uint64_t n = buffer->size - RAW_HEADER;

	if (s->send.pending || !n || n > RAW_MTU ||
		!vmm_read(s->host->td, buffer->gpa, header, sizeof(header)) || load64(header) ||
		load32(header + 8) != n ||
		!vmm_read(s->host->td, buffer->gpa + RAW_HEADER, s->out + FRAME_HEADER, n))
		return VMCALL_INVALID_OPERAND;
	store32(s->out, (uint32_t)n);
	s->out_at = 0;
	s->out_size = FRAME_HEADER + n;
	s->send = *buffer;
	s->send.pending = true;
	s->send_lost = fires(s, FAULT_RAW_SEND_NEVER);
	begin(s);
	return VMCALL_SUCCESS;
}

uint64_t raw_stream_receive(struct raw_stream *s, const struct raw_buffer *buffer)
{
	if (s->receive.pending || buffer->size <= RAW_HEADER || buffer->size > RAW_HEADER + RAW_MTU)
		return VMCALL_INVALID_OPERAND;
	s->receive = *buffer;
	s->receive.pending = true;
	s->receive_lost = fires(s, FAULT_RAW_NEVER);
	begin(s);
	return VMCALL_SUCCESS;
}

/* --------------------------------------------------------------------------- from begin to end */

static void dial(struct raw_stream *s)
{
	struct platform *platform = s->host->td->platform;

	s->open = !s->end.ops->dial(&s->end, platform, s->port);
	/* Whoever comes first waits: nobody may be listening yet. */
	if (!s->open)
		timer_set(&platform->loop, &s->dial_again, DIAL_AGAIN_MS);
}

static void dial_again(struct timer *timer)
{
	dial(CONTAINER_OF(timer, struct raw_stream, dial_again));
}

static void outside_ready(struct vsock_end *end, unsigned events)
{
	struct raw_stream *s = CONTAINER_OF(end, struct raw_stream, end);

	if (!s->connected && (s->end.ops->error(end) || !(events & END_WRITABLE))) {
		end->ops->close(end);
		s->open = false;
		timer_set(loop_of(s), &s->dial_again, DIAL_AGAIN_MS);
		return;
	}
	s->connected = true;
	advance(s);
}

struct raw_stream *raw_stream_open(struct raw_host *host, const struct user_td *td)
{
	const struct platform *platform = host->td->platform;
	struct raw_stream *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->host = host;
	s->end.ops = platform->vsock;
	if (platform->raw)
		s->end.ops = platform->raw_end[td->incoming];
	s->end.ready = outside_ready;
	s->end.watch.fd = -1;
	s->dial_again.expired = dial_again;
	s->late.expired = late_over;
	s->request_id = td->id;
	s->port = td->port;
	s->next = host->streams;
	host->streams = s;
	dial(s);
	return s;
}

struct raw_stream *raw_stream_find(const struct raw_host *host, uint64_t request_id)
{
	struct raw_stream *s = host->streams;

	while (s && s->request_id != request_id)
		s = s->next;
	return s;
}

void raw_stream_cancel(struct raw_stream *s)
{
	close_outside(s);
	s->canceled = true;
	advance(s);
}

void raw_stream_end(struct raw_stream *s)
{
	struct raw_stream **at = &s->host->streams;
	uint8_t junk[JUNK];

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	close_outside(s);
	timer_cancel(loop_of(s), &s->late);
	/* A completion for a session that is no more. */
	if (s->receive.pending && !s->receive_lost && fires(s, FAULT_RAW_INJECT)) {
		platform_random(junk, sizeof(junk));
		raw_complete(s->host, &s->receive, RAW_DONE, junk, sizeof(junk), sizeof(junk));
	}
	cancel_pending(s);
	loop_bury(loop_of(s), s);
}
