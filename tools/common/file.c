/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define _GNU_SOURCE
#include "common/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MOST (64u * 1024 * 1024)

static int read_head(int fd, const char *path, size_t most, struct blob *b)
{
	uint8_t chunk[16384];

	while (most > 0) {
		const ssize_t n = read(fd, chunk, most < sizeof(chunk) ? most : sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return tool_fail(TOOL_USAGE, "%s: cannot read: %s", path, strerror(errno));
		if (n == 0)
			break;
		most -= (size_t)n;
		blob_add(b, chunk, (size_t)n);
	}
	return TOOL_OK;
}

int file_read_head(const char *path, size_t most, struct blob *b)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return tool_fail(TOOL_USAGE, "%s: cannot open: %s", path, strerror(errno));
	/* A blob that was never added to has no NUL yet. */
	blob_add(b, "", 0);
	const int code = read_head(fd, path, most, b);
	close(fd);
	return code;
}

int file_read(const char *path, struct blob *b)
{
	const size_t before = b->size;

	TOOL_TRY(file_read_head(path, FILE_MOST + 1, b));
	if (b->size - before > FILE_MOST)
		return tool_fail(TOOL_USAGE, "%s: larger than 64 MiB", path);
	return TOOL_OK;
}

static bool write_all(int fd, const uint8_t *from, size_t n)
{
	while (n > 0) {
		const ssize_t done = write(fd, from, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return false;
		from += done;
		n -= (size_t)done;
	}
	return true;
}

static int write_whole(const char *path, const void *from, size_t n, mode_t mode)
{
	AUTO_TEXT temporary = tool_text("%s.XXXXXX", path);
	const int fd = mkostemp(temporary, O_CLOEXEC);

	if (fd < 0)
		return tool_fail(TOOL_USAGE, "%s: cannot write: %s", path, strerror(errno));
	/* mkostemp() makes it 0600; a device or a pipe in the way is replaced by rename(). */
	bool ok = write_all(fd, from, n) && fchmod(fd, mode) == 0;
	ok = close(fd) == 0 && ok;
	if (ok && rename(temporary, path) == 0)
		return TOOL_OK;
	const int error = errno;
	unlink(temporary);
	return tool_fail(TOOL_USAGE, "%s: cannot write: %s", path, strerror(error));
}

int file_write(const char *path, const void *from, size_t n)
{
	return write_whole(path, from, n, 0644);
}

int file_write_text(const char *path, const char *text)
{
	return file_write(path, text, strlen(text));
}

int file_write_secret(const char *path, const void *from, size_t n)
{
	return write_whole(path, from, n, 0600);
}

int folder_make(const char *path)
{
	AUTO_TEXT part = tool_text("%s", path);

	for (char *at = part + 1;; at++) {
		if (*at != '/' && *at != '\0')
			continue;
		const char was = *at;
		*at = '\0';
		if (mkdir(part, 0777) != 0 && errno != EEXIST)
			return tool_fail(TOOL_USAGE, "%s: cannot make the folder: %s", part,
				strerror(errno));
		*at = was;
		if (was == '\0')
			break;
	}
	struct stat st;
	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return tool_fail(TOOL_USAGE, "%s: is not a folder", path);
	return TOOL_OK;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *walk)
{
	(void)st;
	(void)flag;
	(void)walk;
	return remove(path);
}

void folder_remove(const char *path)
{
	if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0 && errno != ENOENT)
		tool_warn("%s: cannot remove: %s", path, strerror(errno));
}
