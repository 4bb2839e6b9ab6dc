/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* TDG.VP.VMCALL sub-functions (tdx-platform.md 1.5). */
#include <string.h>

#include "host/platform.h"

enum sub_function {
	VMCALL_CPUID = 0x0A,
	VMCALL_HLT = 0x0C,
	VMCALL_IO = 0x1E,
	VMCALL_RDMSR = 0x1F,
	VMCALL_WRMSR = 0x20,
	VMCALL_GET_INFO = 0x10000,
	VMCALL_MAP_GPA = 0x10001,
	VMCALL_GET_QUOTE = 0x10002,
	VMCALL_REPORT_FATAL_ERROR = 0x10003,
	VMCALL_SETUP_EVENT_NOTIFY = 0x10004,
	VMCALL_SERVICE = 0x10005,
	VMCALL_MIGTD = 0x10006,
};

#define LINE_STATUS_PORT 0x3FD
#define TRANSMITTER_EMPTY 0x60

/* Bit n of RCX exposes the register that the instruction set numbers n. */
static const uint8_t register_of_bit[16] = {
	[2] = RDX, [3] = RBX, [6] = RSI, [7] = RDI, [8] = R8, [9] = R9, [10] = R10, [11] = R11,
	[12] = R12, [13] = R13, [14] = R14, [15] = R15,
};
/* Not RAX, RCX, RSP; RBP only with a feature that this module does not have. */
#define EXPOSABLE 0xFFCCull

/* COM1 has room for the next byte; what is written goes nowhere. */
static void io(uint64_t reg[REG_COUNT])
{
	bool write = reg[R13];

	if (reg[R12] != 1 && reg[R12] != 2 && reg[R12] != 4) {
		reg[R10] = VMCALL_INVALID_OPERAND;
		return;
	}
	if (!write)
		reg[R11] = reg[R14] == LINE_STATUS_PORT ? TRANSMITTER_EMPTY : 0;
	reg[R10] = VMCALL_SUCCESS;
}

/* False when the TD is gone after it. */
static bool execute(struct migtd *td, uint64_t reg[REG_COUNT])
{
	switch (reg[R11]) {
	case VMCALL_CPUID:
		reg[R12] = reg[R13] = reg[R14] = reg[R15] = 0;
		reg[R10] = VMCALL_SUCCESS;
		break;
	case VMCALL_HLT:
		/* The TD's process sleeps by itself until an interrupt packet comes. */
	case VMCALL_WRMSR:
		reg[R10] = VMCALL_SUCCESS;
		break;
	case VMCALL_RDMSR:
		reg[R10] = VMCALL_SUCCESS;
		reg[R11] = 0;
		break;
	case VMCALL_IO:
		io(reg);
		break;
	case VMCALL_GET_INFO:
		reg[R10] = VMCALL_SUCCESS;
		reg[R11] = reg[R12] = reg[R13] = reg[R14] = 0;
		break;
	case VMCALL_MAP_GPA:
		reg[R10] = memory_map(td, reg[R12], reg[R13]);
		break;
	case VMCALL_GET_QUOTE:
		reg[R10] = quoting_request(td, reg[R12], reg[R13]);
		break;
	case VMCALL_REPORT_FATAL_ERROR:
		migtd_detach(td, "it reported a fatal error");
		return false;
	case VMCALL_SETUP_EVENT_NOTIFY:
		reg[R10] = VMCALL_INVALID_OPERAND;
		if (reg[R12] >= 32 && reg[R12] <= 255) {
			td->notify_vector = (uint8_t)reg[R12];
			reg[R10] = VMCALL_SUCCESS;
		}
		break;
	case VMCALL_SERVICE:
		reg[R10] = service_call(td, reg[R12], reg[R13], reg[R14]);
		break;
	case VMCALL_MIGTD:
		reg[R10] = raw_call(td, reg);
		break;
	default:
		reg[R10] = VMCALL_INVALID_OPERAND;
		break;
	}
	return true;
}

bool vmm_vmcall(struct migtd *td, uint64_t reg[REG_COUNT])
{
	uint64_t exposed = reg[RCX];
	uint64_t seen[REG_COUNT] = {0};

	if (exposed & ~EXPOSABLE) {
		reg[RAX] = TDX_OPERAND_INVALID | OPERAND_RCX;
		return true;
	}
	td->vmcalls++;
	for (unsigned bit = 0; bit < 16; bit++) {
		if (exposed >> bit & 1)
			seen[register_of_bit[bit]] = reg[register_of_bit[bit]];
	}
	if (fault_hits(&td->platform->faults, FAULT_VMCALL_FAIL, seen[R11]) || seen[R10])
		seen[R10] = VMCALL_INVALID_OPERAND;
	else if (!execute(td, seen))
		return false;
	for (unsigned bit = 0; bit < 16; bit++) {
		if (exposed >> bit & 1)
			reg[register_of_bit[bit]] = seen[register_of_bit[bit]];
	}
	reg[RAX] = TDX_SUCCESS;
	return true;
}
