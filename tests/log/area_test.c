/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The log area, read as a VMM reads it: after every entry the ring is whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log/area.h"

static uint8_t page[LOG_AREA_SIZE], shared[LOG_AREA_SIZE];
static struct log_area area;

static uint64_t get(const uint8_t *at, size_t n)
{
	uint64_t value = 0;

	memcpy(&value, at, n);
	return value;
}

/* An entry with this id has this text: its length says the rest. */
static size_t text_of(uint64_t id, char *text)
{
	const size_t n = (size_t)(id * 7919 % 311);

	for (size_t i = 0; i < n; i++)
		text[i] = (char)('a' + (id + i) % 26);
	return n;
}

static void check_entry(const uint8_t *at, uint64_t id)
{
	char text[LOG_AREA_SIZE];
	const size_t n = text_of(id, text);

	assert_int_equal(get(at, 8), id);
	assert_int_equal(get(at + 8, 8), id % 3 == 0 ? LOG_NO_REQUEST : id);
	assert_int_equal(at[16], LOG_INFO);
	assert_int_equal(get(at + 17, 3), 0);
	assert_int_equal(get(at + 20, 4), n);
	assert_memory_equal(at + 24, text, n);
}

/* Walks from start to end; entries must be consecutive and the last be `last`.  How many. */
static unsigned walk(const uint8_t *at, uint64_t last)
{
	const uint64_t end = get(at + 32, 8);
	uint64_t offset = get(at + 24, 8);
	uint64_t id = 0;
	unsigned n = 0;

	assert_memory_equal(at, "MigTD LogArea 1", 16);
	assert_int_equal(get(at + 16, 8), 0);
	assert_in_range(offset, LOG_AREA_HEADER, LOG_AREA_SIZE);
	assert_in_range(end, LOG_AREA_HEADER, LOG_AREA_SIZE);
	while (n == 0 || offset != end) {
		if (offset + LOG_AREA_ENTRY > LOG_AREA_SIZE || get(at + offset, 8) == 0) {
			for (uint64_t i = offset; i < LOG_AREA_SIZE; i++)
				assert_int_equal(at[i], 0);
			offset = LOG_AREA_HEADER;
		}
		id = n == 0 ? get(at + offset, 8) : id + 1;
		check_entry(at + offset, id);
		offset += LOG_AREA_ENTRY + get(at + offset + 20, 4);
		assert_true(offset <= LOG_AREA_SIZE);
		assert_true(++n < 300);
	}
	assert_int_equal(id, last);
	return n;
}

static void add(uint64_t id)
{
	char text[LOG_AREA_SIZE];
	const size_t n = text_of(id, text);

	log_area_add(&area, LOG_INFO, id % 3 == 0 ? LOG_NO_REQUEST : id, text, n);
}

static int set_up(void **state)
{
	(void)state;
	memset(shared, 0, sizeof(shared));
	log_area_init(&area, page, LOG_INFO);
	return 0;
}

static void an_empty_area_is_a_header(void **state)
{
	(void)state;
	log_area_enable(&area, shared, LOG_INFO);
	assert_memory_equal(shared, "MigTD LogArea 1", 16);
	assert_int_equal(get(shared + 24, 8), 40);
	assert_int_equal(get(shared + 32, 8), 40);
	for (unsigned i = 40; i < LOG_AREA_SIZE; i++)
		assert_int_equal(shared[i], 0);
}

static void the_ring_is_whole_after_every_entry(void **state)
{
	unsigned least = 1000;

	(void)state;
	log_area_enable(&area, shared, LOG_INFO);
	for (uint64_t id = 1; id <= 20000; id++) {
		add(id);
		const unsigned n = walk(shared, id);

		assert_memory_equal(shared, page, LOG_AREA_SIZE);
		if (id > 100 && n < least)
			least = n;
	}
	/* A page holds at least so many of at most 334 bytes. */
	assert_true(least >= 8);
}

static void entries_before_are_shown_when_enabled(void **state)
{
	(void)state;
	for (uint64_t id = 1; id <= 50; id++)
		add(id);
	for (unsigned i = 0; i < LOG_AREA_SIZE; i++)
		assert_int_equal(shared[i], 0);
	log_area_enable(&area, shared, LOG_INFO);
	walk(shared, 50);
	add(51);
	walk(shared, 51);
}

