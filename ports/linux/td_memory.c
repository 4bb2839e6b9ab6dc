/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define _GNU_SOURCE 1
#include "td_memory.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

_Static_assert(DEFAULT_STACK >= MIGTD_STACK_SIZE(DEFAULT_SESSIONS),
	"the stack has room for the deepest way through the call graph");
_Static_assert(3 * GUARD_SIZE + DEFAULT_STACK + DEFAULT_HEAP + DEFAULT_SHARED <= DEFAULT_MEMORY,
	"the default regions fit into the default memory");

/* What the project promises of them. */
_Static_assert(MIGTD_STACK_FIXED <= 0x4000 && MIGTD_STACK_PER_SESSION == 0, "stack");
_Static_assert(MIGTD_HEAP_FIXED <= 0x20000 && MIGTD_HEAP_PER_SESSION <= 0x1000, "heap");
_Static_assert(MIGTD_SHARED_PER_SESSION <= 0x2000, "shared memory of a session");
_Static_assert(MIGTD_STATIC_BYTES <= 0x20000, "everything else writable");
_Static_assert(3 * GUARD_SIZE + MIGTD_STACK_SIZE(1024) + MIGTD_HEAP_SIZE(1024) +
	MIGTD_SHARED_SIZE(1024) <= 32u << 20, "1,024 sessions in a TD of 32 MiB");

uint64_t td_memory_needed(const struct td_sizes *sizes)
{
	return 3 * GUARD_SIZE + sizes->stack + sizes->heap + sizes->shared;
}

/* Opens a region at *at and leaves *at behind the guard that follows it; NULL when it cannot. */
static uint8_t *open_region(uint8_t **at, uint64_t size)
{
	uint8_t *region = *at;

	*at += size + GUARD_SIZE;
	return mprotect(region, size, PROT_READ | PROT_WRITE) == 0 ? region : NULL;
}

static const char *open_regions(struct td_memory *m, const struct td_sizes *sizes)
{
	uint8_t *at = m->ram + GUARD_SIZE;

	/* Secrets live there: none of it belongs into a core dump. */
	if (madvise(m->ram, sizes->memory, MADV_DONTDUMP) != 0)
		return "cannot keep the TD's memory out of dumps";
	m->guard = m->ram;
	m->stack = open_region(&at, sizes->stack);
	m->heap = open_region(&at, sizes->heap);
	m->shared = open_region(&at, sizes->shared);
	return m->stack != NULL && m->heap != NULL && m->shared != NULL ?
		NULL :
		"cannot open a region of the TD's memory";
}

const char *td_memory_map(struct td_memory *m, const struct td_sizes *sizes)
{
	const char *what = "cannot create the TD's memory";
	int error;

	*m = (struct td_memory){.fd = memfd_create("td", MFD_CLOEXEC)};
	if (m->fd < 0)
		return what;
	if (ftruncate(m->fd, (off_t)sizes->memory) == 0) {
		what = "cannot map the TD's memory";
		m->ram = mmap(NULL, sizes->memory, PROT_NONE, MAP_SHARED, m->fd, 0);
		if (m->ram != MAP_FAILED) {
			what = open_regions(m, sizes);
			if (what == NULL)
				return NULL;
			error = errno;
			td_memory_unmap(m, sizes);
			errno = error;
		}
	}
	error = errno;
	close(m->fd);
	errno = error;
	return what;
}

void td_memory_unmap(struct td_memory *m, const struct td_sizes *sizes)
{
	munmap(m->ram, sizes->memory);
}
