/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "tdx/migtd_request.h"

#include "wire/reader.h"

#define LOG_LEVEL_MOST 5

/* Behind the request id, which has been read. */
static bool start_migration(struct reader *r, bool v1, struct migration_request *m)
{
	m->is_source = reader_u8(r) == 1;
	const uint8_t has_init = reader_u8(r);
	reader_zero(r, 6);
	for (size_t i = 0; i < ARRAY_SIZE(m->target.uuid); i++)
		m->target.uuid[i] = reader_u64(r);
	m->target.handle = reader_u64(r);
	if (has_init > 1 || (has_init == 1 && v1))
		return false;
	m->has_init_tdinfo = has_init == 1;
	if (m->has_init_tdinfo)
		reader_copy(r, m->init_tdinfo, sizeof(m->init_tdinfo));
	return reader_done(r);
}

static bool enable_log_area(struct reader *r, uint8_t *level)
{
	*level = reader_u8(r);
	reader_zero(r, 7);
	return reader_done(r) && *level >= 1 && *level <= LOG_LEVEL_MOST;
}

/* The VMM may add REPORTDATA of its own; it is not used for anything. */
static bool get_report(struct reader *r)
{
	return reader_left(r) == 0 || reader_left(r) == REPORTDATA_SIZE;
}

enum status migtd_request_read(uint8_t operation, const uint8_t *payload, size_t n, bool v1,
	struct migtd_request *request)
{
	struct reader r = reader_of(payload, n);
	bool ok;

	memset(request, 0, sizeof(*request));
	request->operation = operation;
	request->migration.request_id = reader_u64(&r);
	request->has_id = reader_ok(&r);
	switch (operation) {
	case OPERATION_START_MIGRATION:
		ok = start_migration(&r, v1, &request->migration);
		break;
	case OPERATION_GET_TD_REPORT:
		ok = get_report(&r);
		break;
	case OPERATION_ENABLE_LOG_AREA:
		ok = enable_log_area(&r, &request->log_level);
		break;
	case OPERATION_GET_MIGTD_DATA:
		if (v1)
			return ERR_UNSUPPORTED_OPERATION;
		ok = get_report(&r);
		break;
	default:
		return ERR_UNSUPPORTED_OPERATION;
	}
	return ok && request->has_id ? STATUS_OK : ERR_REQUEST;
}
