/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Runs of migmem with a TMPDIR of their own, and what they leave behind. */
#ifndef TESTS_TOOLS_MIGMEM_RUN_H
#define TESTS_TOOLS_MIGMEM_RUN_H

#include "temp.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

static const char *program __attribute__((unused));
static char *private_tmp; /* TMPDIR of every run: nothing may stay in it */
static char *output;      /* stdout and stderr of the last run */

#define ARGS_MAX 24
#define LIMIT_S 120

static inline int make_folders(void **state)
{
	if (temp_make(state) != 0)
		return 1;
	private_tmp = temp_path("t");
	output = temp_path("output");
	return folder_make(private_tmp);
}

static inline int remove_folders(void **state)
{
	free(private_tmp);
	free(output);
	return temp_remove(state);
}

static inline pid_t start(const char *const *args)
{
	const char *argv[ARGS_MAX] = {program};
	size_t n = 1;

	for (size_t i = 0; args[i] != NULL; i++) {
		assert_true(n + 1 < ARGS_MAX);
		argv[n++] = args[i];
	}
	const pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		const int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		dup2(fd, 1);
		dup2(fd, 2);
		setenv("TMPDIR", private_tmp, 1);
		execv(program, (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	return pid;
}

static inline int finish(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* The exit code of one command; RUN() is the one most used. */
#define MIGMEM(...) finish(start((const char *const[]){__VA_ARGS__, NULL}))
#define RUN(...) MIGMEM("run", __VA_ARGS__)

static inline bool output_has(const char *text)
{
	AUTO_BLOB all = {0};

	if (access(output, R_OK) != 0)
		return false;
	read_into(output, &all);
	return strstr((const char *)all.data, text) != NULL;
}

static inline void assert_output(const char *text)
{
	AUTO_BLOB all = {0};

	read_into(output, &all);
	if (strstr((const char *)all.data, text) == NULL)
		fail_msg("no '%s' in:\n%s", text, (const char *)all.data);
}

/* Pids of processes whose command line has our TMPDIR in it, other than `except`. */
static inline size_t processes(const char *named, pid_t except, pid_t *first)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	size_t n = 0;

	while ((entry = readdir(proc)) != NULL) {
		char text[4096];
		AUTO_TEXT path = tool_text("/proc/%s/cmdline", entry->d_name);
		if (!isdigit((unsigned char)entry->d_name[0]) || atoi(entry->d_name) == except)
			continue;
		const int fd = open(path, O_RDONLY);
		const ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
		if (fd >= 0)
			close(fd);
		for (ssize_t i = 0; i < size; i++)
			if (text[i] == '\0')
				text[i] = ' ';
		text[size > 0 ? size : 0] = '\0';
		if (strstr(text, private_tmp) == NULL || strstr(text, named) == NULL)
			continue;
		n++;
		if (first != NULL)
			*first = atoi(entry->d_name);
	}
	closedir(proc);
	return n;
}

static inline size_t entries_of(const char *path)
{
	DIR *d = opendir(path);
	size_t n = 0;

	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 2;
}

static inline void assert_nothing_is_left(void)
{
	assert_int_equal(processes("", 0, NULL), 0);
	assert_int_equal(entries_of(private_tmp), 0);
}

static inline void pause_a_little(void)
{
	poll(NULL, 0, 10);
}

static inline void wait_for_output(const char *text)
{
	const time_t until = time(NULL) + LIMIT_S;

	while (!output_has(text)) {
		if (time(NULL) > until)
			assert_output(text);
		pause_a_little();
	}
}

static inline void wait_until_running(const char *name, pid_t except)
{
	const time_t until = time(NULL) + LIMIT_S;

	while (processes(name, except, NULL) == 0) {
		assert_true(time(NULL) < until);
		pause_a_little();
	}
}

static inline json_t *read_result(const char *name)
{
	AUTO_TEXT path = temp_path(name);
	json_t *result = json_read_file(path);

	assert_non_null(result);
	return result;
}

static inline json_int_t number_at(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_integer(value))
		fail_msg("%s is not a number", name);
	return json_integer_value(value);
}

#endif
