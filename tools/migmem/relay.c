/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define _GNU_SOURCE
#include "migmem/relay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define EVENTS 64
#define BUFFER_SIZE 16384

/* One direction's bytes on their way from one end to the other. */
struct end {
	int listener;
	int fd;           /* -1 when nobody is connected */
	uint32_t watched; /* epoll events asked for */
	uint8_t *buffer;  /* read from here, to be written to the other end */
	size_t filled;
	bool ended; /* no more comes from here */
	bool hung;  /* and nothing can be sent there; no longer watched */
};

struct link {
	struct end end[2];
};

struct relay {
	int epoll;
	struct link *links;
	size_t n;
};

/* --- one link ------------------------------------------------------------------------------ */

static void watch(const struct relay *r, size_t index, struct end *e, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.u64 = index};

	if (e->hung || e->watched == events)
		return;
	epoll_ctl(r->epoll, EPOLL_CTL_MOD, e->fd, &event);
	e->watched = events;
}

static void end_close(struct end *e)
{
	if (e->fd >= 0)
		close(e->fd); /* leaves the epoll set with it */
	free(e->buffer);
	*e = (struct end){.listener = e->listener, .fd = -1};
}

/* An end-of-file that no event has told yet, because the next connection was seen first. */
static bool is_over(const struct end *e)
{
	uint8_t byte;

	return e->ended || recv(e->fd, &byte, 1, MSG_PEEK) == 0;
}

static void end_accept(const struct relay *r, size_t index, struct end *e)
{
	struct epoll_event event = {.events = 0, .data.u64 = index};
	struct link *l = &r->links[index / 2];
	const int fd = accept4(e->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (e->fd >= 0 && is_over(e)) {
		end_close(&l->end[0]);
		end_close(&l->end[1]);
	}
	/* A second connection to a port in use has no counterpart. */
	if (e->fd >= 0 || epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
		close(fd);
		return;
	}
	e->fd = fd;
	e->buffer = tool_alloc(BUFFER_SIZE);
}

/* Reads what fits and writes what can be written; false when the connection broke. */
static bool move_bytes(struct end *from, struct end *to)
{
	if (from->filled < BUFFER_SIZE && !from->ended) {
		const ssize_t n =
			recv(from->fd, from->buffer + from->filled, BUFFER_SIZE - from->filled, 0);
		if (n > 0)
			from->filled += (size_t)n;
		else if (n == 0)
			from->ended = true;
		else if (errno != EAGAIN && errno != EINTR)
			return false;
	}
	if (from->filled > 0) {
		const ssize_t n = send(to->fd, from->buffer, from->filled, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (n > 0) {
			from->filled -= (size_t)n;
			memmove(from->buffer, from->buffer + n, from->filled);
		}
	}
	if (from->ended && from->filled == 0)
		shutdown(to->fd, SHUT_WR);
	return true;
}

static bool is_done(const struct end *e)
{
	return e->ended && e->filled == 0;
}

static void link_serve(const struct relay *r, size_t index)
{
	struct link *l = &r->links[index / 2];
	struct end *a = &l->end[0], *b = &l->end[1];

	if (a->fd < 0 || b->fd < 0)
		return;
	const bool alive = move_bytes(a, b) && move_bytes(b, a);
	if (!alive || (is_done(a) && (is_done(b) || a->hung)) || (is_done(b) && b->hung)) {
		end_close(a);
		end_close(b);
		return;
	}
	for (size_t i = 0; i < 2; i++) {
		struct end *from = &l->end[i], *to = &l->end[1 - i];
		const uint32_t in = from->filled < BUFFER_SIZE && !from->ended ? EPOLLIN : 0;
		watch(r, (index & ~(size_t)1) + i, from, in | (to->filled > 0 ? EPOLLOUT : 0));
	}
}

/* Event numbers: 2 * link + end for a connection, the same with the top bit for a listener. */
#define LISTENER (1ull << 63)

static void serve_event(const struct relay *r, const struct epoll_event *event)
{
	const size_t index = (size_t)(event->data.u64 & ~LISTENER);
	struct end *e = &r->links[index / 2].end[index % 2];
	struct end *other = &r->links[index / 2].end[1 - index % 2];

	if ((event->data.u64 & LISTENER) != 0) {
		end_accept(r, index, e);
	} else if (e->fd >= 0 && (event->events & (EPOLLHUP | EPOLLERR)) != 0) {
		if (other->fd < 0) { /* hung up before the other side came */
			end_close(e);
			return;
		}
		/* Told without being asked for, again and again: watch it no more. */
		e->hung = epoll_ctl(r->epoll, EPOLL_CTL_DEL, e->fd, NULL) == 0;
	}
	link_serve(r, index);
}

static int serve(void *argument)
{
	const struct relay *r = argument;
	struct epoll_event events[EVENTS];

	for (;;) {
		const int n = epoll_wait(r->epoll, events, EVENTS, -1);
		if (n < 0 && errno != EINTR)
			return 1;
		for (int i = 0; i < n; i++)
			serve_event(r, &events[i]);
	}
}

/* --- starting ------------------------------------------------------------------------------ */

static int listen_at(struct relay *r, size_t index, const char *prefix, uint32_t port)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = index | LISTENER};
	struct end *e = &r->links[index / 2].end[index % 2];
	const int n = snprintf(address.sun_path, sizeof(address.sun_path), "%s_%u", prefix, port);

	if (n < 0 || (size_t)n >= sizeof(address.sun_path))
		return tool_fail(TOOL_USAGE, "%s_%u: too long for a Unix socket", prefix, port);
	e->fd = -1;
	e->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (e->listener < 0 ||
		bind(e->listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
		listen(e->listener, 8) != 0 ||
		epoll_ctl(r->epoll, EPOLL_CTL_ADD, e->listener, &event) != 0)
		return tool_fail(
			TOOL_REJECT, "%s: cannot listen: %s", address.sun_path, strerror(errno));
	return TOOL_OK;
}

/* Two listeners and two connections a session, and what the process has besides. */
static void raise_descriptor_limit(size_t sessions)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= 4 * sessions + 64)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int relay_start(struct stage *s, const char *prefix_a, const char *prefix_b, size_t n)
{
	struct relay r = {.epoll = epoll_create1(EPOLL_CLOEXEC), .n = n};
	int code = TOOL_OK;

	raise_descriptor_limit(n);
	if (r.epoll < 0)
		return tool_fail(TOOL_REJECT, "epoll: %s", strerror(errno));
	r.links = tool_alloc(n * sizeof(*r.links));
	for (size_t i = 0; i < n; i++)
		r.links[i] =
			(struct link){{{.listener = -1, .fd = -1}, {.listener = -1, .fd = -1}}};
	for (size_t i = 0; i < n && code == TOOL_OK; i++) {
		code = listen_at(&r, 2 * i, prefix_a, relay_port_a(i));
		if (code == TOOL_OK)
			code = listen_at(&r, 2 * i + 1, prefix_b, relay_port_b(i));
	}
	if (code == TOOL_OK && stage_fork(s, "relay", serve, &r) == NULL)
		code = TOOL_REJECT;
	/* The child has its own copies. */
	for (size_t i = 0; i < n; i++)
		for (size_t e = 0; e < 2; e++)
			if (r.links[i].end[e].listener >= 0)
				close(r.links[i].end[e].listener);
	free(r.links);
	close(r.epoll);
	return code;
}
