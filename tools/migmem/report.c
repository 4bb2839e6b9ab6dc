/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A run's results as text and as JSON (schema "migmem-1"). */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_text.h"
#include "build_info.h"
#include "migmem/pass.h"
#include "migmem/phases.h"
#include "migmem/report_page.h"
#include "migmem/run.h"
#include "migmem/seed.h"

static void print_row(
	FILE *to, const char *name, const struct run_result *r, const char *counter, uint64_t seed)
{
	const int64_t src = counter_of(r->td[SIDE_A].counters, counter);
	const int64_t dst = counter_of(r->td[SIDE_B].counters, counter);
	const int64_t worst = src > dst ? src : dst;

	fprintf(to, "%-26s %11" PRId64 " %11" PRId64 " %13" PRIu64, name, src, dst, seed);
	if (worst > 0)
		fprintf(to, " %11.1fx", (double)seed / (double)worst);
	fprintf(to, "\n");
}

static void print_table(FILE *to, const struct run_options *o, const struct run_result *r)
{
	fprintf(to,
		"\n%" PRIu64 " sessions at once%s over %s, policy %s of %zu bytes, %s policies\n",
		o->sessions, o->both ? " in each MigTD, both ways" : "", o->transport, o->policy,
		r->policy_bytes, o->distinct ? "different" : "equal");
	fprintf(to, "%-26s %11s %11s %13s %12s\n", "bytes", o->both ? "host a" : "source",
		o->both ? "host b" : "destination", "seed document", "smaller by");
	print_row(to, "stack", r, "stack_peak", SEED_STACK);
	if (r->program.stack_static_bound > 0)
		fprintf(to, "%-26s %11zu %11zu\n", "stack, static bound",
			r->program.stack_static_bound, r->program.stack_static_bound);
	print_row(to, "heap, extent", r, "heap_extent_peak",
		SEED_HEAP_FIXED + SEED_HEAP_PER_SESSION * o->sessions);
	print_row(to, "shared memory, extent", r, "shared_extent_peak",
		SEED_SHARED_FIXED + SEED_SHARED_PER_SESSION * o->sessions);
}

/* As upstream prints it, with the decimal beside. */
static char *hex_line(const char *name, int64_t bytes)
{
	return tool_text("%s: %" PRIx64 " (%" PRId64 " bytes)", name, (uint64_t)bytes, bytes);
}

static void print_hex_line(FILE *to, const char *name, const json_t *counters, const char *counter)
{
	AUTO_TEXT line = hex_line(name, counter_of(counters, counter));
	fprintf(to, "%s\n", line);
}

static void print_tags(FILE *to, const json_t *counters)
{
	const char *tag;
	const json_t *usage;

	fprintf(to, "%-20s %12s %12s %12s\n", "heap by user", "reserved", "peak", "extent");
	json_object_foreach((json_t *)(uintptr_t)json_object_get(counters, "by_tag"), tag, usage)
		fprintf(to, "  %-18s %12" PRId64 " %12" PRId64 " %12" PRId64 "\n", tag,
			counter_of(usage, "reserved"), counter_of(usage, "peak"),
			counter_of(usage, "extent"));
}

static void print_sessions(FILE *to, const json_t *sessions)
{
	const json_t *s;
	size_t i;

	if (json_array_size(sessions) == 0)
		return;
	fprintf(to, "at the barrier%-14s %12s %12s\n", "", "heap", "shared");
	json_array_foreach(sessions, i, s)
	{
		if (i == 16) {
			fprintf(to, "  ... and %zu more\n", json_array_size(sessions) - i);
			break;
		}
		AUTO_TEXT name = tool_text("request %" JSON_INTEGER_FORMAT " in %s",
			(json_int_t)counter_of(s, "request_id"),
			json_string_value(json_object_get(s, "phase")));
		fprintf(to, "  %-26s %12" PRId64 " %12" PRId64 "\n", name, counter_of(s, "heap"),
			counter_of(s, "shared"));
	}
}

