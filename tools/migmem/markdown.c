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

/* Smallest and largest of a member. */
struct range {
	int64_t low, high;
};

static struct range range_of(const json_t *list, const char *member)
{
	struct range r = {INT64_MAX, 0};
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		const int64_t value = number_in(one, member, NULL);
		r.low = value < r.low ? value : r.low;
		r.high = value > r.high ? value : r.high;
	}
	return r;
}

char *sizes_text(const json_t *list, const char *member, const char *what)
{
	const struct range size = range_of(list, member);
	int64_t apart[QUANTITY_COUNT];

	if (size.low >= size.high)
		return tool_text("%s", "");
	for (size_t q = 0; q < QUANTITY_COUNT; q++) {
		const struct range peak = range_of(list, quantity_peak[q]);
		apart[q] = peak.high - peak.low;
	}
	AUTO_TEXT from = grouped_decimal(size.low);
	AUTO_TEXT to = grouped_decimal(size.high);
	AUTO_TEXT stack = grouped_decimal(apart[QUANTITY_STACK]);
	AUTO_TEXT heap = grouped_decimal(apart[QUANTITY_HEAP]);
	AUTO_TEXT shared = grouped_decimal(apart[QUANTITY_SHARED]);
	return tool_text("%s of %s to %s bytes: stack differs by %s, heap by %s, shared memory by %s "
			 "bytes.\n",
		what, from, to, stack, heap, shared);
}

char *input_sizes_text(const json_t *sweep)
{
	const json_t *policies = json_object_get(sweep, "policy_sizes");
	const json_t *quotes = json_object_get(sweep, "quote_sizes");
	AUTO_TEXT policy = sizes_text(policies, "policy_bytes", "Policies");
	AUTO_TEXT quote = sizes_text(quotes, "quote_bytes", "Quotes");
	/* Under policy v1 alone the log carries the policy. */
	const bool carried = number_in(json_array_get(policies, 0), "event_log_bytes", NULL) >
			     number_in(json_array_get(policies, 0), "policy_bytes", NULL);
	AUTO_TEXT log = sizes_text(carried ? policies : NULL, "event_log_bytes", "Event logs");

	return tool_text("%s%s%s", policy, quote, log);
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
	blob_format(to, "| Bytes | %s | %s | Seed document | Smaller by |%s\n", role_title(run, 0),
		role_title(run, 1), sweep ? " For n sessions |" : "");
	blob_format(to, "|---|---:|---:|---:|---:|%s\n", sweep ? "---|" : "");
	for (size_t q = 0; q < QUANTITY_COUNT; q++)
		summary_row(to, result, run, q, e);
	blob_format(to, "\nGrowth after the first round: %" PRId64 " bytes. Not given back: %" PRId64
			" bytes.",
		number_in(run, "growth", NULL), number_in(run, "leaked", NULL));
	AUTO_TEXT sizes = input_sizes_text(result);
	blob_format(to, "\n%s%s", sizes[0] != '\0' ? "\n" : "", sizes);
}
