/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Between a Migration TD (or a client: user TD, test) and its emulated platform: one SOCK_SEQPACKET
 * Unix socket at --listen; every packet begins with a u32 kind.  Native byte order, same machine.
 *
 * A Migration TD sends ATTACH with its memory (a memfd, SCM_RIGHTS) and its launch values, then
 * TDCALLs, one at a time, each answered by one TDRET.  INTERRUPT packets may arrive at any time,
 * also between a TDCALL and its TDRET.
 *
 * A client sends JSON packets and gets JSON packets (host/control.h has the verbs).
 */
#ifndef HOST_PROTOCOL_H
#define HOST_PROTOCOL_H

#include <stdint.h>

enum packet_kind {
	PACKET_ATTACH = 0x4d540001,
	PACKET_ATTACHED,
	PACKET_TDCALL,
	PACKET_TDRET,
	PACKET_INTERRUPT,
	PACKET_JSON,		/* the rest of the packet is one JSON object */
};

#define PACKET_JSON_MAX 65536

struct packet_attach {
	uint32_t kind;
	uint32_t version;	/* 1 */
	char name[64];
	uint64_t ram_size;
	uint64_t cid;
	uint64_t attributes;
	uint64_t xfam;
	uint8_t mrconfigid[48];
	uint8_t mrowner[48];
	uint8_t mrownerconfig[48];
};

struct packet_attached {
	uint32_t kind;
	uint32_t error;		/* 0, else the text says why the platform refuses */
	char text[120];
};

/* rax rbx rcx rdx rsi rdi r8 .. r15, the order of struct tdcall_regs */
struct packet_tdcall {
	uint32_t kind;		/* PACKET_TDCALL, and PACKET_TDRET for the answer */
	uint32_t reserved;
	uint64_t reg[14];
};

struct packet_interrupt {
	uint32_t kind;
	uint32_t vector;
};

#endif
