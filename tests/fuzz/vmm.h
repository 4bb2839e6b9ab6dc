/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * A VMM that answers GetQuote by script, for the codecs that read its answers.  The input is the
 * script: one byte for the form of request that the service has settled on, then for each call
 * what it returns (one byte, into R10), the size of its answer (two, little-endian), and the answer
 * itself: what the shared buffer holds afterwards, from its first byte on.
 */
#ifndef TESTS_FUZZ_VMM_H
#define TESTS_FUZZ_VMM_H

#include "fuzz.h"

#include "mem/shared.h"
#include "tdx/quote_service.h"
#include "wire/reader.h"

#define VMM_PAGES 24
#define VMM_SHARED_PAGES 16
#define VMM_QUOTES 2	/* buffers */
#define VMM_SHARED_BIT (UINT64_C(1) << 47)

struct vmm {
	struct tdx tdx;
	struct shared shared;
	struct quote_service service;
	struct reader script;
	struct reader answer;	/* to the call made last */
	uint8_t owner[VMM_SHARED_PAGES];
	_Alignas(4096) uint8_t ram[VMM_PAGES * PAGE_SIZE];
};

static inline void vmm_tdcall(void *ctx, struct tdcall_regs *regs)
{
	struct vmm *vmm = ctx;
	const uint64_t first = VMM_SHARED_BIT | (VMM_PAGES - VMM_SHARED_PAGES) * PAGE_SIZE;
	const uint64_t end = VMM_SHARED_BIT | VMM_PAGES * PAGE_SIZE;

	/* The buffer is shared memory, all of it. */
	HOLDS(regs->r12 >= first && regs->r13 <= end - regs->r12);
	const uint8_t code = reader_u8(&vmm->script);
	vmm->answer = reader_sub(&vmm->script, reader_u16(&vmm->script));
	*regs = (struct tdcall_regs){.rax = 0, .r10 = code};
}

static inline void vmm_start(struct vmm *vmm, const uint8_t *script, size_t n)
{
	const uint32_t private_size = (VMM_PAGES - VMM_SHARED_PAGES) * PAGE_SIZE;

	vmm->script = reader_of(script, n);
	vmm->tdx = (struct tdx){.tdcall = vmm_tdcall, .ctx = vmm, .ram = vmm->ram,
		.ram_size = sizeof(vmm->ram), .shared_bit = VMM_SHARED_BIT};
	shared_init(&vmm->shared, vmm->ram + private_size, VMM_SHARED_PAGES * PAGE_SIZE,
		vmm->owner);
	quote_service_init(&vmm->service, &vmm->tdx, &vmm->shared);
	HOLDS(quote_service_keep(&vmm->service, VMM_QUOTES) == STATUS_OK);
	vmm->service.form = (enum quote_form)(reader_u8(&vmm->script) % 3u);
}

/* The VMM has answered: its bytes lie in the buffer. */
static inline void vmm_answer(struct vmm *vmm, uint8_t *buffer, uint32_t pages)
{
	const size_t left = reader_left(&vmm->answer);
	const size_t n = left < pages * PAGE_SIZE ? left : pages * PAGE_SIZE;

	if (n > 0)
		memcpy(buffer, vmm->answer.at, n);
}

/* A late answer to a request that nobody waits for. */
static inline void vmm_answer_late(struct vmm *vmm, uint8_t *buffer)
{
	memset(buffer, 0, 16);
	quote_service_reclaim(&vmm->service);
}

/* All pages are back, and each was given back once. */
static inline void vmm_end(struct vmm *vmm)
{
	HOLDS(quote_service_free(&vmm->service) == VMM_QUOTES);
	HOLDS(vmm->shared.used == vmm->shared.used_by_tag[SHARED_GET_QUOTE_KEPT] && vmm->shared.refused == 0);
	HOLDS(quote_service_abandoned(&vmm->service) == 0);
}

#endif
