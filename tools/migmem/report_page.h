/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The report of a run or a sweep, for a design review and for a pull request. */
#ifndef MIGMEM_REPORT_PAGE_H
#define MIGMEM_REPORT_PAGE_H

#include "common/json_text.h"
#include "common/tool.h"

/* Writes DIR/report.html and DIR/report.md from the JSON of a run or of a sweep. */
int report_page_write(const json_t *result, const char *folder) MUST_USE;

/* --- parts of the page, report_page.c and report_plots.c --------------------------------------- */

void page_memory_over_sessions(struct blob *page, const json_t *sweep);
void page_memory_over_time(struct blob *page, const json_t *run);
void page_headroom(struct blob *page, const json_t *run);

#endif
