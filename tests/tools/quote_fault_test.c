/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What is said of a malformed quote: a field and a place, for exactly what a Migration TD refuses. */
#include "program.h"

#include "attest/quote.h"
#include "quote/quote.h"

/* Quotes of version 4 and of version 5 with the longer body. */
static const char *const states[] = {
	"{\"hosts\": [{\"name\": \"a\"}]}",
	"{\"hosts\": [{\"name\": \"a\", \"tee_tcb_svn2\": [6, 1, 5], \"modules\": [{\"major\": 1,"
	" \"levels\": [{\"isvsvn\": 6}, {\"isvsvn\": 4}]}]}]}"};

static struct blob quotes[COUNT_OF(states)];

static int make_quotes(void **state)
{
	if (temp_make(state) != 0)
		return 1;
	for (size_t i = 0; i < COUNT_OF(states); i++) {
		AUTO_TEXT description = tool_text("%s/states%zu.json", temp_folder, i);
		AUTO_TEXT pki = tool_text("%s/pki%zu", temp_folder, i);
		AUTO_TEXT quote = tool_text("%s/quote%zu.bin", temp_folder, i);
		AUTO_RUN r = {0};

		assert_int_equal(file_write_text(description, states[i]), TOOL_OK);
		assert_int_equal(run(&r, "pki", "--describe", description, "--out", pki, NULL), 0);
		assert_int_equal(
			run(&r, "pki", "quote", "--pki", pki, "--host", "a", "--out", quote, NULL), 0);
		read_into(quote, &quotes[i]);
	}
	return 0;
}

static int drop_quotes(void **state)
{
	for (size_t i = 0; i < COUNT_OF(states); i++)
		cleanup_blob(&quotes[i]);
	return temp_remove(state);
}

/* The two readers agree; the fault is inside. */
static bool is_faulty(const struct blob *quote)
{
	struct quote q;
	struct quote_fault fault;
	const bool found = quote_find_fault(quote, &fault);

	assert_int_equal(found, quote_parse(&q, quote->data, quote->size) != STATUS_OK);
	if (found)
		assert_true(fault.at <= quote->size && fault.why[0] != '\0');
	return found;
}

static void each_cut_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(quotes); i++) {
		struct blob cut = quotes[i];
		assert_false(is_faulty(&cut));
		for (cut.size = 0; cut.size < quotes[i].size; cut.size++)
			assert_true(is_faulty(&cut));
	}
}

static void each_changed_byte_is_judged_as_by_a_migration_td(void **state)
{
	static const uint8_t masks[] = {0x01, 0x02, 0x10, 0x80, 0xff};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(quotes); i++) {
		unsigned faulty = 0;
		for (size_t at = 0; at < quotes[i].size; at++) {
			for (size_t k = 0; k < sizeof(masks); k++) {
				quotes[i].data[at] ^= masks[k];
				faulty += is_faulty(&quotes[i]);
				quotes[i].data[at] ^= masks[k];
			}
		}
		/* Version, key and TEE type, vendor, and the sizes and types of the signature part. */
		assert_true(faulty > 200);
	}
}

static void larger_than_any_quote_is_told(void **state)
{
	AUTO_BLOB large = {0};

	(void)state;
	blob_add(&large, quotes[0].data, quotes[0].size);
	while (large.size < QUOTE_MAX)
		blob_add_byte(&large, 0);
	assert_false(is_faulty(&large));	/* padding */
	blob_add_byte(&large, 0);
	assert_true(is_faulty(&large));
}

static void both_commands_tell_field_and_byte(void **state)
{
	static const struct {
		unsigned quote;
		size_t at;
		const char *says;
	} rows[] = {
		{0, 0, "version is neither 4 nor 5 (byte 0)"},
		{0, 2, "attestation key type is not 2, ECDSA on P-256 (byte 2)"},
		{0, 4, "TEE type is not 0x81, TDX (byte 4)"},
		{0, 20, "QE vendor is not Intel's (byte 12)"},
		{0, 635, "signature part's size is more than there is (byte 632)"},
		{0, 764, "certification data type is not 6, a QE report (byte 764)"},
		{1, 48, "body type is neither 2 nor 3, TD report 1.0 or 1.5 (byte 48)"},
		{1, 50, "body size is not that of the body type (byte 50)"},
	};
	AUTO_TEXT damaged = temp_path("damaged.bin");
	AUTO_TEXT collateral = temp_path("pki0/collateral.json");
	AUTO_RUN r = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct blob *quote = &quotes[rows[i].quote];
		quote->data[rows[i].at] ^= 0x40;
		assert_int_equal(file_write(damaged, quote->data, quote->size), TOOL_OK);
		quote->data[rows[i].at] ^= 0x40;
		assert_int_equal(run(&r, "quote", "show", damaged, NULL), 1);
		assert_one_line_naming(&r, rows[i].says);
		json_decref(verify(&r, damaged, collateral));
		assert_int_equal(r.code, 1);
		assert_one_line_naming(&r, rows[i].says);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_cut_is_told),
		cmocka_unit_test(each_changed_byte_is_judged_as_by_a_migration_td),
		cmocka_unit_test(larger_than_any_quote_is_told),
		cmocka_unit_test(both_commands_tell_field_and_byte),
	};

	if (argc != 2)
		return 2;
	program = argv[1];
	return cmocka_run_group_tests(tests, make_quotes, drop_quotes);
}
