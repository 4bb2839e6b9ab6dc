/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* TDREPORT_STRUCT (attestation.md 1.1), all but its MAC, which takes the platform's key. */
#ifndef HOST_TDREPORT_H
#define HOST_TDREPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "host/pki.h"

#define TDREPORT_BYTES 1024
#define TDREPORT_TYPE_TDX 0x81
#define TDINFO_BYTES 512

/* The report of a TD on this platform, hashes filled in and the MAC zero. */
void tdreport_fill(const struct pki *pki, const uint8_t tdinfo[TDINFO_BYTES],
	const uint8_t reportdata[64], uint8_t tdreport[TDREPORT_BYTES]);
/* Whether both hashes are those of what they stand for. */
bool tdreport_hashes_hold(const uint8_t tdreport[TDREPORT_BYTES]);

#endif
