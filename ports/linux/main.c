/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The Migration TD as a Linux process.  The core runs on the TD's own stack and inside the TD's
 * own memory; everything else here (options, control socket, sleeping) runs on the process's.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "call_on_stack.h"
#include "control.h"
#include "memory.h"
#include "mem/stack_mark.h"
#include "migtd/migtd.h"
#include "options.h"
#include "platform.h"

#define LONGEST_SLEEP_MS 60000

static volatile sig_atomic_t stopping;

static void on_stop(int signal)
{
	(void)signal;
	stopping = 1;
}

static void port_random(void *ctx, uint8_t *to, size_t n)
{
	(void)ctx;
	while (n > 0) {
		const ssize_t got = getrandom(to, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			abort();
		to += got;
		n -= (size_t)got;
	}
}

/* Milliseconds that pass while the TD's clock goes on by one. */
static uint64_t clock_tick = 1;

static uint64_t port_now_ms(void *ctx)
{
	struct timespec now;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return ((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000) / clock_tick;
}

static void port_console(void *ctx, const char *line, size_t n)
{
	struct iovec parts[2] = {
		{.iov_base = (void *)(uintptr_t)line, .iov_len = n},
		{.iov_base = (void *)(uintptr_t) "\n", .iov_len = 1},
	};

	(void)ctx;
	(void)!writev(STDOUT_FILENO, parts, 2);
}

static const struct migtd_port port = {
	.tdcall = platform_tdcall,
	.random = port_random,
	.now_ms = port_now_ms,
	.console = port_console,
	.events = platform_events,
};

/* What runs on the TD's stack, with its operands and results. */
struct run {
	struct migtd *td;
	const struct migtd_config *config;
	enum status status;
	uint64_t until;
};

static void run_start(void *argument)
{
	struct run *run = argument;

	run->status = migtd_start(&run->td, run->config, &port);
}

static void run_round(void *argument)
{
	struct run *run = argument;

	run->until = migtd_round(run->td);
}

static void configure_kind(struct migtd_config *c, const struct options *o)
{
	if (o->root_ca != NULL) {
		const struct file root = file_read("root-ca", o->root_ca);

		c->root_ca = root.bytes;
		c->root_ca_size = root.n;
	} else {
		const struct file chain = file_read("policy-issuer-chain", o->issuer_chain);

		c->issuer_chain = chain.bytes;
		c->issuer_chain_size = chain.n;
	}
}

static void configure(struct migtd_config *c, const struct options *o, const struct td_memory *m)
{
	*c = (struct migtd_config){
		.ram = m->ram,
		.ram_size = o->memory,
		.heap = m->heap,
		.heap_size = o->heap,
		.shared = m->shared,
		.shared_size = o->shared,
		.stack = m->stack,
		.stack_size = o->stack,
		.transport = o->transport,
		.rx_pages = (uint32_t)o->rx_pages,
		.cid = o->cid,
		.timeout_ms = (uint32_t)o->timeout_s * 1000,
		.sessions_max = (uint32_t)o->sessions_max,
		.log_level = (enum log_level)o->log_level,
		.area_level_max = build_measures ? LOG_TRACE : LOG_INFO,
		.report_usage = build_measures,
	};
	if (o->volume != NULL) {
		const struct file volume = file_read("config", o->volume);

		c->volume = volume.bytes;
		c->volume_size = volume.n;
	} else {
		const struct file policy = file_read("policy", o->policy);

		c->policy = policy.bytes;
		c->policy_size = policy.n;
		configure_kind(c, o);
	}
}

/* The console has the cause; this line names what the user gave. */
static _Noreturn void explain_start(const struct options *o, enum status status)
{
	if (status == ERR_OUT_OF_RESOURCE)
		die(EXIT_USAGE, "--heap or --shared is too small for one session: enlarge it");
	if (status == ERR_TDINFO_OWNER)
		die(EXIT_USAGE, "--mrowner or --mrownerconfig does not belong to the policy %s (its launch.json has the right values)",
			o->volume != NULL ? o->volume : o->policy);
	if (status_result(status) == RESULT_TDX_MODULE_ERROR || status == ERR_VMCALL ||
		status == ERR_VMM_UNSUPPORTED)
		die(EXIT_FAILED, "the platform does not play along: %s", status_text(status));
	die(EXIT_USAGE, "%s: %s (%s)", o->volume != NULL ? o->volume : o->policy,
		status_text(status), status_name(status));
}

/* Until an interrupt, a command, or the time the core named. */
static void sleep_until(uint64_t until, struct migtd *td)
{
	struct pollfd fds[1 + CONTROL_FDS] = {{.fd = platform_socket(), .events = POLLIN}};
	const unsigned n = 1 + control_poll(fds + 1);
	const uint64_t now = port_now_ms(NULL);
	int wait = 0;

	if (until > now && !platform_interrupted())
		wait = until - now > LONGEST_SLEEP_MS / clock_tick ?
			LONGEST_SLEEP_MS : (int)((until - now) * clock_tick);
	if (poll(fds, n, wait) < 0 && errno != EINTR)
		die(EXIT_FAILED, "poll: %s", strerror(errno));
	if ((fds[0].revents & (POLLIN | POLLHUP)) != 0)
		platform_take_interrupts();
	for (unsigned i = 1; i < n; i++)
		if (fds[i].revents != 0)
			control_run(td);
}

static void stop_on(int signal)
{
	const struct sigaction action = {.sa_handler = on_stop};

	sigaction(signal, &action, NULL);
}

int main(int argc, char **argv)
{
	struct options o;
	struct td_memory memory;
	struct migtd_config config;
	struct run run = {.config = &config};
	void *top;

	options_parse(&o, argc, argv);
	clock_tick = o.slow_clock;
	memory_map(&memory, &o);
	configure(&config, &o, &memory);
	prctl(PR_SET_NAME, o.name);
	signal(SIGPIPE, SIG_IGN);
	stop_on(SIGTERM);
	stop_on(SIGINT);
	control_open(o.control);
	platform_handlers(memory.guard, GUARD_SIZE);
	platform_attach(&o, memory.fd);

	top = memory.stack + o.stack;
	stack_paint(memory.stack, top);
	call_on_stack(run_start, &run, top);
	if (run.status != STATUS_OK)
		explain_start(&o, run.status);
	while (!stopping) {
		call_on_stack(run_round, &run, top);
		sleep_until(run.until, run.td);
	}
	return 0;
}
