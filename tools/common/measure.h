/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Predicting what a Migration TD will measure (policy spec 3.9 and 7). */
#ifndef TOOLS_MEASURE_H
#define TOOLS_MEASURE_H

#include "common/key.h"
#include "measure/cfv.h"
#include "measure/tdinfo.h"

#define TDINFO_SIZE 512

/* The launch values of policy spec 7.1 from a manifest file into a TDINFO; the rest stays. */
int manifest_read(const char *path, uint8_t tdinfo[TDINFO_SIZE]) MUST_USE;

/* Of an ELF file (a Migration TD that runs as a process) or of a 16 MiB TDVF image. */
int image_mrtd(const char *path, uint8_t mrtd[DIGEST_SHA384_SIZE]) MUST_USE;
/* The part of a TDVF image that holds the configuration volume. */
int tdvf_volume(const char *name, const struct blob *image, const uint8_t **volume, size_t *n)
	MUST_USE;

/* A file of a configuration volume; `what` it is called when it is not there. */
int volume_file(const char *name, const uint8_t *volume, size_t size,
	const uint8_t guid[CFV_GUID_SIZE], const char *what, struct blob *to) MUST_USE;

/* NULL parts are not measured. */
struct measured_files {
	bool ra_disabled;
	const struct blob *policy, *root_ca, *issuer_chain;
};
/* RTMR0 .. RTMR3 as MigTD leaves them before its first session. */
void rtmrs_predict(const struct measured_files *files, uint8_t tdinfo[TDINFO_SIZE]);

#endif
