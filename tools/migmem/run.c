/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define _GNU_SOURCE
#include "migmem/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "migmem/facts.h"
#include "migmem/pass.h"
#include "migmem/phases.h"

const char *const phase_words[] = {
#define PHASE(name, word) word,
#include "migtd/phase.def"
#undef PHASE
};
const size_t phase_count = COUNT_OF(phase_words);

static int run_pass(struct stage *s, const struct run_options *o, const struct material *m,
	struct run_result *r, size_t number)
{
	struct pass p = {
		.stage = s,
		.o = o,
		.m = m,
		.result = r,
		.number = number,
		.measured = {true, true},
		.n = {1, 1},
		.sessions = r->sessions + number * o->sessions,
	};

	if (o->distinct) {
		/* Launch 0 is the measured side's, the others its peers'. */
		const enum side peers = number == 0 ? SIDE_B : SIDE_A;
		p.measured[peers] = false;
		p.n[peers] = o->sessions;
		p.first_launch[peers] = 1;
	}
	const int code = pass_execute(&p);
	pass_release(&p);
	return code;
}

static int run_in(
	struct stage *s, const struct run_options *o, struct material *m, struct run_result *r)
{
	const size_t passes = o->distinct ? 2 : 1;

	TOOL_TRY(material_prepare(s, o, m));
	r->policy_bytes = m->launches[0].policy_size;
	TOOL_TRY(facts_gather(m, &r->facts));
	r->n = passes * o->sessions;
	r->sessions = tool_alloc(r->n * sizeof(*r->sessions));
	for (size_t i = 0; i < r->n; i++)
		r->sessions[i] = (struct session_result){
			.id = i % o->sessions + 1,
			.measured = i < o->sessions ? SIDE_A : SIDE_B,
			.status = {-1, -1},
		};
	TOOL_TRY(program_look(m->migtd, &r->program));
	for (size_t i = 0; i < passes; i++) {
		TOOL_TRY(run_pass(s, o, m, r, i));
		stage_stop(s);
	}
	return TOOL_OK;
}

/* Logs of the children, for the reader of the report. */
static int copy_logs(const struct stage *s, const char *folder)
{
	TOOL_TRY(folder_make(folder));
	for (size_t i = 0; i < s->n_logs; i++) {
		AUTO_TEXT from = stage_path(s, s->logs[i]);
		AUTO_TEXT to = tool_text("%s/%s", folder, s->logs[i]);
		AUTO_BLOB text = {0};
		TOOL_TRY(file_read(from, &text));
		TOOL_TRY(file_write(to, text.data, text.size));
	}
	return TOOL_OK;
}

int run_execute(const struct run_options *o, struct run_result *r)
{
	struct stage stage;
	struct material m = {0};

	*r = (struct run_result){0};
	TOOL_TRY(stage_begin(&stage, o->keep));
	const struct target *target = target_of(o);
	if (o->keep)
		fprintf(o->out, "everything of this run stays in %s\n", stage.folder);
	int code = target->begin != NULL ? target->begin(o) : TOOL_OK;
	if (code == TOOL_OK)
		code = run_in(&stage, o, &m, r);
	if (target->end != NULL)
		target->end();
	r->complete = code == TOOL_OK;
	stage_stop(&stage);
	if (o->report != NULL && copy_logs(&stage, o->report) != TOOL_OK && code == TOOL_OK)
		code = TOOL_USAGE;
	material_release(&m);
	stage_end(&stage);
	return code;
}

void run_release(struct run_result *r)
{
	for (enum side side = 0; side < SIDE_COUNT; side++) {
		json_decref(r->td[side].counters);
		json_decref(r->td[side].at_barrier);
		json_decref(r->td[side].sessions);
		json_decref(r->td[side].barriers);
	}
	program_release(&r->program);
	json_decref(r->facts);
	for (size_t i = 0; i < r->n && r->sessions != NULL; i++) {
		free(r->sessions[i].reason[ROLE_SRC]);
		free(r->sessions[i].reason[ROLE_DST]);
	}
	free(r->sessions);
	*r = (struct run_result){0};
}

/* --- the verdict --------------------------------------------------------------------------- */

static bool session_passed(const struct session_result *s)
{
	bool ok = true;

	/* The run ended before, and has said why. */
	if (s->started == 0)
		return false;
	for (enum role role = 0; role < ROLE_COUNT; role++) {
		const char *reason =
			s->reason[role] != NULL ? s->reason[role] : "no reason was given";
		if (s->status[role] == 0)
			continue;
		if (s->status[role] < 0)
			tool_warn("session %zu: %s did not end", s->id, role_name[role]);
		else
			tool_warn("session %zu: %s ended with result %d: %s", s->id,
				role_name[role], s->status[role], reason);
		ok = false;
	}
	if (ok && !s->msk_match) {
		tool_warn("session %zu: the two hosts hold different migration keys", s->id);
		ok = false;
	}
	if (s->key_shared) {
		tool_warn("session %zu: another session has the same migration key", s->id);
		ok = false;
	}
	return ok;
}

/* Three looks at the stack must agree: painted <= static bound <= reserved. */
static bool stack_is_bounded(const struct run_options *o, const struct run_result *r)
{
	bool ok = true;

	for (enum side side = 0; side < SIDE_COUNT; side++) {
		const int64_t bound = (int64_t)r->program.stack_static_bound;
		const int64_t peak = counter_of(r->td[side].counters, "stack_peak");
		const int64_t size = counter_of(r->td[side].counters, "stack_size");
		if (bound == 0)
			continue;
		if (peak > bound) {
			tool_warn("%s: %" PRId64 " bytes of stack were used, %" PRId64
				  " is the bound from the call graph", side_name(o, side), peak, bound);
			ok = false;
		}
		if (bound > size) {
			tool_warn("%s: a stack of %" PRId64 " bytes is less than the bound from the "
				  "call graph, %" PRId64, side_name(o, side), size, bound);
			ok = false;
		}
	}
	return ok;
}

bool run_passed(const struct run_options *o, const struct run_result *r)
{
	bool ok = true;

	for (size_t i = 0; i < r->n; i++)
		ok = session_passed(&r->sessions[i]) && ok;
	if (!r->complete)
		return false;
	for (enum side side = 0; side < SIDE_COUNT; side++) {
		const uint64_t expected = o->sessions * o->rounds;
		const int64_t peak = counter_of(r->td[side].counters, "sessions_peak");
		if (r->td[side].msk_lines != expected) {
			tool_warn("%s: logged %zu of %" PRIu64 " completed key exchanges",
				side_name(o, side), r->td[side].msk_lines, expected);
			ok = false;
		}
		if (strcmp(o->hold, "none") != 0 && peak != (int64_t)o->sessions) {
			tool_warn("%s: only %" PRId64 " of %" PRIu64 " sessions were alive at once",
				side_name(o, side), peak, o->sessions);
			ok = false;
		}
	}
	ok = stack_is_bounded(o, r) && ok;
	if (r->leaked != 0) {
		tool_warn("%" PRId64 " bytes of heap and %" PRId64
			  " bytes of shared memory were not given back",
			r->leaked - r->leaked_shared, r->leaked_shared);
		ok = false;
	}
	if (r->residue != 0) {
		tool_warn("%" PRId64 " bytes of ended sessions were not wiped", r->residue);
		ok = false;
	}
	if (r->growth != 0) {
		tool_warn("memory grew by %" PRId64 " bytes after the first round", r->growth);
		ok = false;
	}
	return ok;
}
