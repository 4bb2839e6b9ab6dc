/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * A strict DER reader: definite lengths in their shortest form, low tag numbers, and nothing past
 * the end.  It walks with `struct reader`, so the first fault sticks; check once at the end with
 * reader_ok() or reader_done().
 */
#ifndef ATTEST_DER_H
#define ATTEST_DER_H

#include "wire/reader.h"

/* Bytes in place. */
struct span {
	const uint8_t *at;
	size_t n;
};

/* Identifier octets. */
enum der_tag {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_NULL = 0x05,
	DER_OID = 0x06,
	DER_ENUMERATED = 0x0a,
	DER_UTF8_STRING = 0x0c,
	DER_PRINTABLE_STRING = 0x13,
	DER_IA5_STRING = 0x16,
	DER_UTC_TIME = 0x17,
	DER_GENERALIZED_TIME = 0x18,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_CONTEXT_0 = 0xa0,
	DER_CONTEXT_1 = 0xa1,
	DER_CONTEXT_2 = 0xa2,
	DER_CONTEXT_3 = 0xa3,
};

bool span_equal(struct span a, struct span b);

/* A reader over a span; a failed one when there is none. */
static inline struct reader span_reader(struct span s)
{
	if (s.at == NULL)
		return (struct reader){.failed = true};
	return reader_of(s.at, s.n);
}

/* Identifier octet of the next element; 0 at the end or after a fault. */
uint8_t der_peek(const struct reader *r);

/* The next element of any tag; *content is its content, the result the whole element. */
struct span der_any(struct reader *r, uint8_t *tag, struct span *content);

/* The next element must have this tag: its content, or the whole element. */
struct span der_content(struct reader *r, uint8_t tag);
struct span der_element(struct reader *r, uint8_t tag);

/* A reader over the content of the next element; a failed one when the tag is another. */
struct reader der_enter(struct reader *r, uint8_t tag);

/* Fails `r` if a reader entered from it failed or was left with bytes over. */
void der_leave(struct reader *r, const struct reader *inner);

/* INTEGER, zero or positive, in its shortest form: magnitude without leading zero octets. */
struct span der_unsigned(struct reader *r);
/* The same of any INTEGER or ENUMERATED up to 32 bits; fails when it is larger. */
uint32_t der_u32(struct reader *r, uint8_t tag);
/* BOOLEAN, 00 or FF. */
bool der_boolean(struct reader *r);
/* BIT STRING of whole octets. */
struct span der_bits(struct reader *r);

/* OBJECT IDENTIFIER: its content, each number in its shortest form. */
struct span der_oid(struct reader *r);
/* True if the object identifier has this content. */
bool der_oid_is(struct span oid, const uint8_t *content, size_t n);

/* UTCTime or GeneralizedTime of RFC 5280: with seconds, Zulu, a real calendar date, not the epoch. */
void der_time(struct reader *r);

/*
 * ECDSA signature, SEQUENCE { INTEGER r, INTEGER s }, to r || s of 2 * width bytes, big-endian.
 * False when it is malformed or a number has more than `width` bytes.
 */
bool der_ecdsa_signature(struct span der, size_t width, uint8_t *to);

#endif
