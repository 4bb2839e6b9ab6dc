/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "core/td.h"

static bool is_raw(const struct session *s)
{
	return s->td->config.transport == MIGTD_VMCALL_RAW;
}

void link_begin(struct session *s, const struct migration_request *request)
{
	/* Over vmcall-raw the VMM knows by the request. */
	if (is_raw(s))
		return;
	s->link.vsock.remote_cid = request->remote_cid;
	s->link.vsock.remote_port = request->port;
}

bool link_is_open(const struct session *s)
{
	return is_raw(s) ? s->link.raw.raw != NULL : s->link.vsock.vsock != NULL;
}

enum status link_open(struct session *s)
{
	if (is_raw(s))
		return vmcall_raw_open(&s->td->raw, &s->link.raw, s->request_id);
	struct vsock_connection *c = &s->link.vsock;
	return vsock_connect(&s->td->vsock, c, s->request_id, c->remote_cid, c->remote_port);
}

struct stream link_stream(struct session *s)
{
	if (is_raw(s))
		return (struct stream){.ops = &vmcall_raw_stream_ops, .ctx = &s->link.raw};
	return (struct stream){.ops = &vsock_stream_ops, .ctx = &s->link.vsock};
}

enum status link_status(const struct session *s)
{
	return is_raw(s) ? vmcall_raw_status(&s->link.raw) : vsock_status(&s->link.vsock);
}

/* A peer that has said goodbye on vsock may have said more before, which is read first. */
enum status link_check(struct session *s)
{
	if (is_raw(s)) {
		vmcall_raw_listen(&s->link.raw);
		return link_status(s);
	}
	TRY(link_status(s));
	return vsock_was_reset(&s->link.vsock) ? ERR_TRANSPORT_CLOSED : STATUS_OK;
}

bool link_rx_waiting(const struct session *s)
{
	return is_raw(s) ? vmcall_raw_rx_waiting(&s->link.raw) :
			   vsock_rx_waiting(&s->link.vsock) > 0;
}

void link_flush(struct session *s)
{
	if (is_raw(s))
		vmcall_raw_flush(&s->link.raw);
	else
		vsock_flush(&s->link.vsock);
}

bool link_unsent(const struct session *s)
{
	return is_raw(s) && vmcall_raw_unsent(&s->link.raw);
}

void link_close(struct session *s)
{
	if (is_raw(s))
		vmcall_raw_close(&s->link.raw);
	else
		vsock_close(&s->link.vsock);
}
