/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "migtd/migtd.h"

static const char *const words[] = {
#define PHASE(name, word) word,
#include "migtd/phase.def"
#undef PHASE
};

const char *phase_word(enum phase p)
{
	return (unsigned)p < PHASE_COUNT ? words[p] : "none";
}
