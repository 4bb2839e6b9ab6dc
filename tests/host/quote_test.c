/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * GetQuote from the request page to a quote that OpenSSL verifies up to a root made here, the
 * refusals of the quoting service, and the faults.
 */
#include "fake_td.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/bytes.h"
#include "quote_oracle.h"

#define INVALID_OPERAND 0x8000000000000000ull
#define STATUS_ERROR 0x8000000000000000ull
#define STATUS_UNAVAILABLE 0x8000000000000001ull

static struct fake_platform platform;
static struct fake_td td;

static void begin(const char *fault)
{
	const char *options[] = {"--pki", oracle_folder, fault ? "--fault" : NULL, fault, NULL};

	platform_start(&platform, options);
	fake_attach(&td, &platform, 7, NULL);
	fake_share(&td);
}

static int start(void **state)
{
	(void)state;
	oracle_make();
	begin(NULL);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	fake_detach(&td);
	platform_stop(&platform);
	return oracle_remove();
}

static void restart(const char *fault)
{
	fake_detach(&td);
	platform_stop(&platform);
	begin(fault);
}

/* ------------------------------------------------------------------------------- request */

static void make_report(uint8_t report[1024])
{
	uint64_t reg[REGS] = {[RAX] = 4, [RCX] = 0x3000, [RDX] = 0x2000};

	for (unsigned i = 0; i < 64; i++)
		td.ram[0x2000 + i] = (uint8_t)(i + 1);
	assert_int_equal(tdcall(&td, reg), 0);
	memcpy(report, td.ram + 0x3000, 1024);
}

static void fill_header(uint32_t in_length)
{
	memset(quote_buffer(&td), 0, QUOTE_BYTES);
	store64(quote_buffer(&td), 1);
	store32(quote_buffer(&td) + 16, in_length);
}

static void fill_framed(const uint8_t report[1024])
{
	uint8_t *m = quote_buffer(&td) + 28;

	fill_header(1052);
	store32_be(m - 4, 1048);
	store16(m, 1);
	store16(m + 2, 1);
	store32(m + 8, 1048);
	store32(m + 16, 1024);
	memcpy(m + 24, report, 1024);
}

/* A framed quote of a fresh report; its size, and where it lies in *quote. */
static uint32_t quote_framed(uint8_t report[1024], const uint8_t **quote)
{
	const uint8_t *m = quote_buffer(&td) + 28;

	make_report(report);
	fill_framed(report);
	assert_int_equal(get_quote(&td), 0);
	assert_int_equal(complete(&td), 0);
	assert_int_equal(load32(quote_buffer(&td) + 20), 4 + load32_be(m - 4));
	assert_int_equal(load16(m), 1);
	assert_int_equal(load32(m + 4), 1);
	assert_int_equal(load32(m + 8), load32_be(m - 4));
	assert_int_equal(load32(m + 12), 0);
	assert_int_equal(load32(m + 16), 0);
	assert_int_equal(load32(m + 20), load32(m + 8) - 24);
	*quote = m + 24;
	return load32(m + 20);
}

static void expect_body(const uint8_t *body, const uint8_t report[1024])
{
	assert_memory_equal(body, report + 264, 16);
	assert_memory_equal(body + 16, report + 280, 48);
	assert_memory_equal(body + 120, report + 512, 400);
	assert_memory_equal(body + 520, report + 128, 64);
}

static void a_quote_verifies_up_to_the_root(void **state)
{
	uint8_t report[1024];
	const uint8_t *quote;
	unsigned padded = 0;

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		uint32_t n = quote_framed(report, &quote);
		size_t used;

		assert_int_equal(load16(quote), 4);
		assert_int_equal(load16(quote + 2), 2);
		assert_int_equal(load32(quote + 4), 0x81);
		expect_body(quote + 48, report);
		used = oracle_verify(quote, 632);
		assert_true(n == used || n == used + 70);
		padded += n != used;
	}
	assert_int_equal(padded, 2);
}

static void every_quote_is_fresh(void **state)
{
	uint8_t report[1024];
	const uint8_t *quote;
	uint8_t first[64];

	(void)state;
	quote_framed(report, &quote);
	memcpy(first, quote + 636, 64);
	quote_framed(report, &quote);
	assert_memory_not_equal(first, quote + 636, 64);
}

static void completion_comes_by_the_notify_vector(void **state)
{
	uint8_t report[1024];
	const uint8_t *quote;

	(void)state;
	memset(td.interrupts, 0, sizeof(td.interrupts));
	quote_framed(report, &quote);
	assert_int_equal(take_interrupts(&td, 100), 0);
	assert_int_equal(vmcall(&td, 0x10004, 0x51, 0, 0), 0);
	quote_framed(report, &quote);
	take_interrupts(&td, 1000);
	assert_int_equal(td.interrupts[0x51], 1);
}

