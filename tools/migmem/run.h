/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* One measured run and what it found. */
#ifndef MIGMEM_RUN_H
#define MIGMEM_RUN_H

#include <jansson.h>

#include "migmem/material.h"
#include "migmem/program.h"

enum role { ROLE_SRC, ROLE_DST, ROLE_COUNT };
extern const char *const role_name[ROLE_COUNT];

/* Two hosts.  With the roles apart, sources are on host a and destinations on host b. */
enum side { SIDE_A, SIDE_B, SIDE_COUNT };
extern const char *const host_name[SIDE_COUNT];
/* What session i (from 0) is on that side: with both roles at once, every other one runs back. */
static inline enum role role_at(const struct run_options *o, enum side side, size_t i)
{
	return (enum role)(o->both && i % 2 == 1 ? SIDE_COUNT - 1 - side : side);
}
static inline enum side side_of(const struct run_options *o, enum role role, size_t i)
{
	return (enum side)(o->both && i % 2 == 1 ? ROLE_COUNT - 1 - role : role);
}
/* "src" and "dst", or the names of the hosts where a Migration TD is both. */
static inline const char *side_name(const struct run_options *o, enum side side)
{
	return o->both ? host_name[side] : role_name[side];
}

/* What the measured Migration TD of one side said of itself; all as its counters name it. */
struct td_result {
	json_t *counters;	/* at the end of the run: peaks over all of it */
	json_t *at_barrier;	/* counters while all sessions were held, at the last barrier */
	json_t *sessions;	/* the list, at the same moment */
	json_t *barriers;	/* of the last round, in order, between "before" and "after":
				 * {"phase","heap","shared","stack","by_tag"} */
	size_t msk_lines;	/* "MSK exchange completed" in its log */
};

struct session_result {
	size_t id;
	enum side measured;	/* which side's pass; equal policies have one pass for both */
	int status[ROLE_COUNT];	/* result codes; -1 = none came */
	char *reason[ROLE_COUNT];	/* NULL, or the line that says why */
	bool msk_match;
	bool key_shared;	/* the next session's user TD could read what this one's wrote */
	uint64_t started, ms;
};

struct run_result {
	bool complete;		/* it came to its end; else the figures are missing */
	struct program program;	/* both sides run it */
	struct td_result td[SIDE_COUNT];
	struct session_result *sessions; /* of the last round, pass by pass */
	size_t n;
	size_t policy_bytes;
	json_t *facts;		/* of facts.h */
	int64_t growth;		/* heap extent after the last round less that after the first */
	int64_t leaked;		/* heap and shared bytes not given back, all Migration TDs */
	int64_t leaked_shared;	/* of these, shared */
	int64_t residue;	/* bytes that ended sessions left in their memory, all of them */
};

/*
 * TOOL_OK also when sessions failed: run_passed() judges.  Another code comes with an error line;
 * the result then has what was known.  Release it either way.
 */
int run_execute(const struct run_options *o, struct run_result *r) MUST_USE;
/* Prints one error line for each thing that is wrong. */
bool run_passed(const struct run_options *o, const struct run_result *r);
void run_release(struct run_result *r);

/* report.c */
void report_print(FILE *to, const struct run_options *o, const struct run_result *r);
json_t *report_json(const struct run_options *o, const struct run_result *r, bool passed);
/* To the file or standard output that --json names, if it does. */
int report_json_text(const struct run_options *o, const char *text) MUST_USE;
int report_write(const struct run_options *o, const struct run_result *r, bool passed) MUST_USE;

#endif
