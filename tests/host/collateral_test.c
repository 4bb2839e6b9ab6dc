/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* GET_COLLATERAL: the parts of a bundle that `migtd-tool pki` made, refusals and faults. */
#include "fake_td.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bytes.h"

#define STATUS_ERROR 0x8000000000000000ull
#define STATUS_UNAVAILABLE 0x8000000000000001ull
#define TEXTS 7
#define FIXED 48	/* header, version, sizes */

static struct fake_platform platform;
static struct fake_td td;
static char folder[] = "/tmp/tdhost-collateral-XXXXXX";
static json_t *bundle;

static const struct {
	const char *name;
	bool of_platform;
} texts[TEXTS] = {{"pckCrlIssuerChain", false}, {"rootCaCrl", false}, {"pckCrl", false},
	{"tcbInfoIssuerChain", true}, {"tcbInfo", true}, {"qeIdentityIssuerChain", false},
	{"qeIdentity", false}};

static void run(const char *format, const char *argument)
{
	char command[256];

	snprintf(command, sizeof(command), format, argument);
	assert_int_equal(system(command), 0);
}

static void begin(const char *fault)
{
	char pki[64];
	const char *options[] = {"--pki", pki, fault ? "--fault" : NULL, fault, NULL};

	snprintf(pki, sizeof(pki), "%s/pki/hosts/a", folder);
	platform_start(&platform, options);
	fake_attach(&td, &platform, 7, NULL);
	fake_share(&td);
}

static void end(void)
{
	fake_detach(&td);
	platform_stop(&platform);
}

static int start(void **state)
{
	char path[64];

	(void)state;
	assert_non_null(mkdtemp(folder));
	run(MIGTD_TOOL " pki --out %s/pki --hosts a,b --platforms 3", folder);
	snprintf(path, sizeof(path), "%s/pki/collateral.json", folder);
	bundle = json_load_file(path, 0, NULL);
	assert_non_null(bundle);
	begin(NULL);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	end();
	json_decref(bundle);
	run("rm -r %s", folder);
	return 0;
}

static const json_t *platform_at(size_t i)
{
	return json_array_get(json_object_get(bundle, "platforms"), i);
}

static const char *text_of(size_t i, const json_t *of)
{
	return json_string_value(json_object_get(texts[i].of_platform ? of : bundle, texts[i].name));
}

/* Lays out the request for an FMSPC; the message's size. */
static uint32_t fill(const char *fmspc, const char *ca)
{
	uint8_t *m = quote_buffer(&td) + 28;
	const uint32_t ca_size = (uint32_t)strlen(ca) + 1;
	const uint32_t size = 16 + 8 + 6 + ca_size;

	memset(quote_buffer(&td), 0, QUOTE_BYTES);
	store64(quote_buffer(&td), 1);
	store32(quote_buffer(&td) + 16, 4 + size);
	store32_be(m - 4, size);
	store16(m, 1);
	store16(m + 2, 1);
	store32(m + 4, 2);
	store32(m + 8, size);
	store32(m + 16, 6);
	store32(m + 20, ca_size);
	assert_true(hex_decode(fmspc, m + 24, 6));
	memcpy(m + 30, ca, ca_size);
	return size;
}

static const char *fmspc_at(size_t i)
{
	return json_string_value(json_object_get(platform_at(i), "fmspc"));
}

static uint32_t error_of(const char *fmspc, const char *ca)
{
	fill(fmspc, ca);
	assert_int_equal(get_quote(&td), 0);
	assert_int_equal(complete(&td), 0);
	assert_int_equal(load32(quote_buffer(&td) + 28 + 4), 3);
	return load32(quote_buffer(&td) + 28 + 12);
}

/* The answer is the bundle's texts for that platform; `unused` bytes are behind them. */
static void expect_texts(const json_t *of, uint16_t minor, size_t unused)
{
	const uint8_t *m = quote_buffer(&td) + 28;
	size_t at = FIXED;

	assert_int_equal(load16(m), 1);
	assert_int_equal(load16(m + 2), minor);
	assert_int_equal(load32(m + 4), 3);
	assert_int_equal(load32(m + 12), 0);
	assert_int_equal(load16(m + 16), 3);
	assert_int_equal(load16(m + 18), 0);
	for (size_t i = 0; i < TEXTS; i++) {
		const char *text = text_of(i, of);

		assert_int_equal(load32(m + 20 + 4 * i), strlen(text) + 1);
		assert_string_equal((const char *)m + at, text);
		at += strlen(text) + 1;
	}
	assert_int_equal(load32(m + 8), at + unused);
	assert_int_equal(load32_be(m - 4), at + unused);
	assert_int_equal(load32(quote_buffer(&td) + 20), 4 + at + unused);
}

static void each_platform_gets_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(error_of(fmspc_at(i), "platform"), 0);
		expect_texts(platform_at(i), 1, 0);
	}
}

