/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "migmem/td_stack.h"

#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "common/tool.h"
#include "ports/linux/call_on_stack.h"

#define OUTSIDE_SIZE (1u << 20)
#define SIGNAL_SIZE (64u << 10)

const bool td_stack_is_own = true;

static uint8_t *outside;		/* where host code runs that a Migration TD calls */
static const struct td_stack *running;
static sigjmp_buf home;

static void on_fault(int signal_number, siginfo_t *info, void *context)
{
	const uint8_t *at = info->si_addr;

	(void)context;
	if (running != NULL && at >= running->guard && at < running->guard + running->guard_size)
		siglongjmp(home, 1);
	/* Somebody else's: it happens again, and ends the process. */
	signal(signal_number, SIG_DFL);
}

static void prepare(void)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK;
	stack_t handler = {.ss_size = SIGNAL_SIZE};
	struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};

	outside = mmap(NULL, OUTSIDE_SIZE, PROT_READ | PROT_WRITE, flags, -1, 0);
	handler.ss_sp = mmap(NULL, SIGNAL_SIZE, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (outside == MAP_FAILED || handler.ss_sp == MAP_FAILED ||
		sigaltstack(&handler, NULL) != 0 || sigaction(SIGSEGV, &action, NULL) != 0)
		exit(tool_fail(TOOL_USAGE, "no memory for stacks"));
}

bool td_stack_run(const struct td_stack *s, void (*run)(void *), void *argument)
{
	if (outside == NULL)
		prepare();
	if (sigsetjmp(home, 1) != 0) {
		running = NULL;
		return false;
	}
	running = s;
	call_on_stack(run, argument, s->top);
	running = NULL;
	return true;
}

void td_stack_leave(void (*run)(void *), void *argument)
{
	call_on_stack(run, argument, outside + OUTSIDE_SIZE);
}
