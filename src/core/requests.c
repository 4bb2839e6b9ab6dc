/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What the VMM asks for, and what it is told at the end. */
#include "core/td.h"
#include "mem/stack_mark.h"

bool request_is_active(const struct migtd *td, uint64_t request_id)
{
	const struct pool *p = &td->heap.sessions;

	for (uint32_t i = 0; i < p->touched; i++) {
		const struct session *s = pool_at(&td->heap, p, i);

		if (s != NULL && s->request_id == request_id)
			return true;
	}
	return false;
}

/* Why a request failed, for whoever reads it on the VMM's side. */
static void failure_reason(struct line *line, const struct migtd *td, enum status why,
	const struct policy_place *refused)
{
	line_begin_raw(line, &td->log);
	if (refused != NULL && refused->property != NULL) {
		line_text(line, refused->block);
		line_text(line, "[");
		line_dec(line, refused->index);
		line_text(line, "] ");
		line_text(line, refused->property);
		line_text(line, ": ");
	}
	line_text(line, status_text(why));
}

static enum status report_status(struct migtd *td, uint64_t request_id, enum status result,
	const struct line *reason)
{
	const size_t n = result == STATUS_OK ? 0 : reason->n;

	if (td->config.transport == MIGTD_VMCALL_RAW)
		return raw_requests_report(
			td, request_id, result, (const uint8_t *)reason->text, n);
	return service_report_status(&td->service, request_id, status_result(result));
}

static void tell(struct migtd *td, uint64_t request_id, enum status result,
	const struct line *reason)
{
	const enum status status = report_status(td, request_id, result, reason);
	struct line line;

	if (status == STATUS_OK)
		return;
	line_begin_request(&line, &td->log, LOG_ERROR, request_id);
	line_text(&line, "ReportStatus failed: ");
	line_text(&line, status_text(status));
	line_end(&line);
}

void request_refuse(struct migtd *td, uint64_t request_id, enum status why)
{
	struct line line;

	line_begin_request(&line, &td->log, LOG_ERROR, request_id);
	line_text(&line, "refused: ");
	line_text(&line, status_text(why));
	line_end(&line);
	td->failed++;
	failure_reason(&line, td, why, NULL);
	tell(td, request_id, why, &line);
}

void request_ignore(struct migtd *td, uint64_t request_id)
{
	struct line line;

	line_begin_request(&line, &td->log, LOG_WARN, request_id);
	line_text(&line, status_text(ERR_REQUEST_DUPLICATE));
	line_end(&line);
}

static enum status begin_session(struct migtd *td, const struct migration_request *request)
{
	struct session *s = pool_take(&td->heap, &td->heap.sessions);

	if (s == NULL)
		return ERR_OUT_OF_RESOURCE;
	const enum status status = session_begin(s, td, request);
	if (status == STATUS_OK)
		session_run(s);
	else
		pool_give(&td->heap, &td->heap.sessions, s);
	return status;
}

void request_start_session(struct migtd *td, const struct migration_request *request)
{
	if (request_is_active(td, request->request_id)) {
		request_ignore(td, request->request_id);
		return;
	}
	/* Only rebinding and policy v2 know an initial TDINFO (platform spec 2.1). */
	if (td->v1 != NULL && request->has_init_tdinfo) {
		request_refuse(td, request->request_id, ERR_REQUEST);
		return;
	}
	const enum status status = begin_session(td, request);
	if (status != STATUS_OK) {
		request_refuse(td, request->request_id, status);
		return;
	}
	if (td->heap.sessions.live > td->sessions_peak)
		td->sessions_peak = td->heap.sessions.live;
}

static bool service_poll(struct migtd *td)
{
	const enum status status = service_wait_for_request(&td->service, &td->request);

	if (status == STATUS_PENDING)
		return false;
	if (status == STATUS_OK)
		request_start_session(td, &td->request);
	else
		log_text(&td->log, LOG_WARN, status_text(status));
	wipe(&td->request, sizeof(td->request));
	/* A VMCALL that fails is asked again at the next interrupt, not in a tight loop. */
	return status == STATUS_OK || status == ERR_REQUEST;
}

bool requests_poll(struct migtd *td)
{
	return td->config.transport == MIGTD_VMCALL_RAW ? raw_requests_poll(td) : service_poll(td);
}

/* What says the least comes last: a long line is cut. */
static void log_failure(struct session *s, enum status result, const struct line *reason)
{
	struct line line;

	line_begin_request(&line, &s->td->log, LOG_ERROR, s->request_id);
	line_text(&line, s->is_source ? "source" : "destination");
	line_text(&line, " failed in ");
	line_text(&line, phase_word(s->phase));
	line_text(&line, ", result ");
	line_dec(&line, (uint64_t)status_result(result));
	line_text(&line, ": ");
	line_text(&line, status_name(result));
	line_text(&line, ", ");
	line_text_n(&line, (const uint8_t *)reason->text, reason->n);
	line_end(&line);
}

static void log_usage(struct migtd *td)
{
	/* Not all of migtd_counters(): what that takes grows with the number of sessions. */
	const struct migtd_config *c = &td->config;
	const size_t peaks[] = {
		stack_peak(c->stack, c->stack + c->stack_size), heap_extent_peak(&td->heap)};
	static const char *const marks[] = {"max stack usage: ", "max heap usage: "};
	struct line line;

	for (unsigned i = 0; i < ARRAY_SIZE(marks); i++) {
		line_begin_raw(&line, &td->log);
		line_text(&line, marks[i]);
		line_hex(&line, peaks[i]);
		line_text(&line, " (");
		line_dec(&line, peaks[i]);
		line_text(&line, " bytes)");
		line_end(&line);
	}
}

void session_finish(struct session *s, enum status status)
{
	struct migtd *td = s->td;
	const enum status result = session_outcome(s, status);
	const uint64_t request_id = s->request_id;
	const struct policy_place refused = {
		s->refused_block, s->refused_property, s->refused_index};
	struct line reason;

	failure_reason(&reason, td, result, &refused);
	if (result == STATUS_OK) {
		log_text(&td->log, LOG_INFO, "MSK exchange completed");
		td->completed++;
	} else {
		log_failure(s, result, &reason);
		td->failed++;
	}
	session_end(s, result);
	session_unrun(s);
	if (s->held)
		td->held--;
	pool_give(&td->heap, &td->heap.sessions, s);
	tell(td, request_id, result, &reason);
	if (td->config.report_usage)
		log_usage(td);
}
