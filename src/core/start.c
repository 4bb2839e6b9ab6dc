/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Start-up: memory, measurements, own policy, service of the VMM (platform spec 4.1 to 4.3). */
#include "core/start.h"

#include "measure/cfv.h"
#include "measure/tdinfo.h"

/* Blocks of the heap's fixed part; STATUS_OK only if all fit. */
static enum status carve(struct migtd *td)
{
	struct heap *h = &td->heap;
	uint8_t *arena = heap_fixed(h, MEM_BIGNUM, CRYPTO_ARENA_SIZE, 16);
	const size_t slots = WORK_SLOTS * sizeof(struct work_slot);

	td->tdcall = heap_fixed(h, MEM_SCRATCH, sizeof(*td->tdcall), TDREPORT_ALIGN);
	td->scratch = heap_fixed(h, MEM_SCRATCH, sizeof(*td->scratch), 16);
	if (td->config.root_ca_size > 0)
		td->v1 = heap_fixed(h, MEM_POLICY, sizeof(*td->v1), 16);
	else
		td->own = heap_fixed(h, MEM_POLICY, sizeof(*td->own), 16);
	td->source_slots.slot = heap_fixed(h, MEM_SLOTS, slots, 16);
	td->destination_slots.slot = heap_fixed(h, MEM_SLOTS, slots, 16);
	td->reference.copy = heap_fixed(h, MEM_SLOTS, QUOTE_SIZE_MAX, 16);
	/* Last: its size must not decide how much is lost to alignment before the others. */
	uint8_t *owners = heap_fixed(h, MEM_TD, td->config.shared_size / PAGE_SIZE, 1);
	if (arena == NULL || owners == NULL || td->tdcall == NULL ||
		td->scratch == NULL || (td->v1 == NULL && td->own == NULL) ||
		td->source_slots.slot == NULL || td->destination_slots.slot == NULL ||
		td->reference.copy == NULL)
		return ERR_OUT_OF_RESOURCE;
	td->crypto = crypto_init(arena, CRYPTO_ARENA_SIZE, td->port.random, td->port.ctx);
	shared_init(&td->shared, td->config.shared, td->config.shared_size, owners);
	quote_service_init(&td->quoting, &td->tdx, &td->shared);
	TRY(tdvmcall_map_gpa(&td->tdx, td->config.shared, td->config.shared_size, true));
	return td->config.transport == MIGTD_VMCALL_RAW ? raw_requests_init(td) :
		service_init(&td->service, &td->tdx, &td->shared, td->page);
}

static enum status find_in_volume(struct migtd_config *c)
{
	TRY(cfv_find(c->volume, c->volume_size, cfv_guid_policy, &c->policy, &c->policy_size));
	const enum status root =
		cfv_find(c->volume, c->volume_size, cfv_guid_root_ca, &c->root_ca, &c->root_ca_size);
	const enum status chain = cfv_find(c->volume, c->volume_size, cfv_guid_issuer_chain,
		&c->issuer_chain, &c->issuer_chain_size);
	return root != chain ? STATUS_OK : ERR_CONFIG;
}

/* What lies beside the policy says of which kind it is: one of the two, not both. */
static enum status find_files(struct migtd_config *c)
{
	if (c->volume != NULL)
		TRY(find_in_volume(c));
	return c->policy_size > 0 && (c->root_ca_size > 0) != (c->issuer_chain_size > 0) ?
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

enum status start_measure(struct migtd *td, unsigned rtmr, enum event_tag tag,
	const uint8_t *measured, size_t measured_size, const uint8_t *data, size_t data_size)
{
	TRY(event_log_add_tagged(
		&td->event_log, rtmr, tag, measured, measured_size, data, data_size));
	return extend_last(td);
}

static enum status read_tdinfo(struct migtd *td)
{
	memset(td->tdcall->reportdata, 0, REPORTDATA_SIZE);
	TRY(tdg_mr_report(&td->tdx, td->tdcall->report, td->tdcall->reportdata));
	memcpy(td->tdinfo, td->tdcall->report + TDINFO_OFFSET, TDINFO_SIZE);
	return STATUS_OK;
}

enum status start_check_tdinfo(struct migtd *td)
{
	TRY(read_tdinfo(td));
	return (td->tdinfo[TDINFO_ATTRIBUTES] & TDINFO_ATTRIBUTE_DEBUG) == 0 ? STATUS_OK :
		ERR_DEBUG_TD;
}

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

static enum status step_service(struct migtd *td)
{
	/* vmcall-raw has no such question. */
	if (td->config.transport == MIGTD_VSOCK) {
		TRY(service_query(&td->service));
		log_text(&td->log, LOG_INFO, "Migration is supported by VMM");
	}
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

static void start_vsock(struct migtd *td)
{
	const struct vsock_carrier carrier = {
		.send = carrier_send, .receive = carrier_receive, .ctx = &td->service};

	vsock_init(&td->vsock, &carrier, td->config.cid);
}

/* Of all sessions: each has its stream. */
static uint32_t start_raw(struct migtd *td)
{
	const uint32_t room = shared_room(&td->shared, SHARED_STREAM);

	vmcall_raw_init(
		&td->raw, &td->tdx, &td->shared, td->config.rx_pages, MIGTD_VECTOR_RX);
	return room < RAW_REPORT_PAGES ? 0 : (room - RAW_REPORT_PAGES) / vmcall_raw_pages(&td->raw);
}

static enum status step_sessions(struct migtd *td)
{
	uint32_t most = td->config.sessions_max != 0 ? td->config.sessions_max : UINT32_MAX;

