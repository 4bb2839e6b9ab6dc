/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Streams of vmcall-raw without a relay: TCP as intel/MigTD's emulation has it, Unix sockets for tests.
 * A source connects, a destination listens and accepts one connection.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/platform.h"
#include "host/unix_socket.h"
#include "host/vsock_end.h"

static const char *after(const char *where, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(where, prefix, n) || !where[n] ? NULL : where + n;
}

int raw_address_ok(const char *where)
{
	return after(where, "tcp:") || after(where, "unix:");
}

static bool tcp_address(const char *host, uint32_t port, struct sockaddr_in *address)
{
	const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found;

	errno = EINVAL;
	if (!port || port > 65535 || getaddrinfo(host, NULL, &hints, &found))
		return false;
	memcpy(address, found->ai_addr, sizeof(*address));
	address->sin_port = htons((uint16_t)port);
	freeaddrinfo(found);
	return true;
}

static bool unix_port(const char *prefix, uint32_t port, struct sockaddr_un *address)
{
	char path[sizeof(address->sun_path) + 16];

	snprintf(path, sizeof(path), "%s_%u", prefix, port);
	errno = ENAMETOOLONG;
	return unix_address(address, path);
}

static int fail(int fd)
{
	int error = errno;

	if (fd >= 0)
		close(fd);
	errno = error;
	return -1;
}

static int connect_to(int family, const void *address, socklen_t n)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || (connect(fd, address, n) && errno != EINPROGRESS))
		return fail(fd);
	return fd;
}

static int dial_tcp(const char *host, uint32_t port)
{
	struct sockaddr_in in;
	int one = 1;
	int fd;

	if (!tcp_address(host, port, &in))
		return -1;
	fd = connect_to(AF_INET, &in, sizeof(in));
	if (fd >= 0)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static int connect_end(struct vsock_end *end, struct platform *platform, uint32_t port)
{
	const char *prefix = after(platform->raw, "unix:");
	struct sockaddr_un un;
	int fd = -1;

	if (!prefix)
		fd = dial_tcp(after(platform->raw, "tcp:"), port);
	else if (unix_port(prefix, port, &un))
		fd = connect_to(AF_UNIX, &un, sizeof(un));
	return socket_end_watch(end, platform, fd);
}

static int listen_tcp(const char *bind_to, uint32_t port)
{
	struct sockaddr_in in;
	int one = 1;
	int fd;

	if (!tcp_address(bind_to, port, &in))
		return -1;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
		bind(fd, (const void *)&in, sizeof(in)) || listen(fd, 1))
		return fail(fd);
	return fd;
}

static int listen_unix(const char *prefix, uint32_t port)
{
	struct sockaddr_un un;
	char address[sizeof(un.sun_path) + 8];
	char why[256];
	char *path;
	int fd;

	if (!unix_port(prefix, port, &un))
		return -1;
	snprintf(address, sizeof(address), "unix:%s", un.sun_path);
	fd = unix_listen(address, SOCK_STREAM, 1, &path, why, sizeof(why));
	free(path);
	errno = EADDRINUSE;
	return fd;
}

/* A Unix socket that listens leaves its name. */
static void close_listener(struct vsock_end *end)
{
	struct sockaddr_un un = {0};
	socklen_t n = sizeof(un);
	int listens = 0;
	socklen_t listens_n = sizeof(listens);

	if (end->watch.fd >= 0 &&
		!getsockopt(end->watch.fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &listens_n) &&
		listens && !getsockname(end->watch.fd, (void *)&un, &n) && un.sun_family == AF_UNIX)
		unlink(un.sun_path);
	socket_end_close(end);
}

static struct platform *platform_of(struct loop *loop)
{
	return CONTAINER_OF(loop, struct platform, loop);
}

/* One connection is all: nobody listens any more then. */
static void accept_one(struct watch *watch, uint32_t events)
{
	struct vsock_end *end = CONTAINER_OF(watch, struct vsock_end, watch);
	struct platform *platform = platform_of(watch->loop);
	int fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd < 0)
		return;
	close_listener(end);
	if (socket_end_watch(end, platform, fd))
		end->ready(end, END_HUNG_UP);
}

static int listen_end(struct vsock_end *end, struct platform *platform, uint32_t port)
{
	const char *prefix = after(platform->raw, "unix:");
	int fd = prefix ? listen_unix(prefix, port) : listen_tcp(platform->raw_bind, port);

	end->watch.fd = -1;
	end->watch.ready = accept_one;
	if (fd < 0 || watch_add(&platform->loop, &end->watch, fd, EPOLLIN))
		return fail(fd);
	return 0;
}

const struct vsock_end_ops raw_connecting = {
	.dial = connect_end,
	.error = socket_end_error,
	.send = socket_end_send,
	.receive = socket_end_receive,
	.shutdown = socket_end_shutdown,
	.close = socket_end_close,
};

const struct vsock_end_ops raw_listening = {
	.dial = listen_end,
	.error = socket_end_error,
	.send = socket_end_send,
	.receive = socket_end_receive,
	.shutdown = socket_end_shutdown,
	.close = close_listener,
};
