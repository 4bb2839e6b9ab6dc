/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Start-up: memory, measurements, own policy, service of the VMM (platform spec 4.1 to 4.3). */
#include "core/td.h"
#include "measure/cfv.h"
#include "measure/tdinfo.h"

/* RTMRs the start-up extends (policy spec 3.3). */
#define RTMR_ISSUER_CHAIN 1
#define RTMR_POLICY 2

static const uint8_t policy_version[] = {'2', '.', '0'};

/* Blocks of the heap's fixed part; STATUS_OK only if all fit. */
static enum status carve(struct migtd *td)
{
	struct heap *h = &td->heap;
	uint8_t *arena = heap_fixed(h, MEM_BIGNUM, CRYPTO_ARENA_SIZE, 16);
	uint8_t *copy = heap_fixed(h, MEM_SCRATCH, PAGE_SIZE, 16);
	uint8_t *owners = heap_fixed(h, MEM_TD, td->config.shared_size / PAGE_SIZE, 1);
	const size_t slots = WORK_SLOTS * sizeof(struct work_slot);

	td->tdcall = heap_fixed(h, MEM_SCRATCH, sizeof(*td->tdcall), TDREPORT_ALIGN);
	td->scratch = heap_fixed(h, MEM_SCRATCH, sizeof(*td->scratch), 16);
	td->own = heap_fixed(h, MEM_POLICY, sizeof(*td->own), 16);
	td->source_slots.slot = heap_fixed(h, MEM_SLOTS, slots, 16);
	td->destination_slots.slot = heap_fixed(h, MEM_SLOTS, slots, 16);
	td->reference.copy = heap_fixed(h, MEM_SLOTS, QUOTE_SIZE_MAX, 16);
	if (arena == NULL || copy == NULL || owners == NULL || td->tdcall == NULL ||
		td->scratch == NULL || td->own == NULL || td->source_slots.slot == NULL ||
		td->destination_slots.slot == NULL || td->reference.copy == NULL)
		return ERR_OUT_OF_RESOURCE;
	crypto_init(arena, CRYPTO_ARENA_SIZE, td->port.random, td->port.ctx);
	shared_init(&td->shared, td->config.shared, td->config.shared_size, owners);
	quote_service_init(&td->quoting, &td->tdx, &td->shared);
	TRY(tdvmcall_map_gpa(&td->tdx, td->config.shared, td->config.shared_size, true));
	return service_init(&td->service, &td->tdx, &td->shared, copy);
}

static enum status find_files(struct migtd_config *c)
{
	if (c->volume != NULL) {
		TRY(cfv_find(c->volume, c->volume_size, cfv_guid_policy, &c->policy,
			&c->policy_size));
		TRY(cfv_find(c->volume, c->volume_size, cfv_guid_issuer_chain, &c->issuer_chain,
			&c->issuer_chain_size));
	}
	return c->policy != NULL && c->policy_size > 0 && c->issuer_chain != NULL &&
		       c->issuer_chain_size > 0 ?
		STATUS_OK :
		ERR_CONFIG;
}

/* Extends the RTMR with the event the log has just got. */
static enum status extend_last(struct migtd *td)
{
	const struct event *e = &td->event_log.event[td->event_log.count - 1];

	memcpy(td->tdcall->digest, e->digest, SHA384_SIZE);
	return tdg_mr_rtmr_extend(&td->tdx, e->mr_index - 1, td->tdcall->digest);
}

static enum status measure_separator(struct migtd *td, unsigned rtmr)
{
	TRY(event_log_add_separator(&td->event_log, rtmr));
	return extend_last(td);
}

static enum status measure_chain(struct migtd *td)
{
	const struct migtd_config *c = &td->config;

	TRY(event_log_add_tagged(&td->event_log, RTMR_ISSUER_CHAIN, EVENT_TAG_ISSUER_CHAIN,
		c->issuer_chain, c->issuer_chain_size, c->issuer_chain, c->issuer_chain_size));
	return extend_last(td);
}

static enum status measure_policy(struct migtd *td)
{
	const struct migtd_config *c = &td->config;

	TRY(event_log_add_tagged(&td->event_log, RTMR_POLICY, EVENT_TAG_POLICY, c->policy,
		c->policy_size, policy_version, sizeof(policy_version)));
	return extend_last(td);
}

static enum status read_tdinfo(struct migtd *td)
{
	memset(td->tdcall->reportdata, 0, REPORTDATA_SIZE);
	TRY(tdg_mr_report(&td->tdx, td->tdcall->report, td->tdcall->reportdata));
	memcpy(td->tdinfo, td->tdcall->report + TDINFO_OFFSET, TDINFO_SIZE);
	return STATUS_OK;
}