static void a_bare_report_gets_a_bare_quote(void **state)
{
	uint8_t report[1024];

	(void)state;
	make_report(report);
	fill_header(1024);
	memcpy(quote_buffer(&td) + 24, report, 1024);
	assert_int_equal(get_quote(&td), 0);
	assert_int_equal(complete(&td), 0);
	assert_int_equal(load16(quote_buffer(&td) + 24), 4);
	oracle_verify(quote_buffer(&td) + 24, 632);
}

static void a_changed_report_gets_no_quote(void **state)
{
	static const uint16_t places[] = {0, 2, 16, 40, 90, 130, 200, 230, 256, 264, 300, 400, 480, 520,
		530, 800, 900, 1000};
	uint8_t report[1024];

	(void)state;
	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		make_report(report);
		report[places[i]] ^= 1;
		fill_framed(report);
		assert_int_equal(get_quote(&td), 0);
		assert_int_equal(complete(&td), 0);
		assert_int_equal(load32(quote_buffer(&td) + 28 + 12), 0x00012001);
		assert_int_equal(load32(quote_buffer(&td) + 20), 28);
	}
}

static void malformed_messages_are_named(void **state)
{
	static const struct {
		uint8_t at;
		uint8_t value;
		uint32_t error;
	} cases[] = {{0, 2, 0x12004}, {4, 4, 0x12005}, {8, 1, 0x12006}, {16, 1, 0x12003},
		{20, 1, 0x12003}};
	uint8_t report[1024];

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make_report(report);
		fill_framed(report);
		quote_buffer(&td)[28 + cases[i].at] = cases[i].value;
		assert_int_equal(get_quote(&td), 0);
		assert_int_equal(complete(&td), 0);
		assert_int_equal(load32(quote_buffer(&td) + 28 + 12), cases[i].error);
	}
	make_report(report);
	fill_framed(report);
	quote_buffer(&td)[27]++;
	assert_int_equal(get_quote(&td), 0);
	assert_int_equal(complete(&td), STATUS_ERROR);
}

static void the_buffer_is_checked(void **state)
{
	uint8_t report[1024];

	(void)state;
	make_report(report);
	fill_framed(report);
	assert_int_equal(vmcall(&td, 0x10002, QUOTE_GPA, QUOTE_BYTES, 0), INVALID_OPERAND);
	assert_int_equal(vmcall(&td, 0x10002, SHARED | 0x1000, PAGE, 0), INVALID_OPERAND);
	assert_int_equal(vmcall(&td, 0x10002, SHARED | QUOTE_GPA, 0x20000 + PAGE, 0), INVALID_OPERAND);
	assert_int_equal(vmcall(&td, 0x10002, SHARED | (QUOTE_GPA + 8), PAGE, 0), 0x8000000000000002);
	assert_int_equal(vmcall(&td, 0x10002, SHARED | QUOTE_GPA, 100, 0), 0x8000000000000002);
	store64(quote_buffer(&td), 2);
	assert_int_equal(get_quote(&td), INVALID_OPERAND);
	store64(quote_buffer(&td), 1);
	store32(quote_buffer(&td) + 20, 8192);
	assert_int_equal(get_quote(&td), INVALID_OPERAND);
	store32(quote_buffer(&td) + 20, 0);
	store32(quote_buffer(&td) + 16, QUOTE_BYTES);
	assert_int_equal(get_quote(&td), INVALID_OPERAND);
}

static void a_buffer_taken_back_meanwhile_is_not_written(void **state)
{
	uint8_t report[1024];

	(void)state;
	restart("quote-late=200");
	make_report(report);
	fill_framed(report);
	assert_int_equal(get_quote(&td), 0);
	assert_int_equal(load64(quote_buffer(&td) + 8), STATUS_IN_FLIGHT);
	assert_int_equal(vmcall(&td, 0x10001, QUOTE_GPA, QUOTE_BYTES, 0), 0);
	platform_will_say(&platform, "no longer shared");
	for (unsigned i = 0; i < QUOTE_BYTES; i++)
		assert_int_equal(quote_buffer(&td)[i], 0);
}

static void a_td_that_dies_with_quotes_in_flight_is_forgotten(void **state)
{
	uint8_t report[1024];

	(void)state;
	restart("quote-late=100");
	make_report(report);
	fill_framed(report);
	assert_int_equal(get_quote(&td), 0);
	fake_detach(&td);
	fake_attach(&td, &platform, 8, NULL);
	fake_share(&td);
	/* This one's answer is due after the dead one's. */
	make_report(report);
	fill_framed(report);
	assert_int_equal(get_quote(&td), 0);
	assert_int_equal(complete(&td), 0);
}

