/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "fake_td.h"

#include "tdx/fields.h"

#define BUSY 0x8000020000000001ull
#define NO_ENTROPY 0x8000020300000000ull
#define HOST_PRIORITY 0x800002040000005full
#define UUID_UPDATED 0xC0000D0800000000ull
#define UUID_MISMATCH 0xC0000D0700000000ull

static void assert_regs(const struct tdcall_regs *is, const struct tdcall_regs *should_be)
{
	assert_memory_equal(is, should_be, sizeof(*is));
}

static void vp_info_teaches_the_shared_bit(void **state)
{
	struct fake_td td;

	(void)state;
	fake_td_init(&td);
	td.out[0].rcx = 0xabcdef00 | 48;
	td.out[0].rcx &= ~0xc0ull;
	assert_int_equal(tdx_init(&td.tdx), STATUS_OK);
	assert_int_equal(td.tdx.shared_bit, 1ull << 47);
	assert_regs(&td.in[0], &(struct tdcall_regs){.rax = 1});

	td.out[1].rcx = 52;
	assert_int_equal(tdx_init(&td.tdx), STATUS_OK);
	assert_int_equal(td.tdx.shared_bit, 1ull << 51);
	fake_td_free(&td);
}

static void any_other_gpaw_is_refused(void **state)
{
	(void)state;
	for (uint64_t gpaw = 0; gpaw < 64; gpaw++) {
		struct fake_td td;
		fake_td_init(&td);
		td.out[0].rcx = gpaw;
		assert_int_equal(tdx_init(&td.tdx),
			gpaw == 48 || gpaw == 52 ? STATUS_OK : ERR_TDCALL);
		fake_td_free(&td);
	}
}

static void mr_report_names_both_buffers(void **state)
{
	struct fake_td td;

	(void)state;
	fake_td_init(&td);
	assert_int_equal(tdg_mr_report(&td.tdx, td.ram + 0x1400, td.ram + 0x40), STATUS_OK);
	assert_regs(&td.in[0], &(struct tdcall_regs){.rax = 4, .rcx = 0x1400, .rdx = 0x40});
	fake_td_free(&td);
}

static void rtmr_extend_names_digest_and_index(void **state)
{
	struct fake_td td;

	(void)state;
	fake_td_init(&td);
	assert_int_equal(tdg_mr_rtmr_extend(&td.tdx, 3, td.ram + 0x80), STATUS_OK);
	assert_regs(&td.in[0], &(struct tdcall_regs){.rax = 2, .rcx = 0x80, .rdx = 3});
	fake_td_free(&td);
}

static void misplaced_operands_never_reach_the_module(void **state)
{
	struct fake_td td;
	uint8_t elsewhere[TDREPORT_SIZE];

	(void)state;
	fake_td_init(&td);
	uint8_t *const end = td.ram + FAKE_PAGES * PAGE_SIZE;
	assert_int_equal(tdg_mr_report(&td.tdx, td.ram + 512, td.ram + 64), ERR_INTERNAL);
	assert_int_equal(tdg_mr_report(&td.tdx, td.ram + 1024, td.ram + 32), ERR_INTERNAL);
	assert_int_equal(tdg_mr_report(&td.tdx, end, td.ram), ERR_INTERNAL);
	assert_int_equal(tdg_mr_report(&td.tdx, elsewhere, td.ram), ERR_INTERNAL);
	assert_int_equal(tdg_mr_rtmr_extend(&td.tdx, 4, td.ram), ERR_INTERNAL);
	assert_int_equal(tdg_mr_rtmr_extend(&td.tdx, 0, td.ram + 32), ERR_INTERNAL);
	assert_int_equal(tdvmcall_map_gpa(&td.tdx, td.ram, 2, true), ERR_INTERNAL);
	assert_int_equal(tdvmcall_map_gpa(&td.tdx, td.ram, (FAKE_PAGES + 1) * PAGE_SIZE, true),
		ERR_INTERNAL);
	assert_int_equal(tdvmcall_get_quote(&td.tdx, td.ram + 1, PAGE_SIZE), ERR_INTERNAL);
	assert_int_equal(tdvmcall_get_quote(&td.tdx, end - PAGE_SIZE, 2 * PAGE_SIZE), ERR_INTERNAL);
	assert_int_equal(tdvmcall_service(&td.tdx, td.ram + 8, td.ram, 0, 0), ERR_INTERNAL);
	assert_int_equal(tdvmcall_service(&td.tdx, td.ram, end, 0, 0), ERR_INTERNAL);
	for (unsigned vector = 1; vector < 32; vector++) {
		const uint8_t v = (uint8_t)vector;
		assert_int_equal(tdvmcall_service(&td.tdx, td.ram, td.ram, v, 0), ERR_INTERNAL);
		assert_int_equal(tdvmcall_setup_event_notify(&td.tdx, v), ERR_INTERNAL);
	}
	assert_int_equal(tdvmcall_setup_event_notify(&td.tdx, 0), ERR_INTERNAL);
	assert_int_equal(td.calls, 0);
	fake_td_free(&td);
}

