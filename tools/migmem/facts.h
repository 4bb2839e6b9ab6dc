/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What a run's policies, quotes and logs measure, counted from the files it is made of. */
#ifndef MIGMEM_FACTS_H
#define MIGMEM_FACTS_H

#include <jansson.h>

#include "migmem/material.h"

/*
 * Of the first launch and of both hosts:
 *
 *   quote_bytes         of the largest quote
 *   pck_chain_der       certificates of the longer PCK chain, in DER
 *   events              of the own log
 *   event_log_bytes     of that log as sent
 *   platforms           in the collateral
 *   tcb_levels          of the largest TCB info in it
 *   policy_levels       TCB levels of the policy's tdIdentity   } policy v2 alone
 *   policy_mappings     of its servtdTcbMapping                 }
 *   certificate_links   of all its issuer chains                }
 *   certificate_der     of the largest certificate in these     }
 */
int facts_gather(const struct material *m, json_t **facts) MUST_USE;

#endif
