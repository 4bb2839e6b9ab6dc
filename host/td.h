/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* `tdhost td`: user TDs as clients of a platform, each with a monitor. */
#ifndef HOST_TD_H
#define HOST_TD_H

#include <stdbool.h>
#include <stdint.h>

struct td_options {
	const char *platform;
	const char *monitor;	/* unix:PATH,server,nowait */
	uint64_t migtd_pid;	/* 0: none yet */
	const char *migtd_hash;
	uint64_t migtd_attr;
	const char *init_tdinfo;	/* file of 512 bytes */
	bool incoming;
	unsigned count;
	unsigned idle_s;	/* 0: never */
	unsigned wait_s;
};

/* Until a signal or the end of the platform; the exit code. */
int td_run(const struct td_options *options);

#endif
