/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "migmem/sweep.h"

#include <math.h>
#include <stdlib.h>

const char *const quantity_name[QUANTITY_COUNT] = {"stack", "heap", "shared"};
const char *const quantity_peak[QUANTITY_COUNT] = {"stack_peak", "heap_peak", "shared_peak"};

struct equation equation_fit(const int64_t *sessions, const int64_t *bytes, size_t n)
{
	double mean_x = 0, mean_y = 0, xy = 0, xx = 0;
	struct equation e = {.n = n};

	for (size_t i = 0; i < n; i++) {
		mean_x += (double)sessions[i] / (double)n;
		mean_y += (double)bytes[i] / (double)n;
	}
	for (size_t i = 0; i < n; i++) {
		const double x = (double)sessions[i] - mean_x;
		xy += x * ((double)bytes[i] - mean_y);
		xx += x * x;
	}
	const double slope = xx > 0 ? xy / xx : 0;
	e.per_session = llround(slope);
	e.fixed = llround(mean_y - (double)e.per_session * mean_x);
	for (size_t i = 0; i < n; i++) {
		const int64_t off = llabs(bytes[i] - (e.fixed + e.per_session * sessions[i]));
		if (off > e.max_residual)
			e.max_residual = off;
	}
	return e;
}

int64_t equation_bytes(const struct equation *e, int64_t sessions)
{
	return e->fixed + e->per_session * sessions + e->max_residual;
}

int64_t worst_peak(const json_t *run, enum quantity q)
{
	const json_t *roles = json_object_get(run, "roles");
	const int64_t src = json_integer_value(
		json_object_get(json_object_get(roles, "src"), quantity_peak[q]));
	const int64_t dst = json_integer_value(
		json_object_get(json_object_get(roles, "dst"), quantity_peak[q]));

	return src > dst ? src : dst;
}

int equations_read(const char *path, const json_t *sweep, struct equation e[QUANTITY_COUNT])
{
	const json_t *all = json_member(path, sweep, "equations", JSON_OBJECT);

	if (all == NULL)
		return TOOL_USAGE;
	for (size_t q = 0; q < QUANTITY_COUNT; q++) {
		const json_t *one = json_member(path, all, quantity_name[q], JSON_OBJECT);
		static const char *const field[] = {"fixed", "per_session", "max_residual", "n"};
		int64_t value[COUNT_OF(field)];
		for (size_t i = 0; i < COUNT_OF(field); i++) {
			const json_t *number =
				one != NULL ? json_member(path, one, field[i], JSON_INTEGER) : NULL;
			if (number == NULL)
				return TOOL_USAGE;
			value[i] = json_integer_value(number);
		}
		e[q] = (struct equation){value[0], value[1], value[2], (size_t)value[3]};
	}
	return TOOL_OK;
}
