/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/bytes.h"
#include "wire/reader.h"
#include "wire/writer.h"

static void reads_little_and_big_endian(void **state)
{
	const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 0, 0};
	struct reader r = reader_of(bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(reader_u8(&r), 1);
	assert_int_equal(reader_u16(&r), 0x0302);
	assert_int_equal(reader_u24(&r), 0x060504);
	assert_int_equal(reader_u32(&r), 0x0a090807);
	assert_int_equal(reader_u32_be(&r), 0x0b0c0d0e);
	assert_int_equal(reader_left(&r), 6);
	reader_bytes(&r, 4);
	reader_zero(&r, 2);
	assert_true(reader_done(&r));
}

static void fails_once_and_for_good(void **state)
{
	const uint8_t bytes[] = {1, 2, 3};
	struct reader r = reader_of(bytes, sizeof(bytes));
	uint8_t copy[4] = {9, 9, 9, 9};

	(void)state;
	reader_copy(&r, copy, 4);
	assert_int_equal(copy[0] | copy[3], 0);
	assert_false(reader_ok(&r));
	assert_int_equal(reader_u8(&r), 0);
	assert_null(reader_bytes(&r, 0));
	assert_int_equal(reader_left(&r), 0);
	assert_false(reader_done(&r));
}

static void refuses_reserved_bits(void **state)
{
	const uint8_t bytes[] = {0, 0, 1};
	struct reader r = reader_of(bytes, sizeof(bytes));

	(void)state;
	reader_zero(&r, 3);
	assert_false(reader_ok(&r));
}

static void sub_reader_is_bounded(void **state)
{
	const uint8_t bytes[] = {1, 2, 3, 4};
	struct reader r = reader_of(bytes, sizeof(bytes));
	struct reader sub = reader_sub(&r, 2);

	(void)state;
	assert_int_equal(reader_u16(&sub), 0x0201);
	assert_true(reader_done(&sub));
	sub = reader_sub(&r, 3);
	assert_false(reader_ok(&sub));
	assert_false(reader_ok(&r));
}

static void writes_and_stops_at_the_end(void **state)
{
	uint8_t bytes[15];
	const uint8_t wanted[15] = {1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 4};
	struct writer w = writer_of(bytes, sizeof(bytes));

	(void)state;
	writer_u8(&w, 1);
	writer_u16(&w, 0x0302);
	writer_u32(&w, 0x07060504);
	writer_u32_be(&w, 0x01020304);
	writer_zero(&w, 4);
	assert_true(writer_ok(&w));
	assert_int_equal(writer_size(&w), 15);
	assert_memory_equal(bytes, wanted, 15);
	writer_u8(&w, 1);
	assert_false(writer_ok(&w));
	assert_int_equal(writer_room(&w), 0);
}

/* Every integer reader at every length: what is cut is zero, and so is all that follows. */
static void cut_integers_read_as_zero(void **state)
{
	const uint8_t bytes[] = {0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89};
	const uint64_t whole[] = {0x81, 0x8281, 0x838281, 0x84838281, 0x81828384, 0x8887868584838281};
	const size_t size[] = {1, 2, 3, 4, 4, 8};

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(size); k++) {
		for (size_t n = 0; n <= sizeof(bytes); n++) {
			struct reader r = reader_of(bytes, n);
			const uint64_t value[] = {
				k == 0 ? reader_u8(&r) : 0,
				k == 1 ? reader_u16(&r) : 0,
				k == 2 ? reader_u24(&r) : 0,
				k == 3 ? reader_u32(&r) : 0,
				k == 4 ? reader_u32_be(&r) : 0,
				k == 5 ? reader_u64(&r) : 0,
			};

			assert_true(value[k] == (n >= size[k] ? whole[k] : 0));
			assert_int_equal(reader_ok(&r), n >= size[k]);
			assert_int_equal(reader_done(&r), n == size[k]);
			assert_int_equal(reader_left(&r), n >= size[k] ? n - size[k] : 0);
			if (n < size[k])
				assert_int_equal(reader_u8(&r), 0);
		}
	}
}

static size_t write_integer(struct writer *w, size_t k)
{
	switch (k) {
	case 0:
		writer_u8(w, 0x81);
		return 1;
	case 1:
		writer_u16(w, 0x8281);
		return 2;
	case 2:
		writer_u32(w, 0x84838281);
		return 4;
	default:
		writer_u64(w, 0x8887868584838281);
		return 8;
	}
}

/* Every integer writer at every room: whole, or nothing, then or later. */
static void integers_that_do_not_fit_are_not_begun(void **state)
{
	const uint8_t wanted[] = {0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88};

	(void)state;
	for (size_t k = 0; k < 4; k++) {
		for (size_t room = 0; room <= sizeof(wanted); room++) {
			uint8_t bytes[sizeof(wanted) + 1] = {0};
			struct writer w = writer_of(bytes, room);
			const size_t n = write_integer(&w, k);
			const size_t written = n <= room ? n : 0;

			assert_int_equal(writer_ok(&w), n <= room);
			assert_int_equal(writer_size(&w), written);
			if (n > room) {
				writer_u8(&w, 1);
				assert_null(writer_claim(&w, 0));
			}
			assert_memory_equal(bytes, wanted, written);
			for (size_t i = written; i < sizeof(bytes); i++)
				assert_int_equal(bytes[i], 0);
		}
	}
}

/* Every byte beside every other, at each of the eight places. */
static void eight_bytes_at_a_time_are_seen_like_one(void **state)
{
	(void)state;
	for (unsigned pair = 0; pair < 0x10000; pair++) {
		const unsigned at = pair % 7;
		uint8_t bytes[8];

		memset(bytes, 0x90, sizeof(bytes));
		bytes[at] = (uint8_t)pair;
		bytes[at + 1] = (uint8_t)(pair >> 8);
		const uint64_t loaded = bytes_load(bytes);
		uint8_t stored[8];
		bytes_store(stored, loaded);
		assert_memory_equal(stored, bytes, 8);
		const uint64_t below = bytes_below(loaded, 0x20), equal = bytes_equal(loaded, '"');
		size_t first_below = 0, first_equal = 0;

		while (first_below < 8 && bytes[first_below] >= 0x20)
			first_below++;
		while (first_equal < 8 && bytes[first_equal] != '"')
			first_equal++;
		assert_int_equal(below != 0 ? bytes_before(below) : 8, first_below);
		assert_int_equal(equal != 0 ? bytes_before(equal) : 8, first_equal);
		assert_int_equal(bytes_contain(bytes, 8, '"'), first_equal < 8);
		assert_int_equal(bytes_contain(bytes, at, '"'), false);
	}
}

/* In the words and behind them. */
static void a_byte_is_found_wherever_it_stands(void **state)
{
	uint8_t bytes[29] = {0};

	(void)state;
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		for (size_t at = 0; at < sizeof(bytes); at++) {
			bytes[at] = '\r';
			assert_int_equal(bytes_contain(bytes, n, '\r'), at < n);
			bytes[at] = 0;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_little_and_big_endian),
		cmocka_unit_test(fails_once_and_for_good),
		cmocka_unit_test(refuses_reserved_bits),
		cmocka_unit_test(sub_reader_is_bounded),
		cmocka_unit_test(writes_and_stops_at_the_end),
		cmocka_unit_test(cut_integers_read_as_zero),
		cmocka_unit_test(integers_that_do_not_fit_are_not_begun),
		cmocka_unit_test(eight_bytes_at_a_time_are_seen_like_one),
		cmocka_unit_test(a_byte_is_found_wherever_it_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
