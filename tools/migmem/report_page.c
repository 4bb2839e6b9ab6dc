/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define _GNU_SOURCE
#include "migmem/report_page.h"

#include <inttypes.h>
#include <string.h>

#include "migmem/figures.h"
#include "migmem/html.h"
#include "migmem/markdown.h"
#include "migmem/seed.h"

#define SESSIONS_SHOWN 256

static const char *const role_names[] = {"src", "dst"};
static const char *const quantity_title[QUANTITY_COUNT] = {"stack", "heap", "shared memory"};

static int64_t seed_bytes(enum quantity q, int64_t sessions)
{
	return seed_equation[q].fixed + seed_equation[q].per_session * sessions;
}

/* --- head -------------------------------------------------------------------------------------- */

static void page_head(struct blob *page, const json_t *result, const json_t *run)
{
	const bool passed = json_is_true(json_object_get(result, "passed"));
	const json_t *config = json_object_get(run, "config");
	static const char *const field[] = {
		"policy", "policies", "roles", "transport", "target", "hold", "attestation"};

	blob_format(page, "<h1>Memory of a Migration TD<span class=\"badge %s\">%s</span></h1>\n<p>",
		passed ? "ok" : "bad", passed ? "PASSED" : "FAILED");
	AUTO_TEXT bytes = grouped_decimal(number_in(config, "policy_bytes", NULL));
	blob_format(page, "%s%" PRId64 " sessions at once, SPDM, policy of %s bytes; revision ",
		result_is_sweep(result) ? "Up to " : "", run_sessions(run), bytes);
	html_text(page, text_in(result, "git"));
	blob_add_text(page, ", compiler ");
	html_text(page, text_in(result, "compiler"));
	blob_add_text(page, ".</p>\n<p class=\"note\">");
	for (size_t i = 0; i < COUNT_OF(field); i++) {
		blob_format(page, "%s%s: ", i > 0 ? " · " : "", field[i]);
		html_text(page, text_in(config, field[i]));
	}
	blob_format(page, " · rounds: %" PRId64 " · seed: %" PRId64 "</p>\n",
		number_in(config, "rounds", NULL), number_in(config, "seed", NULL));
}

/* --- beside the seed document ------------------------------------------------------------------ */

static void page_beside_seed(struct blob *page, const json_t *run)
{
	const char *const heads[] = {"<bytes", role_title(run, 0), role_title(run, 1),
		"seed document", "smaller by"};
	const int64_t n = run_sessions(run);

	blob_format(page, "<h2>Beside the seed document</h2><p>%" PRId64 " sessions held at the same "
			  "moment.</p>\n",
		n);
	html_table_begin(page, heads, COUNT_OF(heads));
	for (size_t q = 0; q < QUANTITY_COUNT; q++) {
		const int64_t worst = worst_peak(run, q);
		html_row_begin(page);
		html_cell_text(page, quantity_title[q]);
		for (size_t i = 0; i < COUNT_OF(role_names); i++)
			html_cell_number(page,
				number_in(run_role(run, role_names[i]), quantity_peak[q], NULL));
		html_cell_number(page, seed_bytes(q, n));
		blob_format(page, "<td>%.1f ×</td>",
			worst > 0 ? (double)seed_bytes(q, n) / (double)worst : 0);
		html_row_end(page);
	}
	html_table_end(page);
	blob_add_text(page, "<p class=\"note\">Stack: painted high-water mark. Heap: extent, "
			    "allocator overhead included. Shared memory: extent; the seed document "
			    "deduced its figure and counts no private shadow.</p>\n");
}

static void page_equations(struct blob *page, const json_t *sweep)
{
	static const char *const heads[] = {"<bytes for n sessions", "<least squares",
		"furthest point off", "<no point lies above", "points", "<seed document"};
	struct equation e[QUANTITY_COUNT];

	if (!result_is_sweep(sweep) || equations_read("sweep", sweep, e) != TOOL_OK)
		return;
	blob_add_text(page, "<h2>Equations</h2>\n");
	html_table_begin(page, heads, COUNT_OF(heads));
	for (size_t q = 0; q < QUANTITY_COUNT; q++) {
		AUTO_TEXT fit = equation_text(e[q].fixed, e[q].per_session);
		AUTO_TEXT over =
			equation_text(e[q].envelope_fixed, e[q].envelope_per_session);
		AUTO_TEXT seed =
			equation_text(seed_equation[q].fixed, seed_equation[q].per_session);
		html_row_begin(page);
		html_cell_text(page, quantity_title[q]);
		html_cell_text(page, fit);
		html_cell_number(page, e[q].max_residual);
		html_cell_text(page, over);
		html_cell_number(page, (int64_t)e[q].n);
		html_cell_text(page, seed);
		html_row_end(page);
	}
	html_table_end(page);
	AUTO_TEXT lines = input_sizes_text(sweep);
	for (char *rest = lines, *line; (line = strsep(&rest, "\n")) != NULL;) {
		if (line[0] == '\0')
			continue;
		blob_add_text(page, "<p>");
		html_text(page, line);
		blob_add_text(page, "</p>\n");
	}
}

