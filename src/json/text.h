/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What stands between the quotes of a JSON string (RFC 8259, section 7). */
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include "wire/bytes.h"

/* True for what may stand for itself; from 0x80 on only as part of UTF-8, which is not looked at. */
static inline bool json_is_plain(uint8_t byte)
{
	return byte >= 0x20 && byte != '"' && byte != '\\';
}

/* Those of eight bytes that do not stand for themselves, as a mask of wire/bytes.h. */
static inline uint64_t json_special(uint64_t bytes)
{
	return bytes_below(bytes, 0x20) | bytes_equal(bytes, '"') | bytes_equal(bytes, '\\');
}

/* Length of the run of ASCII at `from` that stands for itself. */
static inline size_t json_plain_run(const uint8_t *from, size_t n)
{
	size_t i = 0;

	for (; n - i >= 8; i += 8) {
		const uint64_t bytes = bytes_load(from + i);
		const uint64_t other = json_special(bytes) | (bytes & BYTES_TOPS);
		if (other != 0)
			return i + bytes_before(other);
	}
	while (i < n && json_is_plain(from[i]) && from[i] < 0x80)
		i++;
	return i;
}

/* The byte that an escape of two characters stands for, given the second; 0 if there is none. */
static inline uint8_t json_escaped(uint8_t name)
{
	switch (name) {
	case '"':
	case '\\':
	case '/':
		return name;
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return 0;
	}
}

#endif