static void sys_rd_has_the_field_in_rdx(void **state)
{
	struct fake_td td;
	uint64_t value = 9;

	(void)state;
	fake_td_init(&td);
	td.out[0].r8 = 0x1234;
	assert_int_equal(tdg_sys_rd(&td.tdx, FIELD_MAX_IMPORT_VERSION, &value), STATUS_OK);
	assert_int_equal(value, 0x1234);
	assert_regs(&td.in[0], &(struct tdcall_regs){.rax = 11, .rdx = 0x2000000100000004ull});

	td.out[1] = (struct tdcall_regs){.rax = 0xC0000C0000000002ull, .r8 = 77};
	assert_int_equal(tdg_sys_rd(&td.tdx, FIELD_MAX_IMPORT_VERSION, &value), ERR_TDCALL);
	assert_int_equal(value, 0);
	fake_td_free(&td);
}

static void vm_wr_writes_all_bits(void **state)
{
	struct fake_td td;

	(void)state;
	fake_td_init(&td);
	assert_int_equal(tdg_vm_wr(&td.tdx, FIELD_ACCEPT_SERVTD_EXT_HASH + 5, 42), STATUS_OK);
	assert_regs(&td.in[0], &(struct tdcall_regs){
		.rax = 8, .rdx = 0x1910000300000219ull, .r8 = 42, .r9 = UINT64_MAX});
	fake_td_free(&td);
}

static const struct servtd_binding binding = {.handle = 0x1234, .uuid = {1, 2, 3, 4}};

static void servtd_rd_and_wr_pass_handle_and_uuid(void **state)
{
	struct fake_td td;
	struct servtd_binding target = binding;
	uint64_t value;

	(void)state;
	fake_td_init(&td);
	/* The UUID that comes back with a success is not believed. */
	td.out[0] = (struct tdcall_regs){.r8 = 7, .r10 = 11, .r11 = 12, .r12 = 13, .r13 = 14};
	assert_int_equal(tdg_servtd_rd(&td.tdx, &target, FIELD_MIG_ENC_KEY + 3, &value), STATUS_OK);
	assert_int_equal(value, 7);
	assert_memory_equal(&target, &binding, sizeof(target));
	assert_regs(&td.in[0], &(struct tdcall_regs){.rax = 18, .rcx = 0x1234,
		.rdx = 0x981000030000001Bull, .r10 = 1, .r11 = 2, .r12 = 3, .r13 = 4});

	assert_int_equal(tdg_servtd_wr(&td.tdx, &target, FIELD_MIG_VERSION, 5), STATUS_OK);
	assert_regs(&td.in[1], &(struct tdcall_regs){.rax = 20, .rcx = 0x1234,
		.rdx = 0x9810000100000020ull, .r8 = 5, .r9 = UINT64_MAX,
		.r10 = 1, .r11 = 2, .r12 = 3, .r13 = 4});
	fake_td_free(&td);
}

static void an_updated_uuid_is_kept_and_tried_once(void **state)
{
	struct fake_td td;
	struct servtd_binding target = binding;
	uint64_t value;

	(void)state;
	fake_td_init(&td);
	td.out[0] = (struct tdcall_regs){
		.rax = UUID_UPDATED, .r8 = 99, .r10 = 11, .r11 = 12, .r12 = 13, .r13 = 14};
	td.out[1] = (struct tdcall_regs){.r8 = 7};
	assert_int_equal(tdg_servtd_rd(&td.tdx, &target, FIELD_SERVTD_ATTR, &value), STATUS_OK);
	assert_int_equal(value, 7);
	assert_int_equal(td.calls, 2);
	assert_regs(&td.in[1], &(struct tdcall_regs){.rax = 18, .rcx = 0x1234,
		.rdx = FIELD_SERVTD_ATTR, .r10 = 11, .r11 = 12, .r12 = 13, .r13 = 14});
	assert_int_equal(target.uuid[0], 11);
	assert_int_equal(target.uuid[3], 14);
	fake_td_free(&td);
}

