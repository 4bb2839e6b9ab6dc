/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Console lines, built piece by piece in a fixed buffer: no printf, no allocation.
 *
 *	struct line line;
 *	line_begin(&line, log, LOG_INFO);
 *	line_text(&line, "quote of ");
 *	line_dec(&line, size);
 *	line_text(&line, " bytes");
 *	line_end(&line);			INFO - quote of 4935 bytes
 *
 * A line is at most LINE_MAX characters; one that was cut ends in LINE_CUT.  Whatever text holds,
 * a line is printable ASCII: other bytes and the backslash are written as \xHH, so that no peer
 * and no host can forge a line or steer a terminal.
 *
 * Lines go to the console and to the log area, if there is one: there without the prefix, which its
 * entries have fields for.
 */
#ifndef LOG_LOG_H
#define LOG_LOG_H

#include "migtd/base.h"

enum log_level { LOG_ERROR = 1, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_TRACE };

#define LINE_MAX 160
#define LINE_CUT "..."

struct log_area;

struct log {
	enum log_level level;	/* lines of a higher level do not go to the console */
	void (*console)(void *ctx, const char *line, size_t n);	/* one line, without a newline */
	void *ctx;
	struct log_area *area;	/* gets lines by its own level (log/area.h), or NULL */
};

/* Request id of a line that has none. */
#define LOG_NO_REQUEST UINT64_MAX

struct line {
	const struct log *log;	/* NULL when the line is dropped */
	uint64_t request_id;
	uint8_t level;		/* enum log_level, 0: raw */
	uint16_t n;
	uint16_t text_at;	/* behind level and request id */
	bool cut;
	char text[LINE_MAX];
};

/* "INFO - ", then what follows. */
void line_begin(struct line *l, const struct log *log, enum log_level level);
/* "INFO - [request 12] ", then what follows. */
void line_begin_request(struct line *l, const struct log *log, enum log_level level,
	uint64_t request_id);
/* No prefix, and printed at every level: the measuring lines ("max stack usage: ..."). */
void line_begin_raw(struct line *l, const struct log *log);

void line_text(struct line *l, const char *text);
/* Text of n bytes that may hold anything. */
void line_text_n(struct line *l, const uint8_t *text, size_t n);
void line_dec(struct line *l, uint64_t value);
/* Lower-case, no prefix, no leading zeros: 1f400. */
void line_hex(struct line *l, uint64_t value);
/* Hands the line to console and log area; the line is dead then. */
void line_end(struct line *l);

void log_text(const struct log *log, enum log_level level, const char *text);

/* "ERROR" ... "TRACE". */
const char *log_level_name(enum log_level level);

#endif
