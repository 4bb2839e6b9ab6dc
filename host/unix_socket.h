/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#ifndef HOST_UNIX_SOCKET_H
#define HOST_UNIX_SOCKET_H

#include <stddef.h>
#include <sys/un.h>

/* False when the path does not fit. */
int unix_address(struct sockaddr_un *address, const char *path);

/*
 * Listens at "unix:PATH", for the owner only.  A socket that nobody serves any more is replaced.
 * The descriptor and in *path the path to unlink at exit (malloc); or -1 and one line in `why`.
 */
int unix_listen(const char *where, int type, int backlog, char **path, char *why, size_t why_size);

/* Connects to "unix:PATH"; -1 and one line in `why`. */
int unix_connect(const char *where, int type, char *why, size_t why_size);

#endif
