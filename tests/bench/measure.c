/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define _GNU_SOURCE
#include "measure.h"

#include <stdlib.h>
#include <time.h>

#include <valgrind/callgrind.h>

#include "common/tool.h"

#define ROUNDS 7	/* the fastest counts */

void must(bool ok, const char *what)
{
	if (!ok)
		exit(tool_fail(TOOL_REJECT, "%s", what));
}

/* CPU time of this process. */
static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static double timed(void (*run)(void), unsigned repeats)
{
	uint64_t best = UINT64_MAX;

	for (int round = 0; round < ROUNDS; round++) {
		const uint64_t before = cpu_ns();
		for (unsigned i = 0; i < repeats; i++)
			run();
		const uint64_t ns = cpu_ns() - before;
		best = ns < best ? ns : best;
	}
	return (double)best / repeats;
}

json_t *measure(const char *name, void (*run)(void), struct repeats repeats)
{
	run();
	if (!RUNNING_ON_VALGRIND)
		return json_pack("{s:f}", "ns", timed(run, repeats.timed));
	CALLGRIND_ZERO_STATS;
	for (unsigned i = 0; i < repeats.counted; i++)
		run();
	CALLGRIND_DUMP_STATS_AT(name);
	return json_pack("{s:i}", "runs", (int)repeats.counted);
}
