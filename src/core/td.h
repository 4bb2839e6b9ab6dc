/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The Migration TD's own state: one block in the fixed part of the heap. */
#ifndef CORE_TD_H
#define CORE_TD_H

#include "core/local_reference.h"
#include "core/raw_requests.h"
#include "core/session.h"
#include "core/work_slot.h"
#include "log/area.h"
#include "log/log.h"
#include "measure/event_log.h"
#include "migtd/migtd.h"
#include "policy/policy.h"
#include "policy/v1.h"

#define SESSION_TIMEOUT_MS 60000

/* Scratch for TDCALLs whose operands have an alignment; 1024-aligned as a whole. */
struct tdcall_scratch {
	uint8_t report[TDREPORT_SIZE];
	uint8_t reportdata[REPORTDATA_SIZE];
	uint8_t digest[64];
};

/* What a Migration TD started with policy v1 has in place of a policy v2. */
struct own_v1 {
	struct policy_v1 policy;
	struct trust_anchor anchor;		/* the root CA's key */
	struct event_digests events;		/* of the own log */
	uint8_t policy_digest[SHA384_SIZE];	/* what MigPolicyMy carries; nobody looks at it */
};

struct migtd {
	struct migtd_config config;
	struct migtd_port port;
	struct crypto *crypto;
	struct log log;
	struct tdx tdx;
	struct heap heap;
	struct shared shared;
	struct quote_service quoting;
	uint8_t *page;			/* private, PAGE_SIZE: of the service or the log area */
	union {
		struct {			/* MIGTD_VSOCK */
			struct service service;
			struct vsock vsock;
		};
		struct {			/* MIGTD_VMCALL_RAW */
			struct raw_requests requests;
			struct vmcall_raw raw;
			struct log_area log_area;
		};
	};
	struct event_log event_log;
	struct policy_own *own;			/* policy v2, or NULL */
	struct own_v1 *v1;			/* policy v1, or NULL: one of the two is there */
	struct policy_store store;		/* of peers' policies v2 */
	struct attest_scratch *scratch;
	struct tdcall_scratch *tdcall;
	struct work_slots source_slots;
	struct work_slots destination_slots;
	struct own_quotes quotes;
	struct local_reference reference;
	struct migration_request request;	/* scratch for WaitForRequest */
	struct policy_reason reason;		/* of the last refusal by the own policy */
	uint8_t tdinfo[TDINFO_SIZE];		/* own, final: no RTMR is extended after start-up */
	struct session *run_first;
	struct session *run_last;
	uint64_t now;
	uint64_t next_sweep;
	bool more_requests;			/* asked for, and the last answer was not the last */
	bool more_packets;
	enum phase hold;			/* PHASE_COUNT: none */
	uint32_t held;
	uint32_t sessions_peak;
	uint64_t completed;
	uint64_t failed;
	size_t heap_by_phase[PHASE_COUNT];
	size_t shared_by_phase[PHASE_COUNT];
};

static inline struct work_slots *session_slots(const struct session *s)
{
	return s->is_source ? &s->td->source_slots : &s->td->destination_slots;
}

/* The session a connection lies in. */
static inline struct session *session_of_connection(struct vsock_connection *c)
{
	return (struct session *)((uint8_t *)c - offsetof(struct session, link.vsock));
}

/* Puts a session on the runnable list unless it is on it or held. */
void session_run(struct session *s);
/* Takes it off the list. */
void session_unrun(struct session *s);

/* requests.c: takes what the VMM asks for; true when there may be more. */
bool requests_poll(struct migtd *td);
/* True while a session has this request id. */
bool request_is_active(const struct migtd *td, uint64_t request_id);
/* What is done with a second request of that id: the VMM would take a report for the first one's. */
void request_ignore(struct migtd *td, uint64_t request_id);
/* Starts a session, or refuses with a report; ignores an id that is active. */
void request_start_session(struct migtd *td, const struct migration_request *request);
/* Reports the failure of a request that never became a session. */
void request_refuse(struct migtd *td, uint64_t request_id, enum status why);
/* Ends a session: report, accounting, arena wiped. */
void session_finish(struct session *s, enum status status);

#endif
