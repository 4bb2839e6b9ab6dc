/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "log/log.h"

#include "log/area.h"

static const char *const level_names[] = {
	[LOG_ERROR] = "ERROR",
	[LOG_WARN] = "WARN",
	[LOG_INFO] = "INFO",
	[LOG_DEBUG] = "DEBUG",
	[LOG_TRACE] = "TRACE",
};

static const char hex_digits[16] = {'0', '1', '2', '3', '4', '5', '6', '7',
	'8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};

const char *log_level_name(enum log_level level)
{
	return (unsigned)level - 1 < LOG_TRACE ? level_names[level] : "?";
}

/* Appends all n characters or none, so that an escape or a byte's digits are never split. */
static void append(struct line *l, const char *text, size_t n)
{
	if (l->log == NULL || l->cut)
		return;
	if (n > LINE_MAX - (size_t)l->n) {
		l->cut = true;
		return;
	}
	memcpy(l->text + l->n, text, n);
	l->n = (uint16_t)(l->n + n);
}

static void append_byte(struct line *l, uint8_t byte)
{
	const char c = (char)byte;
	const char escape[4] = {'\\', 'x', hex_digits[byte >> 4], hex_digits[byte & 15]};
	if (byte < 0x20 || byte > 0x7e || byte == '\\')
		append(l, escape, sizeof(escape));
	else
		append(l, &c, 1);
}

void line_begin_raw(struct line *l, const struct log *log)
{
	l->log = log;
	l->request_id = LOG_NO_REQUEST;
	l->level = 0;
	l->n = 0;
	l->text_at = 0;
	l->cut = false;
}

static bool wanted(const struct log *log, enum log_level level)
{
	return log != NULL &&
	       (level <= log->level || (log->area != NULL && level <= log->area->level));
}

void line_begin(struct line *l, const struct log *log, enum log_level level)
{
	line_begin_raw(l, wanted(log, level) ? log : NULL);
	line_text(l, log_level_name(level));
	line_text(l, " - ");
	l->level = (uint8_t)level;
	l->text_at = l->n;
}

void line_begin_request(struct line *l, const struct log *log, enum log_level level,
	uint64_t request_id)
{
	line_begin(l, log, level);
	line_text(l, "[request ");
	line_dec(l, request_id);
	line_text(l, "] ");
	l->request_id = request_id;
	l->text_at = l->n;
}

void line_text(struct line *l, const char *text)
{
	line_text_n(l, (const uint8_t *)text, strlen(text));
}

void line_text_n(struct line *l, const uint8_t *text, size_t n)
{
	for (size_t i = 0; i < n && l->log != NULL && !l->cut; i++)
		append_byte(l, text[i]);
}

static void append_number(struct line *l, uint64_t value, unsigned base)
{
	char digits[20];	/* 2^64 - 1 in decimal */
	size_t at = sizeof(digits);
	do {
		digits[--at] = hex_digits[value % base];
		value /= base;
	} while (value != 0);
	append(l, digits + at, sizeof(digits) - at);
}

void line_dec(struct line *l, uint64_t value)
{
	append_number(l, value, 10);
}

void line_hex(struct line *l, uint64_t value)
{
	append_number(l, value, 16);
}

void line_end(struct line *l)
{
	const size_t mark = sizeof(LINE_CUT) - 1;
	if (l->log == NULL)
		return;
	if (l->cut) {
		if (l->n > LINE_MAX - mark)
			l->n = LINE_MAX - mark;
		memcpy(l->text + l->n, LINE_CUT, mark);
		l->n = (uint16_t)(l->n + mark);
	}
	if (l->level <= l->log->level)
		l->log->console(l->log->ctx, l->text, l->n);
	if (l->level > 0 && l->log->area != NULL)
		log_area_add(l->log->area, (enum log_level)l->level, l->request_id,
			l->text + l->text_at, l->n - l->text_at);
	l->log = NULL;
}

void log_text(const struct log *log, enum log_level level, const char *text)
{
	struct line line;
	line_begin(&line, log, level);
	line_text(&line, text);
	line_end(&line);
}
