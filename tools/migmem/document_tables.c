/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The tables of MEMORY.md. */
#include <inttypes.h>
#include <string.h>

#include "migmem/compare.h"
#include "migmem/document.h"
#include "migmem/figures.h"
#include "migmem/html.h"
#include "migmem/markdown.h"
#include "migmem/seed.h"
#include "migmem/sizing.h"

/* Smaller variables are not listed. */
#define VARIABLE_LEAST 1024

static const char *const title[QUANTITY_COUNT] = {"Stack", "Heap", "Shared memory"};

static bool has_both_roles(const json_t *sweep)
{
	return strcmp(result_roles(sweep), "both") == 0;
}

static const json_t *sweep_at(const json_t *baseline, size_t i)
{
	return json_array_get(json_object_get(baseline, "sweeps"), i);
}

/* "v2, different policies, vsock", and "initial TDINFO" or "both roles" */
static char *sweep_name(const json_t *sweep)
{
	const json_t *config = json_object_get(sweep, "config");
	const bool distinct = strcmp(text_in(config, "policies"), "distinct") == 0;

	return tool_text("%s, %s policies, %s%s%s", text_in(config, "policy"),
		distinct ? "different" : "equal", text_in(config, "transport"),
		has_init_tdinfo(sweep) ? ", initial TDINFO" : "",
		has_both_roles(sweep) ? ", both roles" : "");
}

/* The sweep whose single figures are shown: what sizes a TD. */
static const json_t *main_sweep(const json_t *baseline)
{
	return baseline_sweep(baseline, "v2", "distinct", "apart", "vsock");
}

/* --- equations --------------------------------------------------------------------------------- */

static void equation_rows(struct blob *to, const char *name, const struct equation *e)
{
	for (size_t q = 0; q < QUANTITY_COUNT; q++) {
		AUTO_TEXT fit = equation_text(e[q].fixed, e[q].per_session);
		AUTO_TEXT over = equation_text(e[q].envelope_fixed, e[q].envelope_per_session);
		blob_format(to, "| %s | %s | %s | %" PRId64 " | %s | %zu |\n", name, title[q], fit,
			e[q].max_residual, over, e[q].n);
	}
}

/* Bytes that the points of a sweep lie above the equations of another one; 0 when none does. */
static int64_t most_above(const json_t *sweep, const struct equation e[QUANTITY_COUNT])
{
	const json_t *run;
	int64_t most = 0;

	for (size_t k = 0; (run = result_run(sweep, k)) != NULL; k++)
		for (size_t q = 0; q < QUANTITY_COUNT; q++) {
			const int64_t above = worst_peak(run, q) -
					      equation_bytes(&e[q], run_sessions(run));
			most = above > most ? above : most;
		}
	return most;
}

/* Each sweep with both roles beside the one with the roles apart. */
static void both_roles(struct blob *to, const json_t *baseline)
{
	const json_t *sweep;

	for (size_t i = 0; (sweep = sweep_at(baseline, i)) != NULL; i++) {
		const json_t *config = json_object_get(sweep, "config");
		const json_t *apart = baseline_sweep(baseline, text_in(config, "policy"),
			text_in(config, "policies"), "apart", text_in(config, "transport"));
		struct equation e[QUANTITY_COUNT];
		AUTO_TEXT name = sweep_name(sweep);
		if (!has_both_roles(sweep) || apart == NULL ||
			equations_read("baseline", apart, e) != TOOL_OK)
			continue;
		AUTO_TEXT above = grouped_decimal(most_above(sweep, e));
		blob_format(to,
			"\n%s: each Migration TD is source of one half of its n sessions and "
			"destination of the other at\nthe same moment; its points lie at most %s bytes "
			"above the equations of the roles apart.\n",
			name, above);
	}
}

/* One line of a list that a sweep has, or nothing. */
static void input_line(struct blob *to, const json_t *list, const char *letter, const char *member,
	const char *what)
{
	AUTO_TEXT line = sizes_text(list, member, what);

	if (line[0] != '\0')
		blob_format(to, "- %s: %s", letter, line);
}

