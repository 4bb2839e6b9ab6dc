/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The measuring build's control socket (--control unix:PATH): one command a line, one line of
 * JSON as the answer.
 *
 *	hold PHASE	sessions that have completed PHASE are not stepped on
 *	release		all go on
 *	counters	struct migtd_counters, by field name
 *	sessions	{"ok":true,"sessions":[{"request_id":..,"phase":..,...}]}
 *
 * A failure is {"ok":false,"error":"..."}.  One client at a time.
 */
#ifndef PORTS_LINUX_CONTROL_H
#define PORTS_LINUX_CONTROL_H

#include <poll.h>

#include "migtd/migtd.h"

/* The product build has neither socket nor code for it: product.c. */
void control_open(const char *path);
/* Descriptors to sleep on, at most CONTROL_FDS; returns how many. */
#define CONTROL_FDS 2
unsigned control_poll(struct pollfd *fds);
/* Executes what has come in. */
void control_run(struct migtd *td);
/* Removes the socket; may be called from a signal handler. */
void control_close(void);

#endif
