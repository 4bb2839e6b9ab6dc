/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * TDCALL and TDVMCALL leaves over one call table.  The port supplies the instruction (or what
 * stands for it); this folder only loads and checks registers.
 *
 * Every buffer handed to a leaf lies in the TD's memory [ram, ram + ram_size), whose guest
 * physical address 0 is `ram`.
 */
#ifndef TDX_TDX_H
#define TDX_TDX_H

#include "migtd/base.h"

struct tdcall_regs {
	uint64_t rax, rbx, rcx, rdx, rsi, rdi;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
};

struct tdx {
	void (*tdcall)(void *ctx, struct tdcall_regs *regs);
	void *ctx;
	uint8_t *ram;
	uint64_t ram_size;
	uint64_t shared_bit;	/* 1 << (GPAW - 1), from TDG.VP.INFO */
	/* RAX of the last TDCALL, or R10 of the last TDVMCALL, that did not succeed. */
	uint64_t last_error;
	uint64_t calls;
};

#define TDREPORT_SIZE 1024
#define TDREPORT_ALIGN 1024
#define TDINFO_SIZE 512
#define TDINFO_OFFSET 512	/* in the TDREPORT */
#define REPORTDATA_SIZE 64
#define REPORTDATA_ALIGN 64
#define RTMR_SIZE 48
#define RTMR_EXTEND_ALIGN 64

/* Which target TD a SERVTD leaf means; uuid is replaced on TARGET_UUID_UPDATED. */
struct servtd_binding {
	uint64_t handle;
	uint64_t uuid[4];
};

/*
 * TDG.VP.INFO: learns the shared bit.  The caller has set tdcall, ctx, ram and ram_size.
 * ERR_TDCALL for a GPAW other than 48 and 52.
 */
enum status tdx_init(struct tdx *tdx) MUST_CHECK;

/*
 * The TDG leaves.  ERR_TDCALL: the module refused, or stayed busy through 5 attempts.
 * ERR_INTERNAL: an operand lies outside the TD's memory or has the wrong alignment.
 */
enum status tdg_mr_report(struct tdx *tdx, uint8_t *report, const uint8_t *reportdata) MUST_CHECK;
enum status tdg_mr_rtmr_extend(struct tdx *tdx, unsigned rtmr, const uint8_t *digest) MUST_CHECK;
enum status tdg_sys_rd(struct tdx *tdx, uint64_t field, uint64_t *value) MUST_CHECK;
enum status tdg_vm_wr(struct tdx *tdx, uint64_t field, uint64_t value) MUST_CHECK;
enum status tdg_servtd_rd(struct tdx *tdx, struct servtd_binding *target, uint64_t field,
	uint64_t *value) MUST_CHECK;
enum status tdg_servtd_wr(struct tdx *tdx, struct servtd_binding *target, uint64_t field,
	uint64_t value) MUST_CHECK;

/*
 * TDVMCALLs.  Buffers are in shared pages.  ERR_VMCALL: the host refused; ERR_TDCALL: the call did
 * not reach it; ERR_INTERNAL as above, and for a vector below 32 (0, none, is allowed in Service).
 */

/* Whole pages.  Making pages private leaves them to be accepted by the caller. */
enum status tdvmcall_map_gpa(struct tdx *tdx, const uint8_t *at, size_t size, bool shared)
	MUST_CHECK;
enum status tdvmcall_setup_event_notify(struct tdx *tdx, uint8_t vector) MUST_CHECK;
/* R10 = 1 (retry) is ERR_GET_QUOTE_BUSY, any other failure ERR_GET_QUOTE. */
enum status tdvmcall_get_quote(struct tdx *tdx, const uint8_t *buffer, size_t size) MUST_CHECK;
enum status tdvmcall_service(struct tdx *tdx, const uint8_t *command, const uint8_t *response,
	uint8_t vector, uint64_t timeout_ms) MUST_CHECK;

/*
 * Sub-function 0x10006, with a vector of 0 for none.  All complete later, in the buffer: see
 * tdx/migtd_call.h, which lays it out.  Its first byte is page aligned, `size` are bytes of it that
 * the VMM may use.
 */
enum migtd_function {
	MIGTD_WAIT_FOR_REQUEST = 1,
	MIGTD_REPORT_STATUS,
	MIGTD_SEND,
	MIGTD_RECEIVE,
};

enum status tdvmcall_migtd_wait(struct tdx *tdx, const uint8_t *buffer, size_t size, uint8_t vector)
	MUST_CHECK;
enum status tdvmcall_migtd_report(struct tdx *tdx, uint64_t request_id, uint64_t status,
	const uint8_t *buffer, size_t size, uint8_t vector) MUST_CHECK;
/* MIGTD_SEND or MIGTD_RECEIVE. */
enum status tdvmcall_migtd_data(struct tdx *tdx, enum migtd_function function, uint64_t request_id,
	const uint8_t *buffer, size_t size, uint8_t vector) MUST_CHECK;

/* Guest physical address of an operand, without the shared bit. */
static inline uint64_t tdx_gpa(const struct tdx *tdx, const uint8_t *at)
{
	return (uint64_t)((uintptr_t)at - (uintptr_t)tdx->ram);
}

#endif
