/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The command line: bad use is one line and exit status 2; sockets do not outlive the process. */
#include "fake_td.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[] = "/tmp/tdhost-test-XXXXXX";

/* Runs tdhost with a shell's words; what it said, and its exit status. */
static int run(const char *arguments, char *said, size_t room)
{
	char shell[1024];
	FILE *pipe;
	size_t n;
	int status;

	snprintf(shell, sizeof(shell), "cd %s && timeout 60 %s %s 2>&1", directory, TDHOST, arguments);
	pipe = popen(shell, "r");
	assert_non_null(pipe);
	n = fread(said, 1, room - 1, pipe);
	said[n] = 0;
	status = pclose(pipe);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void expect_usage(const char *arguments, const char *text)
{
	char said[4096];

	assert_int_equal(run(arguments, said, sizeof(said)), 2);
	if (!strstr(said, text))
		fail_msg("'%s' does not say '%s'", said, text);
	assert_memory_equal(said, "tdhost: ", 8);
	assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
}

static void bad_options_are_one_line_and_status_2(void **state)
{
	(void)state;
	expect_usage("", "platform or td");
	expect_usage("nonsense", "platform or td");
	expect_usage("platform", "--listen and --vsock are needed");
	expect_usage("platform --listen unix:p", "--listen and --vsock are needed");
	expect_usage("platform --nonsense", "unknown option --nonsense");
	expect_usage("platform --listen", "no value for --listen");
	expect_usage("platform --listen unix:p --vsock tcp:1", "--vsock takes unix:PREFIX");
	expect_usage("platform --listen p --vsock unix:v", "'p' is not unix:PATH");
	expect_usage("platform --listen unix:p --vsock unix:v more", "unexpected argument more");
	expect_usage("platform --listen unix:p --vsock unix:v --fault x=1", "bad fault 'x=1'");
	expect_usage("platform --listen unix:p --vsock unix:v --servtd-ext maybe", "on or off");
	expect_usage("platform --listen unix:p --vsock unix:v --export-version 3-1", "not a range");
	expect_usage("platform --listen unix:p --vsock unix:v --pki /nowhere", "/nowhere/platform.json");
	expect_usage("platform --listen unix:nowhere/p --vsock unix:v", "nowhere/p: No such file");
	expect_usage("td", "--platform and --monitor are needed");
	expect_usage("td --platform unix:p --monitor m", "not unix:PATH,server,nowait");
	expect_usage("td --platform unix:p --monitor unix:m,server", "not unix:PATH,server,nowait");
	expect_usage("td --platform unix:p --monitor unix:m,server,nowait --count 0", "in range: 0");
	expect_usage("td --platform unix:p --monitor unix:m,server,nowait --migtd-pid x",
		"in range: x");
	expect_usage("td --platform unix:p --monitor unix:m,server,nowait", "p: ");
}

static void help_names_every_option_and_fault(void **state)
{
	static const char *const names[] = {"--listen", "--vsock", "--pki", "--servtd-ext", "--fault",
		"--monitor", "--migtd-pid", "--migtd-hash", "--migtd-attr", "--init-tdinfo",
		"--incoming", "--count", "quote-flip", "tdcall-fail", "vsock-reset-after",
		"debug-attributes"};
	char said[8192];

	(void)state;
	assert_int_equal(run("--help", said, sizeof(said)), 0);
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_non_null(strstr(said, names[i]));
}

static void a_socket_in_use_is_named_and_left_alone(void **state)
{
	struct fake_platform platform;
	char arguments[256];
	int second;

	(void)state;
	platform_start(&platform, NULL);
	snprintf(arguments, sizeof(arguments), "platform --listen %s --vsock unix:v", platform.listen);
	expect_usage(arguments, "platform: socket in use");
	second = platform_connect(&platform);
	ask_ok(second, json_pack("{s:s}", "do", "migtds"), NULL);
	close(second);
	platform_stop(&platform);
}

static void a_socket_left_behind_is_replaced_but_a_file_is_not(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	char said[512], command[400];
	FILE *file;

	(void)state;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/stale", directory);
	assert_int_equal(bind(fd, (void *)&address, sizeof(address)), 0);
	close(fd);
	assert_int_equal(chmod(address.sun_path, 0777), 0);
	/* Its own socket has another mode. */
	snprintf(command, sizeof(command), "platform --listen unix:stale --vsock unix:v & "
		"until test \"$(stat -c %%a %s 2>&-)\" = 700; do sleep 0.1; done; kill $!; wait $!",
		address.sun_path);
	assert_int_equal(run(command, said, sizeof(said)), 0);
	assert_int_not_equal(access(address.sun_path, F_OK), 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/file", directory);
	file = fopen(address.sun_path, "w");
	fclose(file);
	expect_usage("platform --listen unix:file --vsock unix:v", "file: socket in use");
	assert_int_equal(unlink(address.sun_path), 0);
}

static void only_the_owner_may_connect(void **state)
{
	struct fake_platform platform;
	struct stat st;

	(void)state;
	platform_start(&platform, NULL);
	assert_int_equal(stat(platform.listen + 5, &st), 0);
	assert_int_equal(st.st_mode & 077, 0);
	platform_stop(&platform);
}

static int make_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	(void)state;
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_options_are_one_line_and_status_2),
		cmocka_unit_test(help_names_every_option_and_fault),
		cmocka_unit_test(a_socket_in_use_is_named_and_left_alone),
		cmocka_unit_test(a_socket_left_behind_is_replaced_but_a_file_is_not),
		cmocka_unit_test(only_the_owner_may_connect),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
