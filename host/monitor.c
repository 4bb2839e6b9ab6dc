/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "host/monitor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/hmp.h"
#include "host/unix_socket.h"

#define BANNER "QEMU 7.2.22 monitor - type 'help' for more information\r\n"
#define PROMPT "(qemu) "
#define ESC 27
/* What one input byte can cause: a line redrawn, or a command's output with its line ends. */
#define OUTPUT_MAX (4 * MONITOR_LINE_MAX + 2 * HMP_OUTPUT_MAX + 64)

enum escape { ESCAPE_NONE, ESCAPE_SEEN, ESCAPE_CSI };

struct monitor {
	struct loop *loop;
	struct watch listener;
	struct watch client;
	struct timer idle;
	unsigned idle_s;
	struct monitor_object object;
	char *path;
	enum escape escape;
	char line[MONITOR_LINE_MAX + 1];
	size_t line_size;
	size_t drawn;		/* cursor position on the client's screen */
	char input[256];
	size_t input_at;
	size_t input_size;
	bool input_ended;
	char output[OUTPUT_MAX];
	size_t output_at;
	size_t output_size;
};

/* -------------------------------------------------------------------------------- output */

static void put(struct monitor *m, const char *text, size_t n)
{
	if (n > sizeof(m->output) - m->output_size)
		n = sizeof(m->output) - m->output_size;
	memcpy(m->output + m->output_size, text, n);
	m->output_size += n;
}

static void put_text(struct monitor *m, const char *text)
{
	put(m, text, strlen(text));
}

static void put_lines(struct monitor *m, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			put(m, "\r", 1);
		put(m, text, 1);
	}
}

/* As QEMU's readline: back to the start of the line, the whole line again, clear the rest. */
static void redraw(struct monitor *m)
{
	for (size_t i = 0; i < m->drawn; i++)
		put_text(m, "\033[D");
	put(m, m->line, m->line_size);
	put_text(m, "\033[K");
	m->drawn = m->line_size;
}

/* --------------------------------------------------------------------------------- input */

static void execute_line(struct monitor *m)
{
	char output[HMP_OUTPUT_MAX];

	put_lines(m, "\n");
	m->line[m->line_size] = 0;
	m->line_size = 0;
	m->drawn = 0;
	hmp_execute(&m->object, m->line, output);
	put_lines(m, output);
	put_text(m, PROMPT);
}

/* Cursor keys and the like: read over. */
static bool in_escape(struct monitor *m, char c)
{
	switch (m->escape) {
	case ESCAPE_NONE:
		if (c == ESC)
			m->escape = ESCAPE_SEEN;
		return c == ESC;
	case ESCAPE_SEEN:
		m->escape = c == '[' || c == 'O' ? ESCAPE_CSI : ESCAPE_NONE;
		return true;
	default:
		if (c < '0' || c > '9')
			m->escape = ESCAPE_NONE;
		return true;
	}
}

static void take(struct monitor *m, char c)
{
	if (in_escape(m, c))
		return;
	if (c == '\n' || c == '\r') {
		execute_line(m);
	} else if (c == 8 || c == 127) {
		if (m->line_size) {
			m->line_size--;
			redraw(m);
		}
	} else if ((unsigned char)c >= ' ' && m->line_size < MONITOR_LINE_MAX) {
		m->line[m->line_size++] = c;
		redraw(m);
	}
}

/* ---------------------------------------------------------------------------- connection */

static void client_close(struct monitor *m)
{
	timer_cancel(m->loop, &m->idle);
	watch_remove(&m->client);
	/* The next one, if any waits. */
	watch_events(&m->listener, EPOLLIN);
}

static void idle_close(struct timer *timer)
{
	client_close(CONTAINER_OF(timer, struct monitor, idle));
}