/* What the sizes of policies, quotes and event logs change. */
static void inputs(struct blob *to, const json_t *baseline)
{
	const json_t *v2 = main_sweep(baseline);
	const json_t *v1 = baseline_sweep(baseline, "v1", "same", "apart", "vsock");
	const json_t *logs = json_object_get(v1, "policy_sizes");

	blob_add_text(to, "\nFurther runs, alike but for one size:\n\n");
	input_line(to, json_object_get(v2, "policy_sizes"), "Policy bytes P", "policy_bytes",
		"Policies");
	input_line(to, json_object_get(v2, "quote_sizes"), "Quote bytes Q", "quote_bytes", "Quotes");
	input_line(to, logs, "Event-log bytes L (policy v1, which the log carries)",
		"event_log_bytes", "Event logs");
	blob_add_text(to, "\nWhat exceeds a limit below is refused.\n");
}

void document_equations(struct blob *to, const json_t *baseline)
{
	const json_t *sweep;

	blob_add_text(to, "\n## Equations\n\n"
			  "| Sweep | Bytes | Least squares | Furthest point off | No point lies above | "
			  "Points |\n|---|---|---|---:|---|---:|\n");
	for (size_t i = 0; (sweep = sweep_at(baseline, i)) != NULL; i++) {
		struct equation e[QUANTITY_COUNT];
		AUTO_TEXT name = sweep_name(sweep);
		if (equations_read("baseline", sweep, e) == TOOL_OK)
			equation_rows(to, name, e);
	}
	for (size_t q = 0; q < QUANTITY_COUNT; q++) {
		AUTO_TEXT seed =
			equation_text(seed_equation[q].fixed, seed_equation[q].per_session);
		blob_format(to, "| seed document | %s | %s | not stated | | not stated |\n",
			title[q], seed);
	}
	both_roles(to, baseline);
	inputs(to, baseline);
}

/* --- points ------------------------------------------------------------------------------------ */

void document_points(struct blob *to, const json_t *baseline)
{
	const json_t *sweep, *run;

	blob_add_text(to, "\n## Points\n\n| Sweep | n | Stack | Heap | Heap, requested | Shared memory "
			  "|\n|---|---:|---:|---:|---:|---:|\n");
	for (size_t i = 0; (sweep = sweep_at(baseline, i)) != NULL; i++) {
		AUTO_TEXT name = sweep_name(sweep);
		for (size_t k = 0; (run = result_run(sweep, k)) != NULL; k++) {
			AUTO_TEXT stack = grouped_decimal(worst_peak(run, QUANTITY_STACK));
			AUTO_TEXT heap = grouped_decimal(worst_peak(run, QUANTITY_HEAP));
			AUTO_TEXT shared = grouped_decimal(worst_peak(run, QUANTITY_SHARED));
			AUTO_TEXT requested = grouped_decimal(
				number_in(run_role(run, "dst"), "heap_requested_peak", NULL));
			blob_format(to, "| %s | %" PRId64 " | %s | %s | %s | %s |\n", name,
				run_sessions(run), stack, heap, requested, shared);
		}
	}
}

/* --- pools ------------------------------------------------------------------------------------- */

void document_pools(struct blob *to, const json_t *baseline)
{
	const json_t *run = result_largest(main_sweep(baseline)), *usage;
	const json_t *dst = run_role(run, "dst");
	const char *tag;

	blob_format(to, "\n## Who uses the heap\n\nDestination, %" PRId64
			" sessions with different policies, region sized for them.\n\n"
			"| What | Tag | Reserved | Used, high-water | Extent |\n"
			"|---|---|---:|---:|---:|\n",
		run_sessions(run));
	json_object_foreach((json_t *)(uintptr_t)json_object_get(dst, "by_tag"), tag, usage)
	{
		AUTO_TEXT reserved = grouped_decimal(number_in(usage, "reserved", NULL));
		AUTO_TEXT peak = grouped_decimal(number_in(usage, "peak", NULL));
		AUTO_TEXT extent = grouped_decimal(number_in(usage, "extent", NULL));
		blob_format(to, "| %s | `%s` | %s | %s | %s |\n", tag_text(tag), tag, reserved, peak,
			extent);
	}
	AUTO_TEXT session = grouped_decimal(number_in(dst, "counters", "session_size", NULL));
	AUTO_TEXT record = grouped_decimal(number_in(dst, "counters", "record_size", NULL));
	AUTO_TEXT bignum = grouped_decimal(number_in(dst, "counters", "bignum_peak", NULL));
	AUTO_TEXT copies = grouped_decimal(number_in(dst, "private_copies", NULL));
	blob_format(to,
		"\nA session's arena has %s bytes, a policy record %s. Of the bignum arena at most %s "
		"bytes were used.\nPrivate memory that shadows shared pages, counted above: %s "
		"bytes.\n",
		session, record, bignum, copies);
}

