/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What two results have in common, and where they differ: by quantity, role, tag and variable. */
#ifndef MIGMEM_COMPARE_H
#define MIGMEM_COMPARE_H

#include "common/json_text.h"
#include "common/tool.h"

/*
 * Every number of a run that must not grow without somebody saying so, as {"name": bytes}, e.g.
 * "dst: heap of MEM_SESSION".
 */
json_t *run_figures(const json_t *run);
/* The same of the program's variables, e.g. "variable signal_stack". */
json_t *variable_figures(const json_t *run);
/* Of these, what depends on the compiler: stack and static data. */
bool figure_is_compilers(const char *name);

/* Whether two runs or sweeps were made under the same conditions, however many sessions. */
bool same_conditions(const json_t *a, const json_t *b, const char **differ);

/* The schema of a baseline: {"schema", "sweeps": [...]}, each a sweep without what compare needs not. */
#define BASELINE_SCHEMA "migmem-baseline-1"
/* Its sweep with these words in its "config", or NULL. */
const json_t *baseline_sweep(const json_t *baseline, const char *policy, const char *policies,
	const char *roles, const char *transport);
/* Whether its sessions had initial TDINFOs; those that baseline_sweep() finds had none. */
bool has_init_tdinfo(const json_t *result);
/* "apart" or "both" of a result. */
const char *result_roles(const json_t *result);

#endif