static enum status check_own_tdinfo(struct migtd *td)
{
	TRY(read_tdinfo(td));
	if ((td->tdinfo[TDINFO_ATTRIBUTES] & TDINFO_ATTRIBUTE_DEBUG) != 0)
		return ERR_DEBUG_TD;
	return policy_own_check_tdinfo(td->own, td->tdinfo);
}

/* One step of the start-up and what the console calls it when it fails. */
struct start_step {
	enum status (*run)(struct migtd *td);
	const char *what;
};

static enum status step_tdx(struct migtd *td)
{
	return tdx_init(&td->tdx);
}

static enum status step_files(struct migtd *td)
{
	return find_files(&td->config);
}

static enum status step_separators(struct migtd *td)
{
	event_log_init(&td->event_log);
	TRY(measure_separator(td, 0));
	return measure_separator(td, 1);
}

static enum status step_own_policy(struct migtd *td)
{
	const struct migtd_config *c = &td->config;

	return policy_own_open(td->own, td->scratch, c->policy, c->policy_size, c->issuer_chain,
		c->issuer_chain_size);
}

static enum status step_service(struct migtd *td)
{
	TRY(service_query(&td->service));
	log_text(&td->log, LOG_INFO, "Migration is supported by VMM");
	return tdvmcall_setup_event_notify(&td->tdx, MIGTD_VECTOR_QUOTE);
}

static enum status carrier_send(void *ctx, uint64_t request_id, const uint8_t *header,
	const uint8_t *payload, size_t n)
{
	return service_send(ctx, request_id, header, payload, n);
}

static enum status carrier_receive(void *ctx, const uint8_t **packet, size_t *n)
{
	return service_receive(ctx, packet, n);
}

static enum status step_sessions(struct migtd *td)
{
	const struct vsock_carrier carrier = {
		.send = carrier_send, .receive = carrier_receive, .ctx = &td->service};
	const uint32_t most = td->config.sessions_max != 0 ? td->config.sessions_max : UINT32_MAX;

	vsock_init(&td->vsock, &carrier, td->config.cid);
	policy_store_init(&td->store, &td->heap);
	/* One session's quote and the reference's. */
	if (td->shared.pages - td->shared.used < 2 * GET_QUOTE_PAGES)
		return ERR_OUT_OF_RESOURCE;
	return heap_divide(&td->heap, sizeof(struct session), sizeof(struct policy_record),
		       most) > 0 ?
		STATUS_OK :
		ERR_OUT_OF_RESOURCE;
}

static const struct start_step start_steps[] = {
	{step_tdx, "TDG.VP.INFO"},
	{carve, "memory (heap or shared region too small?)"},
	{step_files, "configuration"},
	{step_separators, "measuring the separators"},
	{measure_chain, "measuring the policy issuer chain"},
	{step_own_policy, "own policy"},
	{check_own_tdinfo, "own TDINFO (MROWNER, MROWNERCONFIG, ATTRIBUTES)"},
	{measure_policy, "measuring the policy"},
	{read_tdinfo, "TDG.MR.REPORT"},
	{step_service, "the VMM's migration service"},
	{step_sessions, "memory for one session"},
};

static void log_start_failure(struct migtd *td, const char *what, enum status status)
{
	struct line line;

	line_begin(&line, &td->log, LOG_ERROR);
	line_text(&line, "cannot start: ");
	line_text(&line, what);
	line_text(&line, ": ");
	line_text(&line, status_name(status));
	line_text(&line, ", ");
	line_text(&line, status_text(status));
	line_end(&line);
}

enum status migtd_start(struct migtd **out, const struct migtd_config *config,
	const struct migtd_port *port)
{
	struct heap heap;
	struct migtd *td;

	heap_init(&heap, config->heap, config->heap_size);
	td = heap_fixed(&heap, MEM_TD, sizeof(*td), 64);
	if (td == NULL)
		return ERR_OUT_OF_RESOURCE;
	td->heap = heap;
	td->config = *config;
	td->port = *port;
	if (td->config.timeout_ms == 0)
		td->config.timeout_ms = SESSION_TIMEOUT_MS;
	td->hold = PHASE_COUNT;
	td->tdx = (struct tdx){.tdcall = port->tdcall,
		.ctx = port->ctx,
		.ram = config->ram,
		.ram_size = config->ram_size};
	td->log = (struct log){
		.level = config->log_level, .console = port->console, .ctx = port->ctx};
	log_text(&td->log, LOG_INFO, "MigTD Version - " MIGTD_VERSION);
	for (size_t i = 0; i < ARRAY_SIZE(start_steps); i++) {
		const enum status status = start_steps[i].run(td);

		if (status != STATUS_OK) {
			log_start_failure(td, start_steps[i].what, status);
			return status;
		}
	}
	td->now = port->now_ms(port->ctx);
	*out = td;
	return STATUS_OK;
}
