/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Results as Markdown. */
#ifndef MIGMEM_MARKDOWN_H
#define MIGMEM_MARKDOWN_H

#include "common/json_text.h"
#include "common/tool.h"

/* "85,502 + 4,082 n"; without a second term when it is 0.  To be freed. */
char *equation_text(int64_t fixed, int64_t per_session);
/*
 * A line about what the size of something that comes from outside changes, by the entries of a
 * sweep's "policy_sizes" or "quote_sizes"; "" when it is the same in all.  To be freed.
 */
char *sizes_text(const json_t *list, const char *member, const char *what);
/* Those lines of a sweep; to be freed. */
char *input_sizes_text(const json_t *sweep);

/* A run or a sweep for the text of a pull request. */
void markdown_summary(struct blob *to, const json_t *result);

#endif
