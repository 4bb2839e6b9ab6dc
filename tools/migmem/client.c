/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define _GNU_SOURCE
#include "migmem/client.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/protocol.h"

/* How often a socket that is not served yet is tried, and how long an answer may take. */
#define CONNECT_PACE_MS 5
#define ANSWER_MS 30000
/* How long after a connection broke its process may take to end. */
#define LAST_WORDS_MS 1000

static int try_connect(const char *path, int type)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(address.sun_path, path);
	const int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	const int error = errno;
	close(fd);
	errno = error;
	return -1;
}

int client_connect(struct stage *s, const char *name, const char *path, bool packets,
	uint64_t until, struct client *c)
{
	*c = (struct client){.stage = s, .packets = packets};
	while ((c->fd = try_connect(path, packets ? SOCK_SEQPACKET : SOCK_STREAM)) < 0) {
		const int error = errno;
		if ((error != ENOENT && error != ECONNREFUSED && error != EAGAIN) ||
			stage_now() >= until)
			return tool_fail(TOOL_REJECT, "%s: cannot connect to %s: %s", name, path,
				strerror(error));
		TOOL_TRY(stage_wait(s, NULL, 0, CONNECT_PACE_MS, NULL));
	}
	c->name = tool_text("%s", name);
	c->events = json_array();
	return TOOL_OK;
}

void client_close(struct client *c)
{
	if (c->name == NULL)
		return;
	close(c->fd);
	free(c->name);
	json_decref(c->events);
	cleanup_blob(&c->partial);
	*c = (struct client){0};
}

/* --- one message --------------------------------------------------------------------------- */

static int closed(const struct client *c, ssize_t n)
{
	const int error = errno;

	/* The other end is most likely one of our children, whose last words say more. */
	TOOL_TRY(stage_wait(c->stage, NULL, 0, LAST_WORDS_MS, NULL));
	errno = error;
	return tool_fail(TOOL_REJECT, "%s: the connection was closed%s%s", c->name,
		n < 0 ? ": " : "", n < 0 ? strerror(errno) : "");
}

/* *message stays NULL when nothing is there. */
static int receive_packet(struct client *c, json_t **message)
{
	uint32_t kind = 0;
	AUTO_BLOB text = {0};
	uint8_t *room = tool_alloc(PACKET_JSON_MAX);
	struct iovec parts[] = {{&kind, sizeof(kind)}, {room, PACKET_JSON_MAX}};
	struct msghdr header = {.msg_iov = parts, .msg_iovlen = 2};
	const ssize_t n = recvmsg(c->fd, &header, MSG_DONTWAIT);
	const bool nothing = n < 0 && (errno == EAGAIN || errno == EINTR);

	if (n > (ssize_t)sizeof(kind))
		blob_add(&text, room, (size_t)n - sizeof(kind));
	free(room);
	if (nothing)
		return TOOL_OK;
	if (n <= 0)
		return closed(c, n);
	if (kind != PACKET_JSON || text.size == 0)
		return tool_fail(TOOL_REJECT, "%s: sent a packet of kind %" PRIx32, c->name, kind);
	*message = json_read_text(c->name, &text);
	return *message != NULL ? TOOL_OK : TOOL_REJECT;
}

static int receive_line(struct client *c, json_t **message)
{
	char chunk[8192];
	AUTO_BLOB line = {0};
	char *end;

	while (c->partial.data == NULL ||
		(end = memchr(c->partial.data, '\n', c->partial.size)) == NULL) {
		const ssize_t n = recv(c->fd, chunk, sizeof(chunk), MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return TOOL_OK;
		if (n <= 0)
			return closed(c, n);
		blob_add(&c->partial, chunk, (size_t)n);
	}
	const size_t size = (size_t)(end - (char *)c->partial.data);
	blob_add(&line, c->partial.data, size);
	memmove(c->partial.data, end + 1, c->partial.size - size - 1);
	c->partial.size -= size + 1;
	*message = json_read_text(c->name, &line);
	return *message != NULL ? TOOL_OK : TOOL_REJECT;
}

/* Sorts one message: an event is kept, an answer handed over. */
static int receive(struct client *c, json_t **answer, bool *any)
{
	json_t *message = NULL;

	TOOL_TRY(c->packets ? receive_packet(c, &message) : receive_line(c, &message));
	*any = message != NULL;
	if (message == NULL)
		return TOOL_OK;
	if (json_object_get(message, "event") != NULL) {
		json_array_append_new(c->events, message);
		return TOOL_OK;
	}
	if (*answer != NULL) {
		json_decref(message);
		return tool_fail(TOOL_REJECT, "%s: answered without being asked", c->name);
	}
	*answer = message;
	return TOOL_OK;
}

int client_drain(struct client *c)
{
	AUTO_JSON answer = NULL;
	bool any = true;

	while (any)
		TOOL_TRY(receive(c, &answer, &any));
	if (answer != NULL)
		return tool_fail(TOOL_REJECT, "%s: answered without being asked", c->name);
	return TOOL_OK;
}

/* --- requests ------------------------------------------------------------------------------ */

static int wait_answer(struct stage *s, struct client *c, const char *what, json_t **answer)
{
	const uint64_t until = stage_now() + ANSWER_MS;

	*answer = NULL;
	for (;;) {
		bool any = true;
		while (any && *answer == NULL)
			TOOL_TRY(receive(c, answer, &any));
		if (*answer != NULL)
			return TOOL_OK;
		if (stage_now() >= until)
			return tool_fail(TOOL_REJECT, "%s: no answer to %s within %d s", c->name,
				what, ANSWER_MS / 1000);
		TOOL_TRY(stage_wait(s, &c->fd, 1, 1000, NULL));
	}
}

static int check_ok(const struct client *c, const char *what, json_t **answer)
{
	if (json_is_true(json_object_get(*answer, "ok")))
		return TOOL_OK;
	const char *error = json_string_value(json_object_get(*answer, "error"));
	const int code = tool_fail(TOOL_REJECT, "%s: refused %s: %s", c->name, what,
		error != NULL ? error : "no reason given");
	json_decref(*answer);
	*answer = NULL;
	return code;
}

int platform_try(struct stage *s, struct client *c, json_t *request, json_t **answer)
{
	AUTO_JSON owned = request;
	AUTO_TEXT text = json_compact(owned);
	uint32_t kind = PACKET_JSON;
	struct iovec parts[] = {{&kind, sizeof(kind)}, {text, strlen(text)}};
	const struct msghdr header = {.msg_iov = parts, .msg_iovlen = 2};

	if (sendmsg(c->fd, &header, MSG_NOSIGNAL) < 0)
		return closed(c, -1);
	return wait_answer(s, c, json_string_value(json_object_get(request, "do")), answer);
}

int control_request(struct stage *s, struct client *c, const char *line, json_t **answer)
{
	AUTO_TEXT text = tool_text("%s\n", line);
	const size_t size = strlen(text);

	if (send(c->fd, text, size, MSG_NOSIGNAL) != (ssize_t)size)
		return closed(c, -1);
	TOOL_TRY(wait_answer(s, c, line, answer));
	return check_ok(c, line, answer);
}
