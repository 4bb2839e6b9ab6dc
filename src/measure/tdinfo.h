/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* TDINFO_STRUCT fields and the hashes over it (policy spec sections 0.2 and 7). */
#ifndef MEASURE_TDINFO_H
#define MEASURE_TDINFO_H

#include "crypto/crypto.h"

enum tdinfo_field {
	TDINFO_ATTRIBUTES = 0,
	TDINFO_XFAM = 8,
	TDINFO_MRTD = 16,
	TDINFO_MRCONFIGID = 64,
	TDINFO_MROWNER = 112,
	TDINFO_MROWNERCONFIG = 160,
	TDINFO_RTMR0 = 208,
	TDINFO_SERVTD_HASH = 400,
};

#define TDINFO_ATTRIBUTE_DEBUG 1u

/* Zeroes the fields that the IGNORE bits (32..42) of a SERVTD_ATTR name. */
void tdinfo_mask(uint8_t tdinfo[512], uint64_t attr);
/* SERVTD_INFO_HASH: SHA-384 of the TDINFO (mask it first). */
void tdinfo_hash(const uint8_t tdinfo[512], uint8_t hash[SHA384_SIZE]);
/* SERVTD_HASH: SHA-384 of info hash, u16 type 0, u64 attr. */
void servtd_hash(const uint8_t info_hash[SHA384_SIZE], uint64_t attr, uint8_t hash[SHA384_SIZE]);

#endif
