/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The report's drawings: over sessions, over time, head-room. */
#include <stdlib.h>
#include <string.h>

#include "migmem/figures.h"
#include "migmem/html.h"
#include "migmem/limits.h"
#include "migmem/report_page.h"
#include "migmem/seed.h"

static const char *const role_names[] = {"src", "dst"};

/* --- over the number of sessions --------------------------------------------------------------- */

#define CURVE 33	/* points of a drawn line: it bends on logarithmic axes */

struct curve {
	double x[CURVE], y[CURVE];
};

static struct curve curve_of(int64_t fixed, int64_t per_session, double most)
{
	struct curve c;

	for (size_t i = 0; i < CURVE; i++) {
		c.x[i] = 1 + (most - 1) * (double)(i * i) / ((CURVE - 1) * (CURVE - 1));
		c.y[i] = (double)fixed + (double)per_session * c.x[i];
	}
	return c;
}

struct measured {
	double *x, *y;
	size_t n;
	double most;	/* sessions */
};

static void measured_init(struct measured *m, size_t n)
{
	*m = (struct measured){.x = tool_alloc(n * sizeof(*m->x)),
		.y = tool_alloc(n * sizeof(*m->y)), .n = n, .most = 2};
}

static void draw_measured(struct blob *page, const char *title, struct measured *m,
	const struct curve *fit, const struct curve *seed)
{
	const struct series series[] = {
		{"measured", 0, false, true, m->n, m->x, m->y},
		{"least squares", 0, false, false, CURVE, fit->x, fit->y},
		{"seed document", 1, true, false, CURVE, seed->x, seed->y},
	};

	plot_lines(page, title, series, COUNT_OF(series));
	free(m->x);
	free(m->y);
}

static void draw_quantity(struct blob *page, const json_t *sweep, enum quantity q, size_t n,
	const struct equation *e)
{
	static const char *const title[] = {
		"Stack, bytes", "Heap, bytes (extent)", "Shared memory, bytes (extent)"};
	struct measured m;

	measured_init(&m, n);
	for (size_t i = 0; i < n; i++) {
		const json_t *run = result_run(sweep, i);
		m.x[i] = (double)run_sessions(run);
		m.y[i] = (double)worst_peak(run, q);
		m.most = m.x[i] > m.most ? m.x[i] : m.most;
	}
	const struct curve fit = curve_of(e->fixed, e->per_session, m.most);
	const struct curve seed =
		curve_of(seed_equation[q].fixed, seed_equation[q].per_session, m.most);
	draw_measured(page, title[q], &m, &fit, &seed);
}

/* All three together, divided by the number of sessions. */
static void draw_share(struct blob *page, const json_t *sweep, size_t n, const struct equation *e)
{
	struct measured m;
	int64_t fixed = 0, each = 0, seed_fixed = 0, seed_each = 0;

	measured_init(&m, n);
	for (size_t q = 0; q < QUANTITY_COUNT; q++) {
		fixed += e[q].fixed;
		each += e[q].per_session;
		seed_fixed += seed_equation[q].fixed;
		seed_each += seed_equation[q].per_session;
	}
	for (size_t i = 0; i < n; i++) {
		const json_t *run = result_run(sweep, i);
		m.x[i] = (double)run_sessions(run);
		for (size_t q = 0; q < QUANTITY_COUNT; q++)
			m.y[i] += (double)worst_peak(run, q) / m.x[i];
		m.most = m.x[i] > m.most ? m.x[i] : m.most;
	}
	struct curve fit = curve_of(fixed, each, m.most);
	struct curve seed = curve_of(seed_fixed, seed_each, m.most);
	for (size_t i = 0; i < CURVE; i++) {
		fit.y[i] /= fit.x[i];
		seed.y[i] /= seed.x[i];
	}
	draw_measured(page, "All three together, bytes per session", &m, &fit, &seed);
}

void page_memory_over_sessions(struct blob *page, const json_t *sweep)
{
	struct equation e[QUANTITY_COUNT];
	size_t n = 0;

	while (result_run(sweep, n) != NULL)
		n++;
	if (!result_is_sweep(sweep) || equations_read("sweep", sweep, e) != TOOL_OK)
		return;
	blob_add_text(page, "<h2>Memory over sessions</h2><p class=\"note\">Both axes logarithmic. "
			    "The larger of source and destination, the worst of all phases.</p>"
			    "<div class=\"pair\">");
	for (size_t q = 0; q < QUANTITY_COUNT; q++)
		draw_quantity(page, sweep, q, n, &e[q]);
	draw_share(page, sweep, n, e);
	blob_add_text(page, "</div>\n");
}

/* --- over time --------------------------------------------------------------------------------- */

#define LAYERS_MAX 12

/* Tags of the heap that ever hold something, then shared memory. */
static size_t layers_of(const json_t *barriers, const char **tags)
{
	const json_t *last = json_array_get(barriers, json_array_size(barriers) / 2);
	const char *tag;
	const json_t *bytes;
	size_t n = 0;

	json_object_foreach(
		(json_t *)(uintptr_t)json_object_get(last, "by_tag"), tag, bytes)
		if (json_integer_value(bytes) > 0 && n + 1 < LAYERS_MAX)
			tags[n++] = tag;
	return n;
}

