/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What each kind of policy wants of the elements of ops 0x03 and 0x04, and what it does with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/td.h"
#include "tdx/fields.h"

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

/* --- SERVTD_EXT of the target TD, read anew for each piece ---------------------------------- */

#define EXT_READS 21u

static struct {
	unsigned reads;
	unsigned fail_at;	/* the read that the module refuses; 0: none */
	uint64_t attr;
	uint64_t changed;	/* added to the last field but SERVTD_ATTR */
} module;

static void read_field(void *ctx, struct tdcall_regs *regs)
{
	const uint64_t field = regs->rdx;

	(void)ctx;
	regs->rax = ++module.reads == module.fail_at ? 0xC000000000000000ull : 0;
	regs->r8 = field == FIELD_SERVTD_ATTR		? module.attr :
		   field == FIELD_INIT_SERVTD_ATTR	? 0 :
		   field == FIELD_SERVTD_INFO_HASH + 5	? field + module.changed :
							  field;
}

static int set_up_module(void **state)
{
	memset(&module, 0, sizeof(module));
	set_up(state);
	td.tdx = (struct tdx){.tdcall = read_field};
	return 0;
}

static enum status send_ext(uint8_t ext[SERVTD_EXT_SIZE], uint32_t piece)
{
	for (uint32_t at = 0; at < SERVTD_EXT_SIZE; at += piece) {
		const uint32_t n = piece < SERVTD_EXT_SIZE - at ? piece : SERVTD_EXT_SIZE - at;

		TRY(attest_element_read(&s, ELEMENT_SERVTD_EXT, at, ext + at, n));
	}
	return STATUS_OK;
}

static void servtd_ext_is_the_same_in_pieces_of_any_size(void **state)
{
	uint8_t whole[SERVTD_EXT_SIZE], found[SERVTD_EXT_SIZE];

	(void)state;
	assert_int_equal(servtd_ext_read(&td.tdx, &s.target, whole), STATUS_OK);
	assert_int_equal(module.reads, EXT_READS);
	assert_int_equal(servtd_ext_begin(&s), STATUS_OK);
	for (uint32_t piece = 1; piece <= SERVTD_EXT_SIZE; piece++) {
		memset(found, 0x5a, sizeof(found));
		assert_int_equal(send_ext(found, piece), STATUS_OK);
		assert_memory_equal(found, whole, sizeof(whole));
	}
	assert_int_equal(attest_element_read(&s, ELEMENT_SERVTD_EXT, 1, found, SERVTD_EXT_SIZE),
		ERR_INTERNAL);
	assert_int_equal(servtd_ext_piece(&s, SERVTD_EXT_SIZE + 1, found, 0), ERR_INTERNAL);
	assert_int_equal(servtd_ext_piece(&s, 1, found, SERVTD_EXT_SIZE), ERR_INTERNAL);
}

static void servtd_ext_that_changes_or_cannot_be_read_is_not_sent(void **state)
{
	uint8_t found[SERVTD_EXT_SIZE];

	for (unsigned read = 1; read <= 3 * EXT_READS; read++) {
		set_up_module(state);
		module.fail_at = read;
		const enum status begun = servtd_ext_begin(&s);
		assert_int_equal(begun, read <= EXT_READS ? ERR_TDCALL : STATUS_OK);
		if (begun == STATUS_OK)
			assert_int_equal(send_ext(found, SERVTD_EXT_SIZE / 2), ERR_TDCALL);
	}
	assert_int_equal(status_result(ERR_TDCALL), RESULT_TDX_MODULE_ERROR);

	set_up_module(state);
	assert_int_equal(servtd_ext_begin(&s), STATUS_OK);
	assert_int_equal(
		attest_element_read(&s, ELEMENT_SERVTD_EXT, 0, found, 100), STATUS_OK);
	module.changed = 1;
	assert_int_equal(
		attest_element_read(&s, ELEMENT_SERVTD_EXT, 100, found, 100), ERR_SERVTD_EXT);
	module.changed = 0;
	module.attr = 1;
	assert_int_equal(
		attest_element_read(&s, ELEMENT_SERVTD_EXT, 100, found, 100), ERR_SERVTD_ATTR);
	assert_int_equal(servtd_ext_begin(&s), ERR_SERVTD_ATTR);
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
		cmocka_unit_test_setup(servtd_ext_is_the_same_in_pieces_of_any_size, set_up_module),
		cmocka_unit_test_setup(
			servtd_ext_that_changes_or_cannot_be_read_is_not_sent, set_up_module),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