	policy_store_init(&td->store, &td->heap);
	/* Whoever judges a quote under policy v1 has room for its collateral. */
	if (td->v1 != NULL)
		TRY(shared_reserve(&td->shared, SHARED_GET_COLLATERAL,
			COLLATERAL_FETCHES_MAX * GET_COLLATERAL_PAGES));
	TRY(quote_service_keep(&td->quoting, QUOTE_BUFFERS));
	if (td->config.transport == MIGTD_VMCALL_RAW) {
		const uint32_t fit = start_raw(td);

		most = fit < most ? fit : most;
	} else {
		start_vsock(td);
	}
	/* Policy v1 knows neither a peer's policy nor an initial TDINFO. */
	const size_t record_size = td->v1 != NULL ? 0 : sizeof(struct policy_record);
	const size_t tdinfo_size = td->v1 != NULL ? 0 : TDINFO_SIZE;

	return heap_divide(&td->heap, sizeof(struct session), record_size, tdinfo_size, most) > 0 ?
		STATUS_OK :
		ERR_OUT_OF_RESOURCE;
}

static const struct start_step first_steps[] = {
	{step_tdx, "TDG.VP.INFO"},
	{step_files, "configuration"},
	{carve, "memory (heap or shared region too small?)"},
	{step_separators, "measuring the separators"},
};

static const struct start_step last_steps[] = {
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

static enum status run_steps(struct migtd *td, const struct start_step *steps, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const enum status status = steps[i].run(td);

		if (status != STATUS_OK) {
			log_start_failure(td, steps[i].what, status);
			return status;
		}
	}
	return STATUS_OK;
}

static enum status run_all_steps(struct migtd *td)
{
	TRY(run_steps(td, first_steps, ARRAY_SIZE(first_steps)));
	const struct start_kind *kind = td->v1 != NULL ? &start_v1 : &start_v2;
	TRY(run_steps(td, kind->steps, kind->count));
	return run_steps(td, last_steps, ARRAY_SIZE(last_steps));
}

/* The log comes first: what is said from here on is in the log area, once the VMM wants to see it. */
static void start_log(struct migtd *td)
{
	td->log = (struct log){
		.level = td->config.log_level, .console = td->port.console, .ctx = td->port.ctx};
	if (td->config.transport == MIGTD_VMCALL_RAW) {
		log_area_init(&td->log_area, td->page, td->config.log_level);
		td->log.area = &td->log_area;
	}
	log_text(&td->log, LOG_INFO, "MigTD Version - " MIGTD_VERSION);
}

enum status migtd_start(struct migtd **out, const struct migtd_config *config,
	const struct migtd_port *port)
{
	struct heap heap;
	struct migtd *td;

	heap_init(&heap, config->heap, config->heap_size);
	td = heap_fixed(&heap, MEM_TD, sizeof(*td), 64);
	uint8_t *page = heap_fixed(&heap, MEM_SCRATCH, PAGE_SIZE, 16);
	if (td == NULL || page == NULL)
		return ERR_OUT_OF_RESOURCE;
	td->heap = heap;
	td->page = page;
	td->config = *config;
	td->port = *port;
	if (td->config.timeout_ms == 0)
		td->config.timeout_ms = SESSION_TIMEOUT_MS;
	if (td->config.rx_pages == 0)
		td->config.rx_pages = VMCALL_RAW_RX_PAGES;
	td->hold = PHASE_COUNT;
	td->tdx = (struct tdx){.tdcall = port->tdcall,
		.ctx = port->ctx,
		.ram = config->ram,
		.ram_size = config->ram_size};
	start_log(td);
	TRY(run_all_steps(td));
	td->now = port->now_ms(port->ctx);
	*out = td;
	return STATUS_OK;
}
