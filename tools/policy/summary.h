/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * What a policy means, in one tree of names and values: for people to read, and for two policies
 * to be compared by.  Nothing is verified.
 *
 *   v2  {"version", "id", "policySvn", "rules": {PLACE: RULE}, "platforms": {FMSPC: {...}},
 *        "collaterals": {...}, "identity": {...}, "mappings": {MEASUREMENTS: isvsvn}, "chains"}
 *   v1  {"version": "1", "id", "platforms": {FMSPC: {PROPERTY: RULE}}, "rules": {PLACE: RULE}}
 *
 * PLACE is "policy[0] tcb.tcbDate", "TDXModule[major 3] MRSIGNERSEAM"; RULE is the operation and the
 * reference as JSON.  Elements of lists whose order means nothing are named, not numbered.
 */
#ifndef TOOLS_POLICY_SUMMARY_H
#define TOOLS_POLICY_SUMMARY_H

#include "common/json_text.h"

/* For a policy v1, a signed policy v2, or an unsigned policyData; TOOL_USAGE names the fault. */
int policy_summary(const char *name, const struct blob *text, json_t **summary) MUST_USE;

/* {"equal", "removed": {PATH: VALUE}, "added": ..., "changed": {PATH: {"from", "to"}}}. */
json_t *policy_compare(const json_t *from, const json_t *to);

#endif
