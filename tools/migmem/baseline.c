/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* migmem baseline: of sweeps, what `compare`, `document` and `header` need, small enough to commit. */
#include <string.h>

#include "common/options.h"
#include "migmem/compare.h"
#include "migmem/figures.h"

static void keep(json_t *to, const json_t *from, const char *const *fields, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		json_t *value = json_object_get(from, fields[i]);
		if (value != NULL)
			json_object_set(to, fields[i], value);
	}
}

static json_t *keep_tags(const json_t *tags)
{
	static const char *const fields[] = {"reserved", "peak", "extent"};
	json_t *kept = json_object();
	const json_t *usage;
	const char *tag;

	json_object_foreach((json_t *)(uintptr_t)tags, tag, usage)
	{
		json_t *one = json_object();
		keep(one, usage, fields, COUNT_OF(fields));
		json_object_set_new(kept, tag, one);
	}
	return kept;
}

static json_t *keep_role(const json_t *role)
{
	static const char *const fields[] = {"stack_peak", "stack_static_bound", "stack_size",
		"heap_peak", "heap_requested_peak", "shared_peak", "private_copies", "static_data"};
	static const char *const counters[] = {"session_size", "record_size", "bignum_peak"};
	json_t *kept = json_object(), *few = json_object();

	keep(kept, role, fields, COUNT_OF(fields));
	json_object_set_new(kept, "by_tag", keep_tags(json_object_get(role, "by_tag")));
	keep(few, json_object_get(role, "counters"), counters, COUNT_OF(counters));
	json_object_set_new(kept, "counters", few);
	return kept;
}

/* What is the same in every run stands in the first only. */
static json_t *keep_run(const json_t *run, bool first)
{
	static const char *const fields[] = {"config", "facts", "leaked", "residue", "growth", "passed"};
	static const char *const program[] = {"static_sections", "static_symbols", "stack_path"};
	json_t *kept = json_object(), *roles = json_object();

	keep(kept, run, fields, COUNT_OF(fields));
	for (size_t i = 0; i < 2; i++) {
		const char *name = i == 0 ? "src" : "dst";
		json_t *role = keep_role(run_role(run, name));
		if (first && i == 1)
			keep(role, run_role(run, name), program, COUNT_OF(program));
		json_object_set_new(roles, name, role);
	}
	json_object_set_new(kept, "roles", roles);
	return kept;
}

static json_t *keep_sweep(const json_t *sweep)
{
	static const char *const fields[] = {"config", "equations", "policy_sizes", "quote_sizes",
		"passed"};
	json_t *kept = json_object(), *runs = json_array();
	const json_t *run;

	keep(kept, sweep, fields, COUNT_OF(fields));
	for (size_t i = 0; (run = result_run(sweep, i)) != NULL; i++)
		json_array_append_new(runs, keep_run(run, i == 0));
	json_object_set_new(kept, "runs", runs);
	return kept;
}

int command_baseline(int argc, char **argv)
{
	const char *output = NULL;
	struct option_list files = {0};
	const struct option_spec specs[] = {
		{"output", 'o', OPTION_TEXT, &output, "FILE", "baseline to write", true},
	};

	TOOL_TRY(options_parse(argc, argv, "migmem baseline SWEEP.json ... -o FILE", specs,
		COUNT_OF(specs), &files));
	if (files.n == 0)
		return tool_fail(TOOL_USAGE, "results of 'migmem sweep --json' are needed");
	AUTO_JSON sweeps = json_array();
	AUTO_JSON compiler = NULL;
	for (size_t i = 0; i < files.n; i++) {
		AUTO_JSON sweep = json_read_file(files.item[i]);
		if (sweep == NULL ||
			json_member(files.item[i], sweep, "equations", JSON_OBJECT) == NULL)
			return TOOL_USAGE;
		if (!json_is_true(json_object_get(sweep, "passed")))
			return tool_fail(TOOL_REJECT, "%s: the sweep did not pass", files.item[i]);
		json_decref(compiler);
		compiler = json_incref(json_object_get(sweep, "compiler"));
		json_array_append_new(sweeps, keep_sweep(sweep));
	}
	AUTO_JSON baseline = json_pack(
		"{s:s, s:O, s:O}", "schema", BASELINE_SCHEMA, "compiler", compiler, "sweeps", sweeps);
	AUTO_TEXT text = json_dumps(baseline, JSON_INDENT(1));
	AUTO_TEXT line = tool_text("%s\n", text);
	return file_write_text(output, line);
}