static void what_the_bundle_lacks_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(error_of("ffffffffffff", "platform"), 0x12001);
	assert_int_equal(error_of(fmspc_at(0), "processor"), 0x12001);
	assert_int_equal(error_of(fmspc_at(0), ""), 0x12001);
	for (size_t i = 0; i < TEXTS; i++)
		assert_int_equal(load32(quote_buffer(&td) + 28 + 20 + 4 * i), 0);
	assert_int_equal(load32(quote_buffer(&td) + 28 + 8), FIXED);
}

static void malformed_requests_are_named(void **state)
{
	static const struct {
		uint8_t at;
		uint8_t value;
		uint32_t error;
	} cases[] = {{0, 2, 0x12004}, {8, 1, 0x12006}, {16, 5, 0x12003}, {20, 8, 0x12003},
		{38, 'x', 0x12003}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fill(fmspc_at(0), "platform");
		quote_buffer(&td)[28 + cases[i].at] = cases[i].value;
		assert_int_equal(get_quote(&td), 0);
		assert_int_equal(complete(&td), 0);
		assert_int_equal(load32(quote_buffer(&td) + 28 + 12), cases[i].error);
	}
}

static void fault(const char *set)
{
	char text[64];

	snprintf(text, sizeof(text), "none,%s", set);
	ask_ok(platform.control, json_pack("{s:s, s:s}", "do", "fault", "set", text), NULL);
	fill(fmspc_at(0), "platform");
}

/* The request in flight is not answered, though one that comes after it is. */
static void expect_no_answer_before_anothers(void)
{
	uint8_t *other = quote_buffer(&td) + QUOTE_BYTES;

	ask_ok(platform.control, json_pack("{s:s, s:s}", "do", "fault", "set", "none"), NULL);
	memcpy(other, quote_buffer(&td), QUOTE_BYTES);
	store64(other + 8, 0);
	assert_int_equal(vmcall(&td, 0x10002, SHARED | (QUOTE_GPA + QUOTE_BYTES), QUOTE_BYTES, 0), 0);
	assert_int_equal(complete_at(other), 0);
	assert_true(load64(quote_buffer(&td) + 8) == STATUS_IN_FLIGHT);
}

static void faults_do_what_they_say(void **state)
{
	const uint8_t *m = quote_buffer(&td) + 28;
	size_t size;

	(void)state;
	assert_int_equal(error_of(fmspc_at(0), "platform"), 0);
	size = load32(m + 8);

	fault("collateral-busy=1");
	assert_int_equal(get_quote(&td), 1);
	assert_int_equal(get_quote(&td), 0);
	assert_int_equal(complete(&td), 0);
	fault("collateral-unavailable=1");
	assert_int_equal(get_quote(&td), 0);
	assert_int_equal(complete(&td), STATUS_UNAVAILABLE);
	fault("collateral-error");
	assert_int_equal(get_quote(&td), 0);
	assert_int_equal(complete(&td), STATUS_ERROR);
	fault("collateral-minor-0");
	assert_int_equal(get_quote(&td), 0);
	assert_int_equal(complete(&td), 0);
	expect_texts(platform_at(0), 0, 4);
	fault("collateral-truncated");
	assert_int_equal(get_quote(&td), 0);
	assert_int_equal(complete(&td), 0);
	assert_int_equal(load32(m + 8), 16 + (size - 16) / 2);
	assert_int_equal(load32(m + 20), strlen(text_of(0, NULL)) + 1);
	fault("collateral-flip=100");
	assert_int_equal(get_quote(&td), 0);
	assert_int_equal(complete(&td), 0);
	assert_int_equal(m[100], (uint8_t)~text_of(0, NULL)[100 - FIXED]);
	fault("collateral-never");
	assert_int_equal(get_quote(&td), 0);
	assert_true(platform_said(&platform, "fault: collateral-never"));
	expect_no_answer_before_anothers();
}

static void faults_of_collateral_leave_quotes_alone(void **state)
{
	uint64_t reg[REGS] = {[RAX] = 4, [RCX] = 0x3000, [RDX] = 0x2000};

	(void)state;
	end();
	begin("collateral-error,collateral-never,collateral-busy=9,collateral-garbage");
	assert_int_equal(tdcall(&td, reg), 0);
	memset(quote_buffer(&td), 0, QUOTE_BYTES);
	store64(quote_buffer(&td), 1);
	store32(quote_buffer(&td) + 16, 1024);
	memcpy(quote_buffer(&td) + 24, td.ram + 0x3000, 1024);
	assert_int_equal(get_quote(&td), 0);
	assert_int_equal(complete(&td), 0);
	assert_int_equal(load16(quote_buffer(&td) + 24), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_platform_gets_its_own),
		cmocka_unit_test(what_the_bundle_lacks_is_an_error),
		cmocka_unit_test(malformed_requests_are_named),
		cmocka_unit_test(faults_do_what_they_say),
		cmocka_unit_test(faults_of_collateral_leave_quotes_alone),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
