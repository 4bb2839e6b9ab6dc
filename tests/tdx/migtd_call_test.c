/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Sub-function 0x10006: registers, headers, completions, and buffers that the VMM keeps. */
#include "fake_td.h"

#include <string.h>

#include "tdx/migtd_call.h"

#define ID 0x1122334455667788ull
#define VECTOR 0x52
#define ERROR_R10 0x8000000000000000ull

static struct fake_td td;

static int set_up(void **state)
{
	(void)state;
	fake_td_init(&td);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fake_td_free(&td);
	return 0;
}

static uint8_t *take(uint32_t pages)
{
	uint8_t *at = shared_take(&td.shared, SHARED_STREAM, pages);

	assert_non_null(at);
	return at;
}

static uint64_t gpa(const uint8_t *at)
{
	return (uint64_t)(at - td.ram) | FAKE_SHARED_BIT;
}

static void check_regs(const struct tdcall_regs *wanted)
{
	assert_int_equal(td.calls, 1);
	assert_memory_equal(&td.in[0], wanted, sizeof(*wanted));
}

/* Twelve bytes: status, length. */
static void check_header(const uint8_t *at, uint32_t n)
{
	const uint8_t wanted[12] = {[8] = (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16)};

	assert_memory_equal(at, wanted, sizeof(wanted));
}

static void wait_for_request_names_the_whole_page(void **state)
{
	uint8_t *page = take(1);

	(void)state;
	memset(page, 0xee, PAGE_SIZE);
	assert_int_equal(migtd_wait_for_request(&td.tdx, page, 0x50), STATUS_OK);
	check_regs(&(struct tdcall_regs){.rcx = 0xfc00, .r11 = 0x10006, .r12 = 0x10001,
		.r13 = PAGE_SIZE, .r14 = gpa(page), .r15 = 0x50});
	assert_true(all_zero(page, PAGE_SIZE));
}

static void send_names_its_bytes_and_no_more(void **state)
{
	uint8_t *page = take(1);

	(void)state;
	assert_int_equal(migtd_send(&td.tdx, ID, page, 100, VECTOR), STATUS_OK);
	check_regs(&(struct tdcall_regs){.rcx = 0xffcc, .r11 = 0x10006, .r12 = 0x10003, .r13 = ID,
		.r14 = 112, .r15 = gpa(page), .rbx = VECTOR});
	check_header(page, 100);
}

static void receive_names_its_pages(void **state)
{
	uint8_t *pages = take(3);

	(void)state;
	assert_int_equal(migtd_receive(&td.tdx, ID, pages, 3, VECTOR), STATUS_OK);
	check_regs(&(struct tdcall_regs){.rcx = 0xffcc, .r11 = 0x10006, .r12 = 0x10004, .r13 = ID,
		.r14 = 3 * PAGE_SIZE, .r15 = gpa(pages), .rbx = VECTOR});
	check_header(pages, 0);
}

static void report_status_carries_result_and_data(void **state)
{
	static const uint8_t text[] = "because";
	uint8_t *page = td.ram + FAKE_PAGES / 2 * PAGE_SIZE;

	(void)state;
	assert_int_equal(migtd_report_status(&td.tdx, &td.shared, ID, RESULT_POLICY_UNSATISFIED, text,
				 sizeof(text), 0x50),
		STATUS_OK);
	check_regs(&(struct tdcall_regs){.rcx = 0xffcc, .r11 = 0x10006, .r12 = 0x10002, .r13 = ID,
		.r14 = 1 | 8 << 8, .r15 = PAGE_SIZE, .rbx = gpa(page), .rdi = 0x50});
	check_header(page, sizeof(text));
	assert_memory_equal(page + 12, text, sizeof(text));
	assert_int_equal(td.shared.used_by_tag[SHARED_REPORT], 1);
}

static void report_status_of_success_is_zero(void **state)
{
	(void)state;
	assert_int_equal(migtd_report_status(&td.tdx, &td.shared, ID, RESULT_SUCCESS, NULL, 0, 0),
		STATUS_OK);
	assert_int_equal(td.in[0].r14, 0);
	assert_int_equal(td.in[0].r15, PAGE_SIZE);
}

