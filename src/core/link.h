/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * A session's link to its peer, over the transport the Migration TD was started with: a vsock
 * connection or a stream of vmcall-raw.
 */
#ifndef CORE_LINK_H
#define CORE_LINK_H

#include "transport/vmcall_raw.h"
#include "transport/vsock.h"

struct migration_request;
struct session;

/* Zeroed: not open. */
struct link {
	union {
		struct vsock_connection vsock;
		struct vmcall_raw_stream raw;
	};
};

/* Keeps where the request says the peer is; not open yet. */
void link_begin(struct session *s, const struct migration_request *request);
bool link_is_open(const struct session *s);
/* To there. */
enum status link_open(struct session *s) MUST_CHECK;
struct stream link_stream(struct session *s);
/* STATUS_PENDING while connecting, STATUS_OK, or why the link has ended with nothing left to read. */
enum status link_status(const struct session *s) MUST_CHECK;
/*
 * What a session that waits, for whatever, has to know: STATUS_OK, or why there is no link any more.
 * Sees to it that the VMM can tell.
 */
enum status link_check(struct session *s) MUST_CHECK;
/* The peer has sent bytes that the session has not read. */
bool link_rx_waiting(const struct session *s);
/* Sends what the session has written, and tells the peer what it has read. */
void link_flush(struct session *s);
/* Bytes are on their way that the VMM has not taken. */
bool link_unsent(const struct session *s);
/* Harmless when it is not open. */
void link_close(struct session *s);

#endif
