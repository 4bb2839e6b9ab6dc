/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A Migration TD from attach to detach. */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/bytes.h"
#include "host/platform.h"

#define XFAM_DEFAULT 0x0000000000061AE7ull
#define ATTRIBUTES_DEBUG 1ull
#define CID_MIN 3
#define CID_MAX 0xFFFFFFFEull

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
	td->detached(td);
	servtd_forget(td);
	quoting_forget(td);
	raw_host_destroy(td->raw);
	vsock_host_destroy(td->vsock);
	migtd_free(td);
	loop_bury(&platform->loop, td);
}

/* ---------------------------------------------------------------- TDCALLs and interrupts */

static void deliver(struct migtd *td, enum interrupt interrupt)
{
	td->deliver(td, interrupt == INTERRUPT_RX ? VECTOR_RX : VECTOR_SERVICE);
}

void migtd_interrupt(struct migtd *td, enum interrupt interrupt)
{
	if (td->outstanding[interrupt])
		return;
	td->outstanding[interrupt] = true;
	/* A call that is being executed answers first: see migtd_send_deferred(). */
	if (!td->executing)
		deliver(td, interrupt);
	else
		td->deferred[interrupt] = true;
}

void migtd_send_deferred(struct migtd *td)
{
	for (unsigned i = 0; i < INTERRUPT_COUNT; i++) {
		if (!td->deferred[i])
			continue;
		td->deferred[i] = false;
		deliver(td, i);
	}
}

bool migtd_tdcall(struct migtd *td, uint64_t reg[REG_COUNT])
{
	td->executing = true;
	if (!module_tdcall(td, reg))
		return false;
	td->executing = false;
	return true;
}

/* -------------------------------------------------------------------------------- attach */

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
static const char *build(struct migtd *td, const struct packet_attach *packet,
	const uint8_t mrtd[HASH_BYTES])
{
	const char *refusal = check_memory(td, packet->ram_size);

	if (!refusal)
		refusal = check_cid(td, packet->cid);
	if (refusal)
		return refusal;
	memcpy(td->tdinfo + TDINFO_MRTD, mrtd, HASH_BYTES);
	set_name(td, packet->name);
	set_launch_values(td, packet);
	platform_random(td->uuid, sizeof(td->uuid));
	td->vsock = vsock_host_create(td);
	td->raw = raw_host_create(td);
	if (td->vsock && td->raw)
		return NULL;
	raw_host_destroy(td->raw);
	if (td->vsock)
		vsock_host_destroy(td->vsock);
	return "out of memory";
}

const char *migtd_attach(struct platform *platform, struct migtd *td,
	const struct packet_attach *packet, int memory, const uint8_t mrtd[HASH_BYTES])
{
	const char *refusal;

	td->platform = platform;
	td->ram = memory;
	refusal = build(td, packet, mrtd);
	if (refusal) {
		migtd_free(td);
		return refusal;
	}
	td->next = platform->migtds;
	platform->migtds = td;
	report("Migration TD %ld (%s) attached, CID %llu", (long)td->pid, td->name,
		(unsigned long long)td->cid);
	return NULL;
}
