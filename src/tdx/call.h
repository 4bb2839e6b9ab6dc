/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What tdg.c and vmcall.c share: one counted instruction, and the check of its operands. */
#ifndef TDX_CALL_H
#define TDX_CALL_H

#include "tdx/tdx.h"

#define TDG_VP_VMCALL 0
#define TDG_VP_INFO 1
#define TDG_MR_RTMR_EXTEND 2
#define TDG_MR_REPORT 4
#define TDG_VM_WR 8
#define TDG_SYS_RD 11
#define TDG_SERVTD_RD 18
#define TDG_SERVTD_WR 20

/* Class and code of a completion status; the low half names the operand. */
#define TDX_STATUS_CODE(rax) ((uint32_t)((rax) >> 32))
#define TDX_OPERAND_BUSY 0x80000200u
#define TDX_RND_NO_ENTROPY 0x80000203u
#define TDX_OPERAND_BUSY_HOST_PRIORITY 0x80000204u
#define TDX_TARGET_UUID_UPDATED 0xC0000D08u

static inline void tdx_instruction(struct tdx *tdx, struct tdcall_regs *regs)
{
	tdx->calls++;
	tdx->tdcall(tdx->ctx, regs);
}

/* True if [at, at + size) lies in the TD's memory and its address is a multiple of align. */
static inline bool tdx_operand_ok(const struct tdx *tdx, const uint8_t *at, uint64_t size,
	uint64_t align)
{
	const uint64_t gpa = tdx_gpa(tdx, at);

	return size <= tdx->ram_size && gpa <= tdx->ram_size - size && gpa % align == 0;
}

#endif
