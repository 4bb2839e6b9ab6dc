/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "log/log.h"

struct sink {
	char text[LINE_MAX + 1];
	size_t n;
	unsigned lines;
};

static void to_sink(void *ctx, const char *line, size_t n)
{
	struct sink *s = ctx;
	assert_true(n <= LINE_MAX);
	memcpy(s->text, line, n);
	s->text[n] = 0;
	s->n = n;
	s->lines++;
}

static void lines_carry_their_level(void **state)
{
	static const char *const want[] = {
		"ERROR - text", "WARN - text", "INFO - text", "DEBUG - text", "TRACE - text"};
	struct sink s = {.lines = 0};
	const struct log log = {.level = LOG_TRACE, .console = to_sink, .ctx = &s};

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		log_text(&log, (enum log_level)(LOG_ERROR + i), "text");
		assert_string_equal(s.text, want[i]);
	}
	assert_int_equal(s.lines, 5);
	assert_string_equal(log_level_name((enum log_level)0), "?");
	assert_string_equal(log_level_name((enum log_level)6), "?");
}

static void levels_above_the_chosen_one_are_dropped(void **state)
{
	struct sink s;
	(void)state;
	for (unsigned chosen = 0; chosen <= LOG_TRACE; chosen++) {
		const struct log log = {.level = (enum log_level)chosen, .console = to_sink, .ctx = &s};
		s.lines = 0;
		for (unsigned i = LOG_ERROR; i <= LOG_TRACE; i++)
			log_text(&log, (enum log_level)i, "text");
		assert_int_equal(s.lines, chosen);
	}
	log_text(NULL, LOG_ERROR, "nobody listens");
}

static void pieces_make_one_line(void **state)
{
	struct sink s = {.lines = 0};
	const struct log log = {.level = LOG_INFO, .console = to_sink, .ctx = &s};
	struct line l;

	(void)state;
	line_begin_request(&l, &log, LOG_INFO, 12);
	line_text(&l, "quote of ");
	line_dec(&l, 4935);
	line_text(&l, " bytes at ");
	line_hex(&l, 0x1f400);
	line_end(&l);
	assert_string_equal(s.text,
		"INFO - [request 12] quote of 4935 bytes at 1f400");
	assert_int_equal(s.lines, 1);
	line_end(&l);
	assert_int_equal(s.lines, 1);
}

static void raw_lines_have_no_prefix_and_no_level(void **state)
{
	struct sink s = {.lines = 0};
	const struct log log = {.level = LOG_ERROR, .console = to_sink, .ctx = &s};
	struct line l;

	(void)state;
	line_begin_raw(&l, &log);
	line_text(&l, "max stack usage: ");
	line_hex(&l, 0x2f10);
	line_end(&l);
	assert_string_equal(s.text, "max stack usage: 2f10");
}

static void numbers_match_printf(void **state)
{
	struct sink s;
	const struct log log = {.level = LOG_INFO, .console = to_sink, .ctx = &s};
	struct line l;
	char want[64];

	(void)state;
	for (unsigned shift = 0; shift <= 64; shift++) {
		const uint64_t power = shift == 64 ? 0 : 1ull << shift;
		for (uint64_t value = power - 2; value != power + 3; value++) {
			line_begin_raw(&l, &log);
			line_dec(&l, value);
			line_text(&l, " ");
			line_hex(&l, value);
			line_end(&l);
			snprintf(want, sizeof(want), "%" PRIu64 " %" PRIx64, value, value);
			assert_string_equal(s.text, want);
		}
	}
}

static void no_byte_can_forge_a_line_or_steer_a_terminal(void **state)
{
	struct sink s = {.lines = 0};
	const struct log log = {.level = LOG_INFO, .console = to_sink, .ctx = &s};
	struct line l;
	char want[8];

	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		const uint8_t text = (uint8_t)byte;
		line_begin_raw(&l, &log);
		line_text_n(&l, &text, 1);
		line_end(&l);
		const bool plain = byte >= 0x20 && byte <= 0x7e && byte != '\\';
		snprintf(want, sizeof(want), plain ? "%c" : "\\x%02x", byte);
		assert_string_equal(s.text, want);
	}
	log_text(&log, LOG_INFO, "a\nERROR - b\x1b[2J");
	assert_string_equal(s.text, "INFO - a\\x0aERROR - b\\x1b[2J");
	assert_int_equal(s.lines, 257);
}

static void long_lines_are_cut_and_say_so(void **state)
{
	struct sink s;
	const struct log log = {.level = LOG_INFO, .console = to_sink, .ctx = &s};
	struct line l;
	uint8_t bytes[400];

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		line_begin_raw(&l, &log);
		line_text_n(&l, bytes, n);
		line_end(&l);
		assert_int_equal(s.n, n < LINE_MAX ? n : LINE_MAX);
		assert_int_equal(strcmp(s.text + (s.n < 3 ? 0 : s.n - 3), "...") == 0, n > LINE_MAX);
	}
}

static void nothing_is_split_or_appended_after_the_cut(void **state)
{
	struct sink s;
	const struct log log = {.level = LOG_INFO, .console = to_sink, .ctx = &s};
	struct line l;

	(void)state;
	for (unsigned lead = LINE_MAX - 24; lead <= LINE_MAX; lead++) {
		line_begin_raw(&l, &log);
		for (unsigned i = 0; i < lead; i++)
			line_text(&l, "x");
		line_dec(&l, UINT64_MAX);
		line_text(&l, "!");
		line_end(&l);
		if (lead + 20 > LINE_MAX) {
			assert_null(strchr(s.text, '1'));
			assert_null(strchr(s.text, '!'));
		}
		assert_int_equal(strcmp(s.text + s.n - 3, "...") == 0, lead + 21 > LINE_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_carry_their_level),
		cmocka_unit_test(levels_above_the_chosen_one_are_dropped),
		cmocka_unit_test(pieces_make_one_line),
		cmocka_unit_test(raw_lines_have_no_prefix_and_no_level),
		cmocka_unit_test(numbers_match_printf),
		cmocka_unit_test(no_byte_can_forge_a_line_or_steer_a_terminal),
		cmocka_unit_test(long_lines_are_cut_and_say_so),
		cmocka_unit_test(nothing_is_split_or_appended_after_the_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
