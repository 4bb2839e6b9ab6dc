/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Clients of the two JSON interfaces: an emulated platform's, and a Migration TD's --control. */
#ifndef MIGMEM_CLIENT_H
#define MIGMEM_CLIENT_H

#include "common/json_text.h"
#include "migmem/stage.h"

struct client {
	struct stage *stage;
	int fd;
	char *name;		/* in error lines */
	bool packets;		/* a platform: SOCK_SEQPACKET with a kind; else lines on a stream */
	json_t *events;		/* array of what came in between, in order */
	struct blob partial;	/* of a line */
};

/* Tries until `until` (stage_now()), for the process that serves the path may still be starting. */
int client_connect(struct stage *s, const char *name, const char *path, bool packets,
	uint64_t until, struct client *c) MUST_USE;
void client_close(struct client *c);

/*
 * Sends and waits for the answer; events that come first are kept.  What a platform refuses is
 * handed back with "ok": false.
 */
int platform_try(struct stage *s, struct client *c, json_t *request, json_t **answer) MUST_USE;
/* An answer without "ok": true is an error: one line, TOOL_REJECT and *answer NULL. */
int control_request(struct stage *s, struct client *c, const char *line, json_t **answer) MUST_USE;

/* Takes in whatever has arrived without waiting. */
int client_drain(struct client *c) MUST_USE;

#endif
