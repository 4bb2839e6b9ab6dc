/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "host/td.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/bytes.h"
#include "host/monitor.h"
#include "host/platform.h"
#include "host/unix_socket.h"

#define EXIT_USAGE 2
#define ANSWER_MS 10000
#define POLL_MS 50

/* One user TD. */
struct guest {
	struct process *process;
	struct monitor *monitor;
	uint64_t id;		/* at the platform */
	uint64_t migtd_pid;
	uint64_t port;
};

struct process {
	struct loop loop;
	struct watch platform;
	struct watch signals;
	const struct td_options *options;
	struct guest *guests;
	char path[108];
	bool failed;
};

/* ------------------------------------------------------------------------------ platform */

static void take_event(const json_t *event)
{
	const char *name = json_string_value(json_object_get(event, "event"));
	const char *reason = json_string_value(json_object_get(event, "reason"));
	json_int_t status = json_integer_value(json_object_get(event, "status"));

	if (!name || strcmp(name, "premig-done"))
		return;
	if (status)
		printf("pre-migration failed, state=%lld\n", (long long)status);
	else
		printf("Pre-migration is done, userspace pid=%ld\n", (long)getpid());
	fflush(stdout);
	if (reason)
		report("pre-migration of TD %lld: %s",
			(long long)json_integer_value(json_object_get(event, "td")), reason);
}

/* One packet: an answer (new reference), or NULL after an event.  *gone when the platform is. */
static json_t *receive(struct process *p, int flags, bool *gone)
{
	static char packet[PACKET_JSON_MAX];
	ssize_t n = recv(p->platform.fd, packet, sizeof(packet), flags);
	json_t *message = NULL;

	*gone = !n || (n < 0 && errno != EAGAIN && errno != EINTR);
	if (n > 4)
		message = json_loadb(packet + 4, (size_t)n - 4, 0, NULL);
	if (json_object_get(message, "event")) {
		take_event(message);
		json_decref(message);
		return NULL;
	}
	return message;
}

/* Asks the platform and waits; steals the request.  NULL when it is gone. */
static json_t *ask(struct process *p, json_t *request)
{
	uint32_t kind = PACKET_JSON;
	char packet[8192];
	size_t n = json_dumpb(request, packet + 4, sizeof(packet) - 4, JSON_COMPACT);
	bool gone = n > sizeof(packet) - 4;
	json_t *answer = NULL;

	json_decref(request);
	memcpy(packet, &kind, sizeof(kind));
	if (!gone)
		gone = send(p->platform.fd, packet, n + 4, MSG_NOSIGNAL) < 0;
	while (!answer && !gone) {
		struct pollfd fd = {.fd = p->platform.fd, .events = POLLIN};

		if (!poll(&fd, 1, ANSWER_MS))
			break;
		answer = receive(p, MSG_DONTWAIT, &gone);
	}
	return answer;
}

static const char *error_of(const json_t *answer)
{
	const char *text = json_string_value(json_object_get(answer, "error"));

	if (json_is_true(json_object_get(answer, "ok")))
		return NULL;
	return text ? text : "the platform does not answer";
}

static void platform_ready(struct watch *watch, uint32_t events)
{
	struct process *p = CONTAINER_OF(watch, struct process, platform);
	bool gone;

	(void)events;
	json_decref(receive(p, MSG_DONTWAIT, &gone));
	if (gone) {
		report("the platform went away");
		p->failed = true;
		p->loop.stop = true;
	}
}

/* ------------------------------------------------------------------- the object tdx0 */

/* True, or false and the error text; what a QEMU visitor says of a bad number. */
static bool parse_property(const char *name, const char *value, uint64_t max, const char *type,
	uint64_t *number, char *text)
{
	const char *expected = NULL;

	if (!parse_number(value, UINT64_MAX, number))
		expected = "uint64";
	else if (*number > max)
		expected = type;
	if (expected)
		snprintf(text, MONITOR_TEXT_MAX, "Parameter '%s' expects %s", name, expected);
	return !expected;
}

static bool tell(struct guest *g, json_t *request, char *text)
{
	json_t *answer;
	const char *why;

	json_object_set_new(request, "td", json_integer((json_int_t)g->id));
	answer = ask(g->process, request);
	why = error_of(answer);
	if (why)
		snprintf(text, MONITOR_TEXT_MAX, "%s", why);
	json_decref(answer);
	return !why;
}

