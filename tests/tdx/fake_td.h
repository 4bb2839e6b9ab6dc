/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A TD of a few pages, and a TDCALL instruction that records its registers and answers by script. */
#ifndef TESTS_TDX_FAKE_TD_H
#define TESTS_TDX_FAKE_TD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "mem/shared.h"
#include "tdx/quote_service.h"
#include "tdx/tdx.h"

#ifndef FAKE_PAGES
#define FAKE_PAGES 16
#endif
#define FAKE_CALLS 64
#define FAKE_SHARED_BIT (1ull << 47)

struct fake_td {
	struct tdx tdx;
	uint8_t *ram;
	struct shared shared;
	struct quote_service quoting;
	uint8_t owner[FAKE_PAGES];
	unsigned calls;
	struct tdcall_regs in[FAKE_CALLS];
	struct tdcall_regs out[FAKE_CALLS];	/* what call i answers, all registers */
	/* In place of out[] when set. */
	void (*answer)(struct fake_td *td, struct tdcall_regs *regs);
	void *answer_ctx;
};

static inline void fake_tdcall(void *ctx, struct tdcall_regs *regs)
{
	struct fake_td *td = ctx;
	const unsigned i = td->calls++;

	if (i < FAKE_CALLS)
		td->in[i] = *regs;
	if (td->answer != NULL) {
		td->answer(td, regs);
		return;
	}
	assert_true(i < FAKE_CALLS);
	*regs = td->out[i];
}

static inline void fake_td_init(struct fake_td *td)
{
	memset(td, 0, sizeof(*td));
	td->ram = aligned_alloc(PAGE_SIZE, FAKE_PAGES * PAGE_SIZE);
	assert_non_null(td->ram);
	memset(td->ram, 0x5a, FAKE_PAGES * PAGE_SIZE);
	/* The upper half is shared. */
	shared_init(&td->shared, td->ram + FAKE_PAGES / 2 * PAGE_SIZE, FAKE_PAGES / 2 * PAGE_SIZE,
		td->owner);
	td->tdx = (struct tdx){
		.tdcall = fake_tdcall,
		.ctx = td,
		.ram = td->ram,
		.ram_size = FAKE_PAGES * PAGE_SIZE,
		.shared_bit = FAKE_SHARED_BIT,
	};
	quote_service_init(&td->quoting, &td->tdx, &td->shared);
}

static inline void fake_td_free(struct fake_td *td)
{
	free(td->ram);
}

/* The page a VMCALL operand names, which must be in the shared half. */
static inline uint8_t *fake_shared_page(struct fake_td *td, uint64_t gpa)
{
	assert_true(gpa & FAKE_SHARED_BIT);
	gpa &= ~FAKE_SHARED_BIT;
	assert_true(gpa >= FAKE_PAGES / 2 * PAGE_SIZE && gpa < FAKE_PAGES * PAGE_SIZE);
	assert_int_equal(gpa % PAGE_SIZE, 0);
	return td->ram + gpa;
}

static inline bool all_zero(const uint8_t *at, size_t n)
{
	uint8_t any = 0;

	for (size_t i = 0; i < n; i++)
		any |= at[i];
	return any == 0;
}

#endif
