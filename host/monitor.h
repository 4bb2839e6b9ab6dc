/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * A human monitor (HMP) as QEMU's, over a Unix socket: banner, readline echo, QEMU's own words for
 * what goes wrong.  One client at a time; it is served until it closes or stays silent too long.
 */
#ifndef HOST_MONITOR_H
#define HOST_MONITOR_H

#include <stdbool.h>
#include <stddef.h>

#include "host/loop.h"

#define MONITOR_LINE_MAX 4095
#define MONITOR_TEXT_MAX 512

/* The object /objects/tdx0 behind a monitor. */
struct monitor_object {
	void *ctx;
	/* True, or false and QEMU's error text without "Error: ". */
	bool (*set)(void *ctx, const char *property, const char *value, char text[MONITOR_TEXT_MAX]);
	/* True and the value as JSON text, or false and the error text. */
	bool (*get)(void *ctx, const char *property, char text[MONITOR_TEXT_MAX]);
	void (*quit)(void *ctx);
};

struct monitor;

/* `path` as after "unix:".  NULL and one line in `why`. */
struct monitor *monitor_create(struct loop *loop, const char *path, unsigned idle_s,
	const struct monitor_object *object, char *why, size_t why_size);
/* Unlinks the socket; harmless for NULL. */
void monitor_destroy(struct monitor *monitor);

/*
 * The path of "unix:PATH,server,nowait" (also server=on, wait=off) into path[108]; false when it
 * is not of that form.
 */
bool monitor_parse(const char *text, char path[108]);

#endif
