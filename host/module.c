/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The TDX module: TDCALL leaves (tdx-platform.md 1.2, 1.3). */
#include <string.h>

#include "host/platform.h"

enum leaf {
	LEAF_VP_VMCALL = 0,
	LEAF_VP_INFO = 1,
	LEAF_MR_RTMR_EXTEND = 2,
	LEAF_VP_VEINFO_GET = 3,
	LEAF_MR_REPORT = 4,
	LEAF_MEM_PAGE_ACCEPT = 6,
	LEAF_VM_RD = 7,
	LEAF_VM_WR = 8,
	LEAF_SYS_RD = 11,
	LEAF_SERVTD_RD = 18,
	LEAF_SERVTD_WR = 20,
	LEAF_MR_VERIFYREPORT = 22,
};

static void vp_info(const struct migtd *td, uint64_t reg[REG_COUNT])
{
	reg[RAX] = TDX_SUCCESS;
	reg[RCX] = GPAW;
	memcpy(&reg[RDX], td->tdinfo + TDINFO_ATTRIBUTES, 8);
	reg[R8] = 1 | 1ull << 32;
	reg[R9] = 0;
	reg[R10] = 1;
	reg[R11] = 0;
}

static uint64_t rtmr_extend(struct migtd *td, uint64_t gpa, uint64_t index)
{
	uint8_t both[2 * HASH_BYTES];
	uint8_t *rtmr;

	if (gpa % 64 || !module_read(td, gpa, both + HASH_BYTES, HASH_BYTES))
		return TDX_OPERAND_INVALID | OPERAND_RCX;
	if (index > 3)
		return TDX_OPERAND_INVALID | OPERAND_RDX;
	rtmr = td->tdinfo + TDINFO_RTMR + index * HASH_BYTES;
	memcpy(both, rtmr, HASH_BYTES);
	host_sha384(both, sizeof(both), rtmr);
	return TDX_SUCCESS;
}

static uint64_t mr_report(struct migtd *td, uint64_t out, uint64_t data, uint64_t subtype)
{
	uint8_t tdreport[TDREPORT_BYTES];
	uint8_t reportdata[64];

	if (out % TDREPORT_BYTES)
		return TDX_OPERAND_INVALID | OPERAND_RCX;
	if (data % 64 || !module_read(td, data, reportdata, sizeof(reportdata)))
		return TDX_OPERAND_INVALID | OPERAND_RDX;
	if (subtype)
		return TDX_OPERAND_INVALID | OPERAND_R8;
	report_create(td, reportdata, tdreport);
	if (!module_write(td, out, tdreport, sizeof(tdreport)))
		return TDX_OPERAND_INVALID | OPERAND_RCX;
	return TDX_SUCCESS;
}

static uint64_t mr_verifyreport(struct migtd *td, uint64_t gpa)
{
	uint8_t mac_struct[256];

	if (gpa % sizeof(mac_struct) || !module_read(td, gpa, mac_struct, sizeof(mac_struct)))
		return TDX_OPERAND_INVALID | OPERAND_RCX;
	return report_verify_mac(td->platform, mac_struct);
}

bool module_tdcall(struct migtd *td, uint64_t reg[REG_COUNT])
{
	uint64_t leaf = reg[RAX] & 0xffff;

	td->calls++;
	/* Bits 23:16 are the version; every leaf here has version 0 and takes 1 for the same. */
	if (reg[RAX] >> 24 || fault_hits(&td->platform->faults, FAULT_TDCALL_FAIL, leaf)) {
		reg[RAX] = TDX_OPERAND_INVALID;
		return true;
	}
	switch (leaf) {
	case LEAF_VP_VMCALL:
		return vmm_vmcall(td, reg);
	case LEAF_VP_INFO:
		vp_info(td, reg);
		break;
	case LEAF_MR_RTMR_EXTEND:
		reg[RAX] = rtmr_extend(td, reg[RCX], reg[RDX]);
		break;
	case LEAF_VP_VEINFO_GET:
		/* Nothing here causes a #VE. */
		reg[RAX] = TDX_SUCCESS;
		reg[RCX] = reg[RDX] = reg[R8] = reg[R9] = reg[R10] = 0;
		break;
	case LEAF_MR_REPORT:
		reg[RAX] = mr_report(td, reg[RCX], reg[RDX], reg[R8]);
		break;
	case LEAF_MEM_PAGE_ACCEPT:
		reg[RAX] = memory_accept(td, reg[RCX]);
		break;
	case LEAF_VM_RD:
		vm_read(td, reg);
		break;
	case LEAF_VM_WR:
		vm_write(td, reg);
		break;
	case LEAF_SYS_RD:
		sys_read(td, reg);
		break;
	case LEAF_SERVTD_RD:
		servtd_access(td, reg, false);
		break;
	case LEAF_SERVTD_WR:
		servtd_access(td, reg, true);
		break;
	case LEAF_MR_VERIFYREPORT:
		reg[RAX] = mr_verifyreport(td, reg[RCX]);
		break;
	default:
		reg[RAX] = TDX_OPERAND_INVALID;
		break;
	}
	return true;
}
