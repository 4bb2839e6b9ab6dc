/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Results as Markdown. */
#ifndef MIGMEM_MARKDOWN_H
#define MIGMEM_MARKDOWN_H

#include "common/json_text.h"
#include "common/tool.h"

/* "85,502 + 4,082 n"; without a second term when it is 0.  To be freed. */
char *equation_text(int64_t fixed, int64_t per_session);
/* One sentence about what the size of the policy changes; to be freed. */
char *policy_sizes_text(const json_t *sweep);

/* A run or a sweep for the text of a pull request. */
void markdown_summary(struct blob *to, const json_t *result);

#endif
