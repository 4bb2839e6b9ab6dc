/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* vsock packets. */
#ifndef HOST_VSOCK_PACKET_H
#define HOST_VSOCK_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VSOCK_HOST_CID 2
#define VSOCK_STREAM 1

enum vsock_operation {
	OP_REQUEST = 1,
	OP_RESPONSE,
	OP_RST,
	OP_SHUTDOWN,
	OP_RW,
	OP_CREDIT_UPDATE,
	OP_CREDIT_REQUEST
};
#define SHUTDOWN_RECEIVE 1u
#define SHUTDOWN_SEND 2u

struct vsock_packet {
	uint64_t src_cid;
	uint64_t dst_cid;
	uint32_t src_port;
	uint32_t dst_port;
	uint32_t size;
	uint16_t type;
	uint16_t operation;
	uint32_t flags;
	uint32_t buf_alloc;
	uint32_t fwd_cnt;
	const uint8_t *data;
};

/* False when the length in the header is not that of the packet. */
bool vsock_decode(struct vsock_packet *p, const uint8_t *bytes, size_t n);

/* A header of VSOCK_HEADER bytes from the host, without payload or credit. */
void vsock_encode(uint8_t *out, enum vsock_operation operation, uint32_t host_port,
	uint64_t guest_cid, uint32_t guest_port);

#endif
