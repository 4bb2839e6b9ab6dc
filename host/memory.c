/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Guest memory.  It is read and written through the memfd, not through a mapping: a guest that
 * shrinks its file gets an error, not the platform a SIGBUS.
 */
#include <string.h>
#include <unistd.h>

#include "host/platform.h"

static bool range_is(const struct migtd *td, uint64_t gpa, uint64_t n, enum page_state state)
{
	if (!n || gpa > td->ram_size || n > td->ram_size - gpa)
		return false;
	for (uint64_t page = gpa / GUEST_PAGE; page <= (gpa + n - 1) / GUEST_PAGE; page++) {
		if (td->page_state[page] != state)
			return false;
	}
	return true;
}

static bool ram_read(const struct migtd *td, uint64_t at, void *to, size_t n)
{
	return pread(td->ram, to, n, (off_t)at) == (ssize_t)n;
}

static bool ram_write(const struct migtd *td, uint64_t at, const void *from, size_t n)
{
	return pwrite(td->ram, from, n, (off_t)at) == (ssize_t)n;
}

static bool ram_zero(const struct migtd *td, uint64_t page)
{
	static const uint8_t zeros[GUEST_PAGE];

	return ram_write(td, page * GUEST_PAGE, zeros, sizeof(zeros));
}

bool module_read(struct migtd *td, uint64_t gpa, void *to, size_t n)
{
	return range_is(td, gpa, n, PAGE_PRIVATE) && ram_read(td, gpa, to, n);
}

bool module_write(struct migtd *td, uint64_t gpa, const void *from, size_t n)
{
	return range_is(td, gpa, n, PAGE_PRIVATE) && ram_write(td, gpa, from, n);
}

bool vmm_shared(const struct migtd *td, uint64_t gpa, uint64_t n)
{
	return (gpa & SHARED_BIT) && range_is(td, gpa & ~SHARED_BIT, n, PAGE_SHARED);
}

bool vmm_read(struct migtd *td, uint64_t gpa, void *to, size_t n)
{
	return vmm_shared(td, gpa, n) && ram_read(td, gpa & ~SHARED_BIT, to, n);
}

bool vmm_write(struct migtd *td, uint64_t gpa, const void *from, size_t n)
{
	return vmm_shared(td, gpa, n) && ram_write(td, gpa & ~SHARED_BIT, from, n);
}

/* A converted page is another physical page: what it held is gone. */
uint64_t memory_map(struct migtd *td, uint64_t gpa, uint64_t n)
{
	bool share = gpa & SHARED_BIT;

	gpa &= ~SHARED_BIT;
	if (gpa % GUEST_PAGE || n % GUEST_PAGE)
		return VMCALL_ALIGN_ERROR;
	if (!n || gpa > td->ram_size || n > td->ram_size - gpa)
		return VMCALL_INVALID_OPERAND;
	for (uint64_t page = gpa / GUEST_PAGE; page < (gpa + n) / GUEST_PAGE; page++) {
		if (share == (td->page_state[page] == PAGE_SHARED))
			continue;
		if (!ram_zero(td, page))
			return VMCALL_INVALID_OPERAND;
		td->page_state[page] = share ? PAGE_SHARED : PAGE_PENDING;
		td->shared_pages = share ? td->shared_pages + 1 : td->shared_pages - 1;
	}
	return VMCALL_SUCCESS;
}

uint64_t memory_accept(struct migtd *td, uint64_t rcx)
{
	uint64_t level = rcx & 7;
	uint64_t gpa = rcx & ~7ull;
	uint64_t page = gpa / GUEST_PAGE;

	if (gpa % GUEST_PAGE || level > 1 || gpa >= td->ram_size)
		return TDX_OPERAND_INVALID | OPERAND_RCX;
	/* Everything is mapped as 4 KiB pages here. */
	if (level)
		return TDX_PAGE_SIZE_MISMATCH | OPERAND_RCX;
	if (td->page_state[page] == PAGE_PRIVATE)
		return TDX_PAGE_ALREADY_ACCEPTED;
	if (td->page_state[page] != PAGE_PENDING || !ram_zero(td, page))
		return TDX_OPERAND_INVALID | OPERAND_RCX;
	td->page_state[page] = PAGE_PRIVATE;
	return TDX_SUCCESS;
}
