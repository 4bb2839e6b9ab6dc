/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* migmem fits-in: how many sessions a memory holds, what ends first, and the proof by running it. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "migmem/figures.h"
#include "migmem/html.h"
#include "migmem/options.h"
#include "migmem/run.h"
#include "migmem/sizing.h"

/* --- counting ---------------------------------------------------------------------------------- */

struct limit {
	const char *what;
	int64_t sessions;
};

static void consider(struct limit *least, const char *what, int64_t sessions)
{
	if (sessions >= 0 && (least->sessions < 0 || sessions < least->sessions))
		*least = (struct limit){what, sessions};
}

/* --- the proof --------------------------------------------------------------------------------- */

#define OUT_OF_RESOURCE 3

struct proof {
	struct run_options options;
	FILE *nowhere;
};

/* Sessions that finished, and those that were refused for want of memory by at least one side. */
static void count(const struct run_result *r, size_t *finished, size_t *refused, const char **why)
{
	*finished = *refused = 0;
	for (size_t i = 0; i < r->n; i++) {
		const struct session_result *s = &r->sessions[i];
		const bool src = s->status[ROLE_SRC] == OUT_OF_RESOURCE;
		const bool dst = s->status[ROLE_DST] == OUT_OF_RESOURCE;
		*finished += s->status[ROLE_SRC] == 0 && s->status[ROLE_DST] == 0 && s->msk_match;
		*refused += src || dst;
		if (src || dst)
			*why = s->reason[src ? ROLE_SRC : ROLE_DST];
	}
}

static int prove_fit(struct proof *p, int64_t n)
{
	struct run_result r;

	p->options.sessions = (uint64_t)n;
	TOOL_TRY(run_check(&p->options));
	p->options.out = p->nowhere;
	int code = run_execute(&p->options, &r);
	if (code == TOOL_OK && !run_passed(&p->options, &r))
		code = tool_fail(TOOL_REJECT, "%" PRId64 " sessions do not run in it", n);
	run_release(&r);
	return code;
}

/* `spare`: what whole pages add to the regions may hold one session more. */
static int prove_refusal(struct proof *p, int64_t n, bool spare)
{
	size_t finished, refused;
	const char *why = NULL;
	struct run_result r;

	p->options.sessions = (uint64_t)n + 1;
	TOOL_TRY(run_check(&p->options));
	p->options.out = p->nowhere;
	int code = run_execute(&p->options, &r);
	if (code == TOOL_OK) {
		count(&r, &finished, &refused, &why);
		printf("of %" PRId64 " sessions %zu finish and %zu %s refused with OutOfResource "
		       "(3)%s%s\n",
			n + 1, finished, refused, refused == 1 ? "is" : "are",
			why != NULL ? ": " : "", why != NULL ? why : "");
		const bool clean = r.leaked == 0 && r.residue == 0;
		if (spare && clean && refused == 0 && (int64_t)finished == n + 1)
			code = prove_refusal(p, n + 1, false);
		else if (!clean || refused != 1 || (int64_t)finished != n)
			code = tool_fail(TOOL_REJECT, "that is not what the equations say");
	}
	run_release(&r);
	return code;
}

/* What the command line says. */
struct question {
	const char *from;
	uint64_t size, heap, shared;
	bool json, proved;
	struct run_options run;	/* what the proof runs, and how MigTD and VMM talk */
};

/* Regions of exactly what n sessions need, in a TD of that size. */
static int prove(const struct question *q, const struct equation e[QUANTITY_COUNT], int64_t n)
{
	AUTO_TEXT memory = tool_text("%" PRIu64, q->size / 4096 * 4096);
	AUTO_TEXT heap = tool_text("%" PRIu64, region_bytes(&e[QUANTITY_HEAP], (uint64_t)n));
	AUTO_TEXT shared = tool_text("%" PRIu64, region_bytes(&e[QUANTITY_SHARED], (uint64_t)n));
	const struct equation *h = &e[QUANTITY_HEAP];
	/* An equation is an upper bound: alignment may leave 16 bytes more. */
	const uint64_t spare = region_bytes(h, (uint64_t)n) - (uint64_t)equation_bytes(h, n) + 16;
	struct proof p = {.options = q->run, .nowhere = fopen("/dev/null", "w")};

	if (p.nowhere == NULL)
		return tool_fail(TOOL_USAGE, "/dev/null cannot be written");
	p.options.memory = memory;
	p.options.heap = heap;
	p.options.shared = shared;
	int code = prove_fit(&p, n);
	if (code == TOOL_OK) {
		printf("%" PRId64 " sessions run at once with a heap of %s and a shared region of %s "
		       "bytes\n",
			n, heap, shared);
		fflush(stdout);
		code = prove_refusal(&p, n, spare >= (uint64_t)h->envelope_per_session);
	}
	fclose(p.nowhere);
	printf("%s\n", code == TOOL_OK ? "PROVED" : "NOT PROVED");
	return code;
}

/* --- the command ------------------------------------------------------------------------------- */

