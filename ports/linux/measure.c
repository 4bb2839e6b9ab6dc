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

#include "answer.h"
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
static void answer_line(struct migtd *td, const char *command)
{
	char *answer_text;
	size_t answer_size;
	FILE *answer = open_memstream(&answer_text, &answer_size);
	size_t sent = 0;

	if (answer == NULL || !answer_command(answer, td, command))
		die(EXIT_FAILED, "out of memory");
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
