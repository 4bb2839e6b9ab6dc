/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The commands of the human monitor. */
#ifndef HOST_HMP_H
#define HOST_HMP_H

#include "host/monitor.h"

#define HMP_OUTPUT_MAX 1024

/* Executes one line; `output` gets what QEMU would print, lines ended by \n. */
void hmp_execute(const struct monitor_object *object, const char *line, char output[HMP_OUTPUT_MAX]);

#endif