/* T21: what goes beyond the MTU, or the page, is not asked for. */
static void sizes_beyond_the_mtu_are_refused_here(void **state)
{
	static uint8_t data[PAGE_SIZE];
	uint8_t owner[FAKE_PAGES + 16] = {0};
	uint8_t *big = aligned_alloc(PAGE_SIZE, 17 * PAGE_SIZE);
	struct tdx *tdx = &td.tdx;

	(void)state;
	tdx->ram = big;
	tdx->ram_size = 17 * PAGE_SIZE;
	shared_init(&td.shared, big, 17 * PAGE_SIZE, owner);
	assert_int_equal(migtd_send(tdx, ID, big, 0, VECTOR), ERR_INTERNAL);
	assert_int_equal(migtd_send(tdx, ID, big, MIGTD_CALL_MTU + 1, VECTOR), ERR_INTERNAL);
	assert_int_equal(migtd_receive(tdx, ID, big, 0, VECTOR), ERR_INTERNAL);
	assert_int_equal(migtd_receive(tdx, ID, big, 17, VECTOR), ERR_INTERNAL);
	assert_int_equal(migtd_report_status(tdx, &td.shared, ID, RESULT_SUCCESS, data,
				 PAGE_SIZE - 11, 0),
		ERR_INTERNAL);
	assert_int_equal(td.calls, 0);
	assert_int_equal(td.shared.used, 0);
	assert_int_equal(migtd_send(tdx, ID, big, MIGTD_CALL_MTU - 1, VECTOR), STATUS_OK);
	assert_int_equal(migtd_send(tdx, ID, big, MIGTD_CALL_MTU, VECTOR), STATUS_OK);
	assert_int_equal(td.in[1].r14, 65536);
	assert_int_equal(migtd_receive(tdx, ID, big, 16, VECTOR), STATUS_OK);
	assert_int_equal(td.in[2].r14, 65536);
	assert_int_equal(migtd_report_status(tdx, &td.shared, ID, RESULT_SUCCESS, data,
				 PAGE_SIZE - 12, 0),
		STATUS_OK);
	free(big);
}

static void operands_are_checked(void **state)
{
	uint8_t *page = take(1);

	(void)state;
	assert_int_equal(migtd_wait_for_request(&td.tdx, page, 31), ERR_INTERNAL);
	assert_int_equal(migtd_send(&td.tdx, ID, page + 64, 4, VECTOR), ERR_INTERNAL);
	assert_int_equal(migtd_receive(&td.tdx, ID, page, 16, VECTOR), ERR_INTERNAL);
	assert_int_equal(td.calls, 0);
}

static void a_call_that_is_refused_keeps_no_page(void **state)
{
	uint8_t *page = take(1);

	(void)state;
	td.out[0].r10 = td.out[1].r10 = ERROR_R10;
	td.out[2].rax = ERROR_R10;
	assert_int_equal(migtd_send(&td.tdx, ID, page, 4, VECTOR), ERR_VMCALL);
	assert_int_equal(migtd_report_status(&td.tdx, &td.shared, ID, RESULT_SUCCESS, NULL, 0, 0),
		ERR_VMCALL);
	assert_int_equal(migtd_report_status(&td.tdx, &td.shared, ID, RESULT_SUCCESS, NULL, 0, 0),
		ERR_TDCALL);
	assert_int_equal(td.shared.used, 1);
}

static enum status completed(uint64_t word, uint32_t size, struct migtd_completion *c)
{
	uint8_t page[12];

	memcpy(page, &word, 8);
	memcpy(page + 8, &size, 4);
	return migtd_completed(page, c);
}

