/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define _GNU_SOURCE
#include "migmem/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How long a child may take to end after SIGTERM. */
#define END_MS 3000

/* One for the process: the signals that interrupt are blocked and read from here. */
static int signal_fd = -1;
static bool interrupted;

bool stage_interrupted(void)
{
	return interrupted;
}

static int catch_signals(void)
{
	sigset_t set;

	if (signal_fd >= 0)
		return TOOL_OK;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return tool_fail(TOOL_REJECT, "cannot block signals: %s", strerror(errno));
	signal(SIGPIPE, SIG_IGN);
	signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signal_fd < 0)
		return tool_fail(TOOL_REJECT, "cannot catch signals: %s", strerror(errno));
	return TOOL_OK;
}

int stage_begin(struct stage *s, bool keep)
{
	const char *parent = getenv("TMPDIR");

	*s = (struct stage){.keep = keep};
	TOOL_TRY(catch_signals());
	/* Unix socket paths are short, so a deep TMPDIR is not used. */
	if (parent == NULL || parent[0] != '/' || strlen(parent) > 40)
		parent = "/tmp";
	s->folder = tool_text("%s/migmem.XXXXXX", parent);
	if (mkdtemp(s->folder) == NULL) {
		cleanup_text(&s->folder);
		return tool_fail(TOOL_USAGE, "%s: cannot make a temporary folder: %s", parent,
			strerror(errno));
	}
	return TOOL_OK;
}

uint64_t stage_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* True when the child has ended (and is reaped) before `until`. */
static bool ended_by(struct child *c, uint64_t until)
{
	struct pollfd p = {.fd = c->pidfd, .events = POLLIN};
	const uint64_t now = stage_now();

	if (poll(&p, 1, now < until ? (int)(until - now) : 0) <= 0)
		return false;
	waitpid(c->pid, NULL, 0);
	return true;
}

void stage_stop(struct stage *s)
{
	const uint64_t until = stage_now() + END_MS;

	/* Youngest first: Migration TDs end before their platforms. */
	for (size_t i = s->n; i > 0; i--)
		if (s->children[i - 1]->pidfd >= 0)
			kill(s->children[i - 1]->pid, SIGTERM);
	for (size_t i = s->n; i > 0; i--) {
		struct child *c = s->children[i - 1];
		if (c->pidfd >= 0 && !ended_by(c, until)) {
			kill(c->pid, SIGKILL);
			waitpid(c->pid, NULL, 0);
		}
		if (c->pidfd >= 0)
			close(c->pidfd);
		free(c->name);
		free(c->log);
		free(c);
	}
	free(s->children);
	s->children = NULL;
	s->n = 0;
}

void stage_end(struct stage *s)
{
	stage_stop(s);
	if (s->folder != NULL && !s->keep)
		folder_remove(s->folder);
	for (size_t i = 0; i < s->n_logs; i++)
		free(s->logs[i]);
	free(s->logs);
	free(s->folder);
	*s = (struct stage){0};
}

char *stage_path(const struct stage *s, const char *name)
{
	return tool_text("%s/%s", s->folder, name);
}

char *stage_unix(const struct stage *s, const char *name)
{
	return tool_text("unix:%s/%s", s->folder, name);
}

/* --- starting ------------------------------------------------------------------------------ */

/* In the child: gone with the parent, not in its foreground group, default signals, log open. */
static void become_child(const char *log, pid_t parent)
{
	sigset_t none;
	const int null_fd = open("/dev/null", O_RDONLY);
	const int log_fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || null_fd < 0 || log_fd < 0)
		_exit(126);
	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	dup2(null_fd, 0);
	dup2(log_fd, 1);
	dup2(log_fd, 2);
}

static int run_program(void *argument)
{
	const char *const *argv = argument;

	execv(argv[0], (char *const *)(uintptr_t)argv);
	fprintf(stderr, "cannot run %s: %s\n", argv[0], strerror(errno));
	return 127;
}

/* An array of pointers with room for one more. */
static void *grown_by_one(void *array, size_t n)
{
	void *grown = realloc(array, (n + 1) * sizeof(void *));

	if (grown == NULL)
		exit(tool_fail(TOOL_USAGE, "out of memory"));
	return grown;
}

static struct child *new_child(const struct stage *s, const char *name)
{
	struct child *c = tool_alloc(sizeof(*c));

	c->name = tool_text("%s", name);
	c->log = tool_text("%s/%s.log", s->folder, name);
	c->pidfd = -1;
	return c;
}

static struct child *add_child(struct stage *s, struct child *c)
{
	s->children = grown_by_one(s->children, s->n);
	s->children[s->n++] = c;
	s->logs = grown_by_one(s->logs, s->n_logs);
	s->logs[s->n_logs++] = tool_text("%s.log", c->name);
	return c;
}

