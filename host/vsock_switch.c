/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Connections of two hosts' guests that meet in this process, without descriptors. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "host/platform.h"
#include "host/vsock_end.h"

/* What a socket's buffer would hold. */
#define WINDOW 65536u
#define BUCKETS 1024
#define SIDES 2

/* Bytes on their way, and whether more can come. */
struct direction {
	uint8_t *bytes;
	size_t taken;		/* of them, from the beginning */
	size_t n;		/* those that are left, behind them */
	size_t size;		/* allocated */
	bool ended;
};

/* Two ends, or one that waits for the other. */
struct stream {
	struct vsock_switch *owner;
	struct stream *next;	/* in its bucket */
	uint32_t port;		/* the even one */
	bool came[SIDES];
	struct vsock_end *end[SIDES];	/* NULL: not there yet, or gone */
	struct direction from[SIDES];
};

struct vsock_switch {
	struct stream *buckets[BUCKETS];
	struct vsock_end *due;
	struct vsock_end *due_last;
};

/* ---------------------------------------------------------------------------------- events */

static void tell_later(struct vsock_switch *s, struct vsock_end *end, unsigned events)
{
	if (!end)
		return;
	if (!end->due) {
		end->next_due = NULL;
		if (s->due_last)
			s->due_last->next_due = end;
		else
			s->due = end;
		s->due_last = end;
	}
	end->due |= events;
}

static void do_not_tell(struct vsock_switch *s, struct vsock_end *end)
{
	struct vsock_end *before = NULL;

	if (!end->due)
		return;
	for (struct vsock_end *at = s->due; at != end; at = at->next_due)
		before = at;
	if (before)
		before->next_due = end->next_due;
	else
		s->due = end->next_due;
	if (s->due_last == end)
		s->due_last = before;
	end->due = 0;
}

bool vsock_switch_step(struct vsock_switch *s)
{
	bool any = s->due != NULL;

	while (s->due) {
		struct vsock_end *end = s->due;
		unsigned events = end->due;

		do_not_tell(s, end);
		end->ready(end, events);
	}
	return any;
}

/* --------------------------------------------------------------------------------- streams */

static struct stream **bucket(struct vsock_switch *s, uint32_t port)
{
	return &s->buckets[port / 2 % BUCKETS];
}

/* The stream that waits for this side, or a new one. */
static struct stream *find(struct vsock_switch *s, unsigned side, uint32_t port)
{
	struct stream **at = bucket(s, port);
	struct stream *stream = *at;

	while (stream && (stream->port != port || stream->came[side]))
		stream = stream->next;
	if (stream)
		return stream;
	stream = calloc(1, sizeof(*stream));
	if (stream) {
		stream->owner = s;
		stream->port = port;
		stream->next = *at;
		*at = stream;
	}
	return stream;
}

static void stream_free(struct stream *stream)
{
	struct stream **at = bucket(stream->owner, stream->port);

	while (*at != stream)
		at = &(*at)->next;
	*at = stream->next;
	for (unsigned i = 0; i < SIDES; i++)
		free(stream->from[i].bytes);
	free(stream);
}

/* Room for n more bytes behind those that are left; twice as much, so that they seldom move. */
static bool make_room(struct direction *d, size_t n)
{
	size_t size = 2 * (d->n + n);
	uint8_t *bytes;

	if (n <= d->size - d->taken - d->n)
		return true;
	if (d->taken >= d->n + n) {
		memcpy(d->bytes, d->bytes + d->taken, d->n);
		d->taken = 0;
		return true;
	}
	bytes = malloc(size);
	if (!bytes)
		return false;
	if (d->n)
		memcpy(bytes, d->bytes + d->taken, d->n);
	free(d->bytes);
	d->bytes = bytes;
	d->size = size;
	d->taken = 0;
	return true;
}

/* ------------------------------------------------------------------------------ operations */

static int end_dial(struct vsock_end *end, struct platform *platform, uint32_t port)
{
	struct vsock_switch *s = platform->vsock_switch;
	/* Side 1's ports are the odd ones of the same pairs. */
	struct stream *stream = find(s, platform->vsock_side, port & ~1u);

	if (!stream) {
		errno = ENOMEM;
		return -1;
	}
	end->stream = stream;
	end->side = platform->vsock_side;
	end->due = 0;
	stream->came[end->side] = true;
	stream->end[end->side] = end;
	tell_later(s, end, END_WRITABLE | END_READABLE);
	return 0;
}

static int end_error(struct vsock_end *end)
{
	(void)end;
	return 0;
}

static ssize_t end_send(struct vsock_end *end, const void *from, size_t n)
{
	struct stream *stream = end->stream;
	unsigned other = !end->side;
	struct direction *d = &stream->from[end->side];

	if (d->ended || (stream->came[other] && !stream->end[other])) {
		errno = EPIPE;
		return -1;
	}
	if (n > WINDOW - d->n)
		n = WINDOW - d->n;
	if (!n || !make_room(d, n)) {
		errno = n ? ENOMEM : EAGAIN;
		return -1;
	}
	memcpy(d->bytes + d->taken + d->n, from, n);
	d->n += n;
	tell_later(stream->owner, stream->end[other], END_READABLE);
	return (ssize_t)n;
}

static ssize_t end_receive(struct vsock_end *end, void *to, size_t n)
{
	struct stream *stream = end->stream;
	unsigned other = !end->side;
	struct direction *d = &stream->from[other];

	if (!d->n) {
		errno = EAGAIN;
		return d->ended ? 0 : -1;
	}
	if (n > d->n)
		n = d->n;
	memcpy(to, d->bytes + d->taken, n);
	d->taken += n;
	d->n -= n;
	if (!d->n) {
		free(d->bytes);
		*d = (struct direction){.ended = d->ended};
	}
	/* As a socket does: not for every byte. */
	if (d->n <= WINDOW / 2)
		tell_later(stream->owner, stream->end[other], END_WRITABLE);
	return (ssize_t)n;
}

static void end_shutdown(struct vsock_end *end, int how)
{
	struct stream *stream = end->stream;

	if (how == SHUT_RD)
		return;
	stream->from[end->side].ended = true;
	tell_later(stream->owner, stream->end[!end->side], END_READABLE);
}

static void end_close(struct vsock_end *end)
{
	struct stream *stream = end->stream;
	unsigned other = !end->side;

	if (!stream)
		return;
	do_not_tell(stream->owner, end);
	end->stream = NULL;
	stream->end[end->side] = NULL;
	stream->from[end->side].ended = true;
	if (stream->end[other])
		tell_later(stream->owner, stream->end[other], END_READABLE | END_HUNG_UP);
	else
		stream_free(stream);
}

const struct vsock_end_ops vsock_switched = {
	.dial = end_dial,
	.error = end_error,
	.send = end_send,
	.receive = end_receive,
	.shutdown = end_shutdown,
	.close = end_close,
};

struct vsock_switch *vsock_switch_create(void)
{
	return calloc(1, sizeof(struct vsock_switch));
}

void vsock_switch_destroy(struct vsock_switch *s)
{
	free(s);
}
