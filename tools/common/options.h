/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Command lines from tables: one table gives the parser and the help text. */
#ifndef TOOLS_OPTIONS_H
#define TOOLS_OPTIONS_H

#include "common/tool.h"

enum option_kind {
	OPTION_FLAG,	/* bool */
	OPTION_TEXT,	/* const char * */
	OPTION_LIST,	/* struct option_list: may be given more than once */
	OPTION_NUMBER,	/* uint64_t, decimal or 0x */
	OPTION_SIZE,	/* uint64_t, with K or M too */
};

#define OPTION_LIST_MAX 64

struct option_list {
	const char *item[OPTION_LIST_MAX];
	size_t n;
};

struct option_spec {
	const char *name;	/* without the dashes */
	char letter;		/* or 0 */
	enum option_kind kind;
	void *value;
	const char *argument;	/* what stands for it in the help, e.g. "FILE"; NULL for a flag */
	const char *help;
	bool needed;
};

/*
 * Parses argv[1] and on.  `usage` is the line after "Usage: "; --help prints it with the table and
 * ends the program with 0.  Arguments that are no options go to `others`, or are an error when it
 * is NULL.
 */
int options_parse(int argc, char **argv, const char *usage, const struct option_spec *specs,
	size_t n, struct option_list *others) MUST_USE;

#endif