static void a_uuid_that_is_updated_again_fails(void **state)
{
	struct fake_td td;
	struct servtd_binding target = binding;
	uint64_t value = 1;

	(void)state;
	fake_td_init(&td);
	for (int i = 0; i < FAKE_CALLS; i++)
		td.out[i].rax = UUID_UPDATED;
	assert_int_equal(tdg_servtd_rd(&td.tdx, &target, FIELD_SERVTD_ATTR, &value), ERR_TDCALL);
	assert_int_equal(td.calls, 2);
	assert_int_equal(value, 0);
	assert_int_equal(td.tdx.last_error, UUID_UPDATED);
	fake_td_free(&td);
}

static void another_uuid_error_changes_nothing(void **state)
{
	struct fake_td td;
	struct servtd_binding target = binding;

	(void)state;
	fake_td_init(&td);
	td.out[0] = (struct tdcall_regs){.rax = UUID_MISMATCH, .r10 = 11};
	assert_int_equal(tdg_servtd_wr(&td.tdx, &target, FIELD_MIG_DEC_KEY, 1), ERR_TDCALL);
	assert_int_equal(td.calls, 1);
	assert_memory_equal(&target, &binding, sizeof(target));
	assert_int_equal(td.tdx.last_error, UUID_MISMATCH);
	fake_td_free(&td);
}

static void a_busy_leaf_is_tried_five_times_from_the_same_registers(void **state)
{
	static const uint64_t busy[] = {BUSY, NO_ENTROPY, HOST_PRIORITY};

	(void)state;
	for (size_t b = 0; b < ARRAY_SIZE(busy); b++) {
		for (unsigned failures = 0; failures <= 6; failures++) {
			struct fake_td td;
			fake_td_init(&td);
			for (unsigned i = 0; i < failures; i++)
				memset(&td.out[i], 0xee, sizeof(td.out[i]));
			for (unsigned i = 0; i < failures; i++)
				td.out[i].rax = busy[b];
			assert_int_equal(tdg_vm_wr(&td.tdx, 77, 5), failures < 5 ? STATUS_OK : ERR_TDCALL);
			assert_int_equal(td.calls, failures < 5 ? failures + 1 : 5);
			assert_int_equal(td.tdx.calls, td.calls);
			assert_int_equal(td.tdx.last_error, failures < 5 ? 0 : busy[b]);
			for (unsigned i = 1; i < td.calls; i++)
				assert_regs(&td.in[i], &td.in[0]);
			fake_td_free(&td);
		}
	}
}

static void every_other_completion_status_fails_at_once(void **state)
{
	static const uint64_t rax[] = {0x00000B0A00000000ull, 0x00000C0B00000000ull, 1,
		0xC000010000000001ull, 0xC0000C0900000000ull, UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rax); i++) {
		struct fake_td td;
		fake_td_init(&td);
		td.out[0].rax = rax[i];
		assert_int_equal(tdg_vm_wr(&td.tdx, 1, 2), ERR_TDCALL);
		assert_int_equal(td.calls, 1);
		assert_int_equal(td.tdx.last_error, rax[i]);
		fake_td_free(&td);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vp_info_teaches_the_shared_bit),
		cmocka_unit_test(any_other_gpaw_is_refused),
		cmocka_unit_test(mr_report_names_both_buffers),
		cmocka_unit_test(rtmr_extend_names_digest_and_index),
		cmocka_unit_test(misplaced_operands_never_reach_the_module),
		cmocka_unit_test(sys_rd_has_the_field_in_rdx),
		cmocka_unit_test(vm_wr_writes_all_bits),
		cmocka_unit_test(servtd_rd_and_wr_pass_handle_and_uuid),
		cmocka_unit_test(an_updated_uuid_is_kept_and_tried_once),
		cmocka_unit_test(a_uuid_that_is_updated_again_fails),
		cmocka_unit_test(another_uuid_error_changes_nothing),
		cmocka_unit_test(a_busy_leaf_is_tried_five_times_from_the_same_registers),
		cmocka_unit_test(every_other_completion_status_fails_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
