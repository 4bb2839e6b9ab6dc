/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#ifndef MIGMEM_OPTIONS_H
#define MIGMEM_OPTIONS_H

#include "migmem/material.h"

#define RUN_SPECS_MAX 32

extern const struct run_options run_defaults;

/* Writes the table of all options but --sessions; returns their number. */
size_t run_specs(struct run_options *o, struct option_spec *specs);
/* Whether the values make a run that this build has. */
int run_check(struct run_options *o) MUST_USE;

#endif
