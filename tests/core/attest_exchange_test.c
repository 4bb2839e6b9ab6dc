/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What each kind of policy wants of the elements of ops 0x03 and 0x04, and what it does with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/td.h"

static struct migtd td;
static struct own_v1 v1;
static struct work_slot slot;
static struct session s;

static int set_up(void **state)
{
	(void)state;
	memset(&td, 0, sizeof(td));
	memset(&slot, 0, sizeof(slot));
	memset(&s, 0, sizeof(s));
	s.td = &td;
	s.slot = &slot;
	return 0;
}

static const struct {
	enum vdm_element type;
	uint32_t size;
} fixed[] = {
	{ELEMENT_POLICY_HASH, SHA384_SIZE},
	{ELEMENT_SERVTD_EXT, SERVTD_EXT_SIZE},
	{ELEMENT_INIT_TDINFO, TDINFO_SIZE},
};

static void policy_v2_wants_each_element_whole(void **state)
{
	const uint8_t bytes[2] = {7, 8};

	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++) {
		const enum vdm_element type = fixed[i].type;
		const uint32_t size = fixed[i].size;

		set_up(state);
		assert_int_equal(attest_element_begin(&s, type, 0), ERR_SPDM_VDM);
		assert_int_equal(attest_element_begin(&s, type, size - 1), ERR_SPDM_VDM);
		assert_int_equal(attest_element_begin(&s, type, size + 1), ERR_SPDM_VDM);
		assert_int_equal(attest_element_begin(&s, type, size), STATUS_OK);
		assert_int_equal(attest_element_write(&s, type, size - 2, bytes, 2), STATUS_OK);
		assert_int_equal(attest_element_write(&s, type, size - 1, bytes, 2), ERR_INTERNAL);
	}
	assert_int_equal(slot.init_tdinfo[TDINFO_SIZE - 1], 8);
}

static void policy_v1_ignores_them_at_any_length(void **state)
{
	static const struct work_slot untouched;
	const uint8_t bytes[4] = {1, 2, 3, 4};

	(void)state;
	td.v1 = &v1;
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++) {
		assert_int_equal(attest_element_begin(&s, fixed[i].type, 0), STATUS_OK);
		assert_int_equal(attest_element_begin(&s, fixed[i].type, 60000), STATUS_OK);
		assert_int_equal(
			attest_element_write(&s, fixed[i].type, 59996, bytes, 4), STATUS_OK);
	}
	assert_memory_equal(&slot, &untouched, sizeof(slot));
	assert_int_equal(
		attest_element_begin(&s, ELEMENT_QUOTE, PEER_QUOTE_MAX + 1), ERR_QUOTE_FORMAT);
	assert_int_equal(attest_element_begin(&s, ELEMENT_PUB_KEY, 10), ERR_SPDM_VDM);
}

static void policy_v1_sends_the_digest_of_its_policy_and_the_own_tdinfo(void **state)
{
	uint8_t found[TDINFO_SIZE];

	(void)state;
	td.v1 = &v1;
	assert_int_equal(attest_element_size(&s, ELEMENT_QUOTE), 0);
	assert_int_equal(attest_element_read(&s, ELEMENT_QUOTE, 0, found, 0), ERR_INTERNAL);
	memset(v1.policy_digest, 0xaa, sizeof(v1.policy_digest));
	memset(td.tdinfo, 0xbb, sizeof(td.tdinfo));
	assert_int_equal(attest_element_size(&s, ELEMENT_POLICY_HASH), SHA384_SIZE);
	assert_int_equal(
		attest_element_read(&s, ELEMENT_POLICY_HASH, 0, found, SHA384_SIZE), STATUS_OK);
	assert_memory_equal(found, v1.policy_digest, SHA384_SIZE);
	assert_int_equal(
		attest_element_read(&s, ELEMENT_INIT_TDINFO, 0, found, TDINFO_SIZE), STATUS_OK);
	assert_memory_equal(found, td.tdinfo, TDINFO_SIZE);
}

static void quote_and_event_log_share_one_message(void **state)
{
	static const uint8_t policy[65536];
	const size_t quote = 5000;
	const size_t frame = 72 + 66 + 8 + 1;	/* Spec ID record, header, tag, trailing byte */

	(void)state;
	for (int more = 0; more < 2; more++) {
		const size_t n = ATTEST_VARIABLE_MAX - quote - frame + (size_t)more;

		event_log_init(&td.event_log);
		assert_int_equal(event_log_add_tagged(&td.event_log, 2, EVENT_TAG_POLICY, policy, n,
					 policy, n),
			STATUS_OK);
		assert_int_equal(attest_size_check(&td.event_log, quote),
			more ? ERR_ATTEST_SIZE : STATUS_OK);
		assert_int_equal(attest_size_check(&td.event_log, 0), STATUS_OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(policy_v2_wants_each_element_whole, set_up),
		cmocka_unit_test_setup(policy_v1_ignores_them_at_any_length, set_up),
		cmocka_unit_test_setup(
			policy_v1_sends_the_digest_of_its_policy_and_the_own_tdinfo, set_up),
		cmocka_unit_test_setup(quote_and_event_log_share_one_message, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
