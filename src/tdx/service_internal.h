/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#ifndef TDX_SERVICE_INTERNAL_H
#define TDX_SERVICE_INTERNAL_H

#include "tdx/service.h"

#define GUID_SIZE 16

/* The HOB list of a WaitForRequest response (platform spec 2.2).  ERR_REQUEST, request zeroed. */
enum status service_parse_hobs(const uint8_t *hobs, size_t n, struct migration_request *request)
	MUST_CHECK;

#endif
