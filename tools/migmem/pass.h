/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * One pass: two emulated hosts, one or more Migration TDs a side, n sessions among them.
 *
 * With equal policies there is one Migration TD a side, and one pass measures both.  A Migration
 * TD has a single own policy, so n different peer policies take n peers: one pass has side a's
 * measured one against n on side b, another n on side a against side b's measured one.  Session i
 * is between number i of either side, each modulo how many there are, and runs from a to b; with
 * --roles both every other session runs from b to a.  n counts them all: what either measured
 * Migration TD holds at the same moment.
 */
#ifndef MIGMEM_PASS_H
#define MIGMEM_PASS_H

#include "migmem/client.h"
#include "migmem/run.h"

struct world;

struct migration_td {
	struct child *child;
	struct client control;	/* of a process */
	size_t member;		/* of a world */
	size_t sessions;	/* how many of a round are its own */
	int64_t base;		/* heap and shared bytes in use before the first session */
	int64_t base_shared;	/* of these, shared */
};

struct pass {
	struct stage *stage;
	const struct run_options *o;
	const struct material *m;
	struct run_result *result;
	size_t number;		/* 0 or 1; stands in every name */
	bool measured[SIDE_COUNT];
	size_t first_launch[SIDE_COUNT];

	struct migration_td *td[SIDE_COUNT];
	size_t n[SIDE_COUNT];
	struct client platform[SIDE_COUNT];	/* of this round: its user TDs live as long */
	json_int_t *user_td[SIDE_COUNT];	/* identifier of session i's user TD */
	struct session_result *sessions;	/* where this pass writes its n sessions */
	int64_t first_extent;
	struct world *world;	/* of inproc.c */
};

/* How a Migration TD is started; a size that is NULL is the Migration TD's own default. */
struct td_start {
	const struct launch *launch;
	const char *name;	/* migtd-src, migtd-dst-3 */
	uint64_t cid;
	uint64_t timeout_s;
	const char *memory, *stack, *heap, *shared, *sessions_max;
};

/*
 * What runs a pass: processes of this host (processes.c), or everything in this process on a
 * virtual clock (inproc.c).
 */
struct target {
	const char *name;	/* of --target */
	/* Before a run's material is made, and after the run; either may be NULL. */
	int (*begin)(const struct run_options *o);
	void (*end)(void);
	/* Both hosts and what connects them. */
	int (*start_hosts)(struct pass *p);
	/* Fills in td->child; its log has what the Migration TD says. */
	int (*start_td)(struct pass *p, enum side side, struct migration_td *td,
		const struct td_start *start);
	/* A new client of a host, p->platform[side]; the last one's user TDs end. */
	int (*connect)(struct pass *p, enum side side);
	/* Hands over a verb of host/control.h; steals the request. */
	int (*ask)(struct pass *p, enum side side, json_t *request, json_t **answer);
	/* A command of ports/linux/control.h; an answer that is not "ok" is an error. */
	int (*control)(struct pass *p, struct migration_td *td, const char *line, json_t **answer);
	/* Takes the events that have come into p->platform[side].events. */
	int (*drain)(struct pass *p, enum side side);
	/* A little time passes; TOOL_REJECT after an error line when a part ended or a signal came. */
	int (*wait)(struct pass *p);
	/* Milliseconds, never 0. */
	uint64_t (*now)(const struct pass *p);
	void (*stop)(struct pass *p);
};
extern const struct target target_processes, target_inproc;
/* By the option, which has been checked. */
const struct target *target_of(const struct run_options *o);

/* Fill in the members up to `n`, and `sessions`. */
int pass_execute(struct pass *p) MUST_USE;
void pass_release(struct pass *p);

/* --- round.c ------------------------------------------------------------------------------- */

int round_execute(struct pass *p, size_t round) MUST_USE;

/* Milliseconds that a wait for all sessions may take. */
uint64_t pass_limit(const struct pass *p);
struct migration_td *pass_td(const struct pass *p, enum side side, size_t session);
uint64_t pass_now(const struct pass *p);
int pass_control(struct pass *p, struct migration_td *td, const char *line,
	json_t **answer) MUST_USE;
int64_t counter_of(const json_t *counters, const char *name);

#endif
