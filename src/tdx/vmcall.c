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

/*
 * Sub-function and its operands are in R11 to R15, or in the registers exposed; all others are zero.
 * STATUS_OK: the host's answer is there, success or not, its status in R10.  Not inline: there is one
 * call through the pointer, and tools/stack_bound knows where.
 */
static __attribute__((noinline)) enum status vmcall_exposing(struct tdx *tdx, uint64_t exposed,
	struct tdcall_regs *v)
{
	v->rax = TDG_VP_VMCALL;
	v->rcx = exposed;
	tdx_instruction(tdx, v);
	if (v->rax != 0) {
		tdx->last_error = v->rax;
		return ERR_TDCALL;
	}
	if (v->r10 != 0)
		tdx->last_error = v->r10;
	return STATUS_OK;
}

static enum status vmcall(struct tdx *tdx, struct tdcall_regs *v)
{
	return vmcall_exposing(tdx, EXPOSED_REGISTERS, v);
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
		struct tdcall_regs v = {
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
	struct tdcall_regs v = {.r11 = VMCALL_SETUP_EVENT_NOTIFY, .r12 = vector};

	if (vector < VECTOR_FIRST)
		return ERR_INTERNAL;
	TRY(vmcall(tdx, &v));
	return v.r10 == 0 ? STATUS_OK : ERR_VMCALL;
}

enum status tdvmcall_get_quote(struct tdx *tdx, const uint8_t *buffer, size_t size)
{
	struct tdcall_regs v = {
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
	struct tdcall_regs v = {
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

static enum status migtd_vmcall(struct tdx *tdx, uint64_t exposed, struct tdcall_regs *v)
{
	TRY(vmcall_exposing(tdx, exposed, v));
	return v->r10 == 0 ? STATUS_OK : ERR_VMCALL;
}

enum status tdvmcall_migtd_wait(struct tdx *tdx, const uint8_t *buffer, size_t size, uint8_t vector)
{
	struct tdcall_regs v = {
		.r11 = VMCALL_MIGTD,
		.r12 = MIGTD_WAIT_FOR_REQUEST | MIGTD_API_VERSION,
		.r13 = size,
		.r14 = shared_gpa(tdx, buffer),
		.r15 = vector,
	};

	if (!migtd_operands_ok(tdx, buffer, size, vector))
		return ERR_INTERNAL;
	return migtd_vmcall(tdx, EXPOSED_REGISTERS, &v);
}

enum status tdvmcall_migtd_report(struct tdx *tdx, uint64_t request_id, uint64_t status,
	const uint8_t *buffer, size_t size, uint8_t vector)
{
	struct tdcall_regs v = {
		.r11 = VMCALL_MIGTD,
		.r12 = MIGTD_REPORT_STATUS | MIGTD_API_VERSION,
		.r13 = request_id,
		.r14 = status,
		.r15 = size,
		.rbx = shared_gpa(tdx, buffer),
		.rdi = vector,
	};

	if (!migtd_operands_ok(tdx, buffer, size, vector))
		return ERR_INTERNAL;
	return migtd_vmcall(tdx, EXPOSED_EXTENDED, &v);
}

enum status tdvmcall_migtd_data(struct tdx *tdx, enum migtd_function function, uint64_t request_id,
	const uint8_t *buffer, size_t size, uint8_t vector)
{
	struct tdcall_regs v = {
		.r11 = VMCALL_MIGTD,
		.r12 = (uint64_t)function | MIGTD_API_VERSION,
		.r13 = request_id,
		.r14 = size,
		.r15 = shared_gpa(tdx, buffer),
		.rbx = vector,
	};

	if (!migtd_operands_ok(tdx, buffer, size, vector))
		return ERR_INTERNAL;
	return migtd_vmcall(tdx, EXPOSED_EXTENDED, &v);
}