/* Every value of each byte of the data status. */
static void each_byte_of_the_status_counts(void **state)
{
	struct migtd_completion c;

	(void)state;
	for (unsigned vmm = 0; vmm < 256; vmm++) {
		for (unsigned detail = 0; detail < 256; detail++) {
			enum status wanted = ERR_TRANSPORT_PROTOCOL;

			if (vmm == 0)
				wanted = STATUS_PENDING;
			else if (vmm == 1)
				wanted = STATUS_OK;
			else if (vmm == 2)
				wanted = detail == 3 ? ERR_CANCELED : ERR_TRANSPORT_CLOSED;
			assert_int_equal(completed(vmm | detail << 8, 77, &c), wanted);
			if (vmm != 0) {
				assert_int_equal(c.detail, detail);
				assert_int_equal(c.size, 77);
			}
		}
	}
	for (unsigned bit = 16; bit < 64; bit++) {
		assert_int_equal(completed(1 | 1ull << bit, 1, &c), ERR_TRANSPORT_PROTOCOL);
		/* In flight is in flight, whatever else is there by now. */
		assert_int_equal(completed(1ull << bit, 1, &c), STATUS_PENDING);
	}
	assert_int_equal(completed(1, UINT32_MAX, &c), STATUS_OK);
	assert_int_equal(c.size, UINT32_MAX);
}

/* T20: what the VMM still has is nobody else's. */
static void abandoned_buffers_wait_for_their_completion(void **state)
{
	uint8_t *one = take(2), *two = take(2), *three = take(2);

	(void)state;
	memset(one, 0, 12);
	memset(two, 0, 12);
	memset(three, 0, 12);
	three[0] = 1;
	migtd_abandon(&td.shared, one, 2, SHARED_RECEIVE_ABANDONED);
	migtd_abandon(&td.shared, two, 2, SHARED_RECEIVE_ABANDONED);
	migtd_abandon(&td.shared, three, 2, SHARED_RECEIVE_ABANDONED);
	assert_int_equal(td.shared.used_by_tag[SHARED_RECEIVE_ABANDONED], 4);
	migtd_reclaim(&td.shared, SHARED_RECEIVE_ABANDONED, 2);
	assert_int_equal(td.shared.used, 4);
	assert_ptr_equal(take(2), three);
	two[0] = 2;
	migtd_reclaim(&td.shared, SHARED_RECEIVE_ABANDONED, 2);
	assert_int_equal(td.shared.used_by_tag[SHARED_RECEIVE_ABANDONED], 2);
	assert_ptr_equal(take(2), two);
	one[0] = 1;
	migtd_reclaim(&td.shared, SHARED_RECEIVE_ABANDONED, 2);
	assert_int_equal(td.shared.used_by_tag[SHARED_RECEIVE_ABANDONED], 0);
	assert_int_equal(td.shared.refused, 0);
}

/* Reports that are never taken: as many pages as there are, then an error. */
static void reports_without_end_are_bounded(void **state)
{
	unsigned n = 0;

	(void)state;
	while (n < FAKE_CALLS && migtd_report_status(&td.tdx, &td.shared, n, RESULT_SUCCESS, NULL, 0,
					 0) == STATUS_OK)
		n++;
	assert_int_equal(n, FAKE_PAGES / 2);
	assert_int_equal(migtd_report_status(&td.tdx, &td.shared, ID, RESULT_SUCCESS, NULL, 0, 0),
		ERR_OUT_OF_RESOURCE);
	for (unsigned i = 0; i < n; i += 2)
		td.ram[(FAKE_PAGES / 2 + i) * PAGE_SIZE] = 1;
	migtd_reclaim(&td.shared, SHARED_REPORT, 1);
	assert_int_equal(td.shared.used, n / 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(wait_for_request_names_the_whole_page),
		TEST(send_names_its_bytes_and_no_more),
		TEST(receive_names_its_pages),
		TEST(report_status_carries_result_and_data),
		TEST(report_status_of_success_is_zero),
		TEST(sizes_beyond_the_mtu_are_refused_here),
		TEST(operands_are_checked),
		TEST(a_call_that_is_refused_keeps_no_page),
		TEST(each_byte_of_the_status_counts),
		TEST(abandoned_buffers_wait_for_their_completion),
		TEST(reports_without_end_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
