/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "migtd/status.h"

struct status_row {
	const char *name;
	const char *module;
	enum migration_result result;
	const char *text;
};

static const struct status_row rows[] = {
#define STATUS(name, module, result, text) {#name, module, result, text},
#include "migtd/status.def"
#undef STATUS
};

static const struct status_row *row(enum status s)
{
	static const struct status_row unknown = {
		"ERR_UNKNOWN", "core", RESULT_SECURE_SESSION_ERROR, "unknown status"};

	return (unsigned)s < STATUS_COUNT ? &rows[s] : &unknown;
}

const char *status_name(enum status s)
{
	return row(s)->name;
}

const char *status_module(enum status s)
{
	return row(s)->module;
}

const char *status_text(enum status s)
{
	return row(s)->text;
}

enum migration_result status_result(enum status s)
{
	return row(s)->result;
}