/* T40: whatever the VMM writes there, the next entry stands right and the ring stays in its page. */
static void nothing_is_read_from_the_shared_page(void **state)
{
	uint64_t id = 0;

	(void)state;
	log_area_enable(&area, shared, LOG_INFO);
	srand(1);
	for (unsigned round = 0; round < 500; round++) {
		for (unsigned i = 0; i < LOG_AREA_SIZE; i++)
			shared[i] = (uint8_t)rand();
		add(++id);
		walk(page, id);
		/* The offsets are written anew with each. */
		assert_memory_equal(shared + 24, page + 24, 16);
	}
}

static void sizes_up_to_the_limit_fit(void **state)
{
	static char text[LOG_AREA_SIZE];

	(void)state;
	memset(text, 'x', sizeof(text));
	log_area_enable(&area, shared, LOG_INFO);
	for (size_t n = LOG_AREA_TEXT_MAX - 3; n <= LOG_AREA_TEXT_MAX; n++) {
		log_area_add(&area, LOG_INFO, 1, text, n);
		log_area_add(&area, LOG_INFO, 1, text, n);
		assert_int_equal(get(shared + get(shared + 24, 8) + 20, 4), n);
		assert_int_equal(get(shared + 32, 8), 40 + 24 + n);
	}
	const uint64_t id = area.next_id;
	log_area_add(&area, LOG_INFO, 1, text, LOG_AREA_TEXT_MAX + 1);
	assert_int_equal(area.next_id, id);
}

static void levels_filter_and_ids_wrap(void **state)
{
	(void)state;
	log_area_enable(&area, shared, LOG_WARN);
	log_area_add(&area, LOG_INFO, 1, "no", 2);
	assert_int_equal(get(shared + 32, 8), 40);
	log_area_add(&area, LOG_WARN, 1, "yes", 3);
	assert_int_equal(get(shared + 32, 8), 40 + 27);
	log_area_enable(&area, page, LOG_TRACE);
	assert_ptr_equal(area.shared, shared);
	area.next_id = UINT64_MAX;
	log_area_add(&area, LOG_TRACE, 1, "a", 1);
	log_area_add(&area, LOG_TRACE, 1, "b", 1);
	assert_int_equal(get(shared + 67, 8), UINT64_MAX);
	assert_int_equal(get(shared + 67 + 25, 8), 1);
}

static unsigned lines;

static void console(void *ctx, const char *line, size_t n)
{
	(void)ctx;
	(void)line;
	(void)n;
	lines++;
}

/* Lines come there without what the entry has fields for, each sink by its own level. */
static void lines_go_to_the_console_and_to_the_area(void **state)
{
	const struct log log = {.level = LOG_WARN, .console = console, .area = &area};
	struct line line;

	(void)state;
	log_area_enable(&area, shared, LOG_INFO);
	lines = 0;
	line_begin_request(&line, &log, LOG_INFO, 77);
	line_text(&line, "hello");
	line_end(&line);
	assert_int_equal(lines, 0);
	assert_int_equal(get(shared + 48, 8), 77);
	assert_int_equal(get(shared + 60, 4), 5);
	assert_memory_equal(shared + 64, "hello", 5);
	log_text(&log, LOG_ERROR, "both");
	assert_int_equal(lines, 1);
	assert_int_equal(get(shared + 69 + 8, 8), LOG_NO_REQUEST);
	assert_int_equal(shared[69 + 16], LOG_ERROR);
	assert_memory_equal(shared + 69 + 24, "both", 4);
	const uint64_t end = get(shared + 32, 8);
	log_text(&log, LOG_DEBUG, "neither");
	line_begin_raw(&line, &log);
	line_text(&line, "max stack usage: 0");
	line_end(&line);
	assert_int_equal(lines, 2);
	assert_int_equal(get(shared + 32, 8), end);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_empty_area_is_a_header, set_up),
		cmocka_unit_test_setup(the_ring_is_whole_after_every_entry, set_up),
		cmocka_unit_test_setup(entries_before_are_shown_when_enabled, set_up),
		cmocka_unit_test_setup(nothing_is_read_from_the_shared_page, set_up),
		cmocka_unit_test_setup(sizes_up_to_the_limit_fit, set_up),
		cmocka_unit_test_setup(levels_filter_and_ids_wrap, set_up),
		cmocka_unit_test_setup(lines_go_to_the_console_and_to_the_area, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
