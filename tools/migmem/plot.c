/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Drawings as SVG inside the page; colours come from its style sheet. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "migmem/html.h"

/* Size of a drawing and of what lies around its area, in its own units. */
#define WIDTH 520.0
#define HEIGHT 316.0
#define LEFT 64.0
#define RIGHT 12.0
#define TOP 28.0
#define BOTTOM 62.0

#define AREA_WIDTH (WIDTH - LEFT - RIGHT)
#define AREA_HEIGHT (HEIGHT - TOP - BOTTOM)

static void figure_begin(struct blob *page, const char *title, double height)
{
	blob_format(page, "<figure><svg viewBox=\"0 0 %.0f %.0f\" role=\"img\"><title>", WIDTH,
		height);
	html_text(page, title);
	blob_format(page, "</title><text x=\"0\" y=\"14\" font-weight=\"600\">");
	html_text(page, title);
	blob_add_text(page, "</text>\n");
}

static void figure_end(struct blob *page)
{
	blob_add_text(page, "</svg></figure>\n");
}

/* 64 KiB, 1.5 MiB. */
static void bytes_text(double bytes, char *to, size_t n)
{
	static const char *const unit[] = {"B", "KiB", "MiB", "GiB"};
	size_t u = 0;

	for (; bytes >= 1024 && u + 1 < COUNT_OF(unit); u++)
		bytes /= 1024;
	snprintf(to, n, "%.*f %s", bytes < 10 && bytes != floor(bytes) ? 1 : 0, bytes, unit[u]);
}

static void horizontal_line(struct blob *page, double y, double value)
{
	char label[32];

	bytes_text(value, label, sizeof(label));
	blob_format(page,
		"<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>"
		"<text class=\"d\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
		LEFT, WIDTH - RIGHT, y, y, LEFT - 6, y + 4, label);
}

/* --- lines over the number of sessions, both axes logarithmic -------------------------------- */

struct axes {
	double x_low, x_high, y_low, y_high;	/* logarithms to base 2 */
};

static double at_x(const struct axes *a, double x)
{
	return LEFT + AREA_WIDTH * (log2(x) - a->x_low) / (a->x_high - a->x_low);
}

static double at_y(const struct axes *a, double y)
{
	return TOP + AREA_HEIGHT * (1 - (log2(y) - a->y_low) / (a->y_high - a->y_low));
}

/* Whole powers of two around all points, never an empty range. */
static struct axes axes_around(const struct series *series, size_t n)
{
	struct axes a = {INFINITY, -INFINITY, INFINITY, -INFINITY};

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < series[i].n; k++) {
			a.x_low = fmin(a.x_low, floor(log2(series[i].x[k])));
			a.x_high = fmax(a.x_high, ceil(log2(series[i].x[k])));
			a.y_low = fmin(a.y_low, floor(log2(series[i].y[k])));
			a.y_high = fmax(a.y_high, ceil(log2(series[i].y[k])));
		}
	if (a.x_high <= a.x_low)
		a.x_high = a.x_low + 1;
	if (a.y_high <= a.y_low)
		a.y_high = a.y_low + 1;
	return a;
}

static void draw_axes(struct blob *page, const struct axes *a)
{
	const double step = ceil((a->y_high - a->y_low) / 9);

	for (double y = a->y_low; y <= a->y_high; y += step)
		horizontal_line(page, at_y(a, exp2(y)), exp2(y));
	for (double x = a->x_low; x <= a->x_high; x++)
		blob_format(page,
			"<text class=\"d\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%.0f</text>",
			at_x(a, exp2(x)), HEIGHT - BOTTOM + 15, exp2(x));
	blob_format(page, "<line class=\"axis\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>",
		LEFT, WIDTH - RIGHT, HEIGHT - BOTTOM, HEIGHT - BOTTOM);
	blob_format(page,
		"<text class=\"d\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">sessions at once</text>\n",
		WIDTH - RIGHT, HEIGHT - BOTTOM + 30);
}

static void draw_series(struct blob *page, const struct axes *a, const struct series *s)
{
	if (!s->points) {
		blob_format(page,
			"<polyline fill=\"none\" stroke=\"var(--c%u)\" stroke-width=\"2\"%s points=\"",
			s->colour, s->dashed ? " stroke-dasharray=\"6 4\"" : "");
		for (size_t i = 0; i < s->n; i++)
			blob_format(page, "%.1f,%.1f ", at_x(a, s->x[i]), at_y(a, s->y[i]));
		blob_add_text(page, "\"/>\n");
		return;
	}
	for (size_t i = 0; i < s->n; i++)
		blob_format(page,
			"<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"var(--c%u)\">"
			"<title>%.0f sessions: %.0f bytes</title></circle>",
			at_x(a, s->x[i]), at_y(a, s->y[i]), s->colour, s->x[i], s->y[i]);
	blob_add_text(page, "\n");
}

/* Beside each other below the axis. */
static void draw_legend(struct blob *page, const struct series *series, size_t n)
{
	const double y = HEIGHT - 6;
	double x = LEFT;

	for (size_t i = 0; i < n; i++) {
		if (series[i].points)
			blob_format(page,
				"<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"var(--c%u)\"/>",
				x + 11, y - 4, series[i].colour);
		else
			blob_format(page,
				"<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" "
				"stroke=\"var(--c%u)\" stroke-width=\"2\"%s/>",
				x, x + 22, y - 4, y - 4, series[i].colour,
				series[i].dashed ? " stroke-dasharray=\"6 4\"" : "");
		blob_format(page, "<text class=\"d\" x=\"%.1f\" y=\"%.1f\">", x + 27, y);
		html_text(page, series[i].label);
		blob_add_text(page, "</text>\n");
		x += 150;
	}
}

