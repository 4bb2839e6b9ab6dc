/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The measuring build's control socket. */
#include "control.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "options.h"

const bool build_measures = true;

static const char *socket_path;
static int listener = -1;
static int client = -1;
static char line[256];
static size_t line_size;

/* A socket whose process was killed: it is there, and nobody listens. */
static bool is_stale(const struct sockaddr_un *address)
{
	struct stat status;
	bool stale;
	int fd;

	if (lstat(address->sun_path, &status) != 0 || !S_ISSOCK(status.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	stale = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 &&
		errno == ECONNREFUSED;
	if (fd >= 0)
		close(fd);
	return stale;
}

void control_open(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (path == NULL)
		return;
	if (strlen(path) >= sizeof(address.sun_path))
		die(EXIT_USAGE, "--control unix:%s: the path is too long", path);
	strcpy(address.sun_path, path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (is_stale(&address))
		unlink(path);
	if (listener < 0 || bind(listener, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
		listen(listener, 1) != 0)
		die(EXIT_USAGE, "--control unix:%s: %s", path,
			errno == EADDRINUSE ? "the socket is in use" : strerror(errno));
	socket_path = path;
	atexit(control_close);
}

void control_close(void)
{
	if (socket_path != NULL)
		unlink(socket_path);
	socket_path = NULL;
}

unsigned control_poll(struct pollfd *fds)
{
	unsigned n = 0;

	if (listener >= 0 && client < 0)
		fds[n++] = (struct pollfd){.fd = listener, .events = POLLIN};
	if (client >= 0)
		fds[n++] = (struct pollfd){.fd = client, .events = POLLIN};
	return n;
}

static void drop_client(void)
{
	close(client);
	client = -1;
	line_size = 0;
}

/* The answer grows with the number of sessions. */
static FILE *answer;
static char *answer_text;
static size_t answer_size;

static void pair(const char *name, unsigned long long value)
{
	fprintf(answer, ",\"%s\":%llu", name, value);
}

static void by_phase(const char *name, const size_t values[PHASE_COUNT])
{
	fprintf(answer, ",\"%s\":{", name);
	for (unsigned p = 0; p < PHASE_COUNT; p++)
		fprintf(answer, "%s\"%s\":%zu", p > 0 ? "," : "", phase_word((enum phase)p),
			values[p]);
	fputc('}', answer);
}

static void by_tag(const struct mem_usage usage[MEM_TAG_COUNT])
{
	fputs(",\"by_tag\":{", answer);
	for (unsigned t = 0; t < MEM_TAG_COUNT; t++)
		fprintf(answer,
			"%s\"%s\":{\"reserved\":%zu,\"used\":%zu,\"peak\":%zu,\"extent\":%zu}",
			t > 0 ? "," : "", mem_tag_name((enum mem_tag)t), usage[t].reserved,
			usage[t].used, usage[t].peak, usage[t].extent);
	fputc('}', answer);
}

static void answer_counters(struct migtd *td)
{
	struct migtd_counters c;

	migtd_counters(td, &c);
	fputs("{\"ok\":true", answer);
	pair("stack_size", c.stack_size);
	pair("stack_peak", c.stack_peak);
	pair("heap_size", c.heap_size);
	pair("heap_used", c.heap_used);
	pair("heap_extent_peak", c.heap_extent_peak);
	pair("heap_requested_peak", c.heap_requested_peak);
	pair("shared_size", c.shared_size);
	pair("shared_used", c.shared_used);
	pair("shared_abandoned", c.shared_abandoned);
	pair("shared_extent_peak", c.shared_extent_peak);
	pair("shared_peak", c.shared_peak);
	pair("private_copies", c.private_copies);
	pair("config_bytes", c.config_bytes);
	pair("bignum_peak", c.bignum_peak);
	by_tag(c.by_tag);
	by_phase("heap_by_phase", c.heap_by_phase);
	by_phase("shared_by_phase", c.shared_by_phase);
	pair("session_size", c.session_size);
	pair("record_size", c.record_size);
	pair("sessions_max", c.sessions_max);
	pair("sessions_live", c.sessions_live);
	pair("sessions_peak", c.sessions_peak);
	pair("held", c.held);
	pair("queued", c.queued);
	pair("completed", c.completed);
	pair("failed", c.failed);
	fputc('}', answer);
}

static void answer_sessions(struct migtd *td)
{
	const uint32_t n = migtd_sessions(td, NULL, 0);
	struct migtd_session_info *info = calloc(n > 0 ? n : 1, sizeof(*info));

	if (info == NULL)
		die(EXIT_FAILED, "out of memory");
	migtd_sessions(td, info, n);
	fputs("{\"ok\":true,\"sessions\":[", answer);
	for (uint32_t i = 0; i < n; i++)
		fprintf(answer,
			"%s{\"request_id\":%llu,\"phase\":\"%s\",\"is_source\":%s,\"held\":%s,"
			"\"queued\":%s,\"heap\":%zu,\"shared\":%zu}",
			i > 0 ? "," : "", (unsigned long long)info[i].request_id,
			phase_word(info[i].phase), info[i].is_source ? "true" : "false",
			info[i].held ? "true" : "false", info[i].queued ? "true" : "false",
			info[i].heap, info[i].shared);
	fputs("]}", answer);
	free(info);
}

static void hold(struct migtd *td, const char *word)
{
	for (unsigned p = 0; p < PHASE_COUNT; p++) {
		if (strcmp(word, phase_word((enum phase)p)) == 0) {
			migtd_hold(td, (enum phase)p);
			fputs("{\"ok\":true}", answer);
			return;
		}
	}
	fputs("{\"ok\":false,\"error\":\"no such phase\"}", answer);
}

static void execute(struct migtd *td, const char *command)
{
	if (strncmp(command, "hold ", 5) == 0) {
		hold(td, command + 5);
	} else if (strcmp(command, "release") == 0) {
		migtd_hold(td, PHASE_COUNT);
		fputs("{\"ok\":true}", answer);
	} else if (strcmp(command, "counters") == 0) {
		answer_counters(td);
	} else if (strcmp(command, "sessions") == 0) {
		answer_sessions(td);
	} else {
		fputs("{\"ok\":false,\"error\":\"unknown command\"}", answer);
	}
}

static void answer_line(struct migtd *td, const char *command)
{
	size_t sent = 0;

	answer = open_memstream(&answer_text, &answer_size);
	if (answer == NULL)
		die(EXIT_FAILED, "out of memory");
	execute(td, command);
	fputc('\n', answer);
	fclose(answer);
	while (sent < answer_size) {
		const ssize_t n =
			send(client, answer_text + sent, answer_size - sent, MSG_NOSIGNAL);

		if (n <= 0) {
			drop_client();
			break;
		}
		sent += (size_t)n;
	}
	free(answer_text);
}

/* Executes every whole line gathered so far. */
static void run_lines(struct migtd *td)
{
	char *end;

	while (client >= 0 && (end = memchr(line, '\n', line_size)) != NULL) {
		const size_t n = (size_t)(end - line) + 1;

		*end = '\0';
		answer_line(td, line);
		if (client < 0)
			return;
		memmove(line, line + n, line_size - n);
		line_size -= n;
	}
	if (line_size == sizeof(line))
		drop_client();
}

void control_run(struct migtd *td)
{
	ssize_t n;

	if (listener >= 0 && client < 0)
		client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (client < 0)
		return;
	n = recv(client, line + line_size, sizeof(line) - line_size, MSG_DONTWAIT);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		drop_client();
		return;
	}
	if (n < 0)
		return;
	line_size += (size_t)n;
	run_lines(td);
}