/* False when the client is gone. */
static bool send_output(struct monitor *m)
{
	while (m->output_at < m->output_size) {
		ssize_t n = send(m->client.fd, m->output + m->output_at,
			m->output_size - m->output_at, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		m->output_at += (size_t)n;
	}
	m->output_at = m->output_size = 0;
	return true;
}

static bool receive_input(struct monitor *m)
{
	ssize_t n;

	if (m->input_at < m->input_size || m->input_ended)
		return true;
	n = recv(m->client.fd, m->input, sizeof(m->input), MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	m->input_at = 0;
	m->input_size = (size_t)n;
	m->input_ended = !n;
	return true;
}

/* Input is taken only while its echo goes out: a client that does not read waits. */
static void serve(struct watch *watch, uint32_t events)
{
	struct monitor *m = CONTAINER_OF(watch, struct monitor, client);
	bool ok = send_output(m);

	(void)events;
	if (m->idle_s)
		timer_set(m->loop, &m->idle, m->idle_s * 1000ull);
	ok = ok && receive_input(m);
	while (ok && !m->output_size && m->input_at < m->input_size) {
		take(m, m->input[m->input_at++]);
		ok = send_output(m);
	}
	if (!ok || (m->input_ended && !m->output_size)) {
		client_close(m);
		return;
	}
	watch_events(watch, m->output_size ? EPOLLOUT : EPOLLIN);
}

static void accept_client(struct watch *watch, uint32_t events)
{
	struct monitor *m = CONTAINER_OF(watch, struct monitor, listener);
	int fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd < 0)
		return;
	m->client.ready = serve;
	if (watch_add(m->loop, &m->client, fd, EPOLLIN)) {
		close(fd);
		return;
	}
	/* One at a time: the others wait without a banner. */
	watch_events(watch, 0);
	m->escape = ESCAPE_NONE;
	m->line_size = m->drawn = 0;
	m->input_at = m->input_size = 0;
	m->output_at = m->output_size = 0;
	m->input_ended = false;
	put_text(m, BANNER PROMPT);
	serve(&m->client, 0);
}

struct monitor *monitor_create(struct loop *loop, const char *path, unsigned idle_s,
	const struct monitor_object *object, char *why, size_t why_size)
{
	struct monitor *m = calloc(1, sizeof(*m));
	char where[160];
	int fd;

	if (!m) {
		snprintf(why, why_size, "out of memory");
		return NULL;
	}
	m->loop = loop;
	m->listener.fd = m->client.fd = -1;
	m->object = *object;
	m->idle_s = idle_s;
	m->idle.expired = idle_close;
	snprintf(where, sizeof(where), "unix:%s", path);
	fd = unix_listen(where, SOCK_STREAM, 16, &m->path, why, why_size);
	if (fd >= 0) {
		m->listener.ready = accept_client;
		if (!watch_add(loop, &m->listener, fd, EPOLLIN))
			return m;
		snprintf(why, why_size, "%s: %s", path, strerror(errno));
		close(fd);
	}
	monitor_destroy(m);
	return NULL;
}

void monitor_destroy(struct monitor *m)
{
	if (!m)
		return;
	timer_cancel(m->loop, &m->idle);
	watch_remove(&m->client);
	watch_remove(&m->listener);
	if (m->path)
		unlink(m->path);
	free(m->path);
	loop_bury(m->loop, m);
}

static bool is_one_of(const char *text, size_t n, const char *const *names)
{
	for (; *names; names++) {
		if (strlen(*names) == n && !strncmp(text, *names, n))
			return true;
	}
	return false;
}

bool monitor_parse(const char *text, char path[108])
{
	static const char *const server[] = {"server", "server=on", NULL};
	static const char *const nowait[] = {"nowait", "wait=off", NULL};
	bool is_server = false;
	bool is_nowait = false;
	size_t n;

	if (strncmp(text, "unix:", 5))
		return false;
	text += 5;
	n = strcspn(text, ",");
	if (!n || n >= 108)
		return false;
	memcpy(path, text, n);
	path[n] = 0;
	for (text += n; *text; text += n) {
		n = strcspn(++text, ",");
		if (is_one_of(text, n, server))
			is_server = true;
		else if (is_one_of(text, n, nowait))
			is_nowait = true;
		else
			return false;
	}
	return is_server && is_nowait;
}
