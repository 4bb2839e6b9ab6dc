/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define _GNU_SOURCE
#include "migmem/inproc_td.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/json_text.h"
#include "mem/stack_mark.h"
#include "migmem/td_stack.h"
#include "migtd/migtd.h"
#include "ports/linux/answer.h"

struct inproc_td {
	struct inproc_td_start start;
	struct td_memory memory;
	struct td_stack stack;
	enum log_level level;
	struct blob policy, chain, root_ca;
	struct migtd_config config;
	struct migtd *td;	/* once it has started */
	enum status status;	/* of the start */
	uint64_t until;
	uint32_t events;
	bool detached;
};

/* --- the port: what the core calls, on its stack -------------------------------------------- */

struct call {
	struct inproc_td *td;
	void *to;
	const void *from;
	size_t n;
};

static void do_tdcall(void *argument)
{
	const struct call *c = argument;

	if (!c->td->start.tdcall(c->td->start.ctx, c->to))
		c->td->detached = true;
}

static void port_tdcall(void *ctx, struct tdcall_regs *regs)
{
	struct call c = {.td = ctx, .to = regs};

	td_stack_leave(do_tdcall, &c);
}

static void do_random(void *argument)
{
	const struct call *c = argument;

	seeded_fill(&c->td->start.random, c->to, c->n);
}

static void port_random(void *ctx, uint8_t *to, size_t n)
{
	struct call c = {.td = ctx, .to = to, .n = n};

	td_stack_leave(do_random, &c);
}

static uint64_t port_now_ms(void *ctx)
{
	const struct inproc_td *td = ctx;

	return *td->start.clock;
}

static void do_console(void *argument)
{
	const struct call *c = argument;

	fwrite(c->from, 1, c->n, c->td->start.log);
	fputc('\n', c->td->start.log);
}

static void port_console(void *ctx, const char *line, size_t n)
{
	struct call c = {.td = ctx, .from = line, .n = n};

	td_stack_leave(do_console, &c);
}

static uint32_t port_events(void *ctx)
{
	struct inproc_td *td = ctx;
	const uint32_t events = td->events;

	td->events = 0;
	return events;
}

void inproc_td_interrupt(void *ctx, uint8_t vector)
{
	struct inproc_td *td = ctx;

	if (vector == MIGTD_VECTOR_REQUEST)
		td->events |= MIGTD_EVENT_REQUEST;
	else if (vector == MIGTD_VECTOR_QUOTE)
		td->events |= MIGTD_EVENT_QUOTE;
	else if (vector == MIGTD_VECTOR_RX)
		td->events |= MIGTD_EVENT_RX;
}

/* --- a life -------------------------------------------------------------------------------- */

/* The registers go to the host as they lie. */
_Static_assert(sizeof(struct tdcall_regs) == 14 * sizeof(uint64_t), "as in struct packet_tdcall");

static void run_start(void *argument)
{
	struct inproc_td *td = argument;
	const struct migtd_port port = {
		.ctx = td,
		.tdcall = port_tdcall,
		.random = port_random,
		.now_ms = port_now_ms,
		.console = port_console,
		.events = port_events,
	};

	td->status = migtd_start(&td->td, &td->config, &port);
}

static void run_round(void *argument)
{
	struct inproc_td *td = argument;

	td->until = migtd_round(td->td);
}

static const char *run(struct inproc_td *td, void (*what)(void *))
{
	if (!td_stack_run(&td->stack, what, td)) {
		td->detached = true;
		return "the stack is too small: enlarge --stack";
	}
	return td->detached ? "the host has detached it" : NULL;
}

const char *inproc_td_begin(struct inproc_td *td)
{
	const char *why = run(td, run_start);

	if (why == NULL && td->status != STATUS_OK)
		why = status_text(td->status);
	return why;
}

uint64_t inproc_td_next(const struct inproc_td *td)
{
	return td->events != 0 ? 0 : td->until;
}

const char *inproc_td_round(struct inproc_td *td)
{
	return run(td, run_round);
}

static int read_files(struct inproc_td *td)
{
	const struct inproc_td_start *s = &td->start;

	TOOL_TRY(file_read(s->policy, &td->policy));
	if (s->chain != NULL)
		TOOL_TRY(file_read(s->chain, &td->chain));
	if (s->root_ca != NULL)
		TOOL_TRY(file_read(s->root_ca, &td->root_ca));
	return TOOL_OK;
}

