/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "fake_td.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/bytes.h"
#include "host/protocol.h"

#define ARGUMENTS_MAX 32

const uint8_t guid_common[16] = {0xe1, 0xc5, 0x6f, 0xfb, 0x78, 0x33, 0xcb, 0x4a, 0x89, 0x64, 0xfa,
	0x5e, 0xe4, 0x3b, 0x9c, 0x8a};
const uint8_t guid_migtd[16] = {0x30, 0x63, 0x0e, 0xe6, 0x09, 0x1e, 0x87, 0x43, 0xa4, 0x44, 0x8f,
	0x32, 0xb8, 0xd6, 0x11, 0xe5};

static void spawn(struct fake_platform *p, const char *const *options)
{
	const char *argv[ARGUMENTS_MAX] = {TDHOST, "platform", "--listen", p->listen, "--vsock"};
	char vsock[104];
	char log[96];
	unsigned n = 5;

	snprintf(vsock, sizeof(vsock), "unix:%s", p->prefix);
	snprintf(log, sizeof(log), "%s/log", p->directory);
	argv[n++] = vsock;
	while (options && *options && n < ARGUMENTS_MAX - 1)
		argv[n++] = *options++;
	p->pid = fork();
	if (!p->pid) {
		int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(fd, STDERR_FILENO);
		execv(TDHOST, (char **)(uintptr_t)argv);
		_exit(127);
	}
	assert_true(p->pid > 0);
}

int platform_connect(const struct fake_platform *p)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", p->listen + 5);
	for (int ms = 0; connect(fd, (void *)&address, sizeof(address)); ms += 10) {
		assert_true(ms < PATIENCE_MS);
		poll(NULL, 0, 10);
	}
	return fd;
}

void platform_start(struct fake_platform *p, const char *const *options)
{
	strcpy(p->directory, "/tmp/tdhost-test-XXXXXX");
	assert_non_null(mkdtemp(p->directory));
	snprintf(p->listen, sizeof(p->listen), "unix:%s/platform", p->directory);
	snprintf(p->prefix, sizeof(p->prefix), "%s/v", p->directory);
	/* Where the kernel restricts tracing, the platform is a child and we are its subject. */
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
	signal(SIGPIPE, SIG_IGN);
	spawn(p, options);
	p->control = platform_connect(p);
}

static void print_log(const struct fake_platform *p)
{
	char path[128];
	char line[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/log", p->directory);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file))
		print_error("%s", line);
	if (file)
		fclose(file);
}

static void remove_directory(const struct fake_platform *p)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/log", p->directory);
	unlink(path);
	assert_int_equal(rmdir(p->directory), 0);
}

void platform_stop(struct fake_platform *p)
{
	int status;

	kill(p->pid, SIGTERM);
	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	if (status)
		print_log(p);
	assert_int_equal(status, 0);
	close(p->control);
	remove_directory(p);
}

bool platform_said(const struct fake_platform *p, const char *text)
{
	char path[128];
	char log[65536];
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "%s/log", p->directory);
	file = fopen(path, "r");
	assert_non_null(file);
	n = fread(log, 1, sizeof(log) - 1, file);
	fclose(file);
	log[n] = 0;
	return strstr(log, text);
}

void platform_will_say(const struct fake_platform *p, const char *text)
{
	for (int ms = 0; !platform_said(p, text); ms += 10) {
		assert_true(ms < PATIENCE_MS);
		poll(NULL, 0, 10);
	}
}

/* ------------------------------------------------------------------------------- control */

static json_t *receive(int control)
{
	char packet[PACKET_JSON_MAX];
	struct pollfd fd = {.fd = control, .events = POLLIN};
	json_t *message;
	ssize_t n;

	assert_int_equal(poll(&fd, 1, PATIENCE_MS), 1);
	n = recv(control, packet, sizeof(packet), 0);
	assert_true(n > 4);
	message = json_loadb(packet + 4, (size_t)n - 4, 0, NULL);
	assert_non_null(message);
	return message;
}

/* Events that came while an answer was awaited. */
static json_t *early;

json_t *ask(int control, json_t *request)
{
	json_t *message;

	uint32_t kind = PACKET_JSON;
	char packet[8192];
	size_t n = json_dumpb(request, packet + 4, sizeof(packet) - 4, 0);

	assert_true(n && n <= sizeof(packet) - 4);
	json_decref(request);
	memcpy(packet, &kind, sizeof(kind));
	assert_int_equal(send(control, packet, n + 4, 0), n + 4);
	while (json_object_get(message = receive(control), "event")) {
		if (!early)
			early = json_array();
		json_array_append_new(early, message);
	}
	return message;
}

json_int_t ask_ok(int control, json_t *request, const char *member)
{
	json_t *answer = ask(control, request);
	json_int_t value = 0;

	if (!json_is_true(json_object_get(answer, "ok")))
		fail_msg("%s", json_string_value(json_object_get(answer, "error")));
	if (member)
		value = json_integer_value(json_object_get(answer, member));
	json_decref(answer);
	return value;
}

void ask_refused(int control, json_t *request, const char *text)
{
	json_t *answer = ask(control, request);
	const char *error = json_string_value(json_object_get(answer, "error"));

	assert_true(json_is_false(json_object_get(answer, "ok")));
	assert_non_null(error);
	if (!strstr(error, text))
		fail_msg("'%s' does not say '%s'", error, text);
	json_decref(answer);
}

json_t *wait_event(int control)
{
	json_t *event = json_incref(json_array_get(early, 0));

	if (event)
		json_array_remove(early, 0);
	else
		event = receive(control);
	assert_non_null(json_object_get(event, "event"));
	return event;
}

