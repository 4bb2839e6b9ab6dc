/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A private folder for one test program, gone when it ends; and reading what tests need. */
#ifndef TESTS_TOOLS_TEMP_H
#define TESTS_TOOLS_TEMP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/json_text.h"
#include "common/tool.h"

static char temp_folder[] = "/tmp/migtd-tools-test.XXXXXX";

static inline int temp_make(void **state)
{
	(void)state;
	return mkdtemp(temp_folder) == NULL;
}

static inline int temp_remove(void **state)
{
	(void)state;
	folder_remove(temp_folder);
	return 0;
}

static inline char *temp_path(const char *name)
{
	return tool_text("%s/%s", temp_folder, name);
}

static inline void read_into(const char *path, struct blob *b)
{
	assert_int_equal(file_read(path, b), TOOL_OK);
}

/* Skips the test, loudly, when the shared vectors are not there. */
static inline char *shared_path(const char *name)
{
	char *path = tool_text("%s/%s", SHARED_DIR, name);

	if (access(path, R_OK) != 0) {
		fprintf(stderr, "SKIPPED: %s is not there\n", path);
		free(path);
		skip();
	}
	return path;
}

#define TEMPLATES "vectors/policy/config/templates/"

#endif
