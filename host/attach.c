/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A Migration TD that is another process: its TDCALLs and interrupts are packets. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/mrtd.h"
#include "host/platform.h"

struct attached {
	struct migtd td;
	struct watch watch;
};
_Static_assert(offsetof(struct attached, td) == 0, "freed as the Migration TD it is");

static void answer_attached(int fd, const char *refusal)
{
	struct packet_attached packet = {.kind = PACKET_ATTACHED, .error = refusal != NULL};

	if (refusal)
		snprintf(packet.text, sizeof(packet.text), "%s", refusal);
	(void)!send(fd, &packet, sizeof(packet), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void send_vector(struct migtd *td, uint8_t vector)
{
	struct attached *a = CONTAINER_OF(td, struct attached, td);
	struct packet_interrupt packet = {.kind = PACKET_INTERRUPT, .vector = vector};

	/* A TD that lets its socket fill up loses interrupts, as one that masks them. */
	(void)!send(a->watch.fd, &packet, sizeof(packet), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void hang_up(struct migtd *td)
{
	watch_remove(&CONTAINER_OF(td, struct attached, td)->watch);
}

static void take_tdcall(struct watch *watch, uint32_t events)
{
	struct migtd *td = &CONTAINER_OF(watch, struct attached, watch)->td;
	struct packet_tdcall packet;
	ssize_t n = recv(watch->fd, &packet, sizeof(packet), MSG_DONTWAIT | MSG_TRUNC);

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		migtd_detach(td, "it went away");
		return;
	}
	if (n != (ssize_t)sizeof(packet) || packet.kind != PACKET_TDCALL || packet.reserved) {
		migtd_detach(td, "it sent a malformed packet");
		return;
	}
	if (!migtd_tdcall(td, packet.reg))
		return;
	packet.kind = PACKET_TDRET;
	if (send(watch->fd, &packet, sizeof(packet), MSG_NOSIGNAL | MSG_DONTWAIT) !=
		(ssize_t)sizeof(packet)) {
		migtd_detach(td, "it does not take its answers");
		return;
	}
	migtd_send_deferred(td);
}

/* The process and its image; NULL, or why not. */
static const char *measure(int fd, pid_t *pid, uint8_t mrtd[HASH_BYTES])
{
	struct ucred peer;
	socklen_t n = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) || peer.pid <= 0)
		return "the platform cannot see the process (another pid namespace?)";
	*pid = peer.pid;
	if (!mrtd_of_process(peer.pid, mrtd))
		return NULL;
	if (errno == EPERM || errno == EACCES)
		return "the platform may not read the process: PR_SET_PTRACER or privilege missing";
	return "the image of the process cannot be measured";
}

/* Takes over `memory`, and fd when it succeeds.  NULL, or why the platform refuses. */
static const char *attach(struct platform *platform, struct attached *a, int fd,
	const struct packet_attach *packet, int memory)
{
	uint8_t mrtd[HASH_BYTES];
	const char *refusal = packet->version == 1 ? measure(fd, &a->td.pid, mrtd) :
						     "unknown protocol version";

	if (!refusal && watch_add(&platform->loop, &a->watch, fd, EPOLLIN))
		refusal = "too many descriptors";
	if (refusal) {
		if (memory >= 0)
			close(memory);
		return refusal;
	}
	a->watch.ready = take_tdcall;
	a->td.deliver = send_vector;
	a->td.detached = hang_up;
	return migtd_attach(platform, &a->td, packet, memory, mrtd);
}

void attach_process(struct platform *platform, int fd, const struct packet_attach *packet, int memory)
{
	struct attached *a = calloc(1, sizeof(*a));
	const char *refusal = "out of memory";

	if (a) {
		a->watch.fd = -1;
		refusal = attach(platform, a, fd, packet, memory);
	} else if (memory >= 0) {
		close(memory);
	}
	answer_attached(fd, refusal);
	if (!refusal)
		return;
	report("Migration TD refused: %s", refusal);
	if (a && a->watch.fd >= 0)
		watch_remove(&a->watch);
	else
		close(fd);
	free(a);
}
