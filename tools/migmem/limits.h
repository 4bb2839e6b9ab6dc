/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Every fixed size in the Migration TD that something from outside must fit into. */
#ifndef MIGMEM_LIMITS_H
#define MIGMEM_LIMITS_H

#include <stddef.h>
#include <stdint.h>

struct fixed_limit {
	const char *what;
	const char *unit;
	int64_t limit;
	int64_t today;		/* 0: not known */
	const char *today_is;	/* what `today` was read from */
	const char *beyond;	/* what happens past it */
};

#define FIXED_LIMITS 16

/* What a run shows. */
struct limits_today {
	int64_t policy_bytes, bignum_peak, stack_bound, stack_size;
	/* As facts.h names them; 0: not known. */
	int64_t policy_levels, policy_mappings, certificate_links, certificate_der, platforms,
		tcb_levels, quote_bytes, pck_chain_der, events, event_log_bytes;
};

/* The table; returns how many there are.  (Apart from JSON, whose names the core has, too.) */
size_t fixed_limits(const struct limits_today *today, struct fixed_limit table[FIXED_LIMITS]);

#endif
