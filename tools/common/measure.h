/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Predicting what a Migration TD will measure (policy spec 3.9 and 7). */
#ifndef TOOLS_MEASURE_H
#define TOOLS_MEASURE_H

#include "common/key.h"

#define TDINFO_SIZE 512

/* Byte offsets inside TDINFO (policy spec 0.2). */
enum {
	TDINFO_AT_ATTRIBUTES = 0,
	TDINFO_AT_XFAM = 8,
	TDINFO_AT_MRTD = 16,
	TDINFO_AT_MRCONFIGID = 64,
	TDINFO_AT_MROWNER = 112,
	TDINFO_AT_MROWNERCONFIG = 160,
	TDINFO_AT_RTMR0 = 208,
};

/* The launch values of policy spec 7.1 from a manifest file into a TDINFO; the rest stays. */
int manifest_read(const char *path, uint8_t tdinfo[TDINFO_SIZE]) MUST_USE;

/* Of an ELF file (a Migration TD that runs as a process) or of a 16 MiB TDVF image. */
int image_mrtd(const char *path, uint8_t mrtd[DIGEST_SHA384_SIZE]) MUST_USE;
/* The part of a TDVF image that holds the configuration volume. */
int tdvf_volume(const char *name, const struct blob *image, const uint8_t **volume, size_t *n)
	MUST_USE;

/* NULL parts are not measured. */
struct measured_files {
	bool ra_disabled;
	const struct blob *policy, *root_ca, *issuer_chain;
};
/* RTMR0 .. RTMR3 as MigTD leaves them before its first session. */
void rtmrs_predict(const struct measured_files *files, uint8_t tdinfo[TDINFO_SIZE]);

/* Zeroes the fields that the IGNORE bits 32 .. 41 of a SERVTD_ATTR name. */
void tdinfo_ignore(uint64_t attr, uint8_t tdinfo[TDINFO_SIZE]);
void servtd_hash_of(const uint8_t info_hash[DIGEST_SHA384_SIZE], uint64_t attr,
	uint8_t hash[DIGEST_SHA384_SIZE]);

#endif
