/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A Migration TD from attach to detach. */
#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/bytes.h"
#include "host/mrtd.h"
#include "host/platform.h"

#define XFAM_DEFAULT 0x0000000000061AE7ull
#define ATTRIBUTES_DEBUG 1ull
#define CID_MIN 3
#define CID_MAX 0xFFFFFFFEull

static void answer_attached(int fd, const char *refusal)
{
	struct packet_attached packet = {.kind = PACKET_ATTACHED, .error = refusal != NULL};

	if (refusal)
		snprintf(packet.text, sizeof(packet.text), "%s", refusal);
	(void)!send(fd, &packet, sizeof(packet), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void migtd_free(struct migtd *td)
{
	if (td->ram >= 0)
		close(td->ram);
	free(td->page_state);
	OPENSSL_cleanse(td, sizeof(*td));
}

void migtd_detach(struct migtd *td, const char *why)
{
	struct platform *platform = td->platform;
	struct migtd **at = &platform->migtds;

	report("Migration TD %ld (%s) detached: %s", (long)td->pid, td->name, why);
	while (*at != td)
		at = &(*at)->next;
	*at = td->next;
	watch_remove(&td->watch);
	servtd_forget(td);
	quoting_forget(td);
	vsock_host_destroy(td->vsock);
	migtd_free(td);
	/* The event loop may still look at the watch; cleansed memory would read as descriptor 0. */
	td->watch.fd = -1;
	loop_bury(&platform->loop, td);
}

void migtd_send_vector(struct migtd *td, uint8_t vector)
{
	struct packet_interrupt packet = {.kind = PACKET_INTERRUPT, .vector = vector};

	/* A TD that lets its socket fill up loses interrupts, as one that masks them. */
	(void)!send(td->watch.fd, &packet, sizeof(packet), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void migtd_interrupt(struct migtd *td, enum interrupt interrupt)
{
	if (td->outstanding[interrupt])
		return;
	td->outstanding[interrupt] = true;
	/* A call that is being executed answers first: see take_tdcall(). */
	if (!td->executing)
		migtd_send_vector(td, interrupt == INTERRUPT_RX ? VECTOR_RX : VECTOR_SERVICE);
	else
		td->deferred[interrupt] = true;
}

static void send_deferred(struct migtd *td)
{
	for (unsigned i = 0; i < INTERRUPT_COUNT; i++) {
		if (!td->deferred[i])
			continue;
		td->deferred[i] = false;
		migtd_send_vector(td, i == INTERRUPT_RX ? VECTOR_RX : VECTOR_SERVICE);
	}
}

static void take_tdcall(struct watch *watch, uint32_t events)
{
	struct migtd *td = CONTAINER_OF(watch, struct migtd, watch);
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
	td->executing = true;
	if (!module_tdcall(td, packet.reg))
		return;
	td->executing = false;
	packet.kind = PACKET_TDRET;
	if (send(watch->fd, &packet, sizeof(packet), MSG_NOSIGNAL | MSG_DONTWAIT) !=
		(ssize_t)sizeof(packet)) {
		migtd_detach(td, "it does not take its answers");
		return;
	}
	send_deferred(td);
}

static void set_launch_values(struct migtd *td, const struct packet_attach *packet)
{
	uint64_t attributes = packet->attributes;

	if (fault_fires(&td->platform->faults, FAULT_DEBUG_ATTRIBUTES))
		attributes |= ATTRIBUTES_DEBUG;
	store64(td->tdinfo + TDINFO_ATTRIBUTES, attributes);
	store64(td->tdinfo + TDINFO_XFAM, packet->xfam ? packet->xfam : XFAM_DEFAULT);
	memcpy(td->tdinfo + TDINFO_MRCONFIGID, packet->mrconfigid, sizeof(packet->mrconfigid));
	memcpy(td->tdinfo + TDINFO_MROWNER, packet->mrowner, sizeof(packet->mrowner));
	memcpy(td->tdinfo + TDINFO_MROWNERCONFIG, packet->mrownerconfig,
		sizeof(packet->mrownerconfig));
}

/* Names end up in logs and JSON. */
static void set_name(struct migtd *td, const char name[64])
{
	for (size_t i = 0; i + 1 < sizeof(td->name) && name[i]; i++)
		td->name[i] = name[i] > ' ' && name[i] < 127 ? name[i] : '?';
}

static const char *check_memory(struct migtd *td, uint64_t ram_size)
{
	struct stat st;

	if (td->ram < 0 || fstat(td->ram, &st) || !S_ISREG(st.st_mode))
		return "no memory file came with the request";
	if (!ram_size || ram_size % GUEST_PAGE || ram_size > RAM_MAX ||
		(uint64_t)st.st_size < ram_size)
		return "the memory size is not that of the file, or no multiple of 4096";
	td->ram_size = ram_size;
	td->page_state = calloc(ram_size / GUEST_PAGE, 1);
	return td->page_state ? NULL : "out of memory";
}

static const char *check_cid(struct migtd *td, uint64_t cid)
{
	if (cid < CID_MIN || cid > CID_MAX)
		return "the guest CID must lie between 3 and 0xfffffffe";
	for (const struct migtd *other = td->platform->migtds; other; other = other->next) {
		if (other->cid == cid)
			return "the guest CID is in use";
	}
	td->cid = cid;
	return NULL;
}

/* NULL, or why the platform refuses. */
static const char *build(struct migtd *td, int fd, const struct packet_attach *packet)
{
	struct ucred peer;
	socklen_t n = sizeof(peer);
	const char *refusal;

	if (packet->version != 1)
		return "unknown protocol version";
	refusal = check_memory(td, packet->ram_size);
	if (!refusal)
		refusal = check_cid(td, packet->cid);
	if (refusal)
		return refusal;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) || peer.pid <= 0)
		return "the platform cannot see the process (another pid namespace?)";
	td->pid = peer.pid;
	if (mrtd_of_process(td->pid, td->tdinfo + TDINFO_MRTD)) {
		if (errno == EPERM || errno == EACCES)
			return "the platform may not read the process: PR_SET_PTRACER or privilege missing";
		return "the image of the process cannot be measured";
	}
	set_name(td, packet->name);
	set_launch_values(td, packet);
	platform_random(td->uuid, sizeof(td->uuid));
	td->vsock = vsock_host_create(td);
	return td->vsock ? NULL : "out of memory";
}

void migtd_attach(struct platform *platform, int fd, const struct packet_attach *packet, int memory)
{
	struct migtd *td = calloc(1, sizeof(*td));
	const char *refusal = "out of memory";

	if (td) {
		td->platform = platform;
		td->ram = memory;
		td->watch.fd = -1;
		refusal = build(td, fd, packet);
		if (!refusal && watch_add(&platform->loop, &td->watch, fd, EPOLLIN))
			refusal = "too many descriptors";
	} else if (memory >= 0) {
		close(memory);
	}
	answer_attached(fd, refusal);
	if (!refusal) {
		td->watch.ready = take_tdcall;
		td->next = platform->migtds;
		platform->migtds = td;
		report("Migration TD %ld (%s) attached, CID %llu", (long)td->pid, td->name,
			(unsigned long long)td->cid);
		return;
	}
	report("Migration TD refused: %s", refusal);
	close(fd);
	if (td) {
		if (td->vsock)
			vsock_host_destroy(td->vsock);
		migtd_free(td);
		free(td);
	}
}
