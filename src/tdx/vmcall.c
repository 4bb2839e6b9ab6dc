/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* TDG.VP.VMCALL: what the host is asked for (platform spec 1.5). */
#include "mem/shared.h"
#include "tdx/call.h"

/* The host sees R10..R15 and nothing else, or for the calls of more operands those of the GHCI. */
#define EXPOSED_REGISTERS 0xFC00u
#define EXPOSED_EXTENDED 0xFFCCu

#define VMCALL_MAP_GPA 0x10001
#define VMCALL_GET_QUOTE 0x10002
#define VMCALL_SETUP_EVENT_NOTIFY 0x10004
#define VMCALL_SERVICE 0x10005
#define VMCALL_MIGTD 0x10006

/* R12 of VMCALL_MIGTD: function, and version 1 of the interface. */
#define MIGTD_API_VERSION 0x10000u

#define VMCALL_RETRY 1
#define VECTOR_FIRST 32
/* MapGPA may stop and name where to go on, this many times without any progress. */
#define MAP_GPA_ATTEMPTS 3

struct vmcall {
	uint64_t r10;	/* status */
	uint64_t r11;	/* sub-function, then its result */
	uint64_t r12, r13, r14, r15;
	bool extended;	/* these two are operands, too */
	uint64_t rbx, rdi;
};

/* STATUS_OK: the host's answer is in v, success or not. */
static enum status vmcall(struct tdx *tdx, struct vmcall *v)
{
	struct tdcall_regs regs = {
		.rax = TDG_VP_VMCALL,
		.rbx = v->rbx,
		.rcx = v->extended ? EXPOSED_EXTENDED : EXPOSED_REGISTERS,
		.rdi = v->rdi,
		.r11 = v->r11,
		.r12 = v->r12,
		.r13 = v->r13,
		.r14 = v->r14,
		.r15 = v->r15,
	};

	tdx_instruction(tdx, &regs);
	if (regs.rax != 0) {
		tdx->last_error = regs.rax;
		return ERR_TDCALL;
	}
	v->r10 = regs.r10;
	v->r11 = regs.r11;
	if (v->r10 != 0)
		tdx->last_error = v->r10;
	return STATUS_OK;
}

static uint64_t shared_gpa(const struct tdx *tdx, const uint8_t *at)
{
	return tdx_gpa(tdx, at) | tdx->shared_bit;
}

enum status tdvmcall_map_gpa(struct tdx *tdx, const uint8_t *at, size_t size, bool shared)
{
	if (!tdx_operand_ok(tdx, at, size, PAGE_SIZE) || size % PAGE_SIZE != 0)
		return ERR_INTERNAL;

	const uint64_t sharing = shared ? tdx->shared_bit : 0;
	uint64_t start = tdx_gpa(tdx, at);
	const uint64_t end = start + size;
	int attempts = MAP_GPA_ATTEMPTS;

	while (start != end) {
		struct vmcall v = {
			.r11 = VMCALL_MAP_GPA,
			.r12 = start | sharing,
			.r13 = end - start,
		};
		TRY(vmcall(tdx, &v));
		if (v.r10 == 0)
			return STATUS_OK;
		const uint64_t next = v.r11 & ~tdx->shared_bit;
		if (v.r10 != VMCALL_RETRY || next < start || next > end || next % PAGE_SIZE != 0)
			return ERR_VMCALL;
		if (next != start)
			attempts = MAP_GPA_ATTEMPTS;
		else if (--attempts == 0)
			return ERR_VMCALL;
		start = next;
	}
	return STATUS_OK;
}

enum status tdvmcall_setup_event_notify(struct tdx *tdx, uint8_t vector)
{
	struct vmcall v = {.r11 = VMCALL_SETUP_EVENT_NOTIFY, .r12 = vector};

	if (vector < VECTOR_FIRST)
		return ERR_INTERNAL;
	TRY(vmcall(tdx, &v));
	return v.r10 == 0 ? STATUS_OK : ERR_VMCALL;
}

