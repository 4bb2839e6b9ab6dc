/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* As src/core/start.c, start_v1.c and start_v2.c measure (policy spec 3.9). */
#include "eventlog/eventlog.h"

#include "measure/event_log.h"

#define RTMR_ISSUER_CHAIN 1
#define RTMR_POLICY 2

static enum status add(struct event_log *log, unsigned rtmr, enum event_tag tag,
	const struct blob *measured, const void *data, size_t n)
{
	return event_log_add_tagged(log, rtmr, tag, measured->data, measured->size, data, n);
}

static enum status fill_v1(const struct measured_files *f, struct event_log *log)
{
	TRY(add(log, RTMR_POLICY, EVENT_TAG_POLICY, f->policy, f->policy->data, f->policy->size));
	return add(log, RTMR_POLICY, EVENT_TAG_ROOT_CA, f->root_ca, f->root_ca->data,
		f->root_ca->size);
}

static enum status fill_v2(const struct measured_files *f, struct event_log *log)
{
	TRY(add(log, RTMR_ISSUER_CHAIN, EVENT_TAG_ISSUER_CHAIN, f->issuer_chain,
		f->issuer_chain->data, f->issuer_chain->size));
	return add(log, RTMR_POLICY, EVENT_TAG_POLICY, f->policy, "2.0", 3);
}

static enum status fill(const struct measured_files *f, struct event_log *log)
{
	event_log_init(log);
	TRY(event_log_add_separator(log, 0));
	TRY(event_log_add_separator(log, 1));
	return f->root_ca != NULL ? fill_v1(f, log) : fill_v2(f, log);
}

int eventlog_generate(const struct measured_files *files, struct blob *to)
{
	struct event_log log;
	const enum status status = fill(files, &log);

	if (status != STATUS_OK)
		return tool_fail(TOOL_REJECT, "event log: %s", status_text(status));
	const size_t n = event_log_size(&log);
	uint8_t *bytes = tool_alloc(n);
	event_log_read(&log, 0, bytes, n);
	blob_add(to, bytes, n);
	free(bytes);
	return TOOL_OK;
}
