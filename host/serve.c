/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The listening socket, the first packet of each connection, and the life of the process. */
#include "host/platform.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/unix_socket.h"
#include "host/vsock_end.h"

#define EXIT_USAGE 2
#define ACCEPT_PAUSE_MS 50

struct greeter;

struct server {
	struct platform platform;
	struct watch listener;
	struct timer accept_again;
	struct watch signals;
	char *listen_path;
	struct greeter *greeters;	/* connections that have not said what they are */
};

void report(const char *format, ...)
{
	char line[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	fprintf(stderr, "tdhost: %s\n", line);
}

/* -------------------------------------------------------------- who connects, and as what */

/* A connection that has not said yet what it is. */
struct greeter {
	struct greeter *next;
	struct watch watch;
	struct server *server;
};

struct first_packet {
	uint8_t bytes[PACKET_JSON_MAX];
	size_t size;
	int memory;		/* descriptor that came along, or -1 */
};

static bool receive_first(int fd, struct first_packet *first)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec io = {first->bytes, sizeof(first->bytes)};
	struct msghdr message = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;

	first->memory = -1;
	first->size = n > 0 ? (size_t)n : 0;
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
		c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&first->memory, CMSG_DATA(c), sizeof(int));
	return n > 0 && !(message.msg_flags & MSG_TRUNC);
}

static void greeter_forget(struct greeter *greeter)
{
	struct greeter **at = &greeter->server->greeters;

	while (*at != greeter)
		at = &(*at)->next;
	*at = greeter->next;
	watch_remove(&greeter->watch);
	loop_bury(&greeter->server->platform.loop, greeter);
}

static void greet(struct watch *watch, uint32_t events)
{
	static struct first_packet first;
	struct greeter *greeter = CONTAINER_OF(watch, struct greeter, watch);
	struct platform *platform = &greeter->server->platform;
	bool whole = receive_first(watch->fd, &first);
	uint32_t kind = 0;
	int fd;

	(void)events;
	if (first.size >= sizeof(kind))
		memcpy(&kind, first.bytes, sizeof(kind));
	fd = whole ? dup(watch->fd) : -1;
	greeter_forget(greeter);
	if (fd >= 0 && kind == PACKET_ATTACH && first.size == sizeof(struct packet_attach)) {
		struct packet_attach packet;

		memcpy(&packet, first.bytes, sizeof(packet));
		attach_process(platform, fd, &packet, first.memory);
		return;
	}
	if (first.memory >= 0)
		close(first.memory);
	if (fd >= 0 && kind == PACKET_JSON)
		attach_client(platform, fd, (char *)first.bytes + 4, first.size - 4);
	else if (fd >= 0)
		close(fd);
}

static void accept_again(struct timer *timer)
{
	watch_events(&CONTAINER_OF(timer, struct server, accept_again)->listener, EPOLLIN);
}

static void accept_one(struct watch *watch, uint32_t events)
{
	struct server *server = CONTAINER_OF(watch, struct server, listener);
	int fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct greeter *greeter;

	(void)events;
	if (fd < 0) {
		/* Out of descriptors, perhaps: whoever waits keeps waiting, and we do not spin. */
		watch_events(watch, 0);
		timer_set(&server->platform.loop, &server->accept_again, ACCEPT_PAUSE_MS);
		return;
	}
	greeter = calloc(1, sizeof(*greeter));
	if (!greeter || watch_add(&server->platform.loop, &greeter->watch, fd, EPOLLIN)) {
		free(greeter);
		close(fd);
		return;
	}
	greeter->server = server;
	greeter->watch.ready = greet;
	greeter->next = server->greeters;
	server->greeters = greeter;
}

/* ------------------------------------------------------------------------ start and stop */

static void stop_on_signal(struct watch *watch, uint32_t events)
{
	(void)events;
	watch->loop->stop = true;
}

static bool watch_signals(struct server *server)
{
	sigset_t set;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	server->signals.ready = stop_on_signal;
	return fd >= 0 && !watch_add(&server->platform.loop, &server->signals, fd, EPOLLIN);
}

/* Each session may hold a relay connection: as many descriptors as we may have. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static bool listen_at(struct server *server, const char *address)
{
	char why[512];
	int fd = unix_listen(address, SOCK_SEQPACKET, 128, &server->listen_path, why, sizeof(why));

	if (fd < 0) {
		report("%s", why);
		return false;
	}
	server->listener.ready = accept_one;
	server->accept_again.expired = accept_again;
	return !watch_add(&server->platform.loop, &server->listener, fd, EPOLLIN);
}

static void server_close(struct server *server)
{
	while (server->greeters)
		greeter_forget(server->greeters);
	watch_remove(&server->listener);
	watch_remove(&server->signals);
	if (server->listen_path)
		unlink(server->listen_path);
	free(server->listen_path);
	platform_close(&server->platform);
}

int serve(const struct serve_options *options, const struct faults *faults)
{
	static struct server server;
	struct platform *platform = &server.platform;
	char *prefix = NULL;
	bool ok;

	server.listener.fd = server.signals.fd = -1;
	if (!strncmp(options->vsock, "unix:", 5))
		prefix = strdup(options->vsock + 5);
	platform->vsock = &vsock_socket;
	platform->vsock_prefix = prefix;
	platform->raw = options->raw;
	platform->raw_bind = options->raw_bind;
	platform->raw_end[0] = &raw_connecting;
	platform->raw_end[1] = &raw_listening;
	raise_descriptor_limit();
	ok = !loop_init(&platform->loop) && platform_open(platform, &options->platform, faults) &&
	     watch_signals(&server) && listen_at(&server, options->listen);
	if (ok)
		loop_run(&platform->loop);
	server_close(&server);
	free(prefix);
	return ok ? 0 : EXIT_USAGE;
}