void plot_lines(struct blob *page, const char *title, const struct series *series, size_t n)
{
	const struct axes a = axes_around(series, n);

	figure_begin(page, title, HEIGHT);
	draw_axes(page, &a);
	for (size_t i = 0; i < n; i++)
		draw_series(page, &a, &series[i]);
	draw_legend(page, series, n);
	figure_end(page);
}

/* --- stacked bars ------------------------------------------------------------------------------ */

#define LABELS 74.0	/* room for slanted names below the bars */

/* 1, 2 or 5 times a power of two: about five lines up to `most`. */
static double line_step(double most)
{
	double step = 1024;

	while (most / step > 6)
		step *= 2;
	return step;
}

static void draw_bar(struct blob *page, double x, double width, double height, double scale,
	const char *bar, const char *const *layers, size_t n_layers, const double *values)
{
	double y = TOP + height;

	for (size_t i = 0; i < n_layers; i++) {
		const double h = values[i] * scale;
		AUTO_TEXT bytes = grouped_decimal((int64_t)values[i]);
		y -= h;
		if (values[i] <= 0)
			continue;
		blob_format(page,
			"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
			"fill=\"var(--c%zu)\"><title>",
			x, y, width, h, i % PLOT_COLOURS);
		html_text(page, bar);
		blob_add_text(page, ", ");
		html_text(page, layers[i]);
		blob_format(page, ": %s bytes</title></rect>\n", bytes);
	}
}

/* In two columns under the drawing. */
static void draw_layers(
	struct blob *page, double top, const char *const *layers, size_t n_layers)
{
	for (size_t i = 0; i < n_layers; i++) {
		const double x = LEFT + (double)(i % 2) * AREA_WIDTH / 2;
		const double y = top + (double)(i / 2) * 17;
		blob_format(page,
			"<rect x=\"%.1f\" y=\"%.1f\" width=\"11\" height=\"11\" fill=\"var(--c%zu)\"/>"
			"<text class=\"d\" x=\"%.1f\" y=\"%.1f\">",
			x, y, i % PLOT_COLOURS, x + 17, y + 10);
		html_text(page, layers[i]);
		blob_add_text(page, "</text>\n");
	}
}

void plot_stacked(struct blob *page, const char *title, const char *const *bars, size_t n_bars,
	const char *const *layers, size_t n_layers, const double *values)
{
	const double height = AREA_HEIGHT, slot = AREA_WIDTH / (double)(n_bars > 0 ? n_bars : 1);
	const double legend = TOP + height + LABELS;
	double most = 0;

	for (size_t b = 0; b < n_bars; b++) {
		double sum = 0;
		for (size_t i = 0; i < n_layers; i++)
			sum += values[b * n_layers + i];
		most = fmax(most, sum);
	}
	const double step = line_step(most), top = fmax(1, ceil(most / step)) * step;
	figure_begin(page, title, legend + 17 * (double)((n_layers + 1) / 2) + 4);
	for (double value = 0; value <= top; value += step)
		horizontal_line(page, TOP + height * (1 - value / top), value);
	for (size_t b = 0; b < n_bars; b++) {
		const double x = LEFT + slot * (double)b;
		draw_bar(page, x + slot * 0.1, slot * 0.8, height, height / top, bars[b], layers,
			n_layers, values + b * n_layers);
		blob_format(page,
			"<text class=\"d\" text-anchor=\"end\" transform=\"translate(%.1f %.1f) "
			"rotate(-45)\">",
			x + slot / 2 + 4, TOP + height + 13);
		html_text(page, bars[b]);
		blob_add_text(page, "</text>\n");
	}
	draw_layers(page, legend, layers, n_layers);
	figure_end(page);
}

/* --- head-room --------------------------------------------------------------------------------- */

#define BAR_NAME 210.0
#define BAR_WIDTH 480.0
#define BAR_TOTAL 1000.0

void plot_headroom(struct blob *page, const char *what, int64_t used, int64_t mark, int64_t size)
{
	const double share = size > 0 ? fmin(1, (double)used / (double)size) : 0;
	AUTO_TEXT used_text = grouped_decimal(used);
	AUTO_TEXT size_text = grouped_decimal(size);

	blob_format(page, "<svg viewBox=\"0 0 %.0f 24\" role=\"img\"><title>", BAR_TOTAL);
	html_text(page, what);
	blob_format(page, "</title><text x=\"0\" y=\"16\">");
	html_text(page, what);
	blob_format(page,
		"</text><rect class=\"room\" x=\"%.1f\" y=\"4\" width=\"%.1f\" height=\"15\"/>"
		"<rect x=\"%.1f\" y=\"4\" width=\"%.1f\" height=\"15\" fill=\"var(--%s)\"/>",
		BAR_NAME, BAR_WIDTH, BAR_NAME, BAR_WIDTH * share, used > size ? "bad" : "c0");
	if (mark > 0 && size > 0)
		blob_format(page,
			"<line x1=\"%.1f\" x2=\"%.1f\" y1=\"1\" y2=\"22\" stroke=\"var(--c1)\" "
			"stroke-width=\"2.5\"/>",
			BAR_NAME + BAR_WIDTH * fmin(1, (double)mark / (double)size),
			BAR_NAME + BAR_WIDTH * fmin(1, (double)mark / (double)size));
	blob_format(page, "<text class=\"d\" x=\"%.1f\" y=\"16\">%s of %s, %.0f %% free</text></svg>\n",
		BAR_NAME + BAR_WIDTH + 12, used_text, size_text, 100 * (1 - share));
}
