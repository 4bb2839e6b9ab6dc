/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Running migtd-tool as a user does, and what it says. */
#ifndef TESTS_TOOLS_PROGRAM_H
#define TESTS_TOOLS_PROGRAM_H

#include "temp.h"

#include <fcntl.h>
#include <sys/wait.h>

#define ARGS_MAX 24

static const char *program;

/* One run of the program. */
struct run {
	int code;
	struct blob out, errors;
};

static inline void cleanup_run(struct run *r)
{
	cleanup_blob(&r->out);
	cleanup_blob(&r->errors);
}

#define AUTO_RUN CLEANUP(cleanup_run) struct run

/* Runs it with a NULL-ended list; the exit code. */
static inline int run(struct run *r, ...)
{
	const char *argv[ARGS_MAX] = {program};
	AUTO_TEXT error_path = temp_path("stderr");
	AUTO_TEXT out_path = temp_path("stdout");
	va_list args;
	size_t n = 1;
	int status;

	va_start(args, r);
	while ((argv[n] = va_arg(args, const char *)) != NULL)
		assert_true(++n < ARGS_MAX);
	va_end(args);
	const pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(open(error_path, O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
		dup2(open(out_path, O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
		execv(program, (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	r->code = WEXITSTATUS(status);
	r->out.size = 0;
	r->errors.size = 0;
	read_into(out_path, &r->out);
	read_into(error_path, &r->errors);
	return r->code;
}

static inline void assert_one_line_naming(const struct run *r, const char *what)
{
	const char *text = (const char *)r->errors.data;

	assert_true(r->errors.size > 0);
	assert_ptr_equal(strchr(text, '\n'), text + r->errors.size - 1);
	if (strstr(text, what) == NULL)
		fail_msg("'%s' does not name %s", text, what);
}

/* The verdict as JSON; NULL when none was given. */
static inline json_t *verify(struct run *r, const char *quote, const char *collateral)
{
	run(r, "quote", "verify", "--quote", quote, "--collateral", collateral, "--json", NULL);
	return json_loadb((const char *)r->out.data, r->out.size, 0, NULL);
}

static inline const char *text_in(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

#endif
