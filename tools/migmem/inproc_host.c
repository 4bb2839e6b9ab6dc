/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "migmem/inproc_host.h"

#include <stdarg.h>
#include <stdlib.h>

#include "common/tool.h"
#include "host/control.h"
#include "host/platform.h"

/* A Migration TD as the host has it; the loop frees it after the detach. */
struct attached {
	struct migtd td;
	struct inproc_link *link;
};

/* The same as the Migration TD has it. */
struct inproc_link {
	struct attached *attached;	/* NULL: detached */
	void (*deliver)(void *ctx, uint8_t vector);
	void *ctx;
};

/* Whoever asks. */
struct asker {
	struct client client;
	json_t *events;
};

struct inproc_host {
	struct platform platform;
	struct asker *asker;
};

/* --- what the host says -------------------------------------------------------------------- */

static FILE *log_to;

void inproc_host_log(FILE *to)
{
	log_to = to;
}

void report(const char *format, ...)
{
	va_list arguments;

	if (log_to == NULL)
		return;
	va_start(arguments, format);
	vfprintf(log_to, format, arguments);
	va_end(arguments);
	fputc('\n', log_to);
}

/* --- the host ------------------------------------------------------------------------------ */

static int read_faults(const struct option_list *list, struct faults *faults)
{
	char why[128];

	for (size_t i = 0; i < list->n; i++)
		if (fault_parse(faults, list->item[i], why, sizeof(why)) != 0)
			return tool_fail(TOOL_USAGE, "--fault: %s", why);
	return TOOL_OK;
}

int inproc_host_open(const char *pki, const struct option_list *list, const uint64_t *clock,
	struct vsock_switch *s, unsigned side, struct inproc_host **opened)
{
	const struct platform_options options = {.pki = pki, .servtd_ext = true};
	struct faults faults = {0};

	TOOL_TRY(read_faults(list, &faults));
	struct inproc_host *host = tool_alloc(sizeof(*host));
	host->platform.vsock = &vsock_switched;
	host->platform.vsock_switch = s;
	host->platform.vsock_side = side;
	loop_init_virtual(&host->platform.loop, clock);
	*opened = host;
	if (platform_open(&host->platform, &options, &faults))
		return TOOL_OK;
	return tool_fail(TOOL_USAGE, "%s: an emulated host cannot be made of it", pki);
}

void inproc_host_close(struct inproc_host *host)
{
	if (host == NULL)
		return;
	platform_close(&host->platform);
	free(host);
}

bool inproc_host_step(struct inproc_host *host)
{
	return loop_step(&host->platform.loop);
}

uint64_t inproc_host_next(const struct inproc_host *host)
{
	return loop_next(&host->platform.loop);
}

/* --- the client ---------------------------------------------------------------------------- */

static void take_event(struct client *client, json_t *event)
{
	json_array_append_new(CONTAINER_OF(client, struct asker, client)->events, event);
}

static void forget_events(struct client *client)
{
	json_decref(CONTAINER_OF(client, struct asker, client)->events);
}

void inproc_host_connect(struct inproc_host *host, json_t *events)
{
	struct asker *asker = tool_alloc(sizeof(*asker));

	if (host->asker != NULL)
		client_detach(&host->asker->client);
	asker->events = json_incref(events);
	asker->client.send = take_event;
	asker->client.detached = forget_events;
	client_attach(&host->platform, &asker->client);
	host->asker = asker;
}

json_t *inproc_host_ask(struct inproc_host *host, const json_t *request)
{
	return control_execute(&host->asker->client, request);
}

/* --- Migration TDs ------------------------------------------------------------------------- */

static void take_vector(struct migtd *td, uint8_t vector)
{
	struct inproc_link *link = CONTAINER_OF(td, struct attached, td)->link;

	link->deliver(link->ctx, vector);
}

static void unlink_td(struct migtd *td)
{
	CONTAINER_OF(td, struct attached, td)->link->attached = NULL;
}

struct inproc_link *inproc_host_attach(struct inproc_host *host, const struct packet_attach *launch,
	pid_t id, int memory, const uint8_t mrtd[48],
	void (*deliver)(void *ctx, uint8_t vector), void *ctx, const char **refusal)
{
	struct attached *a = tool_alloc(sizeof(*a));
	struct inproc_link *link = tool_alloc(sizeof(*link));

	*link = (struct inproc_link){.attached = a, .deliver = deliver, .ctx = ctx};
	a->link = link;
	a->td.pid = id;
	a->td.deliver = take_vector;
	a->td.detached = unlink_td;
	*refusal = migtd_attach(&host->platform, &a->td, launch, memory, mrtd);
	if (*refusal == NULL)
		return link;
	free(a);
	free(link);
	return NULL;
}

bool inproc_link_tdcall(struct inproc_link *link, uint64_t *registers)
{
	if (link->attached == NULL || !migtd_tdcall(&link->attached->td, registers))
		return false;
	migtd_send_deferred(&link->attached->td);
	/* A host does not stand still while a TD runs: what is due comes between any two calls. */
	loop_step(&link->attached->td.platform->loop);
	return true;
}

void inproc_link_free(struct inproc_link *link)
{
	free(link);
}
