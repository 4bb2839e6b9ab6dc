/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* An emulated host inside of this process: tdhost-platform on a virtual clock. */
#ifndef MIGMEM_INPROC_HOST_H
#define MIGMEM_INPROC_HOST_H

#include <jansson.h>
#include <stdio.h>

#include "common/options.h"
#include "host/protocol.h"
#include "host/vsock_end.h"

struct inproc_host;
struct inproc_link;

/* Where the lines of every host go; NULL: nowhere. */
void inproc_host_log(FILE *to);

/* Side 0 or 1 of the switch. */
int inproc_host_open(const char *pki, const struct option_list *faults, const uint64_t *clock,
	struct vsock_switch *s, unsigned side, struct inproc_host **opened) MUST_USE;
/* Also detaches every Migration TD. */
void inproc_host_close(struct inproc_host *host);

/* Does what is due; false when nothing was. */
bool inproc_host_step(struct inproc_host *host);
/* When something is due, UINT64_MAX for never. */
uint64_t inproc_host_next(const struct inproc_host *host);

/* A new client, whose events go to the array; the last one's user TDs end. */
void inproc_host_connect(struct inproc_host *host, json_t *events);
/* Executes a verb of host/control.h. */
json_t *inproc_host_ask(struct inproc_host *host, const json_t *request);

/*
 * Attaches a Migration TD under an identifier of its own; takes `memory` over.  NULL and *refusal
 * when the host refuses it.
 */
struct inproc_link *inproc_host_attach(struct inproc_host *host, const struct packet_attach *launch,
	pid_t id, int memory, const uint8_t mrtd[48],
	void (*deliver)(void *ctx, uint8_t vector), void *ctx, const char **refusal);
/* Executes a TDCALL; false when the host has detached the TD, by it or before. */
bool inproc_link_tdcall(struct inproc_link *link, uint64_t *registers);
/* Once the host is closed. */
void inproc_link_free(struct inproc_link *link);

#endif