enum status tdvmcall_get_quote(struct tdx *tdx, const uint8_t *buffer, size_t size)
{
	struct vmcall v = {
		.r11 = VMCALL_GET_QUOTE,
		.r12 = shared_gpa(tdx, buffer),
		.r13 = size,
	};

	if (!tdx_operand_ok(tdx, buffer, size, PAGE_SIZE) || size % PAGE_SIZE != 0)
		return ERR_INTERNAL;
	TRY(vmcall(tdx, &v));
	if (v.r10 == VMCALL_RETRY)
		return ERR_GET_QUOTE_BUSY;
	return v.r10 == 0 ? STATUS_OK : ERR_GET_QUOTE;
}

enum status tdvmcall_service(struct tdx *tdx, const uint8_t *command, const uint8_t *response,
	uint8_t vector, uint64_t timeout_ms)
{
	struct vmcall v = {
		.r11 = VMCALL_SERVICE,
		.r12 = shared_gpa(tdx, command),
		.r13 = shared_gpa(tdx, response),
		.r14 = vector,
		.r15 = timeout_ms,
	};

	if (!tdx_operand_ok(tdx, command, PAGE_SIZE, PAGE_SIZE) ||
		!tdx_operand_ok(tdx, response, PAGE_SIZE, PAGE_SIZE) ||
		(vector != 0 && vector < VECTOR_FIRST))
		return ERR_INTERNAL;
	TRY(vmcall(tdx, &v));
	return v.r10 == 0 ? STATUS_OK : ERR_VMCALL;
}

/* The buffer, of whole pages or part of the last, and the vector its completion is told on. */
static bool migtd_operands_ok(const struct tdx *tdx, const uint8_t *buffer, size_t size,
	uint8_t vector)
{
	return tdx_operand_ok(tdx, buffer, size, PAGE_SIZE) &&
	       (vector == 0 || vector >= VECTOR_FIRST);
}

static enum status migtd_vmcall(struct tdx *tdx, struct vmcall *v)
{
	TRY(vmcall(tdx, v));
	return v->r10 == 0 ? STATUS_OK : ERR_VMCALL;
}

enum status tdvmcall_migtd_wait(struct tdx *tdx, const uint8_t *buffer, size_t size, uint8_t vector)
{
	struct vmcall v = {
		.r11 = VMCALL_MIGTD,
		.r12 = MIGTD_WAIT_FOR_REQUEST | MIGTD_API_VERSION,
		.r13 = size,
		.r14 = shared_gpa(tdx, buffer),
		.r15 = vector,
	};

	return migtd_operands_ok(tdx, buffer, size, vector) ? migtd_vmcall(tdx, &v) : ERR_INTERNAL;
}

enum status tdvmcall_migtd_report(struct tdx *tdx, uint64_t request_id, uint64_t status,
	const uint8_t *buffer, size_t size, uint8_t vector)
{
	struct vmcall v = {
		.r11 = VMCALL_MIGTD,
		.r12 = MIGTD_REPORT_STATUS | MIGTD_API_VERSION,
		.r13 = request_id,
		.r14 = status,
		.r15 = size,
		.extended = true,
		.rbx = shared_gpa(tdx, buffer),
		.rdi = vector,
	};

	return migtd_operands_ok(tdx, buffer, size, vector) ? migtd_vmcall(tdx, &v) : ERR_INTERNAL;
}

enum status tdvmcall_migtd_data(struct tdx *tdx, enum migtd_function function, uint64_t request_id,
	const uint8_t *buffer, size_t size, uint8_t vector)
{
	struct vmcall v = {
		.r11 = VMCALL_MIGTD,
		.r12 = (uint64_t)function | MIGTD_API_VERSION,
		.r13 = request_id,
		.r14 = size,
		.r15 = shared_gpa(tdx, buffer),
		.extended = true,
		.rbx = vector,
	};

	return migtd_operands_ok(tdx, buffer, size, vector) ? migtd_vmcall(tdx, &v) : ERR_INTERNAL;
}
