/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A client's connection: JSON packets in, answers and events out, queued while it does not read. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/control.h"
#include "host/platform.h"

/* A client that does not read so much is dropped. */
#define QUEUE_MAX (16u << 20)

struct message {
	struct message *next;
	size_t size;
	char bytes[];
};

struct connected {
	struct client client;
	struct watch watch;
	struct message *queue;
	struct message *queue_last;
	size_t queued;
	bool blocked;		/* waits for room in its socket */
	bool failed;		/* to be dropped when the running request is done */
};

_Static_assert(offsetof(struct connected, client) == 0, "freed as the client it is");

static struct connected *connected(struct client *client)
{
	return CONTAINER_OF(client, struct connected, client);
}

static void forget(struct client *client)
{
	struct connected *c = connected(client);

	watch_remove(&c->watch);
	while (c->queue) {
		struct message *first = c->queue;

		c->queue = first->next;
		free(first);
	}
}

static bool send_now(struct connected *client, const void *bytes, size_t n)
{
	ssize_t sent = send(client->watch.fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (sent < 0 && errno != EAGAIN)
		client->failed = true;
	return sent >= 0;
}

static void flush(struct connected *client)
{
	while (client->queue && send_now(client, client->queue->bytes, client->queue->size)) {
		struct message *first = client->queue;

		client->queue = first->next;
		client->queued -= first->size;
		free(first);
	}
	if (!client->queue)
		client->queue_last = NULL;
	if (client->blocked == !client->queue) {
		client->blocked = client->queue;
		watch_events(&client->watch, client->blocked ? EPOLLIN | EPOLLOUT : EPOLLIN);
	}
}

static void send_json(struct client *to, json_t *json)
{
	struct connected *client = connected(to);
	uint32_t kind = PACKET_JSON;
	size_t n = json_dumpb(json, NULL, 0, JSON_COMPACT);
	struct message *message = malloc(sizeof(*message) + sizeof(kind) + n);

	if (!message || sizeof(kind) + n > PACKET_JSON_MAX || client->queued + n > QUEUE_MAX) {
		client->failed = true;
		free(message);
		json_decref(json);
		return;
	}
	memcpy(message->bytes, &kind, sizeof(kind));
	json_dumpb(json, message->bytes + sizeof(kind), n, JSON_COMPACT);
	json_decref(json);
	message->next = NULL;
	message->size = sizeof(kind) + n;
	if (client->queue_last)
		client->queue_last->next = message;
	else
		client->queue = message;
	client->queue_last = message;
	client->queued += message->size;
	flush(client);
}

static void execute(struct connected *client, const char *text, size_t n)
{
	json_error_t error;
	json_t *request = json_loadb(text, n, JSON_REJECT_DUPLICATES, &error);

	if (!json_is_object(request))
		send_json(&client->client,
			json_pack("{s:b, s:s}", "ok", 0, "error", "not a JSON object"));
	else
		send_json(&client->client, control_execute(&client->client, request));
	json_decref(request);
}

static void take_packet(struct watch *watch, uint32_t events)
{
	struct connected *client = CONTAINER_OF(watch, struct connected, watch);
	static char packet[PACKET_JSON_MAX];
	uint32_t kind = 0;
	ssize_t n;

	if (events & EPOLLOUT)
		flush(client);
	n = recv(watch->fd, packet, sizeof(packet), MSG_DONTWAIT | MSG_TRUNC);
	if (n < 0 && (errno == EAGAIN || errno == EINTR) && !client->failed)
		return;
	if (n >= (ssize_t)sizeof(kind) && n <= (ssize_t)sizeof(packet))
		memcpy(&kind, packet, sizeof(kind));
	if (kind == PACKET_JSON && !client->failed)
		execute(client, packet + sizeof(kind), (size_t)n - sizeof(kind));
	else
		client->failed = true;
	if (client->failed)
		client_detach(&client->client);
}

void attach_client(struct platform *platform, int fd, const char *first, size_t n)
{
	struct connected *client = calloc(1, sizeof(*client));

	if (!client || watch_add(&platform->loop, &client->watch, fd, EPOLLIN)) {
		close(fd);
		free(client);
		return;
	}
	client->watch.ready = take_packet;
	client->client.send = send_json;
	client->client.detached = forget;
	client_attach(platform, &client->client);
	execute(client, first, n);
	if (client->failed)
		client_detach(&client->client);
}
