/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * TDG.VP.VMCALL<Service>: the command and response pages of the Service MigTD (GHCI), and the
 * migration request that WaitForRequest brings in HOBs.
 *
 * A struct service owns one command page and one response page of shared memory and one private
 * page: what the response says it holds is copied to the private page, each byte once and before
 * the first look.  Between calls both shared pages are zero, unless the VMM wrote behind the length
 * that it stated.
 *
 * Every call is synchronous: vector 0, no timeout, the answer is in the page when the call
 * returns.  What the VMM does not have yet it answers as "none": operation 0 for WaitForRequest,
 * a response that ends before the packet for Receive.  It announces both with interrupts of its
 * own (migtd.h).
 *
 * All: ERR_TDCALL when the call did not reach the VMM; ERR_VMCALL when the VMM refused it or its
 * answer has the wrong GUID, length, status or command.
 */
#ifndef TDX_SERVICE_H
#define TDX_SERVICE_H

#include "mem/shared.h"
#include "tdx/tdx.h"

#define SERVICE_VSOCK_HEADER 44
/* Payload bytes one Send or Receive page can carry: page - 24 - 12 - vsock header. */
#define SERVICE_VSOCK_PAYLOAD (PAGE_SIZE - 24 - 12 - SERVICE_VSOCK_HEADER)

/* Request id that Receive carries: packets of any session. */
#define SERVICE_ANY_REQUEST 0xffffffffffffffffull

struct service {
	struct tdx *tdx;
	uint8_t *command;	/* shared */
	uint8_t *response;	/* shared */
	uint8_t *copy;		/* private, PAGE_SIZE */
};

/* StartMigration as the VMM asks for it; integers as on the wire. */
struct migration_request {
	uint64_t request_id;
	bool is_source;
	bool has_init_tdinfo;
	struct servtd_binding target;
	uint64_t remote_cid;
	uint32_t port;
	uint8_t init_tdinfo[TDINFO_SIZE];
};

/* Takes the two shared pages.  `copy` is PAGE_SIZE bytes of private memory. */
enum status service_init(struct service *s, struct tdx *tdx, struct shared *shared, uint8_t *copy)
	MUST_CHECK;
/* ERR_VMM_UNSUPPORTED when the VMM has no MigTD service or does not answer the question. */
enum status service_query(struct service *s) MUST_CHECK;
/*
 * STATUS_PENDING: no request waits.  ERR_REQUEST: the operation is unknown or its HOBs are
 * malformed, `request` is zero and the request is gone; wait again.
 */
enum status service_wait_for_request(struct service *s, struct migration_request *request)
	MUST_CHECK;
enum status service_report_status(struct service *s, uint64_t request_id,
	enum migration_result result) MUST_CHECK;
/*
 * One vsock packet: 44-byte header and at most SERVICE_VSOCK_PAYLOAD bytes.  STATUS_PENDING: the VMM
 * is out of resources (status 8) and took nothing.
 */
enum status service_send(struct service *s, uint64_t request_id,
	const uint8_t header[SERVICE_VSOCK_HEADER], const uint8_t *payload, size_t n) MUST_CHECK;
/*
 * STATUS_PENDING: no packet waits.  *packet points into s->copy, *n bytes, header included; the page's
 * rest behind the length in the packet's header is left out, a packet shorter than that length
 * (or than its header) is handed over as it is, for the connection it names to be reset.
 */
enum status service_receive(struct service *s, const uint8_t **packet, size_t *n) MUST_CHECK;

#endif
