/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * One pass: two emulated hosts, one or more Migration TDs a role, n sessions among them.
 *
 * With equal policies there is one source and one destination, and one pass measures both.  A
 * Migration TD has a single own policy, so n different peer policies take n peers: one pass has
 * the measured source against n destinations, another n sources against the measured destination.
 * Session i is between source i and destination i, each modulo how many there are.
 */
#ifndef MIGMEM_PASS_H
#define MIGMEM_PASS_H

#include "migmem/client.h"
#include "migmem/run.h"

struct migration_td {
	struct child *child;
	struct client control;
	size_t sessions;	/* how many of a round are its own */
	int64_t base;		/* heap and shared bytes in use before the first session */
};

struct pass {
	struct stage *stage;
	const struct run_options *o;
	const struct material *m;
	struct run_result *result;
	size_t number;		/* 0 or 1; stands in every name */
	bool measured[ROLE_COUNT];
	size_t first_launch[ROLE_COUNT];

	struct migration_td *td[ROLE_COUNT];
	size_t n[ROLE_COUNT];
	struct client platform[ROLE_COUNT];	/* of this round: its user TDs live as long */
	json_int_t *user_td[ROLE_COUNT];	/* identifier of session i's user TD */
	struct session_result *sessions;	/* where this pass writes its n sessions */
	int64_t first_extent;
};

/* Fill in the members up to `n`, and `sessions`. */
int pass_execute(struct pass *p) MUST_USE;
void pass_release(struct pass *p);

/* --- round.c ------------------------------------------------------------------------------- */

int round_execute(struct pass *p, size_t round) MUST_USE;

/* Milliseconds that a wait for all sessions may take. */
uint64_t pass_limit(const struct pass *p);
struct migration_td *pass_td(const struct pass *p, enum role role, size_t session);
int pass_connect_platform(struct pass *p, enum role role) MUST_USE;
int64_t counter_of(const json_t *counters, const char *name);

#endif
