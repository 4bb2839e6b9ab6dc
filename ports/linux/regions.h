/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The regions of a Migration TD when the command line does not size them: what the measured
 * equations (ports/sizing.h) say for DEFAULT_SESSIONS sessions at once.
 */
#ifndef PORTS_LINUX_REGIONS_H
#define PORTS_LINUX_REGIONS_H

#include "../sizing.h"

#define DEFAULT_SESSIONS 256u
#define DEFAULT_MEMORY (32u << 20)
#define DEFAULT_STACK (16u << 10)
#define DEFAULT_HEAP MIGTD_HEAP_SIZE(DEFAULT_SESSIONS)
#define DEFAULT_SHARED MIGTD_SHARED_SIZE(DEFAULT_SESSIONS)

#endif
