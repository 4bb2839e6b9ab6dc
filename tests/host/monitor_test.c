/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* User TDs and their monitors, driven by a real `nc -N -U` as users do; QEMU's own words. */
#include "fake_td.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* The answer to an empty line. */
#define EMPTY_LINE "\r\n(qemu) "
#define BANNER "QEMU 7.2.22 monitor - type 'help' for more information\r\n(qemu) "

static struct fake_platform platform;
static struct fake_td td;
static pid_t guests;
static FILE *console;

static void wait_for_path(const char *path)
{
	for (int ms = 0; access(path, F_OK); ms += 10) {
		assert_true(ms < PATIENCE_MS);
		poll(NULL, 0, 10);
	}
}

static int start(void **state)
{
	char monitor[128];
	char pid[16];
	char path[128];
	uint8_t answer[PAGE];
	size_t size;
	uint32_t status;
	int out[2];

	(void)state;
	if (access("/usr/bin/nc", X_OK) && access("/bin/nc", X_OK)) {
		print_message("SKIPPED: no nc\n");
		skip();
	}
	platform_start(&platform, NULL);
	fake_attach(&td, &platform, 7, NULL);
	fake_share(&td);
	assert_int_equal(service(&td, guid_migtd, "\0\1\0\0", 4, answer, &size, &status), 0);
	snprintf(monitor, sizeof(monitor), "unix:%s/mon,server,nowait", platform.directory);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	assert_int_equal(pipe(out), 0);
	guests = fork();
	if (!guests) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(out[1], STDOUT_FILENO);
		execl(TDHOST, TDHOST, "td", "--platform", platform.listen, "--monitor", monitor,
			"--migtd-pid", pid, "--count", "2", (char *)NULL);
		_exit(127);
	}
	close(out[1]);
	console = fdopen(out[0], "r");
	snprintf(path, sizeof(path), "%s/mon-2", platform.directory);
	wait_for_path(path);
	return 0;
}

