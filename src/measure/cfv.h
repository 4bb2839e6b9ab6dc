/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Configuration firmware volume: files found in place (policy spec section 4). */
#ifndef MEASURE_CFV_H
#define MEASURE_CFV_H

#include "migtd/base.h"

#define CFV_GUID_SIZE 16
extern const uint8_t cfv_guid_policy[CFV_GUID_SIZE];
extern const uint8_t cfv_guid_root_ca[CFV_GUID_SIZE];
extern const uint8_t cfv_guid_issuer_chain[CFV_GUID_SIZE];

/* ERR_CFV when the volume is malformed up to the file or has no such file. */
enum status cfv_find(const uint8_t *volume, size_t n, const uint8_t guid[CFV_GUID_SIZE],
	const uint8_t **file, size_t *file_size) MUST_CHECK;

#endif
