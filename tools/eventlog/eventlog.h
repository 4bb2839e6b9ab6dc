/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* CCEL event logs offline (policy spec section 3): told record by record, and replayed. */
#ifndef TOOLS_EVENTLOG_H
#define TOOLS_EVENTLOG_H

#include <jansson.h>

#include "common/measure.h"
#include "common/tool.h"

#define EVENTLOG_RTMRS 4

/*
 * {"records": [{"offset", "rtmr", "type", "type_name", "digest", "size", "class", "tag", "name",
 * "data"}], "trailing": N}.  `class` is what the Migration TD takes the record for, null if for
 * nothing; `name` is the text that its data begin with; `data` its first bytes.  TOOL_REJECT
 * after an error line for a log that the Migration TD refuses (*told has the records up to there);
 * TOOL_USAGE for what is no log (*told is NULL), and for one that ends in what is no record and no
 * filler either.
 */
int eventlog_show(const char *name, const struct blob *log, json_t **told) MUST_USE;

/* RTMR0 to RTMR3 as the log says, by the Migration TD's own reader. */
int eventlog_replay(const char *name, const struct blob *log, uint8_t rtmr[EVENTLOG_RTMRS][48])
	MUST_USE;

/*
 * The log that a Migration TD with this configuration sends: with an issuer chain of policy v2, with
 * a root CA of v1.
 */
int eventlog_generate(const struct measured_files *files, struct blob *log) MUST_USE;

#endif
