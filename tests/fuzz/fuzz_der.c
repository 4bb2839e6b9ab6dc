/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * DER elements, walked as far down as they are constructed.  Whatever is read lies in the input,
 * and what is accepted is what a plain encoder makes of it.
 */
#include "fuzz.h"

#include "attest/der.h"

#define DEPTH_MAX 8

/* Identifier and length octets of X.690 10.1; returns how many there are. */
static size_t encode_header(uint8_t tag, size_t n, uint8_t header[5])
{
	size_t octets = 0;

	header[0] = tag;
	if (n < 0x80) {
		header[1] = (uint8_t)n;
		return 2;
	}
	for (size_t rest = n; rest > 0; rest >>= 8)
		octets++;
	header[1] = (uint8_t)(0x80 | octets);
	for (size_t i = 0; i < octets; i++)
		header[2 + i] = (uint8_t)(n >> (8 * (octets - 1 - i)));
	return 2 + octets;
}

static void check_number(struct span element)
{
	struct reader r = span_reader(element), small = r;
	const struct span number = der_unsigned(&r);
	const uint32_t value = der_u32(&small, DER_INTEGER);

	if (!reader_done(&r)) {
		HOLDS(!reader_ok(&small));
		return;
	}
	HOLDS(number.n == 0 || number.at[0] != 0);
	HOLDS(reader_ok(&small) == (number.n <= 4));
	uint32_t expected = 0;
	for (size_t i = 0; i < number.n && number.n <= 4; i++)
		expected = expected << 8 | number.at[i];
	HOLDS(!reader_ok(&small) || value == expected);
}

static void check_signature(struct span element)
{
	uint8_t rs[2 * 48];

	if (!der_ecdsa_signature(element, 48, rs))
		return;
	/* r and s by hand: the last bytes of the numbers are those of the halves. */
	struct reader outer = span_reader(element);
	struct reader pair = der_enter(&outer, DER_SEQUENCE);
	for (size_t i = 0; i < 2; i++) {
		const struct span number = der_unsigned(&pair);
		HOLDS(number.n <= 48);
		HOLDS(number.n == 0 ||
			memcmp(rs + (i + 1) * 48 - number.n, number.at, number.n) == 0);
	}
	HOLDS(reader_done(&pair) && reader_done(&outer));
}

/* An element read as each of the types there are: only its own may succeed. */
static void check_types(struct span element, uint8_t tag)
{
	struct reader r = span_reader(element);
	const bool boolean = der_boolean(&r);
	HOLDS(!reader_ok(&r) || tag == DER_BOOLEAN);
	HOLDS(!boolean || element.at[2] == 0xff);
	r = span_reader(element);
	const struct span bits = der_bits(&r);
	HOLDS(!reader_ok(&r) || (tag == DER_BIT_STRING && bits.n < element.n));
	r = span_reader(element);
	const struct span oid = der_oid(&r);
	HOLDS(reader_ok(&r) == (oid.at != NULL));
	HOLDS(oid.at == NULL ||
		(tag == DER_OID && der_oid_is(oid, element.at + element.n - oid.n, oid.n)));
	r = span_reader(element);
	der_time(&r);
	HOLDS(!reader_ok(&r) || (tag == DER_UTC_TIME && element.n == 15) ||
		(tag == DER_GENERALIZED_TIME && element.n == 17));
	check_number(element);
	check_signature(element);
}

static void walk(const uint8_t *bytes, size_t n, unsigned depth)
{
	struct reader r = reader_of(bytes, n);

	while (reader_left(&r) > 0) {
		const uint8_t peeked = der_peek(&r);
		struct reader copy = r;
		struct span content;
		uint8_t tag, header[5];
		const struct span element = der_any(&r, &tag, &content);

		if (!reader_ok(&r)) {
			HOLDS(element.at == NULL && content.at == NULL && tag == 0);
			HOLDS(reader_left(&r) == 0 && der_peek(&r) == 0);
			return;
		}
		ACCEPTED();
		const size_t header_n = encode_header(tag, content.n, header);
		HOLDS(tag == peeked && fuzz_inside(bytes, n, element.at, element.n));
		HOLDS(element.n == header_n + content.n && content.at == element.at + header_n &&
			memcmp(element.at, header, header_n) == 0);
		HOLDS(span_equal(element, der_element(&copy, tag)) && reader_ok(&copy));
		check_types(element, tag);

		struct reader whole = span_reader(element);
		struct reader inner = der_enter(&whole, (uint8_t)(tag ^ 1));
		HOLDS(!reader_ok(&inner) && !reader_ok(&whole));
		if ((tag & 0x20) != 0 && depth < DEPTH_MAX)
			walk(content.at, content.n, depth + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct reader nothing = span_reader((struct span){NULL, 0});

	HOLDS(!reader_ok(&nothing));
	walk(bytes, n, 0);
	return 0;
}
