/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "migmem/markdown.h"

#include <inttypes.h>
#include <stdlib.h>

#include "migmem/figures.h"
#include "migmem/html.h"
#include "migmem/seed.h"

static const char *const title[QUANTITY_COUNT] = {"Stack", "Heap", "Shared memory"};

char *equation_text(int64_t fixed, int64_t per_session)
{
	AUTO_TEXT constant = grouped_decimal(fixed);
	AUTO_TEXT slope = grouped_decimal(per_session);

	return per_session == 0 ? tool_text("%s", constant) : tool_text("%s + %s n", constant, slope);
}

char *policy_sizes_text(const json_t *sweep)
{
	const json_t *sizes = json_object_get(sweep, "policy_sizes"), *one;
	int64_t low = INT64_MAX, high = 0, least = INT64_MAX, most = 0;
	size_t i;

	json_array_foreach(sizes, i, one)
	{
		const int64_t bytes = number_in(one, "policy_bytes", NULL);
		int64_t sum = 0;
		for (size_t q = 0; q < QUANTITY_COUNT; q++)
			sum += number_in(one, quantity_peak[q], NULL);
		low = bytes < low ? bytes : low;
		high = bytes > high ? bytes : high;
		least = sum < least ? sum : least;
		most = sum > most ? sum : most;
	}
	AUTO_TEXT from = grouped_decimal(low);
	AUTO_TEXT to = grouped_decimal(high);
	AUTO_TEXT apart = grouped_decimal(most - least);
	return tool_text("Policies of %s to %s bytes: stack, heap and shared memory together differ "
			 "by %s bytes.",
		from, to, apart);
}

static void summary_row(struct blob *to, const json_t *result, const json_t *run,
	enum quantity q, const struct equation *e)
{
	const int64_t n = run_sessions(run), worst = worst_peak(run, q);
	const int64_t seed = seed_equation[q].fixed + seed_equation[q].per_session * n;
	AUTO_TEXT src = grouped_decimal(number_in(run_role(run, "src"), quantity_peak[q], NULL));
	AUTO_TEXT dst = grouped_decimal(number_in(run_role(run, "dst"), quantity_peak[q], NULL));
	AUTO_TEXT theirs = grouped_decimal(seed);

	blob_format(to, "| %s | %s | %s | %s | %.1f × |", title[q], src, dst, theirs,
		worst > 0 ? (double)seed / (double)worst : 0);
	if (result_is_sweep(result)) {
		AUTO_TEXT equation =
			equation_text(e[q].envelope_fixed, e[q].envelope_per_session);
		blob_format(to, " %s |", equation);
	}
	blob_add_text(to, "\n");
}

void markdown_summary(struct blob *to, const json_t *result)
{
	const json_t *run = result_largest(result);
	struct equation e[QUANTITY_COUNT] = {0};
	AUTO_TEXT policy = grouped_decimal(number_in(run, "config", "policy_bytes", NULL));
	const bool sweep = result_is_sweep(result);

	if (sweep && equations_read("sweep", result, e) != TOOL_OK)
		return;
	blob_format(to,
		"**Memory of a Migration TD: %s.** %" PRId64 " sessions at once, policy %s of %s "
		"bytes, %s policies, %s, hold %s, revision `%s`, compiler %s.\n\n",
		json_is_true(json_object_get(result, "passed")) ? "passed" : "FAILED",
		run_sessions(run), text_in(json_object_get(run, "config"), "policy"), policy,
		text_in(json_object_get(run, "config"), "policies"),
		text_in(json_object_get(run, "config"), "transport"),
		text_in(json_object_get(run, "config"), "hold"), text_in(result, "git"),
		text_in(result, "compiler"));
	blob_format(to, "| Bytes | Source | Destination | Seed document | Smaller by |%s\n",
		sweep ? " For n sessions |" : "");
	blob_format(to, "|---|---:|---:|---:|---:|%s\n", sweep ? "---|" : "");
	for (size_t q = 0; q < QUANTITY_COUNT; q++)
		summary_row(to, result, run, q, e);
	blob_format(to, "\nGrowth after the first round: %" PRId64 " bytes. Not given back: %" PRId64
			" bytes.",
		number_in(run, "growth", NULL), number_in(run, "leaked", NULL));
	if (json_array_size(json_object_get(result, "policy_sizes")) > 0) {
		AUTO_TEXT sizes = policy_sizes_text(result);
		blob_format(to, " %s", sizes);
	}
	blob_add_text(to, "\n");
}
