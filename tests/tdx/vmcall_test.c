/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "fake_td.h"

#define S FAKE_SHARED_BIT
#define INVALID_OPERAND 0x8000000000000000ull

static void assert_call(const struct tdcall_regs *is, uint64_t r11, uint64_t r12, uint64_t r13,
	uint64_t r14, uint64_t r15)
{
	const struct tdcall_regs should_be = {.rax = 0, .rcx = 0xFC00, .r10 = 0, .r11 = r11,
		.r12 = r12, .r13 = r13, .r14 = r14, .r15 = r15};

	assert_memory_equal(is, &should_be, sizeof(should_be));
}

static void map_gpa_sets_or_clears_the_shared_bit(void **state)
{
	struct fake_td td;

	(void)state;
	fake_td_init(&td);
	assert_int_equal(tdvmcall_map_gpa(&td.tdx, td.ram + 0x1000, 0x3000, true), STATUS_OK);
	assert_call(&td.in[0], 0x10001, S | 0x1000, 0x3000, 0, 0);
	assert_int_equal(tdvmcall_map_gpa(&td.tdx, td.ram, 0x1000, false), STATUS_OK);
	assert_call(&td.in[1], 0x10001, 0, 0x1000, 0, 0);
	assert_int_equal(tdvmcall_map_gpa(&td.tdx, td.ram, 0, true), STATUS_OK);
	assert_int_equal(td.calls, 2);
	fake_td_free(&td);
}

static void map_gpa_goes_on_where_the_host_stopped(void **state)
{
	struct fake_td td;

	(void)state;
	fake_td_init(&td);
	td.out[0] = (struct tdcall_regs){.r10 = 1, .r11 = S | 0x2000};
	td.out[1] = (struct tdcall_regs){.r10 = 1, .r11 = 0x3000}; /* named without the bit */
	assert_int_equal(tdvmcall_map_gpa(&td.tdx, td.ram + 0x1000, 0x4000, true), STATUS_OK);
	assert_int_equal(td.calls, 3);
	assert_call(&td.in[1], 0x10001, S | 0x2000, 0x3000, 0, 0);
	assert_call(&td.in[2], 0x10001, S | 0x3000, 0x2000, 0, 0);
	fake_td_free(&td);
}

static void map_gpa_without_progress_ends_after_three_attempts(void **state)
{
	struct fake_td td;

	(void)state;
	fake_td_init(&td);
	for (int i = 0; i < FAKE_CALLS; i++)
		td.out[i] = (struct tdcall_regs){.r10 = 1, .r11 = S | 0x1000};
	assert_int_equal(tdvmcall_map_gpa(&td.tdx, td.ram + 0x1000, 0x4000, true), ERR_VMCALL);
	assert_int_equal(td.calls, 3);
	fake_td_free(&td);
}

static void map_gpa_believes_no_address_outside_the_range(void **state)
{
	static const uint64_t next[] = {0, 0x1000, 0x7000, 0x2001, INVALID_OPERAND, UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(next); i++) {
		struct fake_td td;
		fake_td_init(&td);
		td.out[0] = (struct tdcall_regs){.r10 = 1, .r11 = next[i]};
		assert_int_equal(tdvmcall_map_gpa(&td.tdx, td.ram + 0x2000, 0x4000, true), ERR_VMCALL);
		assert_int_equal(td.calls, 1);
		fake_td_free(&td);
	}
}

static void get_quote_tells_busy_from_refused(void **state)
{
	static const struct {
		uint64_t rax, r10;
		enum status status;
	} row[] = {
		{0, 0, STATUS_OK},
		{0, 1, ERR_GET_QUOTE_BUSY},
		{0, INVALID_OPERAND, ERR_GET_QUOTE},
		{0, 0x8000000000000002ull, ERR_GET_QUOTE},
		{0, 2, ERR_GET_QUOTE},
		{0xC000010000000000ull, 0, ERR_TDCALL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct fake_td td;
		fake_td_init(&td);
		td.out[0] = (struct tdcall_regs){.rax = row[i].rax, .r10 = row[i].r10};
		assert_int_equal(tdvmcall_get_quote(&td.tdx, td.ram + 0x8000, 0x2000), row[i].status);
		assert_call(&td.in[0], 0x10002, S | 0x8000, 0x2000, 0, 0);
		assert_int_equal(td.tdx.last_error, row[i].rax != 0 ? row[i].rax : row[i].r10);
		fake_td_free(&td);
	}
}

static void event_notify_and_service_pass_their_operands(void **state)
{
	struct fake_td td;

	(void)state;
	fake_td_init(&td);
	assert_int_equal(tdvmcall_setup_event_notify(&td.tdx, 0x51), STATUS_OK);
	assert_call(&td.in[0], 0x10004, 0x51, 0, 0, 0);
	assert_int_equal(tdvmcall_service(&td.tdx, td.ram + 0x8000, td.ram + 0x9000, 0x50, 8000),
		STATUS_OK);
	assert_call(&td.in[1], 0x10005, S | 0x8000, S | 0x9000, 0x50, 8000);
	td.out[2].r10 = INVALID_OPERAND;
	assert_int_equal(tdvmcall_service(&td.tdx, td.ram, td.ram, 0, 0), ERR_VMCALL);
	td.out[3].r10 = 1;
	assert_int_equal(tdvmcall_setup_event_notify(&td.tdx, 255), ERR_VMCALL);
	fake_td_free(&td);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(map_gpa_sets_or_clears_the_shared_bit),
		cmocka_unit_test(map_gpa_goes_on_where_the_host_stopped),
		cmocka_unit_test(map_gpa_without_progress_ends_after_three_attempts),
		cmocka_unit_test(map_gpa_believes_no_address_outside_the_range),
		cmocka_unit_test(get_quote_tells_busy_from_refused),
		cmocka_unit_test(event_notify_and_service_pass_their_operands),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
