/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "migtd/migtd.h"

/* A configuration volume has at most 0xA0000 bytes, a policy less. */
#define FILE_SIZE_MAX (1u << 20)

void memory_map(struct td_memory *m, const struct options *o)
{
	const struct td_sizes sizes = {
		.memory = o->memory, .stack = o->stack, .heap = o->heap, .shared = o->shared};
	const char *what;

	if (td_memory_needed(&sizes) > o->memory)
		die(EXIT_USAGE, "--memory: %llu bytes are not enough for stack, heap, shared region and guards (%llu)",
			(unsigned long long)o->memory,
			(unsigned long long)td_memory_needed(&sizes));
	what = td_memory_map(m, &sizes);
	if (what != NULL)
		die(EXIT_FAILED, "%s: %s", what, strerror(errno));
}

static void read_whole(const char *option, const char *path, int fd, uint8_t *to, size_t n)
{
	size_t at = 0;

	while (at < n) {
		const ssize_t got = read(fd, to + at, n - at);

		if (got <= 0)
			die(EXIT_USAGE, "--%s %s: %s", option, path,
				got < 0 ? strerror(errno) : "the file shrank while it was read");
		at += (size_t)got;
	}
}

struct file file_read(const char *option, const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	uint8_t *bytes;
	size_t n;

	if (fd < 0 || fstat(fd, &status) != 0)
		die(EXIT_USAGE, "--%s %s: %s", option, path, strerror(errno));
	if (!S_ISREG(status.st_mode) || status.st_size == 0)
		die(EXIT_USAGE, "--%s %s: not a file with something in it", option, path);
	if (status.st_size > FILE_SIZE_MAX)
		die(EXIT_USAGE, "--%s %s: larger than %u bytes", option, path, FILE_SIZE_MAX);
	n = (size_t)status.st_size;
	bytes = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (bytes == MAP_FAILED)
		die(EXIT_FAILED, "--%s %s: %s", option, path, strerror(errno));
	read_whole(option, path, fd, bytes, n);
	close(fd);
	/* In a TD the volume is measured and fixed; so is this copy. */
	mprotect(bytes, n, PROT_READ);
	return (struct file){.bytes = bytes, .n = n};
}
