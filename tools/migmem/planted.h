/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The half of the selftest that runs Migration TDs with a fault in them. */
#ifndef MIGMEM_PLANTED_H
#define MIGMEM_PLANTED_H

#include "migmem/material.h"

/*
 * Runs each planted build of `folder` and a sound one with the options given, and tells for each
 * whether the fault was seen and what named it.  Returns how many were not.
 */
size_t planted_faults(const struct run_options *o, const char *folder);

#endif