static void draw_barriers(struct blob *page, const char *title, const json_t *barriers)
{
	const char *tags[LAYERS_MAX], *layers[LAYERS_MAX];
	const size_t n = json_array_size(barriers), heap = layers_of(barriers, tags);
	const char **bars = tool_alloc(n * sizeof(*bars));
	double *values = tool_alloc(n * (heap + 1) * sizeof(*values));
	const json_t *barrier;
	size_t b;

	for (size_t i = 0; i < heap; i++)
		layers[i] = tag_text(tags[i]);
	layers[heap] = "shared memory";
	json_array_foreach(barriers, b, barrier)
	{
		double *bar = values + b * (heap + 1);
		bars[b] = text_in(barrier, "phase");
		for (size_t i = 0; i < heap; i++)
			bar[i] = (double)number_in(barrier, "by_tag", tags[i], NULL);
		bar[heap] = (double)number_in(barrier, "shared", NULL);
	}
	plot_stacked(page, title, bars, n, layers, heap + 1, values);
	free(bars);
	free(values);
}

/* Without barriers: the most bytes live while any session was in a phase. */
static void draw_phases(struct blob *page, const char *title, const json_t *phases)
{
	static const char *const layers[] = {"heap", "shared memory"};
	const size_t n = json_object_size(phases);
	const char **bars = tool_alloc(n * sizeof(*bars)), *name;
	double *values = tool_alloc(n * COUNT_OF(layers) * sizeof(*values));
	const json_t *phase;
	size_t b = 0;

	json_object_foreach((json_t *)(uintptr_t)phases, name, phase)
	{
		bars[b] = name;
		values[2 * b] = (double)number_in(phase, "heap", NULL);
		values[2 * b++ + 1] = (double)number_in(phase, "shared", NULL);
	}
	plot_stacked(page, title, bars, n, layers, COUNT_OF(layers), values);
	free(bars);
	free(values);
}

void page_memory_over_time(struct blob *page, const json_t *run)
{
	const bool held = json_array_size(json_object_get(run_role(run, "src"), "barriers")) > 3;

	blob_format(page, "<h2>Memory over time</h2><p class=\"note\">%lld sessions; %s.</p>"
			  "<div class=\"pair\">",
		(long long)run_sessions(run),
		held ? "bytes live while all of them stand at the barrier after each phase"
		     : "most bytes live while any session was in the phase (--hold all shows each "
		       "phase with all sessions in it)");
	for (size_t i = 0; i < COUNT_OF(role_names); i++) {
		const json_t *role = run_role(run, role_names[i]);
		AUTO_TEXT title = tool_text("Heap by user and shared memory, %s", role_title(run, i));
		if (held)
			draw_barriers(page, title, json_object_get(role, "barriers"));
		else
			draw_phases(page, title, json_object_get(role, "by_phase"));
	}
	blob_add_text(page, "</div>\n");
}

/* --- head-room --------------------------------------------------------------------------------- */

static void draw_regions(struct blob *page, const json_t *run)
{
	static const struct {
		const char *what, *peak, *size;
	} regions[] = {
		{"stack", "stack_peak", "stack_size"},
		{"heap", "heap_peak", "heap_size"},
		{"shared memory", "shared_peak", "shared_size"},
	};

	for (size_t i = 0; i < COUNT_OF(role_names); i++) {
		const json_t *role = run_role(run, role_names[i]);
		for (size_t k = 0; k < COUNT_OF(regions); k++) {
			AUTO_TEXT what = tool_text("%s, %s", regions[k].what, role_title(run, i));
			plot_headroom(page, what, number_in(role, regions[k].peak, NULL),
				k == 0 ? number_in(role, "stack_static_bound", NULL) : 0,
				number_in(role, regions[k].size, NULL));
		}
	}
}

/* What "everything else writable" may be in all. */
#define STATIC_BUDGET 0x20000

static void without_figure(struct blob *page, const struct fixed_limit *limits, size_t n)
{
	size_t told = 0;

	for (size_t i = 0; i < n; i++) {
		if (limits[i].today > 0)
			continue;
		AUTO_TEXT most = grouped_decimal(limits[i].limit);
		blob_add_text(page,
			told++ > 0 ? ", " : "<p class=\"note\">Without a figure of today: ");
		html_text(page, limits[i].what);
		blob_format(page, " (%s)", most);
	}
	if (told > 0)
		blob_add_text(page, ".</p>\n");
}

void page_headroom(struct blob *page, const json_t *run)
{
	struct fixed_limit limits[FIXED_LIMITS];
	const struct limits_today today = run_limits(run);
	const size_t n = fixed_limits(&today, limits);

	blob_add_text(page, "<h2>Head-room</h2><h3>Regions of this run</h3>");
	draw_regions(page, run);
	plot_headroom(page, "static data, of its budget",
		number_in(run_role(run, "dst"), "static_data", NULL), 0, STATIC_BUDGET);
	blob_add_text(page, "<p class=\"note\">The mark in the stack is its static bound. Regions "
			    "that a sweep chose have room to spare.</p><h3>Fixed limits</h3>");
	for (size_t i = 0; i < n; i++)
		if (limits[i].today > 0)
			plot_headroom(page, limits[i].what, limits[i].today, 0, limits[i].limit);
	without_figure(page, limits, n);
}
