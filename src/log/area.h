/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The log area (platform spec 2.4): a page that the VMM can read, with a header of 40 bytes and a ring
 * of entries.
 *
 *	0   16  "MigTD LogArea 1" and a NUL
 *	16  4   vCPU index
 *	24  8   start: offset of the first valid entry
 *	32  8   end: offset of the next entry's place
 *
 * Entry: id u64 (from 1 on, never 0), request id u64 (all ones: none), level u8, 3 x 0, length of the
 * text u32, text.  One that does not fit before the page's end goes to its beginning, the rest being
 * zeroed.
 *
 * The ring is kept in a private page and copied to the shared one from log_area_enable() on, the
 * entries before it included.  Nothing is ever read from the shared page.
 */
#ifndef LOG_AREA_H
#define LOG_AREA_H

#include "log/log.h"

#define LOG_AREA_SIZE 4096u
#define LOG_AREA_HEADER 40
#define LOG_AREA_ENTRY 24
/* Longer texts are dropped. */
#define LOG_AREA_TEXT_MAX (LOG_AREA_SIZE - 64)

struct log_area {
	enum log_level level;	/* entries of a higher level are dropped */
	uint8_t *page;		/* private, LOG_AREA_SIZE */
	uint8_t *shared;	/* NULL until enabled */
	uint32_t start;		/* the offsets that the header shows */
	uint32_t end;
	bool empty;
	uint64_t next_id;
};

/* `page` is LOG_AREA_SIZE bytes of private memory. */
void log_area_init(struct log_area *a, uint8_t *page, enum log_level level);
/* Shows the entries in the shared page from now on; again: only changes the level. */
void log_area_enable(struct log_area *a, uint8_t *shared, enum log_level level);
/* Text must not hold a byte outside printable ASCII; struct line sees to that. */
void log_area_add(struct log_area *a, enum log_level level, uint64_t request_id, const char *text,
	size_t n);

#endif
