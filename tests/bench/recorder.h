/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Which primitives a Migration TD calls, by whom and over how many bytes, and what the very same
 * calls cost by themselves.  Linked with --wrap of each function of crypto/crypto.h that computes.
 *
 * A hash is one call, in however many pieces and places it is carried on.
 */
#ifndef TESTS_BENCH_RECORDER_H
#define TESTS_BENCH_RECORDER_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

struct trace;

struct trace *trace_create(void);
void trace_free(struct trace *t);

/* Where calls are recorded from now on, NULL: nowhere; gives back where they were before. */
struct trace *trace_select(struct trace *t);

/*
 * Makes the calls again, those of one primitive and one caller at a time:
 *	[{"primitive","caller": address relative to recorder_anchor(), "calls","bytes",
 *	  "dump": name of the callgrind dump, "ns" or "runs": of all of them together}]
 */
json_t *trace_replay(const struct trace *t, const char *name);

void recorder_anchor(void);

#endif
