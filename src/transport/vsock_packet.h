/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The 44-byte header of a vsock packet (platform spec 5.2). */
#ifndef TRANSPORT_VSOCK_PACKET_H
#define TRANSPORT_VSOCK_PACKET_H

#include "transport/vsock.h"
#include "wire/reader.h"

#define VSOCK_TYPE_STREAM 1

enum vsock_op {
	OP_REQUEST = 1,
	OP_RESPONSE,
	OP_RST,
	OP_SHUTDOWN,
	OP_RW,
	OP_CREDIT_UPDATE,
	OP_CREDIT_REQUEST,
};

/* Flags of a shutdown: what its sender will do no more. */
#define SHUTDOWN_RECEIVE 1u
#define SHUTDOWN_SEND 2u
#define SHUTDOWN_BOTH (SHUTDOWN_RECEIVE | SHUTDOWN_SEND)

struct vsock_header {
	uint64_t src_cid;
	uint64_t dst_cid;
	uint32_t src_port;
	uint32_t dst_port;
	uint32_t size;
	uint16_t type;
	uint16_t op;
	uint32_t flags;
	uint32_t buf_alloc;
	uint32_t fwd_cnt;
};

/* Fails the reader, and is zero, when it holds no whole header. */
struct vsock_header vsock_header_read(struct reader *from);
void vsock_header_write(const struct vsock_header *h, uint8_t to[VSOCK_HEADER_SIZE]);

#endif
