/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "migmem/sweep.h"

#include <math.h>
#include <stdlib.h>

const char *const quantity_name[QUANTITY_COUNT] = {"stack", "heap", "shared"};
const char *const quantity_peak[QUANTITY_COUNT] = {"stack_peak", "heap_peak", "shared_peak"};

/* The lowest line of that slope that no point lies above. */
static struct equation line_over(
	const int64_t *sessions, const int64_t *bytes, size_t n, int64_t per_session)
{
	struct equation e = {.envelope_fixed = INT64_MIN, .envelope_per_session = per_session};

	for (size_t i = 0; i < n; i++) {
		const int64_t fixed = bytes[i] - per_session * sessions[i];
		if (fixed > e.envelope_fixed)
			e.envelope_fixed = fixed;
	}
	return e;
}

/* How much higher than the points a line lies, in all. */
static int64_t slack_of(
	const struct equation *e, const int64_t *sessions, const int64_t *bytes, size_t n)
{
	int64_t slack = 0;

	for (size_t i = 0; i < n; i++)
		slack += equation_bytes(e, sessions[i]) - bytes[i];
	return slack;
}

/* The lowest of all lines over the points has the slope between some two of them, or none. */
static void fit_envelope(
	const int64_t *sessions, const int64_t *bytes, size_t n, struct equation *e)
{
	struct equation best = line_over(sessions, bytes, n, 0);

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++) {
			const int64_t run = sessions[j] - sessions[i], rise = bytes[j] - bytes[i];
			if (run <= 0 || rise <= 0)
				continue;
			const struct equation line =
				line_over(sessions, bytes, n, (rise + run - 1) / run);
			if (slack_of(&line, sessions, bytes, n) <
				slack_of(&best, sessions, bytes, n))
				best = line;
		}
	e->envelope_fixed = best.envelope_fixed;
	e->envelope_per_session = best.envelope_per_session;
}

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
	fit_envelope(sessions, bytes, n, &e);
	return e;
}

int64_t equation_bytes(const struct equation *e, int64_t sessions)
{
	return e->envelope_fixed + e->envelope_per_session * sessions;
}

json_t *equation_json(const struct equation *e)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:{s:I, s:I}}", "fixed", (json_int_t)e->fixed,
		"per_session", (json_int_t)e->per_session, "max_residual",
		(json_int_t)e->max_residual, "n", (json_int_t)e->n, "envelope", "fixed",
		(json_int_t)e->envelope_fixed, "per_session", (json_int_t)e->envelope_per_session);
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
		const json_t *over = json_object_get(one, "envelope");
		e[q] = (struct equation){
			.fixed = value[0],
			.per_session = value[1],
			.max_residual = value[2],
			.n = (size_t)value[3],
			.envelope_fixed = value[0] + value[2],
			.envelope_per_session = value[1] > 0 ? value[1] : 0,
		};
		if (over != NULL) {
			e[q].envelope_fixed = json_integer_value(json_object_get(over, "fixed"));
			e[q].envelope_per_session =
				json_integer_value(json_object_get(over, "per_session"));
		}
	}
	return TOOL_OK;
}