struct child *stage_part(struct stage *s, const char *name, pid_t id)
{
	struct child *c = add_child(s, new_child(s, name));

	c->pid = id;
	return c;
}

struct child *stage_fork(struct stage *s, const char *name, int (*body)(void *), void *argument)
{
	struct child *c = new_child(s, name);
	const pid_t parent = getpid();

	/* What the parent has buffered must not be written twice. */
	fflush(NULL);
	c->pid = fork();
	if (c->pid == 0) {
		become_child(c->log, parent);
		exit(body(argument));
	}
	c->pidfd = c->pid > 0 ? pidfd_open(c->pid, 0) : -1;
	if (c->pidfd < 0) {
		tool_fail(TOOL_REJECT, "cannot start %s: %s", name, strerror(errno));
		if (c->pid > 0) {
			kill(c->pid, SIGKILL);
			waitpid(c->pid, NULL, 0);
		}
		free(c->name);
		free(c->log);
		free(c);
		return NULL;
	}
	return add_child(s, c);
}

struct child *stage_start(struct stage *s, const char *name, const char *const *argv)
{
	return stage_fork(s, name, run_program, (void *)(uintptr_t)argv);
}

/* --- logs ---------------------------------------------------------------------------------- */

char *child_log_line(const struct child *c, const char *what)
{
	AUTO_BLOB log = {0};
	char *found = NULL;

	if (access(c->log, R_OK) != 0 || file_read(c->log, &log) != TOOL_OK)
		return NULL;
	for (char *rest = (char *)log.data, *line; (line = strsep(&rest, "\n")) != NULL;) {
		if (line[0] == '\0' || strstr(line, what) == NULL)
			continue;
		free(found);
		found = tool_text("%s", line);
	}
	return found;
}

char *child_log_about(const struct child *c, const char *what)
{
	AUTO_BLOB log = {0};
	char *found = NULL;

	if (access(c->log, R_OK) != 0 || file_read(c->log, &log) != TOOL_OK)
		return NULL;
	for (char *rest = (char *)log.data, *line; (line = strsep(&rest, "\n")) != NULL;) {
		const char *at = strstr(line, what);
		if (at == NULL)
			continue;
		at += strlen(what);
		at += strspn(at, " ");
		char *joined = found == NULL ? tool_text("%s", at) : tool_text("%s; %s", found, at);
		free(found);
		found = joined;
	}
	return found;
}

size_t child_log_count(const struct child *c, const char *what)
{
	AUTO_BLOB log = {0};
	size_t n = 0;

	if (access(c->log, R_OK) != 0 || file_read(c->log, &log) != TOOL_OK)
		return 0;
	for (const char *at = (const char *)log.data; (at = strstr(at, what)) != NULL; at++)
		n++;
	return n;
}

/* --- waiting ------------------------------------------------------------------------------- */

static int child_ended(const struct child *c)
{
	AUTO_TEXT line = child_log_line(c, "");
	siginfo_t info = {0};

	/* Not reaped here: stage_end() does that for all alike. */
	waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOWAIT | WNOHANG);
	return tool_fail(TOOL_REJECT, "%s %s %d: %s", c->name,
		info.si_code == CLD_EXITED ? "ended with status" : "was ended by signal",
		info.si_status, line != NULL ? line : "it said nothing");
}

int stage_wait(struct stage *s, const int *fds, size_t n, int ms, size_t *ready)
{
	struct pollfd *p = tool_alloc((1 + s->n + n) * sizeof(*p));
	int code = TOOL_OK;

	p[0] = (struct pollfd){.fd = signal_fd, .events = POLLIN};
	for (size_t i = 0; i < s->n; i++)
		p[1 + i] = (struct pollfd){.fd = s->children[i]->pidfd, .events = POLLIN};
	for (size_t i = 0; i < n; i++)
		p[1 + s->n + i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
	int events = poll(p, (nfds_t)(1 + s->n + n), ms);
	if (events < 0 && errno != EINTR)
		code = tool_fail(TOOL_REJECT, "poll failed: %s", strerror(errno));
	if (p[0].revents != 0) {
		interrupted = true;
		code = tool_fail(TOOL_REJECT, "interrupted");
	}
	for (size_t i = 0; i < s->n && code == TOOL_OK; i++)
		if (p[1 + i].revents != 0)
			code = child_ended(s->children[i]);
	size_t first = n;
	for (size_t i = n; i > 0; i--)
		if (p[s->n + i].revents != 0)
			first = i - 1;
	free(p);
	if (ready != NULL)
		*ready = first;
	return code;
}