/* A sweep is for the transport and the version of the policy that it was made with. */
static int read_equations(struct question *q, struct equation e[QUANTITY_COUNT])
{
	AUTO_JSON sweep = NULL;

	if (q->from == NULL) {
		sizing_committed(q->run.raw, e);
		return TOOL_OK;
	}
	TOOL_TRY(sizing_read(q->from, &sweep, e));
	const json_t *config = json_object_get(sweep, "config");
	const bool v1 = strcmp(text_in(config, "policy"), "v1") == 0;
	q->run.transport =
		strcmp(text_in(config, "transport"), "vmcall-raw") == 0 ? "vmcall-raw" : "vsock";
	q->run.policy = v1 ? "v1" : "v2";
	q->run.policy_size = 0; /* that version's own */
	return TOOL_OK;
}

static void tell(const struct question *q, const struct limit *least,
	const struct equation e[QUANTITY_COUNT])
{
	const struct equation total = sizing_total(e);

	if (q->json) {
		printf("{\"sessions\":%" PRId64 ",\"first\":\"%s\",\"transport\":\"%s\",\"fixed\":%" PRId64
		       ",\"per_session\":%" PRId64 ",\"text\":%d,\"configuration\":%d,"
		       "\"static_data\":%d}\n",
			least->sessions, least->what, q->run.transport, total.envelope_fixed,
			total.envelope_per_session, TD_TEXT_BYTES, TD_VOLUME_BYTES, TD_STATIC_BYTES);
		return;
	}
	AUTO_TEXT size = grouped_decimal((int64_t)q->size);
	AUTO_TEXT text = grouped_decimal(TD_TEXT_BYTES);
	AUTO_TEXT volume = grouped_decimal(TD_VOLUME_BYTES);
	AUTO_TEXT data = grouped_decimal(TD_STATIC_BYTES);
	AUTO_TEXT fixed = grouped_decimal(total.envelope_fixed);
	AUTO_TEXT each = grouped_decimal(total.envelope_per_session);
	printf("%" PRId64 " sessions fit in a TD of %s bytes over %s; %s runs out first\n"
	       "set aside: %s bytes of text, %s of configuration volume, %s of static data\n"
	       "stack, heap and shared memory: %s + %s a session\n",
		least->sessions, size, q->run.transport, least->what, text, volume, data, fixed, each);
	fflush(stdout);
}

static int ask(int argc, char **argv, struct question *q)
{
	struct option_list others = {0};
	const struct option_spec specs[] = {
		{"from", 0, OPTION_TEXT, &q->from, "FILE",
			"from 'migmem sweep --policies distinct --init-tdinfo --json' (MEMORY.md's equations)",
			false},
		{"transport", 0, OPTION_TEXT, &q->run.transport, "vsock|vmcall-raw",
			"without --from: how MigTD and VMM talk (vsock)", false},
		{"heap", 0, OPTION_SIZE, &q->heap, "SIZE",
			"of the heap region (as much as is left)", false},
		{"shared", 0, OPTION_SIZE, &q->shared, "SIZE", "of the shared region (the same)",
			false},
		{"prove", 0, OPTION_FLAG, &q->proved, NULL,
			"run so many, then one more, which must be refused alone", false},
		{"target", 0, OPTION_TEXT, &q->run.target, "host|inproc", "as for 'migmem run'",
			false},
		{"migtd", 0, OPTION_TEXT, &q->run.migtd, "FILE", "as for 'migmem run'", false},
		{"tdhost", 0, OPTION_TEXT, &q->run.tdhost, "FILE", "as for 'migmem run'", false},
		{"wait", 0, OPTION_NUMBER, &q->run.wait_seconds, "SECONDS",
			"as for 'migmem run'", false},
		{"json", 0, OPTION_FLAG, &q->json, NULL,
			"print {\"sessions\":N,\"first\":...} and what was reckoned with", false},
	};

	*q = (struct question){.run = run_defaults};
	TOOL_TRY(options_parse(
		argc, argv, "migmem fits-in SIZE [options]", specs, COUNT_OF(specs), &others));
	if (others.n != 1)
		return tool_fail(TOOL_USAGE, "one SIZE is needed, e.g. 32M");
	if (!number_read(others.item[0], true, INT64_MAX, &q->size))
		return tool_fail(
			TOOL_USAGE, "'%s' is not a SIZE, e.g. 32M", others.item[0]);
	return run_check(&q->run);
}

int command_fits_in(int argc, char **argv)
{
	struct equation e[QUANTITY_COUNT];
	struct limit least = {"nothing", -1};
	struct question q;

	TOOL_TRY(ask(argc, argv, &q));
	TOOL_TRY(read_equations(&q, e));
	/* All of it together, then each region that has a size of its own. */
	consider(&least, "memory", sessions_in_td(e, (int64_t)q.size));
	if (q.heap != 0)
		consider(&least, "heap", sessions_in(&e[QUANTITY_HEAP], (int64_t)q.heap));
	if (q.shared != 0)
		consider(&least, "shared memory",
			sessions_in(&e[QUANTITY_SHARED], (int64_t)q.shared));
	tell(&q, &least, e);
	if (least.sessions == 0)
		return TOOL_REJECT;
	return q.proved ? prove(&q, e, least.sessions) : TOOL_OK;
}