static void at_most_16_requests_are_in_flight(void **state)
{
	uint8_t report[1024];

	(void)state;
	restart("quote-never");
	for (unsigned i = 0; i < 17; i++) {
		make_report(report);
		fill_framed(report);
		assert_int_equal(get_quote(&td), i == 16);
	}
}

static void a_newer_module_makes_version_5_quotes(void **state)
{
	uint8_t report[1024];
	const uint8_t *quote;

	(void)state;
	oracle_write_values("\"tee_tcb_svn2\":[6,1,2,0,0,0,0,0,0,0,0,0,0,0,0,0],");
	restart(NULL);
	quote_framed(report, &quote);
	assert_int_equal(load16(quote), 5);
	assert_int_equal(load16(quote + 48), 3);
	assert_int_equal(load32(quote + 50), 648);
	expect_body(quote + 54, report);
	assert_int_equal(quote[54 + 584], 6);
	oracle_verify(quote, 702);
	oracle_write_values("");
}

static void without_a_pki_the_service_is_unavailable(void **state)
{
	uint8_t report[1024];

	(void)state;
	fake_detach(&td);
	platform_stop(&platform);
	platform_start(&platform, NULL);
	fake_attach(&td, &platform, 7, NULL);
	fake_share(&td);
	assert_int_equal(vmcall(&td, 0x10004, 0x51, 0, 0), 0);
	make_report(report);
	fill_framed(report);
	assert_int_equal(get_quote(&td), 0);
	assert_int_equal(load64(quote_buffer(&td) + 8), STATUS_UNAVAILABLE);
	assert_int_equal(take_interrupts(&td, 100), 0);
}

static void faults_do_what_they_say(void **state)
{
	uint8_t report[1024];
	uint8_t first[8192];
	const uint8_t *quote;
	uint32_t n;

	(void)state;
	restart("quote-busy=2,quote-unavailable=1");
	make_report(report);
	fill_framed(report);
	assert_int_equal(get_quote(&td), 1);
	assert_int_equal(get_quote(&td), 1);
	assert_int_equal(get_quote(&td), 0);
	assert_int_equal(complete(&td), STATUS_UNAVAILABLE);
	n = quote_framed(report, &quote);
	memcpy(first, quote, n);

	ask_ok(platform.control, json_pack("{s:s, s:s}", "do", "fault", "set", "quote-flip=600"), NULL);
	n = quote_framed(report, &quote);
	assert_int_equal(quote[600], (uint8_t)~report[128 + 32]);
	ask_ok(platform.control, json_pack("{s:s, s:s}", "do", "fault", "set",
		"none,wrong-reportdata"), NULL);
	n = quote_framed(report, &quote);
	assert_memory_not_equal(quote + 568, report + 128, 64);
	oracle_verify(quote, 632);
	ask_ok(platform.control, json_pack("{s:s, s:s}", "do", "fault", "set", "none,quote-replay"),
		NULL);
	n = quote_framed(report, &quote);
	assert_memory_equal(quote, first, n);
	ask_ok(platform.control, json_pack("{s:s, s:s}", "do", "fault", "set",
		"none,quote-truncated"), NULL);
	assert_true(quote_framed(report, &quote) <= (n + 70) / 2);
	ask_ok(platform.control, json_pack("{s:s, s:s}", "do", "fault", "set", "none,quote-error"),
		NULL);
	fill_framed(report);
	assert_int_equal(get_quote(&td), 0);
	assert_int_equal(complete(&td), STATUS_ERROR);
	assert_true(platform_said(&platform, "fault: quote-replay"));
	assert_true(platform_said(&platform, "fault: quote-flip"));
}

static void debug_attributes_are_in_the_report(void **state)
{
	uint8_t report[1024];

	(void)state;
	restart("debug-attributes");
	make_report(report);
	assert_int_equal(load64(report + 512), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quote_verifies_up_to_the_root),
		cmocka_unit_test(every_quote_is_fresh),
		cmocka_unit_test(completion_comes_by_the_notify_vector),
		cmocka_unit_test(a_bare_report_gets_a_bare_quote),
		cmocka_unit_test(a_changed_report_gets_no_quote),
		cmocka_unit_test(malformed_messages_are_named),
		cmocka_unit_test(the_buffer_is_checked),
		cmocka_unit_test(a_buffer_taken_back_meanwhile_is_not_written),
		cmocka_unit_test(a_td_that_dies_with_quotes_in_flight_is_forgotten),
		cmocka_unit_test(at_most_16_requests_are_in_flight),
		cmocka_unit_test(a_newer_module_makes_version_5_quotes),
		cmocka_unit_test(without_a_pki_the_service_is_unavailable),
		cmocka_unit_test(faults_do_what_they_say),
		cmocka_unit_test(debug_attributes_are_in_the_report),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
