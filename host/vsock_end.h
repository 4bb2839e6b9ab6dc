/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The host's end of a guest's connection.  Two kinds: a socket, and one end of a stream inside of
 * this process, for two hosts that live in it.
 */
#ifndef HOST_VSOCK_END_H
#define HOST_VSOCK_END_H

#include <stddef.h>
#include <sys/types.h>

#include "host/loop.h"

struct platform;

#define END_READABLE 1u	/* bytes, or the end of them, may be there */
#define END_WRITABLE 2u	/* connected, and there may be room */
#define END_HUNG_UP 4u	/* nobody is at the other end any more */

struct vsock_end {
	const struct vsock_end_ops *ops;
	/* Never called from inside of an operation; may close the end. */
	void (*ready)(struct vsock_end *end, unsigned events);
	struct watch watch;	/* a socket's */
	struct stream *stream;	/* in this process */
	unsigned side;
	unsigned due;		/* events to be told */
	struct vsock_end *next_due;
};

struct vsock_end_ops {
	/* Begins to connect: 0, or -1 with errno, EAGAIN when it may be tried again. */
	int (*dial)(struct vsock_end *end, struct platform *platform, uint32_t port);
	/* Once it is ready for the first time: 0, or why the connection was not made. */
	int (*error)(struct vsock_end *end);
	/* As send(), recv() and shutdown() on a socket that does not block. */
	ssize_t (*send)(struct vsock_end *end, const void *from, size_t n);
	ssize_t (*receive)(struct vsock_end *end, void *to, size_t n);
	void (*shutdown)(struct vsock_end *end, int how);
	/* Harmless when it is not open. */
	void (*close)(struct vsock_end *end);
};

/* Unix sockets PREFIX_PORT, or AF_VSOCK. */
extern const struct vsock_end_ops vsock_socket;

/* The operations of any socket; _watch() takes fd over, or passes on that it is -1. */
int socket_end_watch(struct vsock_end *end, struct platform *platform, int fd);
int socket_end_error(struct vsock_end *end);
ssize_t socket_end_send(struct vsock_end *end, const void *from, size_t n);
ssize_t socket_end_receive(struct vsock_end *end, void *to, size_t n);
void socket_end_shutdown(struct vsock_end *end, int how);
void socket_end_close(struct vsock_end *end);

/* Those of vmcall-raw to platform->raw (--raw): of a source, which connects, and a destination. */
extern const struct vsock_end_ops raw_connecting;
extern const struct vsock_end_ops raw_listening;
/* Whether it is "tcp:HOST" or "unix:PREFIX". */
int raw_address_ok(const char *where);

/*
 * In this process: side 0's connection to port P meets side 1's to P ^ 1, whoever comes first.  A
 * connection stands at once; what its guest sends waits for the other.
 */
extern const struct vsock_end_ops vsock_switched;

struct vsock_switch;
struct vsock_switch *vsock_switch_create(void);
/* When no end is left. */
void vsock_switch_destroy(struct vsock_switch *s);
/* Tells every end what it has not been told yet; false when there was nothing to tell. */
bool vsock_switch_step(struct vsock_switch *s);

#endif