static int read_level(const char *text, enum log_level *level)
{
	static const char *const words[] = {[LOG_ERROR] = "error", [LOG_WARN] = "warn",
		[LOG_INFO] = "info", [LOG_DEBUG] = "debug", [LOG_TRACE] = "trace"};

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (words[i] != NULL && strcmp(text, words[i]) == 0) {
			*level = (enum log_level)i;
			return TOOL_OK;
		}
	return tool_fail(TOOL_USAGE,
		"--log-level: '%s' is not one of error, warn, info, debug, trace", text);
}

static void configure(struct inproc_td *td)
{
	const struct inproc_td_start *s = &td->start;
	const struct td_memory *m = &td->memory;

	td->config = (struct migtd_config){
		.ram = m->ram,
		.ram_size = s->sizes.memory,
		.heap = m->heap,
		.heap_size = s->sizes.heap,
		.shared = m->shared,
		.shared_size = s->sizes.shared,
		.stack = m->stack,
		.stack_size = s->sizes.stack,
		.policy = td->policy.data,
		.policy_size = td->policy.size,
		.issuer_chain = td->chain.data,
		.issuer_chain_size = td->chain.size,
		.root_ca = td->root_ca.data,
		.root_ca_size = td->root_ca.size,
		.transport = s->raw ? MIGTD_VMCALL_RAW : MIGTD_VSOCK,
		.rx_pages = (uint32_t)s->rx_pages,
		.cid = s->cid,
		.timeout_ms = (uint32_t)s->timeout_ms,
		.sessions_max = (uint32_t)s->sessions_max,
		.log_level = td->level,
		.area_level_max = LOG_TRACE,
		.report_usage = true,
	};
	td->stack = (struct td_stack){
		.low = m->stack,
		.top = m->stack + s->sizes.stack,
		.guard = m->guard,
		.guard_size = GUARD_SIZE,
	};
	stack_paint(td->stack.low, td->stack.top);
}

static int map_memory(struct inproc_td *td)
{
	const struct td_sizes *sizes = &td->start.sizes;
	const uint64_t needed = td_memory_needed(sizes);

	if (needed > sizes->memory)
		return tool_fail(TOOL_USAGE,
			"--memory: %llu bytes are not enough for stack, heap, shared region and "
			"guards (%llu)",
			(unsigned long long)sizes->memory, (unsigned long long)needed);
	const char *what = td_memory_map(&td->memory, sizes);
	if (what == NULL)
		return TOOL_OK;
	td->memory = (struct td_memory){.fd = -1};
	return tool_fail(TOOL_REJECT, "%s: %s", what, strerror(errno));
}

int inproc_td_create(const struct inproc_td_start *start, struct inproc_td **created)
{
	struct inproc_td *td = *created = tool_alloc(sizeof(*td));

	td->start = *start;
	td->memory.fd = -1;
	TOOL_TRY(read_level(start->log_level, &td->level));
	TOOL_TRY(read_files(td));
	TOOL_TRY(map_memory(td));
	configure(td);
	return TOOL_OK;
}

int inproc_td_memory(struct inproc_td *td)
{
	const int fd = td->memory.fd;

	td->memory.fd = -1;
	return fd;
}

void inproc_td_destroy(struct inproc_td *td)
{
	if (td == NULL)
		return;
	if (td->memory.ram != NULL)
		td_memory_unmap(&td->memory, &td->start.sizes);
	if (td->memory.fd >= 0)
		close(td->memory.fd);
	cleanup_blob(&td->policy);
	cleanup_blob(&td->chain);
	cleanup_blob(&td->root_ca);
	free(td);
}

json_t *inproc_td_control(struct inproc_td *td, const char *line)
{
	AUTO_TEXT text = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&text, &n);
	const bool ok = to != NULL && answer_command(to, td->td, line);

	if (to != NULL)
		fclose(to);
	if (!ok)
		exit(tool_fail(TOOL_USAGE, "out of memory"));
	json_t *answer = json_loads(text, 0, NULL);
	/* It was painted, and nothing ran there. */
	if (!td_stack_is_own)
		json_object_del(answer, "stack_peak");
	return answer;
}