static bool set_port(struct guest *g, const char *value, char *text)
{
	uint64_t port;

	if (!parse_property("vsockport", value, UINT32_MAX, "uint32_t", &port, text) ||
		!tell(g, json_pack("{s:s, s:I}", "do", "premig", "port", (json_int_t)port), text))
		return false;
	g->port = port;
	return true;
}

static bool set_pid(struct guest *g, const char *value, char *text)
{
	uint64_t pid;

	if (!parse_property("migtd-pid", value, INT32_MAX, "int32_t", &pid, text) ||
		!tell(g, json_pack("{s:s, s:I}", "do", "bind", "migtd_pid", (json_int_t)pid), text))
		return false;
	g->migtd_pid = pid;
	return true;
}

static bool set_property(void *ctx, const char *property, const char *value, char *text)
{
	struct guest *g = ctx;

	if (!strcmp(property, "vsockport"))
		return set_port(g, value, text);
	if (!strcmp(property, "migtd-pid"))
		return set_pid(g, value, text);
	if (!strcmp(property, "migtd-hash") || !strcmp(property, "migtd-attr") ||
		!strcmp(property, "type"))
		snprintf(text, MONITOR_TEXT_MAX, "Property 'tdx-guest.%s' is not writable", property);
	else
		snprintf(text, MONITOR_TEXT_MAX, "Property 'tdx-guest.%.256s' not found", property);
	return false;
}

static bool get_property(void *ctx, const char *property, char *text)
{
	const struct guest *g = ctx;
	const struct td_options *o = g->process->options;

	if (!strcmp(property, "vsockport")) {
		snprintf(text, MONITOR_TEXT_MAX, "%llu", (unsigned long long)g->port);
	} else if (!strcmp(property, "migtd-pid")) {
		snprintf(text, MONITOR_TEXT_MAX, "%llu", (unsigned long long)g->migtd_pid);
	} else if (!strcmp(property, "migtd-attr")) {
		snprintf(text, MONITOR_TEXT_MAX, "%llu", (unsigned long long)o->migtd_attr);
	} else if (!strcmp(property, "migtd-hash")) {
		snprintf(text, MONITOR_TEXT_MAX, "\"%.96s\"", o->migtd_hash ? o->migtd_hash : "");
	} else if (!strcmp(property, "type")) {
		snprintf(text, MONITOR_TEXT_MAX, "\"tdx-guest\"");
	} else {
		snprintf(text, MONITOR_TEXT_MAX, "Property 'tdx-guest.%.256s' not found", property);
		return false;
	}
	return true;
}

static void quit(void *ctx)
{
	struct guest *g = ctx;

	g->process->loop.stop = true;
}

/* --------------------------------------------------------------------------------- start */

static bool is_ready(struct process *p, uint64_t pid)
{
	json_t *answer = ask(p, json_pack("{s:s}", "do", "migtds"));
	bool ready = false;
	json_t *td;
	size_t i;

	json_array_foreach(json_object_get(answer, "migtds"), i, td) {
		if ((uint64_t)json_integer_value(json_object_get(td, "pid")) == pid)
			ready = json_is_true(json_object_get(td, "ready"));
	}
	json_decref(answer);
	return ready;
}

/*
 * A binding holds the hash of the Migration TD's measurements as they are then, so it has to be
 * done measuring: it is when it asks for requests.
 */
static bool wait_for_migtd(struct process *p)
{
	uint64_t pid = p->options->migtd_pid;
	uint64_t end = now_ms() + p->options->wait_s * 1000ull;

	if (!pid || !p->options->wait_s)
		return true;
	while (!is_ready(p, pid)) {
		if (now_ms() >= end) {
			report("the Migration TD with pid %llu is not attached, or does not take requests",
				(unsigned long long)pid);
			return false;
		}
		poll(NULL, 0, POLL_MS);
	}
	return true;
}

