/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "platform.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <ucontext.h>
#include <unistd.h>

#include "control.h"
#include "host/protocol.h"
#include "migtd/migtd.h"

#define TDCALL_SIZE 4
#define SIGNAL_STACK_SIZE 32768

static int connection = -1;
static volatile uint32_t pending;
static const uint8_t *guard_low;
static size_t guard_size;
static uint8_t signal_stack[SIGNAL_STACK_SIZE] __attribute__((aligned(16)));

/* In a signal handler: no stdio. */
static _Noreturn void stop(int code, const char *line)
{
	(void)!write(STDERR_FILENO, line, strlen(line));
	control_close();
	_exit(code);
}

static void note_interrupt(uint32_t vector)
{
	switch (vector) {
	case MIGTD_VECTOR_REQUEST:
		pending |= MIGTD_EVENT_REQUEST;
		break;
	case MIGTD_VECTOR_QUOTE:
		pending |= MIGTD_EVENT_QUOTE;
		break;
	case MIGTD_VECTOR_RX:
		pending |= MIGTD_EVENT_RX;
		break;
	default: /* spurious: no handler is installed for it */
		break;
	}
}

union packet {
	uint32_t kind;
	struct packet_tdcall tdcall;
	struct packet_interrupt interrupt;
};

/* The next packet; interrupts are noted on the way.  False: none, and flags said not to wait. */
static bool receive(union packet *p, int flags)
{
	for (;;) {
		const ssize_t n = recv(connection, p, sizeof(*p), flags);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return false;
		if (n <= 0)
			stop(EXIT_FAILED, "migtd: the platform is gone\n");
		if (n == sizeof(p->interrupt) && p->kind == PACKET_INTERRUPT) {
			note_interrupt(p->interrupt.vector);
			continue;
		}
		if (n != sizeof(p->tdcall) || p->kind != PACKET_TDRET)
			stop(EXIT_FAILED, "migtd: the platform sent a packet that is no answer\n");
		return true;
	}
}

/* Register order of struct tdcall_regs, which is that of the packet. */
static const int gregs[] = {REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RSI, REG_RDI, REG_R8, REG_R9,
	REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

static void on_sigill(int signal, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	union packet p = {.tdcall = {.kind = PACKET_TDCALL}};

	(void)signal;
	(void)info;
	if (uc->uc_mcontext.gregs[REG_RIP] != (greg_t)(uintptr_t)tdcall_instruction)
		stop(EXIT_FAILED, "migtd: illegal instruction\n");
	for (size_t i = 0; i < sizeof(gregs) / sizeof(gregs[0]); i++)
		p.tdcall.reg[i] = (uint64_t)uc->uc_mcontext.gregs[gregs[i]];
	if (send(connection, &p.tdcall, sizeof(p.tdcall), MSG_NOSIGNAL) < 0)
		stop(EXIT_FAILED, "migtd: the platform is gone\n");
	(void)receive(&p, 0);
	for (size_t i = 0; i < sizeof(gregs) / sizeof(gregs[0]); i++)
		uc->uc_mcontext.gregs[gregs[i]] = (greg_t)p.tdcall.reg[i];
	uc->uc_mcontext.gregs[REG_RIP] += TDCALL_SIZE;
	explicit_bzero(&p, sizeof(p));
}

static void on_sigsegv(int signal, siginfo_t *info, void *context)
{
	const uint8_t *at = info->si_addr;

	(void)signal;
	(void)context;
	if (at >= guard_low && at < guard_low + guard_size)
		stop(EXIT_USAGE, "migtd: the stack is too small: enlarge --stack\n");
	stop(EXIT_FAILED, "migtd: memory access outside the TD\n");
}

static void handle(int signal, void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};

	sigemptyset(&action.sa_mask);
	if (sigaction(signal, &action, NULL) != 0)
		die(EXIT_FAILED, "sigaction: %s", strerror(errno));
}

void platform_handlers(const uint8_t *guard, size_t size)
{
	const stack_t stack = {.ss_sp = signal_stack, .ss_size = sizeof(signal_stack)};

	guard_low = guard;
	guard_size = size;
	if (sigaltstack(&stack, NULL) != 0)
		die(EXIT_FAILED, "sigaltstack: %s", strerror(errno));
	handle(SIGILL, on_sigill);
	handle(SIGSEGV, on_sigsegv);
	handle(SIGBUS, on_sigsegv);
}

void platform_tdcall(void *ctx, struct tdcall_regs *regs)
{
	(void)ctx;
	tdcall_execute(regs);
	/* The kernel's frame had every register in it, with migration keys and what lay in XMM. */
	explicit_bzero(signal_stack, sizeof(signal_stack));
}

int platform_socket(void)
{
	return connection;
}

void platform_take_interrupts(void)
{
	union packet p;

	if (receive(&p, MSG_DONTWAIT))
		stop(EXIT_FAILED, "migtd: the platform answered what was not asked\n");
}

uint32_t platform_events(void *ctx)
{
	const uint32_t events = pending;

	(void)ctx;
	pending = 0;
	return events;
}

bool platform_interrupted(void)
{
	return pending != 0;
}

static void connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(address.sun_path))
		die(EXIT_USAGE, "--platform unix:%s: the path is too long", path);
	strcpy(address.sun_path, path);
	connection = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (connection < 0 ||
		connect(connection, (const struct sockaddr *)&address, sizeof(address)) != 0)
		die(EXIT_USAGE, "--platform unix:%s: %s (is tdhost platform running?)", path,
			strerror(errno));
}

static void send_attach(const struct packet_attach *attach, int memory)
{
	struct iovec data = {.iov_base = (void *)(uintptr_t)attach, .iov_len = sizeof(*attach)};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof(control)};

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &memory, sizeof(int));
	if (sendmsg(connection, &message, MSG_NOSIGNAL) < 0)
		die(EXIT_FAILED, "cannot attach to the platform: %s", strerror(errno));
}

void platform_attach(const struct options *o, int memory)
{
	struct packet_attach attach = {.kind = PACKET_ATTACH, .version = 1, .ram_size = o->memory,
		.cid = o->cid};
	struct packet_attached answer = {0};

	/* The emulated TDX module measures the image in this process's memory. */
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
	connect_to(o->platform);
	snprintf(attach.name, sizeof(attach.name), "%s", o->name);
	for (unsigned i = 0; i < sizeof(o->attributes); i++)
		attach.attributes |= (uint64_t)o->attributes[i] << 8 * i;
	memcpy(attach.mrowner, o->mrowner, sizeof(attach.mrowner));
	memcpy(attach.mrownerconfig, o->mrownerconfig, sizeof(attach.mrownerconfig));
	memcpy(attach.mrconfigid, o->mrconfigid, sizeof(attach.mrconfigid));
	send_attach(&attach, memory);
	if (recv(connection, &answer, sizeof(answer), 0) < (ssize_t)sizeof(answer) ||
		answer.kind != PACKET_ATTACHED)
		die(EXIT_FAILED, "the platform does not answer");
	answer.text[sizeof(answer.text) - 1] = '\0';
	if (answer.error != 0)
		die(EXIT_USAGE, "the platform refuses this TD: %s", answer.text);
}
