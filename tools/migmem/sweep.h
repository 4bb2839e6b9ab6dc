/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Equations over runs of several sizes, and what is made of their results. */
#ifndef MIGMEM_SWEEP_H
#define MIGMEM_SWEEP_H

#include "common/json_text.h"
#include "common/tool.h"

int command_sweep(int argc, char **argv);
int command_fits_in(int argc, char **argv);
int command_compare(int argc, char **argv);
int command_header(int argc, char **argv);
int command_baseline(int argc, char **argv);
int command_document(int argc, char **argv);
int command_report(int argc, char **argv);
int command_selftest(int argc, char **argv);

/*
 * --- equations: bytes = fixed + per_session * sessions --------------------------------------
 *
 * Two lines through the same points: least squares, which says how linear memory is, and the
 * envelope, the lowest line that no point lies above, which sizes regions.
 */

enum quantity { QUANTITY_STACK, QUANTITY_HEAP, QUANTITY_SHARED, QUANTITY_COUNT };
extern const char *const quantity_name[QUANTITY_COUNT];	/* "stack", "heap", "shared" */
extern const char *const quantity_peak[QUANTITY_COUNT];	/* "stack_peak", ... of a role */

struct equation {
	int64_t fixed;
	int64_t per_session;
	int64_t max_residual;	/* furthest that a measured value lies from the line */
	size_t n;		/* values it was fitted to */
	int64_t envelope_fixed;
	int64_t envelope_per_session;	/* never negative */
};

/* Rounded to whole bytes; with one value everything is fixed. */
struct equation equation_fit(const int64_t *sessions, const int64_t *bytes, size_t n);
/* Bytes that so many sessions need, by the envelope. */
int64_t equation_bytes(const struct equation *e, int64_t sessions);

/* The larger of both roles in one run's JSON. */
int64_t worst_peak(const json_t *run, enum quantity q);

json_t *equation_json(const struct equation *e);

/* The equations of a sweep's JSON file. */
int equations_read(const char *path, const json_t *sweep,
	struct equation e[QUANTITY_COUNT]) MUST_USE;

#endif