/* The 512 bytes as digits, new reference; NULL after a report. */
static json_t *load_tdinfo(const char *path)
{
	uint8_t tdinfo[TDINFO_BYTES + 1];
	char text[2 * TDINFO_BYTES + 1];
	FILE *file = fopen(path, "r");
	size_t n = file ? fread(tdinfo, 1, sizeof(tdinfo), file) : 0;

	if (file)
		fclose(file);
	if (n != TDINFO_BYTES) {
		report("%s: not a readable file of %d bytes", path, TDINFO_BYTES);
		return NULL;
	}
	hex_encode(tdinfo, TDINFO_BYTES, text);
	return json_string(text);
}

static json_t *creation(const struct td_options *o)
{
	json_t *request = json_pack("{s:s, s:b, s:I}", "do", "td-create", "incoming", o->incoming,
		"migtd_attr", (json_int_t)o->migtd_attr);

	if (o->migtd_pid)
		json_object_set_new(request, "migtd_pid", json_integer((json_int_t)o->migtd_pid));
	if (o->migtd_hash)
		json_object_set_new(request, "migtd_hash", json_string(o->migtd_hash));
	if (o->init_tdinfo) {
		json_t *tdinfo = load_tdinfo(o->init_tdinfo);

		if (!tdinfo) {
			json_decref(request);
			return NULL;
		}
		json_object_set_new(request, "init_tdinfo", tdinfo);
	}
	return request;
}

static int guest_start(struct guest *g, unsigned index)
{
	struct process *p = g->process;
	const struct monitor_object object = {g, set_property, get_property, quit};
	json_t *request = creation(p->options);
	json_t *answer = request ? ask(p, request) : NULL;
	const char *why = error_of(answer);
	char path[sizeof(p->path) + 16];
	char text[256];

	if (!request)
		return EXIT_USAGE;
	if (why)
		report("%s", why);
	g->id = (uint64_t)json_integer_value(json_object_get(answer, "td"));
	g->migtd_pid = p->options->migtd_pid;
	json_decref(answer);
	if (why)
		return EXIT_FAILURE;
	snprintf(path, sizeof(path), "%s", p->path);
	if (index)
		snprintf(path, sizeof(path), "%s-%u", p->path, index + 1);
	g->monitor = monitor_create(&p->loop, path, p->options->idle_s, &object, text, sizeof(text));
	if (!g->monitor)
		report("%s", text);
	return g->monitor ? EXIT_SUCCESS : EXIT_USAGE;
}

static void stop_on_signal(struct watch *watch, uint32_t events)
{
	(void)events;
	watch->loop->stop = true;
}

static bool watch_signals(struct process *p)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	p->signals.ready = stop_on_signal;
	return fd >= 0 && !watch_add(&p->loop, &p->signals, fd, EPOLLIN);
}

static int connect_platform(struct process *p)
{
	char why[256];
	int fd = unix_connect(p->options->platform, SOCK_SEQPACKET, why, sizeof(why));

	if (fd < 0) {
		report("%s", why);
		return EXIT_USAGE;
	}
	p->platform.ready = platform_ready;
	return watch_add(&p->loop, &p->platform, fd, EPOLLIN) ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int start(struct process *p)
{
	int result = connect_platform(p);

	if (!result && !wait_for_migtd(p))
		result = EXIT_FAILURE;
	if (!result && !watch_signals(p))
		result = EXIT_FAILURE;
	for (unsigned i = 0; !result && i < p->options->count; i++) {
		p->guests[i].process = p;
		result = guest_start(&p->guests[i], i);
	}
	return result;
}

int td_run(const struct td_options *options)
{
	struct process p = {.options = options, .platform.fd = -1, .signals.fd = -1};
	int result;

	if (!monitor_parse(options->monitor, p.path)) {
		report("'%s' is not unix:PATH,server,nowait", options->monitor);
		return EXIT_USAGE;
	}
	signal(SIGPIPE, SIG_IGN);
	p.guests = calloc(options->count, sizeof(*p.guests));
	if (!p.guests || loop_init(&p.loop))
		return EXIT_FAILURE;
	result = start(&p);
	if (!result)
		loop_run(&p.loop);
	for (unsigned i = 0; i < options->count; i++)
		monitor_destroy(p.guests[i].monitor);
	watch_remove(&p.platform);
	watch_remove(&p.signals);
	loop_fini(&p.loop);
	free(p.guests);
	return p.failed ? EXIT_FAILURE : result;
}
