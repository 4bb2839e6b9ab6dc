/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#ifndef PORTS_LINUX_ANSWER_H
#define PORTS_LINUX_ANSWER_H

#include <stdio.h>

#include "migtd/migtd.h"

/* Executes a command of control.h and writes its answer, without a newline; false: no memory. */
bool answer_command(FILE *answer, struct migtd *td, const char *command);

#endif
