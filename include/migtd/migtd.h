/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The Migration TD as a port sees it.
 *
 * Everything a Migration TD keeps lies in the heap region the port gives it; the only mutable static
 * state says whose cryptographic state is at work, so that one process can run several Migration
 * TDs, on one thread.  The port calls migtd_start() once, then migtd_round() for ever, sleeping in between until an interrupt or the time it names.
 */
#ifndef MIGTD_MIGTD_H
#define MIGTD_MIGTD_H

#include "migtd/base.h"

#include "log/log.h"
#include "mem/heap.h"
#include "mem/shared.h"
#include "tdx/tdx.h"

#define MIGTD_VERSION "0.1.0"

enum phase {
#define PHASE(name, word) name,
#include "migtd/phase.def"
#undef PHASE
	PHASE_COUNT
};

const char *phase_word(enum phase p);

/* What the port does for the core. */
struct migtd_port {
	void *ctx;
	void (*tdcall)(void *ctx, struct tdcall_regs *regs);
	void (*random)(void *ctx, uint8_t *to, size_t n);
	/* Milliseconds from any origin, never going back. */
	uint64_t (*now_ms)(void *ctx);
	/* One console line, without its newline. */
	void (*console)(void *ctx, const char *line, size_t n);
	/* Interrupts since the last call, as MIGTD_EVENT_ bits; clears them. */
	uint32_t (*events)(void *ctx);
};

/* Interrupts the core wants to know of. */
#define MIGTD_EVENT_REQUEST 1u	/* vector 0x50: a request may wait */
#define MIGTD_EVENT_QUOTE 2u	/* vector 0x51: a quote may be done */
#define MIGTD_EVENT_RX 4u	/* vector 0x52: a packet may wait, or a Send or Receive be done */
#define MIGTD_VECTOR_REQUEST 0x50
#define MIGTD_VECTOR_QUOTE 0x51
#define MIGTD_VECTOR_RX 0x52

/* How the VMM is talked to (platform spec 5): one of the two, for requests and for streams. */
enum migtd_transport {
	MIGTD_VSOCK,		/* Service pages, vsock packets in them (vmcall-vsock) */
	MIGTD_VMCALL_RAW,	/* sub-function 0x10006 */
};

struct migtd_config {
	uint8_t *ram;		/* the TD's memory; guest physical address 0 */
	size_t ram_size;
	uint8_t *heap;		/* regions inside it, page aligned */
	size_t heap_size;
	uint8_t *shared;
	size_t shared_size;
	uint8_t *stack;		/* lowest usable byte; painted by the port before the core runs */
	size_t stack_size;
	const uint8_t *volume;	/* configuration volume, or NULL when the files are given below */
	size_t volume_size;
	const uint8_t *policy;
	size_t policy_size;
	const uint8_t *issuer_chain;	/* of a policy v2, or */
	size_t issuer_chain_size;
	const uint8_t *root_ca;	/* with a policy v1, DER: one of the two says which it is */
	size_t root_ca_size;
	enum migtd_transport transport;
	uint64_t cid;		/* own vsock CID */
	uint32_t rx_pages;	/* vmcall-raw: shared pages of one Receive; 0 = 1 (transport/vmcall_raw.h) */
	uint32_t timeout_ms;	/* limit of the pre-session and of the SPDM phase, each; 0 = 60 s */
	uint32_t sessions_max;	/* 0 = as many as the heap holds */
	enum log_level log_level;
	enum log_level area_level_max;	/* most that EnableLogArea sets; 0 = LOG_INFO */
	bool report_usage;	/* print the high-water marks after each request (measuring build) */
};

struct migtd;

/*
 * Measures the configuration, verifies the own policy and TDINFO, asks the VMM for its service.
 * On an error the console has one line that names the cause; the TD must stop.
 */
enum status migtd_start(struct migtd **td, const struct migtd_config *config,
	const struct migtd_port *port) MUST_CHECK;

/*
 * One round: takes requests, packets and quotes, steps every session that can go on.  Returns 0
 * when it should be called again at once, else the time (now_ms) before which only an interrupt
 * makes a difference.
 */
uint64_t migtd_round(struct migtd *td);

/* --- measuring ----------------------------------------------------------------------------- */

/*
 * Sessions that have completed phase `after` are not stepped on; PHASE_COUNT releases all.  Until
 * then no session's time limit runs, but for what it waits for of the quoting service.
 */
void migtd_hold(struct migtd *td, enum phase after);

struct migtd_session_info {
	uint64_t request_id;
	enum phase phase;	/* at hand */
	bool is_source;
	bool held;
	bool queued;		/* for a work slot */
	size_t heap;		/* arena and record bytes live */
	size_t shared;
};

struct migtd_counters {
	size_t stack_size, stack_peak;
	size_t heap_size, heap_used, heap_extent_peak, heap_requested_peak;
	size_t shared_size, shared_used, shared_extent_peak, shared_peak;
	size_t shared_abandoned;	/* of shared_used: buffers without an owner, still the VMM's */
	size_t residue;		/* bytes that ended sessions left in their memory; must be 0 */
	size_t private_copies;	/* private memory that shadows shared pages */
	size_t config_bytes;	/* policy and chain or root CA, in place, outside the heap */
	size_t bignum_peak;
	struct mem_usage by_tag[MEM_TAG_COUNT];
	size_t heap_by_phase[PHASE_COUNT];	/* most bytes live while any session was in it */
	size_t shared_by_phase[PHASE_COUNT];
	size_t session_size, record_size, tdinfo_size;
	uint32_t sessions_max, sessions_live, sessions_peak;
	uint32_t held, queued;
	uint64_t completed, failed;
};
void migtd_counters(const struct migtd *td, struct migtd_counters *c);
/* Fills at most n entries; returns how many sessions are live. */
uint32_t migtd_sessions(const struct migtd *td, struct migtd_session_info *info, uint32_t n);

#endif
