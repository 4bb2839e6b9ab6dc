/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define _GNU_SOURCE
#include "migmem/sizing.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../ports/sizing.h"
#include "migmem/compare.h"
#include "migmem/figures.h"

/* --- from results -------------------------------------------------------------------------------- */

static void take_larger(struct equation *to, const struct equation *from)
{
	if (from->envelope_fixed > to->envelope_fixed)
		to->envelope_fixed = from->envelope_fixed;
	if (from->envelope_per_session > to->envelope_per_session)
		to->envelope_per_session = from->envelope_per_session;
}

int64_t sizing_stack(const json_t *baseline)
{
	int64_t most = 0;
	const json_t *sweep;
	size_t i;

	json_array_foreach(json_object_get(baseline, "sweeps"), i, sweep)
	{
		const json_t *run = result_largest(sweep);
		const int64_t bound =
			number_in(run_role(run, "dst"), "stack_static_bound", NULL);
		const int64_t painted = worst_peak(run, QUANTITY_STACK);
		most = bound > most ? bound : most;
		most = painted > most ? painted : most;
	}
	return most;
}

int64_t sizing_static(const json_t *baseline)
{
	const json_t *sweep = json_array_get(json_object_get(baseline, "sweeps"), 0);

	return number_in(run_role(result_largest(sweep), "dst"), "static_data", NULL);
}

int sizing_of(const char *name, const json_t *baseline, const char *transport,
	struct equation e[QUANTITY_COUNT])
{
	const json_t *sweep;
	size_t i;

	memset(e, 0, QUANTITY_COUNT * sizeof(*e));
	json_array_foreach(json_object_get(baseline, "sweeps"), i, sweep)
	{
		struct equation one[QUANTITY_COUNT];
		const char *over = text_in(json_object_get(sweep, "config"), "transport");
		if (transport != NULL && strcmp(over, transport) != 0)
			continue;
		TOOL_TRY(equations_read(name, sweep, one));
		for (size_t q = 0; q < QUANTITY_COUNT; q++)
			take_larger(&e[q], &one[q]);
	}
	e[QUANTITY_STACK].envelope_fixed = sizing_stack(baseline);
	return TOOL_OK;
}

/*
 * A heap region sets one record and one block for an initial TDINFO aside for each session, used or
 * not; only distinct policies and requests with a TDINFO use them, so only their equations size a
 * region.
 */
int sizing_read(const char *path, json_t **sweep, struct equation e[QUANTITY_COUNT])
{
	*sweep = json_read_file(path);
	if (*sweep == NULL)
		return TOOL_USAGE;
	TOOL_TRY(equations_read(path, *sweep, e));
	const json_t *config = json_object_get(*sweep, "config");
	const bool v1 = strcmp(text_in(config, "policy"), "v1") == 0;
	const bool distinct = strcmp(text_in(config, "policies"), "distinct") == 0;
	/* Under policy v1 a region sets aside neither. */
	if (!v1 && (!distinct || !has_init_tdinfo(*sweep)))
		return tool_fail(TOOL_USAGE,
			"%s: only a sweep with --policies distinct --init-tdinfo tells what sessions "
			"need at worst",
			path);
	if (!json_is_true(json_object_get(*sweep, "passed")))
		return tool_fail(TOOL_REJECT, "%s: the sweep did not pass", path);
	return TOOL_OK;
}

void sizing_committed(bool raw, struct equation e[QUANTITY_COUNT])
{
	e[QUANTITY_STACK] = (struct equation){.envelope_fixed = MIGTD_STACK_FIXED};
	e[QUANTITY_HEAP] = (struct equation){
		.envelope_fixed = raw ? MIGTD_HEAP_FIXED : MIGTD_VSOCK_HEAP_FIXED,
		.envelope_per_session =
			raw ? MIGTD_HEAP_PER_SESSION : MIGTD_VSOCK_HEAP_PER_SESSION};
	e[QUANTITY_SHARED] = (struct equation){
		.envelope_fixed = raw ? MIGTD_SHARED_FIXED : MIGTD_VSOCK_SHARED_FIXED,
		.envelope_per_session =
			raw ? MIGTD_SHARED_PER_SESSION : MIGTD_VSOCK_SHARED_PER_SESSION};
}

/* --- counting ------------------------------------------------------------------------------------ */

struct equation sizing_total(const struct equation e[QUANTITY_COUNT])
{
	struct equation total = {0};

	for (size_t q = 0; q < QUANTITY_COUNT; q++) {
		total.envelope_fixed += e[q].envelope_fixed;
		total.envelope_per_session += e[q].envelope_per_session;
	}
	return total;
}

int64_t sessions_in(const struct equation *e, int64_t room)
{
	const int64_t left = room - equation_bytes(e, 0);

	if (left < 0)
		return 0;
	return e->envelope_per_session > 0 ? left / e->envelope_per_session : -1;
}

int64_t sessions_in_td(const struct equation e[QUANTITY_COUNT], int64_t size)
{
	const struct equation total = sizing_total(e);

	return sessions_in(&total, size - TD_SET_ASIDE);
}

uint64_t region_bytes(const struct equation *e, uint64_t sessions)
{
	return MIGTD_PAGES((uint64_t)equation_bytes(e, (int64_t)sessions));
}

/* --- of a run ------------------------------------------------------------------------------------ */

#define PAGE 4096u

#define ROOMY_SHARED (256u * 1024)
#define ROOMY_HEAP (256u * 1024)
#define ROOMY_MEMORY (32u * 1024 * 1024)
#define ROOMY_HEAP_PER_SESSION 8192u

static char *size_text(const char *given, uint64_t otherwise)
{
	return given != NULL ? tool_text("%s", given) : tool_text("%" PRIu64, otherwise);
}

/* More pages of a Receive than the equations were measured with; the heap has a byte for each page. */
static uint64_t more_pages(const struct run_options *o)
{
	return o->sessions * (o->rx_pages - 1);
}

static void choose_fitting(const struct run_options *o, struct regions *r)
{
	struct equation e[QUANTITY_COUNT];

	sizing_committed(o->raw, e);
	e[QUANTITY_HEAP].envelope_fixed += (int64_t)more_pages(o);
	r->memory = tool_text("%s", o->memory);
	r->heap = size_text(o->heap, region_bytes(&e[QUANTITY_HEAP], o->sessions));
	r->shared = size_text(o->shared,
		region_bytes(&e[QUANTITY_SHARED], o->sessions) + more_pages(o) * PAGE);
}

static void choose_roomy(const struct run_options *o, struct regions *r)
{
	const uint64_t n = o->sessions, shared_each = shared_per_session(o);

	r->memory = size_text(NULL, ROOMY_MEMORY + n * (ROOMY_HEAP_PER_SESSION + shared_each));
	r->heap = size_text(o->heap, ROOMY_HEAP + n * ROOMY_HEAP_PER_SESSION);
	r->shared = size_text(o->shared, ROOMY_SHARED + n * shared_each);
	/* A heap that the user sized says by itself how many it admits. */
	if (o->heap == NULL)
		r->sessions_max = tool_text("%" PRIu64, n);
}

void regions_choose(const struct run_options *o, struct regions *r)
{
	*r = (struct regions){0};
	if (o->memory != NULL)
		choose_fitting(o, r);
	else
		choose_roomy(o, r);
	if (o->sessions_max != NULL) {
		free(r->sessions_max);
		r->sessions_max = tool_text("%s", o->sessions_max);
	}
}

void regions_release(struct regions *r)
{
	free(r->memory);
	free(r->heap);
	free(r->shared);
	free(r->sessions_max);
	*r = (struct regions){0};
}
