/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A pair that can be put back to where it was, so that many cases start from one point. */
#ifndef TESTS_SPDM_SAVED_H
#define TESTS_SPDM_SAVED_H

#include "support.h"

struct saved {
	struct pair pair;
};

void save(const struct pair *p, struct saved *to);
/* Elements taken since are freed. */
void restore(struct pair *p, const struct saved *from);

/* One role's part of the pair. */
struct spdm *engine(struct pair *p, bool requester);
const struct stream *stream(struct pair *p, bool requester);
struct pipe *inbox(struct pair *p, bool requester);

/* Runs until `index` frames were sent to the role and taken, and it waits for the next. */
void run_to(struct pair *p, bool requester, size_t index);
/* Goes on until that next frame is in the role's inbox; the frame. */
uint8_t *next_frame(struct pair *p, bool requester, size_t index, size_t *size);

#endif