/* The seed document's lines of both Migration TDs, one beside the other. */
static void print_beside(FILE *to, const struct run_options *o, const struct run_result *r)
{
	static const struct {
		const char *name, *counter;
	} lines[] = {
		{"max stack usage", "stack_peak"},
		{"max heap usage", "heap_extent_peak"},
	};
	const struct td_result *a = &r->td[SIDE_A], *b = &r->td[SIDE_B];

	fprintf(to, "migtd-%-34s migtd-%s\n", side_name(o, SIDE_A), side_name(o, SIDE_B));
	AUTO_TEXT completed = tool_text("MSK exchange completed: %zu times", a->msk_lines);
	fprintf(to, "%-40s MSK exchange completed: %zu times\n", completed, b->msk_lines);
	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		AUTO_TEXT left = hex_line(lines[i].name, counter_of(a->counters, lines[i].counter));
		AUTO_TEXT right = hex_line(lines[i].name, counter_of(b->counters, lines[i].counter));
		fprintf(to, "%-40s %s\n", left, right);
	}
}

void report_print(FILE *to, const struct run_options *o, const struct run_result *r)
{
	print_table(to, o, r);
	if (o->brief) {
		print_beside(to, o, r);
		fflush(to);
		return;
	}
	for (enum side side = 0; side < SIDE_COUNT; side++) {
		const struct td_result *one = &r->td[side];
		fprintf(to, "\nmigtd-%s\n", side_name(o, side));
		fprintf(to, "MSK exchange completed: %zu times\n", one->msk_lines);
		print_hex_line(to, "max stack usage", one->counters, "stack_peak");
		print_hex_line(to, "max heap usage", one->counters, "heap_extent_peak");
		print_hex_line(to, "max shared memory usage", one->counters, "shared_extent_peak");
		print_tags(to, one->counters);
		print_sessions(to, one->sessions);
	}
	fflush(to);
}

/* --- JSON ---------------------------------------------------------------------------------- */

static void copy(json_t *to, const char *name, const json_t *counters, const char *counter)
{
	json_t *value = json_object_get(counters, counter);
	json_object_set(to, name, value != NULL ? value : json_null());
}

static json_t *by_phase(const json_t *counters)
{
	json_t *phases = json_object();

	for (size_t i = 0; i < phase_count; i++)
		json_object_set_new(phases, phase_words[i],
			json_pack("{s:I, s:I}", "heap",
				counter_of(
					json_object_get(counters, "heap_by_phase"), phase_words[i]),
				"shared",
				counter_of(json_object_get(counters, "shared_by_phase"),
					phase_words[i])));
	return phases;
}

static json_t *role_json(const struct td_result *r, const struct program *program)
{
	static const char *const same[] = {
		"heap_requested_peak", "heap_size", "shared_size", "private_copies"};
	json_t *role = json_object();

	copy(role, "stack_peak", r->counters, "stack_peak");
	json_object_set_new(role, "stack_static_bound",
		program->stack_static_bound > 0
			? json_integer((json_int_t)program->stack_static_bound)
			: json_null());
	copy(role, "stack_size", r->counters, "stack_size");
	copy(role, "heap_peak", r->counters, "heap_extent_peak");
	copy(role, "shared_peak", r->counters, "shared_extent_peak");
	for (size_t i = 0; i < COUNT_OF(same); i++)
		copy(role, same[i], r->counters, same[i]);
	json_object_set_new(role, "static_data", json_integer((json_int_t)program->static_data));
	json_object_set(role, "static_sections", program->sections);
	json_object_set(role, "static_symbols", program->symbols);
	if (program->stack_path != NULL)
		json_object_set(role, "stack_path", program->stack_path);
	copy(role, "config_bytes", r->counters, "config_bytes");
	copy(role, "by_tag", r->counters, "by_tag");
	json_object_set_new(role, "by_phase", by_phase(r->counters));
	json_object_set_new(
		role, "by_session", r->sessions != NULL ? json_incref(r->sessions) : json_array());
	copy(role, "counters", NULL, "");
	if (r->counters != NULL)
		json_object_set(role, "counters", r->counters);
	if (r->at_barrier != NULL)
		json_object_set(role, "at_barrier", r->at_barrier);
	if (r->barriers != NULL)
		json_object_set(role, "barriers", r->barriers);
	return role;
}