/* --- tables ------------------------------------------------------------------------------------ */

/* The counter with the size of one element of a pool; NULL: no pool. */
static const char *element_counter(const char *tag)
{
	static const char *const counters[][2] = {{"MEM_SESSION", "session_size"},
		{"MEM_RECORD", "record_size"}, {"MEM_TDINFO", "tdinfo_size"}};

	for (size_t i = 0; i < COUNT_OF(counters); i++)
		if (strcmp(tag, counters[i][0]) == 0)
			return counters[i][1];
	return NULL;
}

static void page_tags(struct blob *page, const json_t *run)
{
	static const char *const heads[] = {"<heap of the destination by user", "<tag", "reserved",
		"used, peak", "extent", "per session"};
	const json_t *tags = json_object_get(run_role(run, "dst"), "by_tag"), *usage;
	const char *tag;

	blob_add_text(page, "<h2>Who uses the heap</h2>\n");
	html_table_begin(page, heads, COUNT_OF(heads));
	json_object_foreach((json_t *)(uintptr_t)tags, tag, usage)
	{
		const char *each = element_counter(tag);
		html_row_begin(page);
		html_cell_text(page, tag_text(tag));
		html_cell_text(page, tag);
		html_cell_number(page, number_in(usage, "reserved", NULL));
		html_cell_number(page, number_in(usage, "peak", NULL));
		html_cell_number(page, number_in(usage, "extent", NULL));
		if (each != NULL)
			html_cell_number(page, number_in(run_role(run, "dst"), "counters", each, NULL));
		else
			blob_add_text(page, "<td></td>");
		html_row_end(page);
	}
	html_table_end(page);
	const json_t *dst = run_role(run, "dst");
	AUTO_TEXT copies = grouped_decimal(number_in(dst, "private_copies", NULL));
	AUTO_TEXT config = grouped_decimal(number_in(dst, "config_bytes", NULL));
	blob_format(page, "<p class=\"note\">Private memory that shadows shared pages: %s bytes, in "
			  "the heap above. Configuration in place, outside the heap: %s bytes.</p>\n",
		copies, config);
}

static void session_row(struct blob *page, const json_t *s)
{
	const bool ok = number_in(s, "src_status", NULL) == 0 &&
			number_in(s, "dst_status", NULL) == 0 &&
			json_is_true(json_object_get(s, "msk_match"));

	html_row_begin(page);
	html_cell_number(page, number_in(s, "id", NULL));
	html_cell_text(page, text_in(s, "measured"));
	html_cell_number(page, number_in(s, "src_status", NULL));
	html_cell_number(page, number_in(s, "dst_status", NULL));
	html_cell_text(page, json_is_true(json_object_get(s, "msk_match")) ? "same" : "differ");
	html_cell_number(page, number_in(s, "ms", NULL));
	blob_add_text(page, ok ? "<td class=\"t\">" : "<td class=\"t miss\">");
	html_text(page, text_in(s, "src_reason"));
	blob_add_text(page, " ");
	html_text(page, text_in(s, "dst_reason"));
	blob_add_text(page, "</td>");
	html_row_end(page);
}

static size_t failures(const json_t *run)
{
	const json_t *s;
	size_t i, n = 0;

	json_array_foreach(json_object_get(run, "sessions"), i, s)
		n += number_in(s, "src_status", NULL) != 0 ||
		     number_in(s, "dst_status", NULL) != 0 ||
		     !json_is_true(json_object_get(s, "msk_match"));
	return n;
}

static void page_sessions(struct blob *page, const json_t *run)
{
	static const char *const heads[] = {"session", "<measured", "source's result",
		"destination's result", "<keys", "ms", "<reason"};
	const json_t *sessions = json_object_get(run, "sessions"), *s;
	const size_t n = json_array_size(sessions), failed = failures(run);
	size_t i;

	blob_format(page, "<h2>Sessions</h2><details%s><summary>%zu sessions of the last round, %zu "
			  "of them failed</summary>\n",
		failed > 0 || n <= 8 ? " open" : "", n, failed);
	html_table_begin(page, heads, COUNT_OF(heads));
	json_array_foreach(sessions, i, s)
		if (i < SESSIONS_SHOWN || failed > 0)
			session_row(page, s);
	html_table_end(page);
	if (i > SESSIONS_SHOWN && failed == 0)
		blob_format(page, "<p class=\"note\">The first %d are shown.</p>\n",
			SESSIONS_SHOWN);
	blob_add_text(page, "</details>\n");
}

