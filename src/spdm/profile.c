/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "spdm/profile.h"

const struct spdm_profile spdm_profile_migtd = {.keys = NULL, .any_session_half = false};
