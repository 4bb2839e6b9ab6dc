/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "eventlog/eventlog.h"

#include <string.h>

#include "common/core.h"
#include "host/bytes.h"
#include "measure/event_log.h"
#include "measure/event_log_format.h"

#define DATA_SHOWN 32
/* Of the first record, behind its header. */
#define FIRST_DATA_AT 32
#define DIGEST_AT 14
#define SIZE_AT 62

struct record {
	size_t at;
	const uint8_t *header, *data;
	uint32_t mr_index, type, size;
};

/* The record at an offset, by the rule of 3.6 with `<=`; false where the log ends. */
static bool record_read(const struct blob *log, size_t at, struct record *r)
{
	if (log->size - at < EVENT_HEADER)
		return false;
	*r = (struct record){.at = at, .header = log->data + at};
	r->data = r->header + EVENT_HEADER;
	r->mr_index = load32(r->header);
	r->type = load32(r->header + 4);
	r->size = load32(r->header + SIZE_AT);
	return r->size != 0 && r->size <= log->size - at - EVENT_HEADER;
}

/* --- what a record is ----------------------------------------------------------------------- */

static const char *type_name(uint32_t type)
{
	static const struct {
		uint32_t type;
		const char *name;
	} known[] = {
		{3, "EV_NO_ACTION"},
		{EVENT_SEPARATOR, "EV_SEPARATOR"},
		{EVENT_TAGGED, "EV_EVENT_TAG"},
		{EVENT_PLATFORM_CONFIG_FLAGS, "EV_PLATFORM_CONFIG_FLAGS"},
		{EVENT_PLATFORM_FIRMWARE_BLOB2, "EV_EFI_PLATFORM_FIRMWARE_BLOB2"},
	};

	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (known[i].type == type)
			return known[i].name;
	return NULL;
}

/* Asks the Migration TD's reader, with a log of this record alone; false when it refuses it. */
static bool classify(const struct blob *log, const struct record *r, const char **class)
{
	/* As policies name them, but for the last one, which has no name there. */
	static const char *const name[EVENT_CLASSES] = {
		[EVENT_SECURE_BOOT_KEY] = "SecureBootKey",
		[EVENT_MIGTD_CORE] = "MigTdCore",
		[EVENT_MIGTD_CORE_SVN] = "MigTdCoreSvn",
		[EVENT_POLICY] = "MigTdPolicy",
		[EVENT_SGX_ROOT_KEY] = "MigTdSgxRootKey",
		[EVENT_POLICY_SIGNER] = "MigTdPolicySigner",
	};
	const size_t size = EVENT_HEADER + r->size;
	struct event_log_reader reader;

	*class = NULL;
	event_log_reader_begin(&reader, EVENT_LOG_FIRST_RECORD + size);
	event_log_reader_feed(&reader, log->data, EVENT_LOG_FIRST_RECORD);
	event_log_reader_feed(&reader, r->header, size);
	if (event_log_reader_end(&reader) != STATUS_OK)
		return false;
	for (size_t c = 0; c < EVENT_CLASSES; c++)
		if (event_digest(&reader.digests, (enum event_class)c) != NULL)
			*class = name[c];
	return true;
}

/* The text that the data begin with: 4 characters or more, up to a NUL or the 16th. */
static char *name_in(const struct record *r)
{
	const size_t skip = r->type == EVENT_PLATFORM_FIRMWARE_BLOB2 ? 1 : 0;
	const char *text = (const char *)r->data + skip;
	size_t n = 0;

	if (r->type == EVENT_TAGGED || r->size <= skip)
		return NULL;
	while (n < 16 && skip + n < r->size && text[n] > ' ' && text[n] < 0x7f)
		n++;
	return n >= 4 ? tool_text("%.*s", (int)n, text) : NULL;
}

static json_t *text_or_null(const char *text)
{
	return text != NULL ? json_string(text) : json_null();
}

static json_t *record_json(const struct record *r, const char *class)
{
	const bool tagged = r->type == EVENT_TAGGED && r->size >= 4;
	AUTO_TEXT digest = hex_lower(r->header + DIGEST_AT, 48);
	AUTO_TEXT data = hex_lower(r->data, r->size < DATA_SHOWN ? r->size : DATA_SHOWN);
	AUTO_TEXT type = tool_text("0x%08x", r->type);
	AUTO_TEXT name = name_in(r);

	return json_pack("{s:I, s:I, s:s, s:o, s:s, s:I, s:o, s:o, s:o, s:s}", "offset",
		(json_int_t)r->at, "rtmr", (json_int_t)r->mr_index - 1, "type", type, "type_name",
		text_or_null(type_name(r->type)), "digest", digest, "size", (json_int_t)r->size,
		"class", text_or_null(class), "tag",
		tagged ? json_integer(load32(r->data)) : json_null(), "name", text_or_null(name),
		"data", data);
}

/* What follows the last record: of an area as the shim has filled it, or as emulations do. */
static bool is_filler(const struct blob *log, size_t at)
{
	while (at < log->size && (log->data[at] == 0xff || log->data[at] == 0))
		at++;
	return at == log->size;
}

/*
 * The Migration TD does not look at the first record, and stops at what is no record: to it, any
 * file is a log.  One without a record, whose first is not that of a log either, is none to people.
 */
static int check_is_log(const char *name, const struct blob *log)
{
	static const char signature[] = "Spec ID Event03";
	struct record r;

	if (log->size < EVENT_LOG_FIRST_RECORD)
		return tool_fail(TOOL_USAGE, "%s: %zu bytes; an event log begins with %d", name,
			log->size, EVENT_LOG_FIRST_RECORD);
	if (!record_read(log, EVENT_LOG_FIRST_RECORD, &r) &&
		memcmp(log->data + FIRST_DATA_AT, signature, sizeof(signature)) != 0)
		return tool_fail(TOOL_USAGE, "%s: is not an event log", name);
	return TOOL_OK;
}

/* --- both commands -------------------------------------------------------------------------- */

int eventlog_show(const char *name, const struct blob *log, json_t **told)
{
	json_t *records;
	size_t at = EVENT_LOG_FIRST_RECORD;
	const char *class;
	struct record r;

	*told = NULL;
	core_begin();
	TOOL_TRY(check_is_log(name, log));
	records = json_array();
	*told = json_pack("{s:o}", "records", records);
	while (record_read(log, at, &r)) {
		const bool taken = classify(log, &r, &class);
		json_array_append_new(records, record_json(&r, class));
		if (!taken)
			return tool_fail(TOOL_REJECT,
				"%s: the record at byte %zu has no such register or is cut short",
				name, at);
		at += EVENT_HEADER + r.size;
	}
	json_object_set_new(*told, "trailing", json_integer((json_int_t)(log->size - at)));
	if (!is_filler(log, at))
		return tool_fail(TOOL_USAGE,
			"%s: is cut short at byte %zu, or something else follows there", name, at);
	return TOOL_OK;
}

int eventlog_replay(const char *name, const struct blob *log, uint8_t rtmr[EVENTLOG_RTMRS][48])
{
	struct event_log_reader reader;

	core_begin();
	TOOL_TRY(check_is_log(name, log));
	event_log_reader_begin(&reader, log->size);
	event_log_reader_feed(&reader, log->data, log->size);
	const enum status status = event_log_reader_end(&reader);
	if (status != STATUS_OK)
		return tool_fail(TOOL_REJECT, "%s: %s; 'eventlog show' tells the record", name,
			status_text(status));
	memcpy(rtmr, reader.rtmr, sizeof(reader.rtmr));
	return TOOL_OK;
}