/* ------------------------------------------------------------------------- Migration TD */

static void send_attach(const struct fake_td *td, uint64_t cid)
{
	struct packet_attach packet = {.kind = PACKET_ATTACH, .version = 1, .name = "fake",
		.ram_size = RAM_SIZE, .cid = cid};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec io = {&packet, sizeof(packet)};
	struct msghdr message = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	memset(packet.mrowner, 0x11, sizeof(packet.mrowner));
	memset(packet.mrownerconfig, 0x22, sizeof(packet.mrownerconfig));
	memset(packet.mrconfigid, 0x33, sizeof(packet.mrconfigid));
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &td->memory, sizeof(int));
	assert_int_equal(sendmsg(td->socket, &message, 0), sizeof(packet));
}

int fake_attach(struct fake_td *td, const struct fake_platform *p, uint64_t cid, char why[120])
{
	struct packet_attached answer;

	*td = (struct fake_td){.socket = platform_connect(p), .memory = memfd_create("ram", 0)};
	assert_int_equal(ftruncate(td->memory, RAM_SIZE), 0);
	td->ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, td->memory, 0);
	assert_true(td->ram != MAP_FAILED);
	send_attach(td, cid);
	assert_int_equal(recv(td->socket, &answer, sizeof(answer), 0), sizeof(answer));
	assert_int_equal(answer.kind, PACKET_ATTACHED);
	if (why)
		memcpy(why, answer.text, sizeof(answer.text));
	if (!why)
		assert_int_equal(answer.error, 0);
	return (int)answer.error;
}

void fake_detach(struct fake_td *td)
{
	close(td->socket);
	close(td->memory);
	munmap(td->ram, RAM_SIZE);
}

static bool is_interrupt(struct fake_td *td, const struct packet_tdcall *packet)
{
	struct packet_interrupt interrupt;

	memcpy(&interrupt, packet, sizeof(interrupt));
	if (interrupt.kind != PACKET_INTERRUPT)
		return false;
	assert_true(interrupt.vector >= 32 && interrupt.vector < 256);
	td->interrupts[interrupt.vector]++;
	return true;
}

uint64_t tdcall(struct fake_td *td, uint64_t reg[REGS])
{
	struct packet_tdcall packet = {.kind = PACKET_TDCALL};

	memcpy(packet.reg, reg, sizeof(packet.reg));
	assert_int_equal(send(td->socket, &packet, sizeof(packet), 0), sizeof(packet));
	do {
		assert_true(recv(td->socket, &packet, sizeof(packet), 0) > 0);
	} while (is_interrupt(td, &packet));
	assert_int_equal(packet.kind, PACKET_TDRET);
	memcpy(reg, packet.reg, sizeof(packet.reg));
	return reg[RAX];
}

uint64_t vmcall(struct fake_td *td, uint64_t sub, uint64_t r12, uint64_t r13, uint64_t r14)
{
	uint64_t reg[REGS] = {[RCX] = 0xfc00, [R11] = sub, [R12] = r12, [R13] = r13, [R14] = r14};

	assert_int_equal(tdcall(td, reg), 0);
	return reg[R10];
}

unsigned take_interrupts(struct fake_td *td, int ms)
{
	struct pollfd fd = {.fd = td->socket, .events = POLLIN};
	struct packet_tdcall packet;
	unsigned n = 0;

	while (poll(&fd, 1, n ? 50 : ms) == 1) {
		assert_true(recv(td->socket, &packet, sizeof(packet), 0) > 0);
		assert_true(is_interrupt(td, &packet));
		n++;
	}
	return n;
}

void fake_share(struct fake_td *td)
{
	assert_int_equal(vmcall(td, 0x10001, SHARED | SHARED_GPA, SHARED_BYTES, 0), 0);
}

uint64_t service(struct fake_td *td, const uint8_t guid[16], const void *data, size_t n,
	uint8_t answer[PAGE], size_t *size, uint32_t *status)
{
	uint8_t *command = td->ram + COMMAND_GPA;
	uint8_t *response = td->ram + RESPONSE_GPA;
	uint64_t r10;

	memset(command, 0, PAGE);
	memcpy(command, guid, 16);
	store32(command + 16, (uint32_t)(24 + n));
	memcpy(command + 24, data, n);
	memset(response, 0, PAGE);
	memcpy(response, guid, 16);
	store32(response + 16, PAGE);
	store32(response + 20, 0xffffffff);
	r10 = vmcall(td, 0x10005, SHARED | COMMAND_GPA, SHARED | RESPONSE_GPA, 0);
	*status = load32(response + 20);
	*size = load32(response + 16) - 24;
	if (!r10) {
		assert_memory_equal(response, guid, 16);
		assert_true(*size <= PAGE - 24);
		memcpy(answer, response + 24, *size);
	}
	return r10;
}

uint8_t *quote_buffer(const struct fake_td *td)
{
	return td->ram + QUOTE_GPA;
}

uint64_t get_quote(struct fake_td *td)
{
	return vmcall(td, 0x10002, SHARED | QUOTE_GPA, QUOTE_BYTES, 0);
}

uint64_t complete_at(const uint8_t *buffer)
{
	for (int ms = 0; load64(buffer + 8) == STATUS_IN_FLIGHT; ms += 5) {
		assert_true(ms < PATIENCE_MS);
		poll(NULL, 0, 5);
	}
	return load64(buffer + 8);
}

uint64_t complete(const struct fake_td *td)
{
	return complete_at(quote_buffer(td));
}
