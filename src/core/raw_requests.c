/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "core/td.h"
#include "core/start.h"
#include "mem/copy_once.h"
#include "wire/writer.h"

/* EnableLogArea answers with a count and, for each vCPU, a page; there is one. */
#define LOG_AREA_ANSWER 24

static const uint8_t report_purpose[24] = {'H', 'o', 's', 't', 'R', 'e', 'q', 'u', 'e', 's', 't', 'e',
	'd', 'M', 'i', 'g', 'T', 'D', 'R', 'e', 'p', 'o', 'r', 't'};

enum status raw_requests_init(struct migtd *td)
{
	struct raw_requests *r = &td->requests;

	r->page = shared_take(&td->shared, SHARED_REQUEST, 1);
	r->log_page = shared_take(&td->shared, SHARED_LOG_AREA, 1);
	return r->page != NULL && r->log_page != NULL ? STATUS_OK : ERR_OUT_OF_RESOURCE;
}

enum status raw_requests_report(struct migtd *td, uint64_t request_id, enum status result,
	const uint8_t *data, size_t n)
{
	return migtd_report_status(&td->tdx, &td->shared, request_id, status_result(result), data, n,
		MIGTD_VECTOR_REQUEST);
}

/* --- operations ---------------------------------------------------------------------------- */

/* A TDREPORT over n bytes of our own; the result is in the scratch. */
static enum status make_report(struct migtd *td, const uint8_t *purpose, size_t n)
{
	memset(td->tdcall->reportdata, 0, REPORTDATA_SIZE);
	memcpy(td->tdcall->reportdata, purpose, n);
	return tdg_mr_report(&td->tdx, td->tdcall->report, td->tdcall->reportdata);
}

static enum status get_td_report(struct migtd *td, uint64_t request_id)
{
	TRY(make_report(td, report_purpose, sizeof(report_purpose)));
	return raw_requests_report(
		td, request_id, STATUS_OK, td->tdcall->report, TDREPORT_SIZE);
}

static enum status get_migtd_data(struct migtd *td, uint64_t request_id)
{
	TRY(make_report(td, report_purpose, 0));
	return raw_requests_report(td, request_id, STATUS_OK,
		td->tdcall->report + TDINFO_OFFSET, TDINFO_SIZE);
}

static void log_enabled(const struct migtd *td, uint64_t request_id)
{
	struct line line;

	line_begin_request(&line, &td->log, LOG_INFO, request_id);
	line_text(&line, "enable_logarea: Logging has been enabled with MaxLevel: ");
	line_dec(&line, td->log_area.level);
	line_end(&line);
}

static enum status enable_log_area(struct migtd *td, uint64_t request_id, uint8_t asked)
{
	const enum log_level most =
		td->config.area_level_max != 0 ? td->config.area_level_max : LOG_INFO;
	uint8_t answer[LOG_AREA_ANSWER];
	struct writer w = writer_of(answer, sizeof(answer));

	log_area_enable(&td->log_area, td->requests.log_page, asked < most ? asked : most);
	log_enabled(td, request_id);
	writer_u32(&w, 1);
	writer_u32(&w, 0);
	writer_u64(&w, tdx_gpa(&td->tdx, td->requests.log_page));
	writer_u64(&w, LOG_AREA_SIZE);
	return raw_requests_report(td, request_id, STATUS_OK, answer, sizeof(answer));
}

static void execute(struct migtd *td, const struct migtd_request *r)
{
	const uint64_t request_id = r->migration.request_id;
	enum status status;

	switch ((enum migtd_operation)r->operation) {
	case OPERATION_START_MIGRATION:
		request_start_session(td, &r->migration);
		return;
	case OPERATION_GET_TD_REPORT:
		status = get_td_report(td, request_id);
		break;
	case OPERATION_ENABLE_LOG_AREA:
		status = enable_log_area(td, request_id, r->log_level);
		break;
	case OPERATION_GET_MIGTD_DATA:
		status = get_migtd_data(td, request_id);
		break;
	default:
		status = ERR_UNSUPPORTED_OPERATION;
		break;
	}
	if (status != STATUS_OK)
		request_refuse(td, request_id, status);
}

/* --- taking requests ----------------------------------------------------------------------- */

static void take(struct migtd *td, enum status answered, const struct migtd_completion *c)
{
	struct migtd_request *r = &td->requests.request;
	uint8_t payload[MIGTD_REQUEST_MAX];
	/* Longer than any request: malformed, and its id is still there. */
	const size_t n = c->size < sizeof(payload) ? c->size : sizeof(payload);

	copy_once(payload, td->requests.page + MIGTD_CALL_HEADER, n);
	enum status status = migtd_request_read(c->detail, payload, n, td->v1 != NULL, r);
	if (answered != STATUS_OK)
		status = ERR_VMM_INTERNAL;
	else if (c->size > sizeof(payload) && status != ERR_UNSUPPORTED_OPERATION)
		status = ERR_REQUEST;

	if (r->has_id && request_is_active(td, r->migration.request_id))
		request_ignore(td, r->migration.request_id);
	else if (status == STATUS_OK)
		execute(td, r);
	else if (r->has_id)
		request_refuse(td, r->migration.request_id, status);
	else
		log_text(&td->log, LOG_WARN, status_text(status));
	wipe(r, sizeof(*r));
	wipe(payload, sizeof(payload));
}

/* A request is asked for only when its report would find a page. */
static bool ask(struct migtd *td)
{
	struct raw_requests *r = &td->requests;

	if (shared_room(&td->shared, SHARED_REPORT) == 0)
		return false;
	const enum status status =
		migtd_wait_for_request(&td->tdx, r->page, MIGTD_VECTOR_REQUEST);
	r->waiting = status == STATUS_OK;
	if (!r->waiting)
		log_text(&td->log, LOG_WARN, status_text(status));
	return r->waiting;
}

bool raw_requests_poll(struct migtd *td)
{
	struct raw_requests *r = &td->requests;
	struct migtd_completion c;

	migtd_reclaim(&td->shared, SHARED_REPORT, 1);
	if (!r->waiting && !ask(td))
		return false;
	const enum status status = migtd_completed(r->page, &c);
	if (status == STATUS_PENDING)
		return false;
	r->waiting = false;
	take(td, status, &c);
	/* A VMM whose answers are failures is asked again later, not in a tight loop. */
	return status == STATUS_OK;
}
