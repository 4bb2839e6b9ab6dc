/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "migmem/goals.h"

#include "migmem/html.h"
#include "migmem/markdown.h"
#include "migmem/seed.h"

static const char *const title[QUANTITY_COUNT] = {"stack", "heap", "shared"};
static const struct {
	int64_t fixed, per_session;
} goal[QUANTITY_COUNT] = {
	{GOAL_STACK, 0},
	{GOAL_HEAP_FIXED, GOAL_HEAP_PER_SESSION},
	{GOAL_SHARED_FIXED, GOAL_SHARED_PER_SESSION},
};

void goals_print(FILE *to, const struct equation e[QUANTITY_COUNT], bool apply)
{
	fprintf(to, "%-8s %-18s %-22s%s\n", "bytes", "no point is above", "seed document",
		apply ? " must be at most" : "");
	for (size_t q = 0; q < QUANTITY_COUNT; q++) {
		const bool reached = e[q].envelope_fixed <= goal[q].fixed &&
				     e[q].envelope_per_session <= goal[q].per_session;
		AUTO_TEXT here = equation_text(e[q].envelope_fixed, e[q].envelope_per_session);
		AUTO_TEXT seed = equation_text(seed_equation[q].fixed, seed_equation[q].per_session);
		AUTO_TEXT most = equation_text(goal[q].fixed, goal[q].per_session);
		fprintf(to, "%-8s %-18s %-22s", title[q], here, seed);
		if (apply)
			fprintf(to, " %-19s %s", most, reached ? "reached" : "MISSED");
		fputc('\n', to);
	}
}
