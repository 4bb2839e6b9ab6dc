/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The figures a measuring port asks for. */
#include "core/td.h"
#include "mem/stack_mark.h"

static size_t session_heap(const struct session *s)
{
	const struct pool *records = &s->td->heap.records;
	const bool own = s->peer == NULL || s->peer == &s->td->own->record;

	return s->td->heap.sessions.size + (own ? 0 : records->size) +
	       (s->init_tdinfo != NULL ? s->td->heap.tdinfos.size : 0);
}

static size_t session_shared(const struct session *s)
{
	const bool fetches = s->slot != NULL && s->slot->fetch.request.buffer != NULL;
	const bool streams = s->td->config.transport == MIGTD_VMCALL_RAW && link_is_open(s);

	return (streams ? vmcall_raw_pages(&s->td->raw) * (size_t)PAGE_SIZE : 0) +
	       (fetches ? GET_COLLATERAL_PAGES * (size_t)PAGE_SIZE : 0);
}

/* Pages without an owner that are still the VMM's. */
static uint32_t abandoned(const struct migtd *td)
{
	return quote_service_abandoned(&td->quoting) +
	       (td->config.transport == MIGTD_VMCALL_RAW ?
			       vmcall_raw_abandoned(&td->raw) +
				       td->shared.used_by_tag[SHARED_REPORT] :
			       0);
}

/* Pages of quote buffers that lie ready. */
static uint32_t idle(const struct migtd *td)
{
	return td->shared.used_by_tag[SHARED_GET_QUOTE_KEPT];
}

void migtd_counters(const struct migtd *td, struct migtd_counters *c)
{
	const struct heap *h = &td->heap;

	memset(c, 0, sizeof(*c));
	c->stack_size = td->config.stack_size;
	c->stack_peak =
		stack_peak(td->config.stack, td->config.stack + td->config.stack_size);
	c->heap_size = h->size;
	c->heap_used = h->used;
	c->heap_extent_peak = heap_extent_peak(h);
	c->heap_requested_peak = h->peak;
	c->residue = heap_residue(h);
	c->shared_size = (size_t)td->shared.pages * PAGE_SIZE;
	c->shared_used = (size_t)(td->shared.used - idle(td)) * PAGE_SIZE;
	c->shared_abandoned = (size_t)abandoned(td) * PAGE_SIZE;
	c->shared_extent_peak = (size_t)td->shared.extent * PAGE_SIZE;
	c->shared_peak = (size_t)td->shared.peak * PAGE_SIZE;
	c->private_copies = PAGE_SIZE + QUOTE_SIZE_MAX;
	c->config_bytes = td->config.policy_size + td->config.issuer_chain_size +
			  td->config.root_ca_size;
	crypto_select(td->crypto);
	c->bignum_peak = crypto_arena_peak();
	memcpy(c->by_tag, h->by_tag, sizeof(c->by_tag));
	memcpy(c->heap_by_phase, td->heap_by_phase, sizeof(c->heap_by_phase));
	memcpy(c->shared_by_phase, td->shared_by_phase, sizeof(c->shared_by_phase));
	c->session_size = h->sessions.size;
	c->record_size = h->records.size;
	c->tdinfo_size = h->tdinfos.size;
	c->sessions_max = h->sessions.capacity;
	c->sessions_live = h->sessions.live;
	c->sessions_peak = td->sessions_peak;
	c->held = td->held;
	c->queued = td->source_slots.queue.queued + td->destination_slots.queue.queued +
		    td->quotes.queue.queued;
	c->completed = td->completed;
	c->failed = td->failed;
}

uint32_t migtd_sessions(const struct migtd *td, struct migtd_session_info *info, uint32_t n)
{
	const struct pool *p = &td->heap.sessions;
	uint32_t live = 0;

	for (uint32_t i = 0; i < p->touched; i++) {
		const struct session *s = pool_at(&td->heap, p, i);

		if (s == NULL)
			continue;
		if (live < n)
			info[live] = (struct migtd_session_info){
				.request_id = s->request_id,
				.phase = s->phase,
				.is_source = s->is_source,
				.held = s->held,
				.queued = s->queue != NULL,
				.heap = session_heap(s),
				.shared = session_shared(s),
			};
		live++;
	}
	return live;
}
