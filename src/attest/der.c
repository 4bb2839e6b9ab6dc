/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "attest/der.h"

#include "attest/date.h"

bool span_equal(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.at, b.at, a.n) == 0);
}

uint8_t der_peek(const struct reader *r)
{
	return reader_left(r) > 0 ? *r->at : 0;
}

/* Length octets, shortest form only; at most three follow the first, which is 16 MiB. */
static size_t der_length(struct reader *r)
{
	const uint8_t first = reader_u8(r);
	size_t length = 0;

	if (first < 0x80)
		return first;
	const size_t octets = first & 0x7f;
	if (octets < 1 || octets > 3) {
		r->failed = true;
		return 0;
	}
	for (size_t i = 0; i < octets; i++)
		length = length << 8 | reader_u8(r);
	if (length < 0x80 || length >> (8 * (octets - 1)) == 0)
		r->failed = true;
	return length;
}

struct span der_any(struct reader *r, uint8_t *tag, struct span *content)
{
	const struct span none = {NULL, 0};
	const uint8_t *begin = r->at;

	*tag = reader_u8(r);
	if ((*tag & 0x1f) == 0x1f)
		r->failed = true;
	const size_t n = der_length(r);
	const uint8_t *bytes = reader_bytes(r, n);
	if (!reader_ok(r)) {
		*tag = 0;
		*content = none;
		return none;
	}
	*content = (struct span){bytes, n};
	return (struct span){begin, (size_t)(r->at - begin)};
}

static struct span der_expect(struct reader *r, uint8_t tag, struct span *content)
{
	uint8_t found;
	const struct span element = der_any(r, &found, content);
	if (found == tag)
		return element;
	r->failed = true;
	*content = (struct span){NULL, 0};
	return *content;
}

struct span der_content(struct reader *r, uint8_t tag)
{
	struct span content;
	der_expect(r, tag, &content);
	return content;
}

struct span der_element(struct reader *r, uint8_t tag)
{
	struct span content;
	return der_expect(r, tag, &content);
}

struct reader der_enter(struct reader *r, uint8_t tag)
{
	const struct span content = der_content(r, tag);
	if (!reader_ok(r))
		return (struct reader){.at = r->at, .left = 0, .failed = true};
	return span_reader(content);
}

void der_leave(struct reader *r, const struct reader *inner)
{
	if (!reader_done(inner))
		r->failed = true;
}

/* Two's complement in the fewest octets, not negative; strips the octet that holds the sign. */
static struct span unsigned_content(struct reader *r, struct span content)
{
	if (!reader_ok(r) || content.n == 0 || (content.at[0] & 0x80) != 0 ||
		(content.n > 1 && content.at[0] == 0 && (content.at[1] & 0x80) == 0)) {
		r->failed = true;
		return (struct span){NULL, 0};
	}
	if (content.at[0] == 0)
		return (struct span){content.at + 1, content.n - 1};
	return content;
}

struct span der_unsigned(struct reader *r)
{
	return unsigned_content(r, der_content(r, DER_INTEGER));
}

uint32_t der_u32(struct reader *r, uint8_t tag)
{
	const struct span number = unsigned_content(r, der_content(r, tag));
	uint32_t value = 0;

	if (number.n > 4) {
		r->failed = true;
		return 0;
	}
	for (size_t i = 0; i < number.n; i++)
		value = value << 8 | number.at[i];
	return value;
}

bool der_boolean(struct reader *r)
{
	const struct span content = der_content(r, DER_BOOLEAN);
	if (content.n != 1 || (content.at[0] != 0x00 && content.at[0] != 0xff)) {
		r->failed = true;
		return false;
	}
	return content.at[0] == 0xff;
}

struct span der_bits(struct reader *r)
{
	const struct span content = der_content(r, DER_BIT_STRING);
	if (content.n < 1 || content.at[0] != 0) {
		r->failed = true;
		return (struct span){NULL, 0};
	}
	return (struct span){content.at + 1, content.n - 1};
}

struct span der_oid(struct reader *r)
{
	const struct span content = der_content(r, DER_OID);
	bool first = true;

	for (size_t i = 0; i < content.n; i++) {
		if (first && content.at[i] == 0x80)
			r->failed = true;
		first = (content.at[i] & 0x80) == 0;
	}
	/* Whole numbers only, at least one. */
	if (content.n == 0 || !first)
		r->failed = true;
	return r->failed ? (struct span){NULL, 0} : content;
}

bool der_oid_is(struct span oid, const uint8_t *content, size_t n)
{
	return span_equal(oid, (struct span){content, n});
}

void der_time(struct reader *r)
{
	uint8_t tag;
	struct span content;
	struct date d = {0};
	bool ok = true;

	der_any(r, &tag, &content);
	if (!reader_ok(r))
		return;
	const bool utc = tag == DER_UTC_TIME && content.n == 13;
	const bool generalized = tag == DER_GENERALIZED_TIME && content.n == 15;
	if (!utc && !generalized) {
		r->failed = true;
		return;
	}
	const uint8_t *at = content.at;
	if (utc) {
		d.year = (uint16_t)date_digits(at, 2, &ok);
		d.year = (uint16_t)(d.year + (d.year < 50 ? 2000 : 1900));
		at += 2;
	} else {
		d.year = (uint16_t)date_digits(at, 4, &ok);
		at += 4;
	}
	d.month = (uint8_t)date_digits(at, 2, &ok);
	d.day = (uint8_t)date_digits(at + 2, 2, &ok);
	d.hour = (uint8_t)date_digits(at + 4, 2, &ok);
	d.minute = (uint8_t)date_digits(at + 6, 2, &ok);
	d.second = (uint8_t)date_digits(at + 8, 2, &ok);
	if (!ok || at[10] != 'Z' || !date_is_real(&d) || !date_is_given(date_seconds(&d)))
		r->failed = true;
}

bool der_ecdsa_signature(struct span der, size_t width, uint8_t *to)
{
	struct reader outer = span_reader(der);
	struct reader pair = der_enter(&outer, DER_SEQUENCE);

	memset(to, 0, 2 * width);
	for (size_t i = 0; i < 2; i++) {
		const struct span number = der_unsigned(&pair);
		if (!reader_ok(&pair) || number.n > width)
			return false;
		if (number.n > 0)
			memcpy(to + (i + 1) * width - number.n, number.at, number.n);
	}
	der_leave(&outer, &pair);
	return reader_done(&outer);
}
