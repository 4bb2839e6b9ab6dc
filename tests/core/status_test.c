/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "migtd/migtd.h"

static void only_ok_is_success(void **state)
{
	(void)state;
	for (unsigned s = 0; s < STATUS_COUNT + 3u; s++) {
		const enum migration_result result = status_result((enum status)s);

		if (s == STATUS_OK)
			assert_int_equal(result, RESULT_SUCCESS);
		else
			assert_int_not_equal(result, RESULT_SUCCESS);
	}
}

/* One line per row, so that a changed mapping is a changed expectation. */
static void every_row_has_its_result(void **state)
{
	static const struct {
		const char *module;
		enum migration_result results[4];
	} expected[] = {
		{"wire", {RESULT_SECURE_SESSION_ERROR}},
		{"transport", {RESULT_NETWORK_ERROR}},
		{"crypto", {RESULT_SECURE_SESSION_ERROR}},
		{"spdm", {RESULT_SECURE_SESSION_ERROR}},
		{"json", {RESULT_INVALID_POLICY}},
		{"attest", {RESULT_MUTUAL_ATTESTATION_ERROR}},
		{"measure", {RESULT_POLICY_UNSATISFIED, RESULT_INVALID_POLICY}},
		{"policy", {RESULT_POLICY_UNSATISFIED, RESULT_INVALID_POLICY}},
		{"tdx", {RESULT_TDX_MODULE_ERROR, RESULT_INVALID_PARAMETER, RESULT_UNSUPPORTED,
				RESULT_MUTUAL_ATTESTATION_ERROR}},
	};

	(void)state;
	for (unsigned s = STATUS_OK + 1; s < STATUS_COUNT; s++) {
		const char *module = status_module((enum status)s);

		for (size_t m = 0; m < ARRAY_SIZE(expected); m++) {
			bool found = false;

			if (strcmp(module, expected[m].module) != 0)
				continue;
			for (size_t r = 0; r < ARRAY_SIZE(expected[m].results); r++)
				found |= expected[m].results[r] == status_result((enum status)s);
			if (!found)
				fail_msg("%s maps to %d", status_name((enum status)s),
					status_result((enum status)s));
		}
	}
}

static void causes_keep_their_codes(void **state)
{
	(void)state;
	assert_int_equal(status_result(ERR_OUT_OF_RESOURCE), 3);
	assert_int_equal(status_result(ERR_SLOT_TIMEOUT), 3);
	assert_int_equal(status_result(ERR_TDCALL), 4);
	assert_int_equal(status_result(ERR_TIMEOUT), 5);
	assert_int_equal(status_result(ERR_TRANSPORT_CLOSED), 5);
	assert_int_equal(status_result(ERR_QUOTE_SIGNATURE), 7);
	assert_int_equal(status_result(ERR_REPORT_DATA), 7);
	assert_int_equal(status_result(ERR_EVENT_LOG_RTMR), 8);
	assert_int_equal(status_result(ERR_POLICY_TCB), 8);
	assert_int_equal(status_result(ERR_POLICY_HASH), 9);
	assert_int_equal(status_result(ERR_POLICY_FORMAT), 9);
	assert_int_equal(status_result(ERR_SERVTD_ATTR), 1);
	assert_int_equal(status_result(ERR_VERSION_RANGE), 1);
	assert_int_equal(status_result(ERR_UNSUPPORTED_OPERATION), 12);
	assert_int_equal(status_result(ERR_CANCELED), 10);
	assert_int_equal(status_result(ERR_VMM_INTERNAL), 11);
}

static void every_row_has_words(void **state)
{
	(void)state;
	for (unsigned s = 0; s < STATUS_COUNT; s++) {
		assert_true(strlen(status_text((enum status)s)) > 3);
		assert_true(strlen(status_module((enum status)s)) > 2);
		for (unsigned other = 0; other < s; other++)
			assert_string_not_equal(
				status_name((enum status)s), status_name((enum status)other));
	}
	assert_string_equal(status_name(STATUS_COUNT), "ERR_UNKNOWN");
}

static void every_phase_has_a_word(void **state)
{
	(void)state;
	for (unsigned p = 0; p < PHASE_COUNT; p++)
		for (unsigned other = 0; other < p; other++)
			assert_string_not_equal(
				phase_word((enum phase)p), phase_word((enum phase)other));
	assert_string_equal(phase_word(PHASE_COUNT), "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_ok_is_success),
		cmocka_unit_test(every_row_has_its_result),
		cmocka_unit_test(causes_keep_their_codes),
		cmocka_unit_test(every_row_has_words),
		cmocka_unit_test(every_phase_has_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
