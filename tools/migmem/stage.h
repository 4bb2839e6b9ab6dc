/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The stage of one run: a private temporary folder and the child processes in it.  Whatever
 * happens, stage_end() ends every child by its pid, waits for it and removes the folder; a child
 * whose parent was killed dies with it.
 *
 * Every wait goes through stage_wait(): it notices a child that ended, an interrupting signal and
 * the time limit, and says which.
 */
#ifndef MIGMEM_STAGE_H
#define MIGMEM_STAGE_H

#include <sys/types.h>

#include "common/tool.h"

struct child {
	pid_t pid;
	int pidfd;	/* readable once the process has ended; -1: it is a part of this one */
	char *name;
	char *log;	/* its stdout and stderr */
};

struct stage {
	char *folder;
	struct child **children;
	size_t n;
	char **logs;	/* names of all log files there were, inside the folder */
	size_t n_logs;
	bool keep;	/* the folder stays */
};

/* Also catches SIGINT, SIGTERM and SIGHUP from here on. */
int stage_begin(struct stage *s, bool keep) MUST_USE;
/* Ends every child; the folder and the logs stay. */
void stage_stop(struct stage *s);
void stage_end(struct stage *s);
/* Whether a signal has come, in this stage or an earlier one. */
bool stage_interrupted(void);

/* Path inside the folder. */
char *stage_path(const struct stage *s, const char *name);
/* "unix:" and the path. */
char *stage_unix(const struct stage *s, const char *name);

/* Starts argv[0]; output goes to FOLDER/NAME.log.  NULL after an error line. */
struct child *stage_start(struct stage *s, const char *name, const char *const *argv);
/* Runs `body` in a child without exec. */
struct child *stage_fork(struct stage *s, const char *name, int (*body)(void *), void *argument);

/* What runs in this process and writes to FOLDER/NAME.log; `id` is what a host calls it. */
struct child *stage_part(struct stage *s, const char *name, pid_t id);

/* The last line of a child's log that contains `what`, or NULL. */
char *child_log_line(const struct child *c, const char *what);
/* What stands behind `what` in each such line, joined by "; ", or NULL. */
char *child_log_about(const struct child *c, const char *what);
size_t child_log_count(const struct child *c, const char *what);

/* Milliseconds of the monotonic clock. */
uint64_t stage_now(void);

/*
 * Waits until a descriptor is readable or `ms` passed.  TOOL_REJECT after an error line if a child
 * ended or a signal came.  fds may be NULL when n is 0; *ready is the index, or n for none.
 */
int stage_wait(struct stage *s, const int *fds, size_t n, int ms, size_t *ready) MUST_USE;

#endif
