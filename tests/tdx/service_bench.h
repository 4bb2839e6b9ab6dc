/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A TD whose VMM keeps the Service command it saw and answers with a page. */
#ifndef TESTS_TDX_SERVICE_BENCH_H
#define TESTS_TDX_SERVICE_BENCH_H

#include "fake_td.h"
#include "hobs.h"

#include "tdx/service.h"
#include "tdx/service_internal.h"

/* The VMM: keeps the command it saw and answers with `data` behind a page header. */
struct vmm {
	uint8_t command[PAGE_SIZE];
	uint8_t preset[24];	/* the response's header as the TD left it */
	uint64_t r10;
	uint8_t guid[16];
	uint32_t size;		/* in the response's header */
	uint32_t status;
	uint8_t data[PAGE_SIZE - 24];
	bool wrote_past;	/* data behind that size, which the TD leaves as they are */
};

static inline void answer(struct fake_td *td, struct tdcall_regs *regs)
{
	struct vmm *vmm = td->answer_ctx;
	uint8_t *command = fake_shared_page(td, regs->r12);
	uint8_t *response = fake_shared_page(td, regs->r13);

	assert_int_equal(regs->r11, 0x10005);
	assert_int_equal(regs->r14, 0);
	assert_int_equal(regs->r15, 0);
	memcpy(vmm->command, command, PAGE_SIZE);
	memcpy(vmm->preset, response, 24);
	assert_true(vmm->wrote_past || all_zero(response + 24, PAGE_SIZE - 24));
	memcpy(response, vmm->guid, 16);
	store(response + 16, vmm->size, 4);
	store(response + 20, vmm->status, 4);
	memcpy(response + 24, vmm->data, sizeof(vmm->data));
	vmm->wrote_past = vmm->size >= 24 && vmm->size < PAGE_SIZE &&
		!all_zero(vmm->data + vmm->size - 24, PAGE_SIZE - vmm->size);
	*regs = (struct tdcall_regs){.r10 = vmm->r10};
}

struct bench {
	struct fake_td td;
	struct vmm vmm;
	struct service service;
};

static inline void bench_init(struct bench *b, const uint8_t guid[16], uint32_t data_size)
{
	uint8_t *copy = malloc(PAGE_SIZE);

	fake_td_init(&b->td);
	memset(&b->vmm, 0, sizeof(b->vmm));
	b->td.answer = answer;
	b->td.answer_ctx = &b->vmm;
	memcpy(b->vmm.guid, guid, 16);
	b->vmm.size = 24 + data_size;
	assert_int_equal(service_init(&b->service, &b->td.tdx, &b->td.shared, copy), STATUS_OK);
	assert_int_equal(b->td.shared.used_by_tag[SHARED_SERVICE], 2);
}

static inline void bench_free(struct bench *b)
{
	free(b->service.copy);
	fake_td_free(&b->td);
}

/* The command page is this header, these data and zeroes. */
static inline void assert_command(const struct vmm *vmm, const uint8_t guid[16], const uint8_t *data,
	size_t n, uint32_t preset)
{
	assert_memory_equal(vmm->command, guid, 16);
	assert_int_equal(load(vmm->command + 16, 4), 24 + n);
	assert_int_equal(load(vmm->command + 20, 4), 0);
	assert_memory_equal(vmm->command + 24, data, n);
	assert_true(all_zero(vmm->command + 24 + n, PAGE_SIZE - 24 - n));
	assert_memory_equal(vmm->preset, guid, 16);
	assert_int_equal(load(vmm->preset + 16, 4), PAGE_SIZE);
	assert_int_equal(load(vmm->preset + 20, 4), preset);
}

#endif
