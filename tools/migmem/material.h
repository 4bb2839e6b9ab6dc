/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What a run is made of: programs, the provisioning hierarchy, each Migration TD's policy. */
#ifndef MIGMEM_MATERIAL_H
#define MIGMEM_MATERIAL_H

#include <stdio.h>

#include "common/options.h"
#include "migmem/stage.h"
#include "policy/policy.h"

/* What migmem's command line says; pointers are the caller's. */
struct run_options {
	uint64_t sessions;
	const char *policy, *policies, *roles, *transport, *target, *hold;
	struct option_list policy_files;
	const char *policy_issuer_chain, *pki;
	uint64_t policy_size, quote_size, rx_pages, rounds, seed, wait_seconds;
	const char *json, *report;
	const char *migtd, *tdhost;
	struct option_list faults;
	const char *memory, *stack, *heap, *shared, *sessions_max, *log_level;
	bool init_tdinfo;	/* the VMM gives each session an initial TDINFO: that of its MigTD */
	bool keep, brief;

	/* derived */
	bool v1;
	bool raw;		/* vmcall-raw */
	bool distinct;
	bool both;		/* each Migration TD is source and destination at once */
	FILE *out;		/* progress */
	FILE *tables;
};

/* Shared memory of one session: over vmcall-raw the pages of its Receive and of its Send. */
static inline uint64_t shared_per_session(const struct run_options *o)
{
	return o->raw ? (o->rx_pages + 1) * 4096 : 0;
}

/* A policy as a Migration TD is started with it. */
struct launch {
	char *policy;		/* paths */
	char *chain;		/* v2, or NULL */
	char *root_ca;		/* v1, or NULL */
	char *mrowner, *mrownerconfig;	/* v2: hexadecimal */
	size_t policy_size;
};

struct material {
	char *migtd, *tdhost;
	char *pki;
	struct launch *launches;
	size_t n;		/* 1, or the sessions and one for the measured side */
};

/* Finds the programs and makes or takes the rest; 1 or sessions + 1 launches. */
int material_prepare(struct stage *s, const struct run_options *o, struct material *m) MUST_USE;
void material_release(struct material *m);

#endif
