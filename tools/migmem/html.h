/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * A page of HTML that needs nothing but itself: style sheet inside, drawings as SVG, no scripts,
 * colours for light and dark.
 */
#ifndef MIGMEM_HTML_H
#define MIGMEM_HTML_H

#include "common/tool.h"

void html_begin(struct blob *page, const char *title);
void html_end(struct blob *page);
/* Text with what HTML would take for markup escaped. */
void html_text(struct blob *page, const char *text);

/* 85,502; to be freed. */
char *grouped_decimal(int64_t value);

/* A table: heads first ("<" before a head: its column is text, else numbers), then rows of cells. */
void html_table_begin(struct blob *page, const char *const *heads, size_t n);
void html_row_begin(struct blob *page);
void html_cell_text(struct blob *page, const char *text);
void html_cell_number(struct blob *page, int64_t value);
void html_row_end(struct blob *page);
void html_table_end(struct blob *page);

/* --- plot.c -------------------------------------------------------------------------------- */

struct series {
	const char *label;
	unsigned colour;	/* 0 to PLOT_COLOURS - 1 */
	bool dashed, points;	/* points without a line, else a line */
	size_t n;
	const double *x, *y;	/* positive: both axes are logarithmic */
};
#define PLOT_COLOURS 10

/* Bytes over the number of sessions. */
void plot_lines(struct blob *page, const char *title, const struct series *series, size_t n);

/* Bars one beside the other, each of layers from the bottom; values[bar * layers + layer]. */
void plot_stacked(struct blob *page, const char *title, const char *const *bars, size_t n_bars,
	const char *const *layers, size_t n_layers, const double *values);

/* How much of `size` is used; `mark` (0: none) is drawn as a line inside. */
void plot_headroom(
	struct blob *page, const char *what, int64_t used, int64_t mark, int64_t size);

#endif