static int stop(void **state)
{
	char path[128];
	int status;

	(void)state;
	kill(guests, SIGTERM);
	waitpid(guests, &status, 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	snprintf(path, sizeof(path), "%s/mon", platform.directory);
	assert_int_not_equal(access(path, F_OK), 0);
	fclose(console);
	fake_detach(&td);
	platform_stop(&platform);
	return 0;
}

/* The bytes that `echo LINE | nc -N -U` shows, with the readline echo of the line undone. */
static void type(const char *name, const char *line, char *out, size_t room)
{
	char shell[512];
	FILE *nc;
	size_t n;

	snprintf(shell, sizeof(shell), "printf '%%s\\n' '%s' | nc -N -U %s/%s", line,
		platform.directory, name);
	nc = popen(shell, "r");
	assert_non_null(nc);
	n = fread(out, 1, room - 1, nc);
	out[n] = 0;
	assert_int_equal(pclose(nc), 0);
}

/* What QEMU sends for a typed line: each character redraws the line up to it. */
static size_t echo_of(const char *line, char *out)
{
	size_t n = 0;

	for (size_t i = 0; line[i]; i++) {
		for (size_t j = 0; j < i; j++)
			n += (size_t)sprintf(out + n, "\033[D");
		n += (size_t)sprintf(out + n, "%.*s\033[K", (int)i + 1, line);
	}
	return n;
}

static void expect(const char *name, const char *line, const char *output)
{
	static char expected[200000];
	static char got[200000];
	size_t n = (size_t)sprintf(expected, "%s", BANNER);

	n += echo_of(line, expected + n);
	sprintf(expected + n, "\r\n%s(qemu) ", output);
	type(name, line, got, sizeof(got));
	assert_string_equal(got, expected);
}

static void speaks_as_qemu_does(void **state)
{
	static const char *const cases[][2] = {
		{"", ""},
		{"bogus 1", "unknown command: 'bogus'\r\n"},
		{"qom-set /objects/tdx1/ vsockport 1234",
			"Error: Device '/objects/tdx1/' not found\r\n"},
		{"qom-set /objects/tdx1 vsockport 1234",
			"Error: Device '/objects/tdx1' not found\r\n"},
		{"qom-set /objects/tdx0/ port 1", "Error: Property 'tdx-guest.port' not found\r\n"},
		{"qom-set /objects/tdx0 migtd-hash 1",
			"Error: Property 'tdx-guest.migtd-hash' is not writable\r\n"},
		{"qom-set", "qom-set: string expected\r\nTry \"help qom-set\" for more information\r\n"},
		{"qom-set /objects/tdx0/ vsockport",
			"qom-set: string expected\r\nTry \"help qom-set\" for more information\r\n"},
		{"qom-set /objects/tdx0/ vsockport many",
			"Error: Parameter 'vsockport' expects uint64\r\n"},
		{"qom-set tdx0 vsockport 4294967296",
			"Error: Parameter 'vsockport' expects uint32_t\r\n"},
		{"qom-list /objects", "type (string)\r\ntdx0 (child<tdx-guest>)\r\n"},
		{"qom-get tdx0 vsockport", "0\r\n"},
		{"qom-get tdx0 type", "\"tdx-guest\"\r\n"},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect("mon", cases[i][0], cases[i][1]);
}

static void backspace_and_cursor_keys_edit_the_line(void **state)
{
	char got[8192];

	(void)state;
	type("mon", "bogux\bs\033[A 1", got, sizeof(got));
	assert_non_null(strstr(got, "unknown command: 'bogus'\r\n(qemu) "));
}

static void vsockport_starts_a_request_and_its_end_is_printed(void **state)
{
	static const char *const monitors[] = {"mon", "mon-2"};
	char expected[64];
	char line[128];
	uint8_t answer[PAGE];
	uint8_t report[12] = {0, 2, 1, 0};
	uint32_t status;
	size_t size;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		expect(monitors[i], "qom-set /objects/tdx0/ vsockport 1234", "");
		assert_int_equal(service(&td, guid_migtd, "\0\1\0\0", 4, answer, &size, &status), 0);
		assert_int_equal(answer[2], 1);
		expect(monitors[i], "qom-set /objects/tdx0/ vsockport 1",
			"Error: a pre-migration of this TD is running\r\n");
		expect(monitors[i], "qom-get /objects/tdx0/ vsockport", "1234\r\n");
		memcpy(report + 4, answer + 4 + 24, 8);
		report[3] = (uint8_t)(i * 8);
		assert_int_equal(service(&td, guid_migtd, report, 12, answer, &size, &status), 0);
		assert_int_equal(status, 0);
		snprintf(expected, sizeof(expected), "Pre-migration is done, userspace pid=%d\n",
			(int)guests);
		assert_non_null(fgets(line, sizeof(line), console));
		assert_string_equal(line, i ? "pre-migration failed, state=8\n" : expected);
	}
}

static int dial(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", platform.directory, name);
	assert_int_equal(connect(fd, (void *)&address, sizeof(address)), 0);
	return fd;
}

static void one_client_at_a_time_and_the_next_waits(void **state)
{
	int first = dial("mon");
	int second = dial("mon");
	struct pollfd fd = {.fd = second, .events = POLLIN};
	char banner[128];

	(void)state;
	assert_int_equal(recv(first, banner, sizeof(BANNER) - 1, MSG_WAITALL), sizeof(BANNER) - 1);
	/* The second has been there for as long as the monitor has had something else to do. */
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(send(first, "\n", 1, 0), 1);
		assert_int_equal(recv(first, banner, strlen(EMPTY_LINE), MSG_WAITALL),
			strlen(EMPTY_LINE));
		assert_memory_equal(banner, EMPTY_LINE, strlen(EMPTY_LINE));
	}
	assert_int_equal(poll(&fd, 1, 0), 0);
	close(first);
	assert_int_equal(poll(&fd, 1, PATIENCE_MS), 1);
	assert_int_equal(recv(second, banner, sizeof(BANNER) - 1, MSG_WAITALL), sizeof(BANNER) - 1);
	assert_memory_equal(banner, BANNER, sizeof(BANNER) - 1);
	close(second);
}

static void a_client_that_does_not_read_blocks_nobody(void **state)
{
	static char flood[100000];
	int fd = dial("mon-2");

	(void)state;
	memset(flood, 'x', sizeof(flood));
	for (int i = 0; i < 100; i++)
		(void)!send(fd, flood, sizeof(flood), MSG_DONTWAIT);
	expect("mon", "bogus", "unknown command: 'bogus'\r\n");
	close(fd);
	expect("mon-2", "bogus", "unknown command: 'bogus'\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(speaks_as_qemu_does),
		cmocka_unit_test(backspace_and_cursor_keys_edit_the_line),
		cmocka_unit_test(vsockport_starts_a_request_and_its_end_is_printed),
		cmocka_unit_test(one_client_at_a_time_and_the_next_waits),
		cmocka_unit_test(a_client_that_does_not_read_blocks_nobody),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
