/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "host/unix_socket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

int unix_address(struct sockaddr_un *address, const char *path)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (!*path || strlen(path) >= sizeof(address->sun_path))
		return 0;
	memcpy(address->sun_path, path, strlen(path) + 1);
	return 1;
}

static const char *strip(const char *where)
{
	return strncmp(where, "unix:", 5) ? NULL : where + 5;
}

/* Whether the path is a socket left behind: nobody accepts there. */
static int is_stale(const struct sockaddr_un *address, int type)
{
	struct stat st;
	int refused;
	int fd;

	if (lstat(address->sun_path, &st) || !S_ISSOCK(st.st_mode))
		return 0;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	refused = fd >= 0 && connect(fd, (const void *)address, sizeof(*address)) &&
		  errno == ECONNREFUSED;
	if (fd >= 0)
		close(fd);
	return refused;
}

static int bind_private(int fd, const struct sockaddr_un *address)
{
	mode_t mask = umask(0077);
	int result = bind(fd, (const void *)address, sizeof(*address));

	umask(mask);
	return result;
}

int unix_listen(const char *where, int type, int backlog, char **path, char *why, size_t why_size)
{
	struct sockaddr_un address;
	int fd;

	*path = NULL;
	if (!strip(where) || !unix_address(&address, strip(where))) {
		snprintf(why, why_size, "'%s' is not unix:PATH", where);
		return -1;
	}
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		goto failed;
	if (bind_private(fd, &address)) {
		if (errno != EADDRINUSE)
			goto failed;
		if (!is_stale(&address, type)) {
			snprintf(why, why_size, "%s: socket in use", address.sun_path);
			close(fd);
			return -1;
		}
		unlink(address.sun_path);
		if (bind_private(fd, &address))
			goto failed;
	}
	*path = strdup(address.sun_path);
	if (*path && !listen(fd, backlog))
		return fd;
failed:
	snprintf(why, why_size, "%s: %s", address.sun_path, strerror(errno));
	if (fd >= 0)
		close(fd);
	free(*path);
	*path = NULL;
	return -1;
}

int unix_connect(const char *where, int type, char *why, size_t why_size)
{
	struct sockaddr_un address;
	int fd;

	if (!strip(where) || !unix_address(&address, strip(where))) {
		snprintf(why, why_size, "'%s' is not unix:PATH", where);
		return -1;
	}
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd >= 0 && !connect(fd, (const void *)&address, sizeof(address)))
		return fd;
	snprintf(why, why_size, "%s: %s", address.sun_path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}
