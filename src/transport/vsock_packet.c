/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "transport/vsock_packet.h"

#include "wire/writer.h"

struct vsock_header vsock_header_read(struct reader *from)
{
	const uint8_t *bytes = reader_bytes(from, VSOCK_HEADER_SIZE);
	struct vsock_header h = {0};

	if (bytes == NULL)
		return h;
	/* Over a known size, the compiler checks the bounds of each field. */
	struct reader r = reader_of(bytes, VSOCK_HEADER_SIZE);
	h.src_cid = reader_u64(&r);
	h.dst_cid = reader_u64(&r);
	h.src_port = reader_u32(&r);
	h.dst_port = reader_u32(&r);
	h.size = reader_u32(&r);
	h.type = reader_u16(&r);
	h.op = reader_u16(&r);
	h.flags = reader_u32(&r);
	h.buf_alloc = reader_u32(&r);
	h.fwd_cnt = reader_u32(&r);
	return h;
}

void vsock_header_write(const struct vsock_header *h, uint8_t to[VSOCK_HEADER_SIZE])
{
	struct writer w = writer_of(to, VSOCK_HEADER_SIZE);

	writer_u64(&w, h->src_cid);
	writer_u64(&w, h->dst_cid);
	writer_u32(&w, h->src_port);
	writer_u32(&w, h->dst_port);
	writer_u32(&w, h->size);
	writer_u16(&w, h->type);
	writer_u16(&w, h->op);
	writer_u32(&w, h->flags);
	writer_u32(&w, h->buf_alloc);
	writer_u32(&w, h->fwd_cnt);
}
