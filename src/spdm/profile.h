/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * What differs between MigTD's profile and standard SPDM with raw public keys.
 *
 * MigTD (spdm_profile_migtd) sends its public keys and its attestation in vendor-defined messages,
 * ops 0x01 to 0x04, and puts the hashes of those messages into the transcript where the standard
 * has the hash of the responder's and of the requester's key (spec 6.2).  In the standard profile
 * the keys are provisioned, their hashes stand in the transcript, and there are no ops 0x01 to
 * 0x04.  Everything else is the same.
 */
#ifndef SPDM_PROFILE_H
#define SPDM_PROFILE_H

#include "spdm/spdm.h"

struct spdm_raw_keys {
	const uint8_t *own_scalar;	/* P384_SCALAR_SIZE */
	const uint8_t *own_point;	/* P384_POINT_SIZE */
	const uint8_t *peer_point;
};

struct spdm_profile {
	const struct spdm_raw_keys *keys;	/* NULL: MigTD's profile */
	bool any_session_half;	/* the peer's half of the session id may be other than 0xFFFD */
};

#endif
