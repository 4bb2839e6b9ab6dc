/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "host/vsock_packet.h"

#include <string.h>

#include "host/bytes.h"
#include "host/platform.h"

bool vsock_decode(struct vsock_packet *p, const uint8_t *bytes, size_t n)
{
	if (n < VSOCK_HEADER)
		return false;
	p->src_cid = load64(bytes);
	p->dst_cid = load64(bytes + 8);
	p->src_port = load32(bytes + 16);
	p->dst_port = load32(bytes + 20);
	p->size = load32(bytes + 24);
	p->type = load16(bytes + 28);
	p->operation = load16(bytes + 30);
	p->flags = load32(bytes + 32);
	p->buf_alloc = load32(bytes + 36);
	p->fwd_cnt = load32(bytes + 40);
	p->data = bytes + VSOCK_HEADER;
	return p->size == n - VSOCK_HEADER;
}

void vsock_encode(uint8_t *out, enum vsock_operation operation, uint32_t host_port,
	uint64_t guest_cid, uint32_t guest_port)
{
	memset(out, 0, VSOCK_HEADER);
	store64(out, VSOCK_HOST_CID);
	store64(out + 8, guest_cid);
	store32(out + 16, host_port);
	store32(out + 20, guest_port);
	store16(out + 28, VSOCK_STREAM);
	store16(out + 30, (uint16_t)operation);
}
