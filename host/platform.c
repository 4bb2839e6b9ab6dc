/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The listening socket, the first packet of each connection, and the life of the process. */
#include "host/platform.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/unix_socket.h"

#define EXIT_USAGE 2
#define ACCEPT_PAUSE_MS 50

void report(const char *format, ...)
{
	char line[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	fprintf(stderr, "tdhost: %s\n", line);
}

void platform_random(void *at, size_t n)
{
	if (RAND_bytes(at, (int)n) != 1)
		abort();
}

/* -------------------------------------------------------------- who connects, and as what */

/* A connection that has not said yet what it is. */
struct greeter {
	struct greeter *next;
	struct watch watch;
	struct platform *platform;
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
	struct greeter **at = &greeter->platform->greeters;

	while (*at != greeter)
		at = &(*at)->next;
	*at = greeter->next;
	watch_remove(&greeter->watch);
	loop_bury(&greeter->platform->loop, greeter);
}

static void greet(struct watch *watch, uint32_t events)
{
	static struct first_packet first;
	struct greeter *greeter = CONTAINER_OF(watch, struct greeter, watch);
	struct platform *platform = greeter->platform;
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
		migtd_attach(platform, fd, &packet, first.memory);
		return;
	}
	if (first.memory >= 0)
		close(first.memory);
	if (fd >= 0 && kind == PACKET_JSON)
		client_attach(platform, fd, (char *)first.bytes + 4, first.size - 4);
	else if (fd >= 0)
		close(fd);
}

static void accept_again(struct timer *timer)
{
	struct platform *platform = CONTAINER_OF(timer, struct platform, accept_again);

	watch_events(&platform->listener, EPOLLIN);
}

static void accept_one(struct watch *watch, uint32_t events)
{
	struct platform *platform = CONTAINER_OF(watch, struct platform, listener);
	int fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct greeter *greeter;

	(void)events;
	if (fd < 0) {
		/* Out of descriptors, perhaps: whoever waits keeps waiting, and we do not spin. */
		watch_events(watch, 0);
		timer_set(&platform->loop, &platform->accept_again, ACCEPT_PAUSE_MS);
		return;
	}
	greeter = calloc(1, sizeof(*greeter));
	if (!greeter || watch_add(&platform->loop, &greeter->watch, fd, EPOLLIN)) {
		free(greeter);
		close(fd);
		return;
	}
	greeter->platform = platform;
	greeter->watch.ready = greet;
	greeter->next = platform->greeters;
	platform->greeters = greeter;
}

/* ------------------------------------------------------------------------ start and stop */

static void stop_on_signal(struct watch *watch, uint32_t events)
{
	(void)events;
	watch->loop->stop = true;
}

static bool watch_signals(struct platform *platform)
{
	sigset_t set;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	platform->signals.ready = stop_on_signal;
	return fd >= 0 && !watch_add(&platform->loop, &platform->signals, fd, EPOLLIN);
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

static bool load_collateral(struct platform *platform, const struct platform_options *options)
{
	char beside[4096];
	const char *path = options->collateral;
	char why[512];

	snprintf(beside, sizeof(beside), "%s/../../collateral.json", options->pki);
	if (!path && access(beside, F_OK))
		return true;
	if (!collateral_load(&platform->collateral, path ? path : beside, why, sizeof(why)))
		return true;
	report("%s", why);
	return false;
}

static bool load_pki(struct platform *platform, const struct platform_options *options)
{
	const char *directory = options->pki;
	char why[512];

	if (!directory)
		return true;
	if (pki_load(&platform->pki, directory, why, sizeof(why))) {
		report("%s", why);
		return false;
	}
	if (!load_collateral(platform, options))
		return false;
	platform->quoting = quoting_create(platform);
	if (!platform->quoting)
		report("%s: the PCK key cannot sign", directory);
	return platform->quoting;
}

static bool listen_at(struct platform *platform, const char *address)
{
	char why[512];
	int fd = unix_listen(address, SOCK_SEQPACKET, 128, &platform->listen_path, why, sizeof(why));

	if (fd < 0) {
		report("%s", why);
		return false;
	}
	platform->listener.ready = accept_one;
	platform->accept_again.expired = accept_again;
	return !watch_add(&platform->loop, &platform->listener, fd, EPOLLIN);
}

static void platform_close(struct platform *platform)
{
	while (platform->greeters)
		greeter_forget(platform->greeters);
	while (platform->clients)
		client_detach(platform->clients);
	while (platform->migtds)
		migtd_detach(platform->migtds, "the platform stops");
	watch_remove(&platform->listener);
	watch_remove(&platform->signals);
	if (platform->listen_path)
		unlink(platform->listen_path);
	free(platform->listen_path);
	free(platform->user_tds);
	quoting_destroy(platform->quoting);
	collateral_free(&platform->collateral);
	pki_free(&platform->pki);
	loop_fini(&platform->loop);
	OPENSSL_cleanse(platform, sizeof(*platform));
}

int platform_run(const struct platform_options *options, const struct faults *faults)
{
	static struct platform platform;
	bool ok;

	platform.listener.fd = platform.signals.fd = -1;
	platform.faults = *faults;
	platform.servtd_ext = options->servtd_ext;
	platform.export_version = options->export_version;
	platform.import_version = options->import_version;
	if (!strncmp(options->vsock, "unix:", 5))
		platform.vsock_prefix = strdup(options->vsock + 5);
	platform_random(platform.mac_key, sizeof(platform.mac_key));
	raise_descriptor_limit();
	ok = !loop_init(&platform.loop) && load_pki(&platform, options) &&
	     watch_signals(&platform) && listen_at(&platform, options->listen);
	if (ok)
		loop_run(&platform.loop);
	free(platform.vsock_prefix);
	platform_close(&platform);
	return ok ? 0 : EXIT_USAGE;
}
