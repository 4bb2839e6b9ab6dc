/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Reading results: the JSON of a run or of a sweep, whichever it is. */
#ifndef MIGMEM_FIGURES_H
#define MIGMEM_FIGURES_H

#include "migmem/limits.h"
#include "migmem/sweep.h"

/* The runs of a sweep, or the one run; index counts from 0, NULL behind the last. */
const json_t *result_run(const json_t *result, size_t index);
/* The one with the most sessions. */
const json_t *result_largest(const json_t *result);
bool result_is_sweep(const json_t *result);

/* "src" or "dst" of a run. */
const json_t *run_role(const json_t *run, const char *role);
/* Member at a path of names, NULL-ended; 0 or "" when it is not there. */
int64_t number_in(const json_t *object, ...) __attribute__((sentinel));
const char *text_in(const json_t *object, const char *name);
int64_t run_sessions(const json_t *run);
/* What "src" (0) and "dst" (1) of a run were: "source" and "destination", or "host a" and "host b". */
const char *role_title(const json_t *run, size_t role);

/* What the table of limits shows of a run. */
struct limits_today run_limits(const json_t *run);

/* What the tag holds, as the report says it; the tag itself when it is not known. */
const char *tag_text(const char *tag);

#endif
