/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The command line of `migtd` (migtd --help). */
#ifndef PORTS_LINUX_OPTIONS_H
#define PORTS_LINUX_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "migtd/migtd.h"

/* Exit codes. */
enum { EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct options {
	const char *platform;
	const char *name;
	const char *volume;
	const char *policy;
	const char *issuer_chain;	/* policy v2 */
	const char *root_ca;		/* policy v1 */
	const char *control;
	bool policy_v2;
	uint8_t mrowner[48];
	uint8_t mrownerconfig[48];
	uint8_t mrconfigid[48];
	uint8_t attributes[8];
	enum migtd_transport transport;
	uint64_t rx_pages;
	uint64_t cid;
	uint64_t memory;
	uint64_t stack;
	uint64_t heap;
	uint64_t shared;
	uint64_t timeout_s;
	uint64_t sessions_max;
	uint64_t slow_clock;
	int log_level;
};

/* Fills *o, or ends the process: 0 after --help and --version, EXIT_USAGE with one line. */
void options_parse(struct options *o, int argc, char **argv);

/* One line on stderr, "migtd: ...", and the end of the process. */
_Noreturn void die(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* measure.c and product.c: whether this build has --control and prints high-water marks. */
extern const bool build_measures;

#endif