/* --- stack ------------------------------------------------------------------------------------- */

void document_stack(struct blob *to, const json_t *baseline)
{
	const json_t *sweep = main_sweep(baseline), *call;
	const json_t *path = json_object_get(run_role(result_run(sweep, 0), "dst"), "stack_path");
	AUTO_TEXT painted = grouped_decimal(worst_peak(result_largest(sweep), QUANTITY_STACK));
	AUTO_TEXT bound = grouped_decimal(sizing_stack(baseline));
	int64_t sum = 0;
	size_t i;

	blob_format(to, "\n## Stack\n\nPainted %s ≤ static bound %s ≤ region 16,384 bytes (compiler "
			"%s). The deepest way:\n\n"
			"| Function | Frame | In all |\n|---|---:|---:|\n",
		painted, bound, text_in(baseline, "compiler"));
	json_array_foreach(path, i, call)
	{
		const int64_t frame = json_integer_value(json_array_get(call, 1));
		sum += frame;
		AUTO_TEXT all = grouped_decimal(sum);
		AUTO_TEXT own = grouped_decimal(frame);
		blob_format(to, "| `%s` | %s | %s |\n", json_string_value(json_array_get(call, 0)),
			own, all);
	}
}

/* --- everything else writable ------------------------------------------------------------------ */

void document_static(struct blob *to, const json_t *baseline)
{
	const json_t *dst = run_role(result_run(main_sweep(baseline), 0), "dst"), *value;
	AUTO_TEXT all = grouped_decimal(sizing_static(baseline));
	const char *name;

	blob_format(to, "\n## Everything else writable\n\n%s bytes in the process port, none of them "
			"per session: most of it is the C library's.\nThe event log takes none, it is "
			"generated as it is sent; there are no log pages and no page tables\nof our "
			"own.\n\n| Section | Bytes |\n|---|---:|\n",
		all);
	json_object_foreach(
		(json_t *)(uintptr_t)json_object_get(dst, "static_sections"), name, value)
	{
		AUTO_TEXT bytes = grouped_decimal(json_integer_value(value));
		blob_format(to, "| `%s` | %s |\n", name, bytes);
	}
	blob_add_text(to, "\n| Variable of 1 KiB or more | Bytes |\n|---|---:|\n");
	json_object_foreach(
		(json_t *)(uintptr_t)json_object_get(dst, "static_symbols"), name, value)
	{
		AUTO_TEXT bytes = grouped_decimal(json_integer_value(value));
		if (json_integer_value(value) >= VARIABLE_LEAST)
			blob_format(to, "| `%s` | %s |\n", name, bytes);
	}
}

/* --- limits ------------------------------------------------------------------------------------ */

void document_limits(struct blob *to, const json_t *baseline)
{
	struct limits_today today = run_limits(result_largest(main_sweep(baseline)));
	struct fixed_limit limits[FIXED_LIMITS];
	const json_t *sweep;

	today.stack_bound = sizing_stack(baseline);
	/* The largest message is that with policy v1, whose event log carries the policy. */
	for (size_t i = 0; (sweep = sweep_at(baseline, i)) != NULL; i++) {
		const struct limits_today other = run_limits(result_largest(sweep));
		if (other.event_log_bytes > today.event_log_bytes)
			today.event_log_bytes = other.event_log_bytes;
	}
	const size_t n = fixed_limits(&today, limits);
	blob_add_text(to, "\n## Fixed limits\n\nEvery size that something from outside must fit "
			  "into.\n\n| What | Limit | Today | Of | Head-room | Beyond it |\n"
			  "|---|---:|---:|---|---:|---|\n");
	for (size_t i = 0; i < n; i++) {
		const struct fixed_limit *l = &limits[i];
		AUTO_TEXT limit = grouped_decimal(l->limit);
		AUTO_TEXT now = l->today > 0 ? grouped_decimal(l->today) : tool_text("–");
		AUTO_TEXT room = l->today > 0 ? tool_text("%" PRId64 " %%",
							(l->limit - l->today) * 100 / l->limit)
					      : tool_text("–");
		blob_format(to, "| %s | %s%s%s | %s | %s | %s | %s |\n", l->what, limit,
			l->unit[0] != '\0' ? " " : "", l->unit, now,
			l->today_is != NULL ? l->today_is : "not known", room, l->beyond);
	}
}
