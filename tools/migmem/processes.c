/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The target "host": every host and every Migration TD is a process, and so is what relays. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "migmem/pass.h"
#include "migmem/relay.h"

/* Between two looks at how far everybody is, which take as long as there are sessions. */
#define PACE_MS 5
#define SESSIONS_PER_MS 32

/* A path of this pass, e.g. FOLDER/0-a.sock. */
static char *own_path(const struct pass *p, const char *format, const char *name)
{
	AUTO_TEXT own = tool_text(format, name);
	AUTO_TEXT numbered = tool_text("%zu-%s", p->number, own);
	return stage_path(p->stage, numbered);
}

static char *unix_of(const char *path)
{
	return tool_text("unix:%s", path);
}

#define ARGS_MAX (40 + 2 * OPTION_LIST_MAX)

struct arguments {
	const char *item[ARGS_MAX + 1];
	size_t n;
};

static void add(struct arguments *a, const char *option, const char *value)
{
	if (value == NULL || a->n + 2 > ARGS_MAX)
		return;
	a->item[a->n++] = option;
	a->item[a->n++] = value;
}

static int start_platform(struct pass *p, enum side side)
{
	AUTO_TEXT name = tool_text("%zu-host-%s", p->number, host_name[side]);
	AUTO_TEXT socket_path = own_path(p, "%s.sock", host_name[side]);
	AUTO_TEXT vsock_path = own_path(p, "vsock-%s", host_name[side]);
	AUTO_TEXT listen = unix_of(socket_path);
	AUTO_TEXT vsock = unix_of(vsock_path);
	AUTO_TEXT pki = tool_text("%s/hosts/%s", p->m->pki, host_name[side]);
	struct arguments a = {{p->m->tdhost, "platform"}, 2};

	add(&a, "--listen", listen);
	add(&a, "--vsock", vsock);
	add(&a, "--pki", pki);
	for (size_t i = 0; i < p->o->faults.n; i++)
		add(&a, "--fault", p->o->faults.item[i]);
	return stage_start(p->stage, name, a.item) != NULL ? TOOL_OK : TOOL_REJECT;
}

static int connect_platform(struct pass *p, enum side side)
{
	AUTO_TEXT name = tool_text("host %s", host_name[side]);
	AUTO_TEXT path = own_path(p, "%s.sock", host_name[side]);

	client_close(&p->platform[side]);
	return client_connect(
		p->stage, name, path, true, stage_now() + pass_limit(p), &p->platform[side]);
}

static int start_relay(struct pass *p)
{
	AUTO_TEXT source = own_path(p, "vsock-%s", host_name[SIDE_A]);
	AUTO_TEXT destination = own_path(p, "vsock-%s", host_name[SIDE_B]);

	return relay_start(p->stage, source, destination, p->o->sessions);
}

static int start_td(struct pass *p, enum side side, struct migration_td *td,
	const struct td_start *start)
{
	const struct launch *l = start->launch;
	const char *name = start->name;
	AUTO_TEXT child_name = tool_text("%zu-%s", p->number, name);
	AUTO_TEXT platform_path = own_path(p, "%s.sock", host_name[side]);
	AUTO_TEXT control_path = own_path(p, "%s.control", name);
	AUTO_TEXT platform = unix_of(platform_path);
	AUTO_TEXT control = unix_of(control_path);
	AUTO_TEXT cid = tool_text("%" PRIu64, start->cid);
	AUTO_TEXT timeout = tool_text("%" PRIu64, start->timeout_s);
	AUTO_TEXT rx_pages = tool_text("%" PRIu64, p->o->rx_pages);
	struct arguments a = {{p->m->migtd}, 1};

	if (!p->o->v1)
		a.item[a.n++] = "--policy-v2";
	add(&a, "--platform", platform);
	add(&a, "--name", name);
	add(&a, "--policy", l->policy);
	add(&a, "--policy-issuer-chain", l->chain);
	add(&a, "--root-ca", l->root_ca);
	add(&a, "--mrowner", l->mrowner);
	add(&a, "--mrownerconfig", l->mrownerconfig);
	add(&a, "--cid", cid);
	add(&a, "--transport", p->o->transport);
	add(&a, "--rx-pages", rx_pages);
	add(&a, "--control", control);
	add(&a, "--timeout", timeout);
	add(&a, "-l", p->o->log_level);
	add(&a, "--memory", start->memory);
	add(&a, "--stack", start->stack);
	add(&a, "--heap", start->heap);
	add(&a, "--shared", start->shared);
	add(&a, "--sessions-max", start->sessions_max);
	td->child = stage_start(p->stage, child_name, a.item);
	if (td->child == NULL)
		return TOOL_REJECT;
	return client_connect(
		p->stage, name, control_path, false, stage_now() + pass_limit(p), &td->control);
}

static int start_hosts(struct pass *p)
{
	for (enum side side = 0; side < SIDE_COUNT; side++) {
		TOOL_TRY(start_platform(p, side));
		TOOL_TRY(connect_platform(p, side));
	}
	return start_relay(p);
}

static int ask(struct pass *p, enum side side, json_t *request, json_t **answer)
{
	return platform_try(p->stage, &p->platform[side], request, answer);
}

static int control(struct pass *p, struct migration_td *td, const char *line, json_t **answer)
{
	return control_request(p->stage, &td->control, line, answer);
}

static int drain(struct pass *p, enum side side)
{
	return client_drain(&p->platform[side]);
}

static int wait_a_little(struct pass *p)
{
	const int fds[] = {p->platform[SIDE_A].fd, p->platform[SIDE_B].fd};

	const uint64_t ms = PACE_MS + p->o->sessions / SESSIONS_PER_MS;

	return stage_wait(p->stage, fds, COUNT_OF(fds), (int)ms, NULL);
}

static uint64_t now(const struct pass *p)
{
	(void)p;
	return stage_now();
}

static void stop(struct pass *p)
{
	(void)p; /* the stage ends its children */
}

const struct target target_processes = {
	.name = "host",
	.start_hosts = start_hosts,
	.start_td = start_td,
	.connect = connect_platform,
	.ask = ask,
	.control = control,
	.drain = drain,
	.wait = wait_a_little,
	.now = now,
	.stop = stop,
};