static void page_barriers(struct blob *page, const json_t *run)
{
	static const char *const heads[] = {
		"request", "<phase", "<state", "heap", "shared memory"};
	const json_t *list = json_object_get(run_role(run, "dst"), "by_session"), *s;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	blob_add_text(page, "<details><summary>Memory of each session of the destination, at the "
			    "last barrier</summary>\n");
	html_table_begin(page, heads, COUNT_OF(heads));
	json_array_foreach(list, i, s)
	{
		if (i == SESSIONS_SHOWN)
			break;
		html_row_begin(page);
		html_cell_number(page, number_in(s, "request_id", NULL));
		html_cell_text(page, text_in(s, "phase"));
		html_cell_text(page, json_is_true(json_object_get(s, "queued")) ? "queued" : "held");
		html_cell_number(page, number_in(s, "heap", NULL));
		html_cell_number(page, number_in(s, "shared", NULL));
		html_row_end(page);
	}
	html_table_end(page);
	blob_add_text(page, "</details>\n");
}

/* --- stack and static data --------------------------------------------------------------------- */

static void page_stack(struct blob *page, const json_t *run)
{
	static const char *const heads[] = {"<function", "frame", "in all"};
	const json_t *dst = run_role(run, "dst"), *path = json_object_get(dst, "stack_path"), *call;
	int64_t sum = 0;
	size_t i;

	blob_add_text(page, "<h2>Three looks at the stack</h2>\n");
	AUTO_TEXT painted = grouped_decimal(worst_peak(run, QUANTITY_STACK));
	AUTO_TEXT bound = grouped_decimal(number_in(dst, "stack_static_bound", NULL));
	AUTO_TEXT size = grouped_decimal(number_in(dst, "stack_size", NULL));
	blob_format(page, "<p>Painted high-water mark <b>%s</b> ≤ bound from the call graph <b>%s</b> "
			  "≤ region <b>%s</b>, with a guard page below it.</p>\n",
		painted, path != NULL ? bound : "(not known in this build)", size);
	if (path == NULL)
		return;
	blob_add_text(page, "<details open><summary>The deepest path</summary>\n");
	html_table_begin(page, heads, COUNT_OF(heads));
	json_array_foreach(path, i, call)
	{
		const int64_t frame = json_integer_value(json_array_get(call, 1));
		sum += frame;
		html_row_begin(page);
		html_cell_text(page, json_string_value(json_array_get(call, 0)));
		html_cell_number(page, frame);
		html_cell_number(page, sum);
		html_row_end(page);
	}
	html_table_end(page);
	blob_add_text(page, "</details>\n");
}

static void page_objects(struct blob *page, const char *head, const json_t *sizes)
{
	const char *const heads[] = {head, "bytes"};
	const char *name;
	const json_t *bytes;

	html_table_begin(page, heads, COUNT_OF(heads));
	json_object_foreach((json_t *)(uintptr_t)sizes, name, bytes)
	{
		html_row_begin(page);
		html_cell_text(page, name);
		html_cell_number(page, json_integer_value(bytes));
		html_row_end(page);
	}
	html_table_end(page);
}

static void page_static(struct blob *page, const json_t *run)
{
	const json_t *dst = run_role(run, "dst");
	AUTO_TEXT bytes = grouped_decimal(number_in(dst, "static_data", NULL));

	blob_format(page, "<h2>Static data</h2><p>%s bytes, none of it per session.</p><details>"
			  "<summary>Writable sections, and variables of 256 bytes or more"
			  "</summary><div class=\"pair\">\n",
		bytes);
	page_objects(page, "<section", json_object_get(dst, "static_sections"));
	page_objects(page, "<variable", json_object_get(dst, "static_symbols"));
	blob_add_text(page, "</div></details>\n");
}

/* --- the page ---------------------------------------------------------------------------------- */

static void page_of(const json_t *result, struct blob *page)
{
	const json_t *run = result_largest(result);

	html_begin(page, "Memory of a Migration TD");
	page_head(page, result, run);
	page_beside_seed(page, run);
	page_equations(page, result);
	page_memory_over_sessions(page, result);
	page_memory_over_time(page, run);
	page_tags(page, run);
	page_headroom(page, run);
	page_stack(page, run);
	page_static(page, run);
	page_sessions(page, run);
	page_barriers(page, run);
	html_end(page);
}

int report_page_write(const json_t *result, const char *folder)
{
	AUTO_TEXT html_path = tool_text("%s/report.html", folder);
	AUTO_TEXT markdown_path = tool_text("%s/report.md", folder);
	AUTO_BLOB page = {0};
	AUTO_BLOB markdown = {0};

	if (result_largest(result) == NULL)
		return TOOL_OK;
	page_of(result, &page);
	markdown_summary(&markdown, result);
	TOOL_TRY(folder_make(folder));
	TOOL_TRY(file_write(html_path, page.data, page.size));
	return file_write(markdown_path, markdown.data, markdown.size);
}
