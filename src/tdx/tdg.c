/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The TDG leaves: register conventions of platform spec 1.3.  Migration keys pass through the
 * operands of the SERVTD leaves, so every copy of the registers is wiped.
 */
#include "crypto/crypto.h"
#include "tdx/call.h"

/* A leaf that is busy on every one of these attempts has failed. */
#define BUSY_ATTEMPTS 5
#define WRITE_ALL_BITS UINT64_MAX

static bool is_busy(uint64_t rax)
{
	const uint32_t code = TDX_STATUS_CODE(rax);
	return code == TDX_OPERAND_BUSY || code == TDX_RND_NO_ENTROPY ||
		code == TDX_OPERAND_BUSY_HOST_PRIORITY;
}

/* Every attempt starts from the registers as given: a failed one may have changed them. */
static enum status leaf(struct tdx *tdx, struct tdcall_regs *regs)
{
	struct tdcall_regs given = *regs;
	int attempts = BUSY_ATTEMPTS;

	do {
		*regs = given;
		tdx_instruction(tdx, regs);
	} while (is_busy(regs->rax) && --attempts > 0);
	wipe(&given, sizeof(given));
	if (regs->rax == 0)
		return STATUS_OK;
	tdx->last_error = regs->rax;
	return ERR_TDCALL;
}

enum status tdx_init(struct tdx *tdx)
{
	struct tdcall_regs regs = {.rax = TDG_VP_INFO};

	TRY(leaf(tdx, &regs));
	const uint64_t gpaw = regs.rcx & 0x3f;
	if (gpaw != 48 && gpaw != 52)
		return ERR_TDCALL;
	tdx->shared_bit = 1ull << (gpaw - 1);
	return STATUS_OK;
}

enum status tdg_mr_report(struct tdx *tdx, uint8_t *report, const uint8_t *reportdata)
{
	struct tdcall_regs regs = {
		.rax = TDG_MR_REPORT,
		.rcx = tdx_gpa(tdx, report),
		.rdx = tdx_gpa(tdx, reportdata),
	};

	if (!tdx_operand_ok(tdx, report, TDREPORT_SIZE, TDREPORT_ALIGN) ||
		!tdx_operand_ok(tdx, reportdata, REPORTDATA_SIZE, REPORTDATA_ALIGN))
		return ERR_INTERNAL;
	return leaf(tdx, &regs);
}

enum status tdg_mr_rtmr_extend(struct tdx *tdx, unsigned rtmr, const uint8_t *digest)
{
	struct tdcall_regs regs = {
		.rax = TDG_MR_RTMR_EXTEND,
		.rcx = tdx_gpa(tdx, digest),
		.rdx = rtmr,
	};

	if (rtmr > 3 || !tdx_operand_ok(tdx, digest, RTMR_SIZE, RTMR_EXTEND_ALIGN))
		return ERR_INTERNAL;
	return leaf(tdx, &regs);
}

enum status tdg_sys_rd(struct tdx *tdx, uint64_t field, uint64_t *value)
{
	struct tdcall_regs regs = {.rax = TDG_SYS_RD, .rdx = field};

	*value = 0;
	TRY(leaf(tdx, &regs));
	*value = regs.r8;
	return STATUS_OK;
}

enum status tdg_vm_wr(struct tdx *tdx, uint64_t field, uint64_t value)
{
	struct tdcall_regs regs = {
		.rax = TDG_VM_WR,
		.rdx = field,
		.r8 = value,
		.r9 = WRITE_ALL_BITS,
	};

	return leaf(tdx, &regs);
}

static enum status servtd_attempt(struct tdx *tdx, const struct servtd_binding *target,
	struct tdcall_regs *regs)
{
	regs->rcx = target->handle;
	regs->r10 = target->uuid[0];
	regs->r11 = target->uuid[1];
	regs->r12 = target->uuid[2];
	regs->r13 = target->uuid[3];
	return leaf(tdx, regs);
}

/*
 * Both SERVTD leaves.  A target TD that was itself imported in the meantime has another UUID, which
 * the module hands out with TARGET_UUID_UPDATED; it is believed once.
 */
static enum status servtd_leaf(struct tdx *tdx, struct servtd_binding *target,
	struct tdcall_regs *regs)
{
	struct tdcall_regs given = *regs;
	enum status status = servtd_attempt(tdx, target, regs);

	if (status != STATUS_OK && TDX_STATUS_CODE(regs->rax) == TDX_TARGET_UUID_UPDATED) {
		target->uuid[0] = regs->r10;
		target->uuid[1] = regs->r11;
		target->uuid[2] = regs->r12;
		target->uuid[3] = regs->r13;
		*regs = given;
		status = servtd_attempt(tdx, target, regs);
	}
	wipe(&given, sizeof(given));
	return status;
}

enum status tdg_servtd_rd(struct tdx *tdx, struct servtd_binding *target, uint64_t field,
	uint64_t *value)
{
	struct tdcall_regs regs = {.rax = TDG_SERVTD_RD, .rdx = field};

	const enum status status = servtd_leaf(tdx, target, &regs);
	*value = status == STATUS_OK ? regs.r8 : 0;
	wipe(&regs, sizeof(regs));
	return status;
}

enum status tdg_servtd_wr(struct tdx *tdx, struct servtd_binding *target, uint64_t field,
	uint64_t value)
{
	struct tdcall_regs regs = {
		.rax = TDG_SERVTD_WR,
		.rdx = field,
		.r8 = value,
		.r9 = WRITE_ALL_BITS,
	};

	const enum status status = servtd_leaf(tdx, target, &regs);
	wipe(&regs, sizeof(regs));
	return status;
}
