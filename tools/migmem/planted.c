/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "migmem/planted.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "migmem/compare.h"
#include "migmem/figures.h"
#include "migmem/options.h"
#include "migmem/run.h"

/* Which figure must name the fault, and by how much it grows: so much, and so much a session. */
static const struct plant {
	const char *program, *what;
	const char *figure;
	int64_t once, each;
	bool distinct;		/* shows with different policies only */
	size_t rounds;
} plants[] = {
	{"migtd-planted-session", "1 KiB more a session", "dst: heap of MEM_SESSION", 0, 1024,
		false, 1},
	{"migtd-planted-page", "one page more", "dst: heap of MEM_SCRATCH", 4096, 0, false, 1},
	{"migtd-planted-leak", "a leak in each round", "growth after the first round", 1, 0, true,
		3},
	{"migtd-planted-shared", "a forgotten shared page", "not given back, shared memory", 4096,
		0, false, 1},
	{"migtd-planted-wipe", "a skipped wipe", "not wiped", 1, 0, false, 1},
	{"migtd-planted-static", "memory of sessions in static data", "variable planted_static",
		64 * 1024, 0, false, 1},
	{"migtd-planted-frame", "a deep frame", "dst: stack, painted", 2048, 0, false, 1},
	{"array/migtd-planted-array", "a large array that is not written", "stack, static bound",
		4096, 0, false, 1},
};

#define ROOM_FOR_LEAKS "16"

/* All figures of one quiet run; NULL when it did not come to its end. */
static json_t *figures_of(const struct run_options *base, const char *program,
	const struct plant *plant, json_t **path)
{
	struct run_options o = *base;
	struct run_result r;
	json_t *figures = NULL;

	o.migtd = program;
	o.rounds = plant->rounds;
	o.policies = plant->distinct ? "distinct" : "same";
	/* Room for what leaks, so that it shows as growth and not as a lack. */
	o.sessions_max = ROOM_FOR_LEAKS;
	if (run_check(&o) != TOOL_OK)
		return NULL;
	o.out = base->out;
	if (run_execute(&o, &r) == TOOL_OK) {
		AUTO_JSON run = report_json(&o, &r, true);
		AUTO_JSON variables = variable_figures(run);
		figures = run_figures(run);
		json_object_update(figures, variables);
		json_object_set_new(figures, "not given back, shared memory",
			json_integer((json_int_t)r.leaked_shared));
		*path = json_incref(json_object_get(run_role(run, "dst"), "stack_path"));
	}
	run_release(&r);
	return figures;
}

/* Whether the deepest way goes through a function of that name. */
static bool on_path(const json_t *path, const char *function)
{
	const json_t *call;
	size_t i;

	json_array_foreach(path, i, call)
		if (strcmp(json_string_value(json_array_get(call, 0)), function) == 0)
			return true;
	return false;
}

static void tell(const struct plant *p, bool seen, int64_t was, int64_t is, const char *where)
{
	printf("%-12s planted: %s; \"%s\" %" PRId64 " -> %" PRId64 "%s%s\n",
		seen ? "ok" : "NOT NOTICED", p->what, p->figure, was, is,
		where[0] != '\0' ? " by " : "", where);
	fflush(stdout);
}

static bool notices(const struct run_options *o, const char *folder, const struct plant *p)
{
	AUTO_TEXT program = tool_text("%s/%s", folder, p->program);
	AUTO_TEXT sound = tool_text("%s/migtd-planted-none", folder);
	AUTO_JSON path = NULL;
	AUTO_JSON unused = NULL;
	AUTO_JSON before = figures_of(o, sound, p, &unused);
	AUTO_JSON after = figures_of(o, program, p, &path);
	const int64_t was = number_in(before, p->figure, NULL);
	const int64_t is = number_in(after, p->figure, NULL);
	const bool bound = strcmp(p->figure, "stack, static bound") == 0;
	/* The sound build has no bound of its own: the function on the way is the proof. */
	const bool named = !bound || on_path(path, "planted_array");
	const bool seen = before != NULL && after != NULL && named &&
			  is - was >= p->once + p->each * (int64_t)o->sessions;

	tell(p, seen, was, is, bound && named ? "planted_array" : "");
	return seen;
}

size_t planted_faults(const struct run_options *o, const char *folder)
{
	size_t missed = 0;

	for (size_t i = 0; i < COUNT_OF(plants) && !stage_interrupted(); i++) {
		AUTO_TEXT program = tool_text("%s/%s", folder, plants[i].program);
		if (access(program, X_OK) == 0)
			missed += !notices(o, folder, &plants[i]);
		else
			printf("%-12s planted: %s; %s was not built\n", "not run", plants[i].what,
				plants[i].program);
	}
	return missed + stage_interrupted();
}
