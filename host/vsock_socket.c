/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A guest's connection that leads to a socket on the host. */
#include <errno.h>
#include <linux/vm_sockets.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/platform.h"
#include "host/unix_socket.h"
#include "host/vsock_end.h"

/*
 * Begins to connect to PREFIX_PORT, or to AF_VSOCK when prefix is NULL.  A descriptor that becomes
 * writable when connected, or -1 with errno: EAGAIN when the listener's queue is full.
 */
static int connect_to(const char *prefix, uint32_t port)
{
	struct sockaddr_vm vm = {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_LOCAL,
		.svm_port = port};
	struct sockaddr_un un;
	char path[sizeof(un.sun_path) + 16];
	const void *address = &vm;
	socklen_t n = sizeof(vm);
	int error;
	int fd;

	if (prefix) {
		snprintf(path, sizeof(path), "%s_%u", prefix, port);
		if (!unix_address(&un, path)) {
			errno = ENAMETOOLONG;
			return -1;
		}
		address = &un;
		n = sizeof(un);
	}
	fd = socket(prefix ? AF_UNIX : AF_VSOCK,
		SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || !connect(fd, address, n) || errno == EINPROGRESS)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static void tell(struct watch *watch, uint32_t events)
{
	struct vsock_end *end = CONTAINER_OF(watch, struct vsock_end, watch);
	unsigned told = 0;

	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		told |= END_READABLE;
	if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		told |= END_WRITABLE;
	if (events & (EPOLLHUP | EPOLLERR))
		told |= END_HUNG_UP;
	end->ready(end, told);
}

int socket_end_watch(struct vsock_end *end, struct platform *platform, int fd)
{
	end->watch.fd = -1;
	end->watch.ready = tell;
	if (fd < 0)
		return -1;
	if (!watch_add(&platform->loop, &end->watch, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET))
		return 0;
	close(fd);
	errno = ENFILE;
	return -1;
}

static int end_dial(struct vsock_end *end, struct platform *platform, uint32_t port)
{
	return socket_end_watch(end, platform, connect_to(platform->vsock_prefix, port));
}

int socket_end_error(struct vsock_end *end)
{
	int error = 0;
	socklen_t n = sizeof(error);

	return getsockopt(end->watch.fd, SOL_SOCKET, SO_ERROR, &error, &n) ? errno : error;
}

ssize_t socket_end_send(struct vsock_end *end, const void *from, size_t n)
{
	return send(end->watch.fd, from, n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

ssize_t socket_end_receive(struct vsock_end *end, void *to, size_t n)
{
	return recv(end->watch.fd, to, n, MSG_DONTWAIT);
}

void socket_end_shutdown(struct vsock_end *end, int how)
{
	shutdown(end->watch.fd, how);
}

void socket_end_close(struct vsock_end *end)
{
	watch_remove(&end->watch);
}

const struct vsock_end_ops vsock_socket = {
	.dial = end_dial,
	.error = socket_end_error,
	.send = socket_end_send,
	.receive = socket_end_receive,
	.shutdown = socket_end_shutdown,
	.close = socket_end_close,
};
