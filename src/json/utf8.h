/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Well-formed UTF-8, checked byte by byte (Unicode, table 3-7). */
#ifndef JSON_UTF8_H
#define JSON_UTF8_H

#include "migtd/base.h"

struct utf8 {
	uint8_t left;	/* continuation bytes still to come; 0 between characters */
	uint8_t lead;	/* lead byte that narrows the next one, or 0 */
};

/* Takes the next byte; false when no well-formed text continues with it. */
static inline bool utf8_take(struct utf8 *u, uint8_t byte)
{
	if (u->left > 0) {
		const uint8_t least = u->lead == 0xe0 ? 0xa0 : u->lead == 0xf0 ? 0x90 : 0x80;
		const uint8_t most = u->lead == 0xed ? 0x9f : u->lead == 0xf4 ? 0x8f : 0xbf;
		u->lead = 0;
		u->left--;
		return byte >= least && byte <= most;
	}
	if (byte < 0x80)
		return true;
	if (byte < 0xc2 || byte > 0xf4)
		return false;
	u->left = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
	u->lead = byte;
	return true;
}

#endif