static json_t *sessions_json(const struct run_options *o, const struct run_result *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->n; i++) {
		const struct session_result *s = &r->sessions[i];
		json_t *one = json_pack("{s:I, s:i, s:i, s:b, s:I}", "id", (json_int_t)s->id,
			"src_status", s->status[ROLE_SRC], "dst_status", s->status[ROLE_DST],
			"msk_match", s->msk_match, "ms", (json_int_t)s->ms);
		if (s->reason[ROLE_SRC] != NULL)
			json_object_set_new(one, "src_reason", json_string(s->reason[ROLE_SRC]));
		if (s->reason[ROLE_DST] != NULL)
			json_object_set_new(one, "dst_reason", json_string(s->reason[ROLE_DST]));
		if (r->n > 0 && r->sessions[r->n - 1].measured != r->sessions[0].measured)
			json_object_set_new(one, "measured", json_string(side_name(o, s->measured)));
		json_array_append_new(list, one);
	}
	return list;
}

json_t *report_json(const struct run_options *o, const struct run_result *r, bool passed)
{
	/* clang-format off */
	return json_pack("{s:s, s:s, s:s,"
		" s:{s:I, s:s, s:I, s:s, s:b, s:s, s:s, s:s, s:s, s:s, s:I, s:I}, s:O, s:{s:o, s:o}, s:o,"
		" s:I, s:I, s:I, s:I, s:b}",
		"schema", "migmem-1",
		"git", BUILD_GIT,
		"compiler", BUILD_COMPILER,
		"config",
			"sessions", (json_int_t)o->sessions,
			"policy", o->policy,
			"policy_bytes", (json_int_t)r->policy_bytes,
			"policies", o->policies,
			"init_tdinfo", o->init_tdinfo,
			"roles", o->roles,
			"transport", o->transport,
			"attestation", "spdm",
			"target", o->target,
			"hold", o->hold,
			"rounds", (json_int_t)o->rounds,
			"seed", (json_int_t)o->seed,
		"facts", r->facts,
		"roles",
			"src", role_json(&r->td[SIDE_A], &r->program),
			"dst", role_json(&r->td[SIDE_B], &r->program),
		"sessions", sessions_json(o, r),
		"leaked", (json_int_t)r->leaked,
		"leaked_shared", (json_int_t)r->leaked_shared,
		"residue", (json_int_t)r->residue,
		"growth", (json_int_t)r->growth,
		"passed", passed);
	/* clang-format on */
}

int report_json_text(const struct run_options *o, const char *text)
{
	if (o->json == NULL)
		return TOOL_OK;
	if (strcmp(o->json, "-") != 0)
		return file_write_text(o->json, text);
	return puts(text) >= 0 && fflush(stdout) == 0
		       ? TOOL_OK
		       : tool_fail(TOOL_USAGE, "cannot write the results to the standard output");
}

static int write_folder(const struct run_options *o, const struct run_result *r, const json_t *report,
	const char *json)
{
	AUTO_TEXT json_path = tool_text("%s/run.json", o->report);
	AUTO_TEXT text_path = tool_text("%s/run.txt", o->report);
	AUTO_TEXT text = NULL;
	size_t n = 0;

	TOOL_TRY(folder_make(o->report));
	TOOL_TRY(file_write_text(json_path, json));
	if (!r->complete)
		return TOOL_OK;
	FILE *to = open_memstream(&text, &n);
	if (to == NULL)
		return tool_fail(TOOL_USAGE, "out of memory");
	report_print(to, o, r);
	fclose(to);
	TOOL_TRY(file_write_text(text_path, text));
	return report_page_write(report, o->report);
}

int report_write(const struct run_options *o, const struct run_result *r, bool passed)
{
	AUTO_JSON report = report_json(o, r, passed);

	if (report == NULL)
		return tool_fail(TOOL_USAGE, "out of memory");
	AUTO_TEXT text = json_dumps(report, JSON_INDENT(2));
	TOOL_TRY(report_json_text(o, text));
	return o->report != NULL ? write_folder(o, r, report, text) : TOOL_OK;
}
