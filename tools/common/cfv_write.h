/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Writes a configuration firmware volume (policy spec section 4). */
#ifndef TOOLS_CFV_WRITE_H
#define TOOLS_CFV_WRITE_H

#include "common/tool.h"

#define CFV_SIZE_DEFAULT 0xa0000
#define CFV_FILE_MOST (1024 * 1024)

/* The bytes of the GUID as they lie in the volume. */
struct cfv_file {
	const char *name;	/* for error lines */
	uint8_t guid[16];
	struct blob data;
};

/* Appends `size` bytes; the unused part is 0xff.  TOOL_USAGE if the files do not fit. */
int cfv_write(const struct cfv_file *files, size_t n, size_t size, struct blob *out) MUST_USE;

#endif
