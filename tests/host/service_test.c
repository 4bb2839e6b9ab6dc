/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* TDG.VP.VMCALL<Service>: pages, requests in HOBs, status, interrupts. */
#include "fake_td.h"

#include <string.h>
#include <unistd.h>

#include "host/bytes.h"

#define INVALID_OPERAND 0x8000000000000000ull
#define ALIGN_ERROR 0x8000000000000002ull

static struct fake_platform platform;
static struct fake_td td;
static uint8_t answer[PAGE];
static size_t size;
static uint32_t status;

static int start(void **state)
{
	(void)state;
	platform_start(&platform, NULL);
	fake_attach(&td, &platform, 7, NULL);
	fake_share(&td);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	fake_detach(&td);
	platform_stop(&platform);
	return 0;
}

static json_int_t create(json_t *more)
{
	json_t *request = json_pack("{s:s, s:i}", "do", "td-create", "migtd_pid", (int)getpid());

	if (more) {
		json_object_update(request, more);
		json_decref(more);
	}
	return ask_ok(platform.control, request, "td");
}

static void premig(json_int_t id, int port)
{
	ask_ok(platform.control, json_pack("{s:s, s:I, s:i}", "do", "premig", "td", id, "port", port),
		NULL);
}

static uint64_t command(unsigned number, const void *rest, size_t n)
{
	uint8_t data[64] = {0, (uint8_t)number};

	memcpy(data + 2, rest, n);
	return service(&td, guid_migtd, data, 2 + n, answer, &size, &status);
}

static void wait_for_request(void)
{
	assert_int_equal(command(1, "\0\0", 2), 0);
	assert_int_equal(status, 0);
	assert_int_equal(answer[1], 1);
}

static void report_status(json_int_t id, uint8_t result, uint32_t expected)
{
	uint8_t data[10] = {1, result};

	store64(data + 2, (uint64_t)id);
	assert_int_equal(command(2, data, sizeof(data)), 0);
	assert_int_equal(status, expected);
}

static void expect_done(json_int_t id, unsigned result)
{
	json_t *event = wait_event(platform.control);

	assert_string_equal(json_string_value(json_object_get(event, "event")), "premig-done");
	assert_int_equal(json_integer_value(json_object_get(event, "td")), id);
	assert_int_equal(json_integer_value(json_object_get(event, "status")), result);
	json_decref(event);
}

static void query_supports_migtd_and_nothing_else(void **state)
{
	uint8_t data[20] = {0};

	(void)state;
	memcpy(data + 4, guid_migtd, 16);
	assert_int_equal(service(&td, guid_common, data, 20, answer, &size, &status), 0);
	assert_int_equal(status, 0);
	assert_int_equal(size, 20);
	assert_int_equal(answer[2], 0);
	assert_memory_equal(answer + 4, guid_migtd, 16);
	data[7] ^= 1;
	assert_int_equal(service(&td, guid_common, data, 20, answer, &size, &status), 0);
	assert_int_not_equal(answer[2], 0);
	data[0] = 1;
	assert_int_equal(service(&td, data, data, 20, answer, &size, &status), 0);
	assert_int_equal(status, 0xFFFFFFFE);
}

static void idle_wait_has_no_operation(void **state)
{
	(void)state;
	wait_for_request();
	assert_int_equal(size, 4);
	assert_int_equal(answer[2], 0);
}

static void a_request_comes_as_kvm_writes_it(void **state)
{
	json_int_t id = create(NULL);
	const uint8_t *hob = answer + 4;
	uint8_t uuid[32];
	json_t *info;

	(void)state;
	take_interrupts(&td, 0);
	premig(id, 4321);
	assert_int_equal(take_interrupts(&td, 1000), 1);
	assert_int_equal(td.interrupts[0x50], 1);
	wait_for_request();
	assert_int_equal(answer[2], 1);
	assert_int_equal(size, 4 + 96 + 48 + 40);
	/* migration information */
	assert_int_equal(load16(hob), 4);
	assert_int_equal(load16(hob + 2), 96);
	assert_int_equal(load64(hob + 24), id);
	assert_int_equal(hob[32], 1);
	assert_int_equal(hob[33], 0);
	assert_int_not_equal(load32(hob + 36), 0);
	info = ask(platform.control, json_pack("{s:s, s:I}", "do", "td-info", "td", id));
	assert_true(hex_decode(json_string_value(json_object_get(info, "uuid")), uuid, 32));
	assert_memory_equal(hob + 40, uuid, 32);
	assert_string_equal(json_string_value(json_object_get(info, "state")), "progress");
	json_decref(info);
	/* stream socket */
	assert_int_equal(load16(hob + 96 + 2), 48);
	assert_int_equal(load64(hob + 96 + 32), 2);
	assert_int_equal(load32(hob + 96 + 40), 4321);
	/* policy */
	assert_int_equal(load16(hob + 144 + 2), 40);
	assert_int_equal(load64(hob + 144 + 24), 4321);
	assert_int_equal(load32(hob + 144 + 32), 0);

	ask_refused(platform.control, json_pack("{s:s, s:I, s:i}", "do", "premig", "td", id, "port", 1),
		"is running");
	report_status(id, 8, 0);
	expect_done(id, 8);
	report_status(id, 0, 4);
	/* And once more, now with success. */
	premig(id, 1);
	wait_for_request();
	report_status(id, 0, 0);
	expect_done(id, 0);
}

static void initial_tdinfo_makes_the_long_form(void **state)
{
	char tdinfo[1025];
	json_int_t id;

	(void)state;
	memset(tdinfo, 'e', 1024);
	tdinfo[1024] = 0;
	id = create(json_pack("{s:s, s:b}", "init_tdinfo", tdinfo, "incoming", 1));
	premig(id, 5);
	wait_for_request();
	assert_int_equal(load16(answer + 6), 24 + 584);
	assert_int_equal(answer[4 + 32], 0);
	assert_int_equal(answer[4 + 33], 1);
	for (unsigned i = 0; i < 512; i++)
		assert_int_equal(answer[4 + 24 + 72 + i], 0xee);
	report_status(id, 1, 0);
	expect_done(id, 1);
}

static void requests_are_handed_out_in_order_and_without_limit(void **state)
{
	enum { MANY = 100 };
	json_int_t ids[MANY];

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		ids[i] = create(NULL);
		premig(ids[i], (int)i);
	}
	for (unsigned i = 0; i < MANY; i++) {
		wait_for_request();
		assert_int_equal(answer[2], 1);
		assert_int_equal(load64(answer + 4 + 24), ids[i]);
	}
	wait_for_request();
	assert_int_equal(answer[2], 0);
	for (unsigned i = MANY; i-- > 0;) {
		report_status(ids[i], 0, 0);
		expect_done(ids[i], 0);
	}
}

static void one_interrupt_is_outstanding_until_the_td_asks(void **state)
{
	json_int_t first = create(NULL);
	json_int_t second = create(NULL);

	(void)state;
	wait_for_request();
	take_interrupts(&td, 0);
	td.interrupts[0x50] = 0;
	premig(first, 1);
	premig(second, 2);
	assert_int_equal(take_interrupts(&td, 500), 1);
	wait_for_request();
	/* One more waits: so does an interrupt for it. */
	assert_int_equal(take_interrupts(&td, 500), 1);
	wait_for_request();
	assert_int_equal(take_interrupts(&td, 100), 0);
	assert_int_equal(td.interrupts[0x50], 2);
	report_status(first, 0, 0);
	expect_done(first, 0);
	report_status(second, 0, 0);
	expect_done(second, 0);
}

static void cancelling_takes_a_waiting_request_back(void **state)
{
	json_int_t id = create(NULL);

	(void)state;
	premig(id, 1);
	ask_ok(platform.control, json_pack("{s:s, s:I}", "do", "cancel", "td", id), NULL);
	expect_done(id, 10);
	ask_refused(platform.control, json_pack("{s:s, s:I}", "do", "cancel", "td", id),
		"no pre-migration");
	wait_for_request();
	assert_int_equal(answer[2], 0);
}

static void only_shared_pages_are_touched(void **state)
{
	uint64_t good = SHARED | COMMAND_GPA;
	uint64_t reply = SHARED | RESPONSE_GPA;

	(void)state;
	store32(td.ram + COMMAND_GPA + 16, 28);
	store32(td.ram + RESPONSE_GPA + 16, PAGE);
	assert_int_equal(vmcall(&td, 0x10005, good, reply, 0), 0);
	assert_int_equal(vmcall(&td, 0x10005, COMMAND_GPA, reply, 0), INVALID_OPERAND);
	assert_int_equal(vmcall(&td, 0x10005, good, RESPONSE_GPA, 0), INVALID_OPERAND);
	assert_int_equal(vmcall(&td, 0x10005, SHARED | 0x1000, reply, 0), INVALID_OPERAND);
	assert_int_equal(vmcall(&td, 0x10005, good, SHARED | 0x1000, 0), INVALID_OPERAND);
	assert_int_equal(vmcall(&td, 0x10005, good, SHARED | RAM_SIZE, 0), INVALID_OPERAND);
	assert_int_equal(vmcall(&td, 0x10005, good + 8, reply, 0), ALIGN_ERROR);
	assert_int_equal(vmcall(&td, 0x10005, good, reply, 31), INVALID_OPERAND);
	store32(td.ram + RESPONSE_GPA + 16, PAGE + 1);
	assert_int_equal(vmcall(&td, 0x10005, good, reply, 0), INVALID_OPERAND);
}

static void malformed_commands_are_answered_as_such(void **state)
{
	uint8_t data[PAGE - 24] = {0, 3};

	(void)state;
	/* Send without a whole vsock header, unknown command, short ReportStatus, wrong version */
	assert_int_equal(service(&td, guid_migtd, data, 12 + 43, answer, &size, &status), 0);
	assert_int_equal(status, 4);
	data[1] = 9;
	assert_int_equal(service(&td, guid_migtd, data, 4, answer, &size, &status), 0);
	assert_int_equal(status, 0xFFFFFFFE);
	data[1] = 2;
	data[2] = 1;
	assert_int_equal(service(&td, guid_migtd, data, 11, answer, &size, &status), 0);
	assert_int_equal(status, 4);
	data[0] = 1;
	assert_int_equal(service(&td, guid_migtd, data, 12, answer, &size, &status), 0);
	assert_int_equal(status, 4);
	for (size_t n = 0; n < 4; n++) {
		data[0] = 0;
		data[1] = 1;
		assert_int_equal(service(&td, guid_migtd, data, n, answer, &size, &status), 0);
		assert_int_equal(status, 4);
	}
}

static void a_response_page_too_small_is_left_whole(void **state)
{
	uint8_t data[4] = {0, 4};

	(void)state;
	memset(td.ram + COMMAND_GPA, 0, PAGE);
	memcpy(td.ram + COMMAND_GPA, guid_migtd, 16);
	store32(td.ram + COMMAND_GPA + 16, 24 + 12);
	memcpy(td.ram + COMMAND_GPA + 24, data, 4);
	memset(td.ram + RESPONSE_GPA, 0x77, PAGE);
	store32(td.ram + RESPONSE_GPA + 16, 40);
	assert_int_equal(vmcall(&td, 0x10005, SHARED | COMMAND_GPA, SHARED | RESPONSE_GPA, 0), 0);
	assert_int_equal(load32(td.ram + RESPONSE_GPA + 20), 8);
	assert_int_equal(load32(td.ram + RESPONSE_GPA + 16), 24);
	for (unsigned i = 24; i < PAGE; i++)
		assert_int_equal(td.ram[RESPONSE_GPA + i], 0x77);
}

static void report_status_can_be_made_to_fail(void **state)
{
	json_int_t id = create(NULL);
	uint8_t data[10] = {1, 0};

	(void)state;
	premig(id, 1);
	wait_for_request();
	ask_ok(platform.control, json_pack("{s:s, s:s}", "do", "fault", "set", "report-status-fail"),
		NULL);
	store64(data + 2, (uint64_t)id);
	assert_int_equal(command(2, data, sizeof(data)), INVALID_OPERAND);
	ask_ok(platform.control, json_pack("{s:s, s:s}", "do", "fault", "set", "none"), NULL);
	report_status(id, 0, 0);
	expect_done(id, 0);
}

static void a_dying_migration_td_ends_its_requests(void **state)
{
	struct fake_td second;
	json_int_t waiting;
	json_int_t running;

	(void)state;
	/* Both have our pid; the later one is found first. */
	fake_attach(&second, &platform, 9, NULL);
	fake_share(&second);
	waiting = create(NULL);
	running = create(NULL);
	premig(running, 1);
	assert_int_equal(service(&second, guid_migtd, "\0\1\0\0", 4, answer, &size, &status), 0);
	premig(waiting, 1);
	fake_detach(&second);
	expect_done(waiting, 11);
	expect_done(running, 11);
	ask_refused(platform.control, json_pack("{s:s, s:I, s:i}", "do", "premig", "td", running,
		"port", 1), "not bound to a Migration TD that is attached");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(query_supports_migtd_and_nothing_else),
		cmocka_unit_test(idle_wait_has_no_operation),
		cmocka_unit_test(a_request_comes_as_kvm_writes_it),
		cmocka_unit_test(initial_tdinfo_makes_the_long_form),
		cmocka_unit_test(requests_are_handed_out_in_order_and_without_limit),
		cmocka_unit_test(one_interrupt_is_outstanding_until_the_td_asks),
		cmocka_unit_test(cancelling_takes_a_waiting_request_back),
		cmocka_unit_test(only_shared_pages_are_touched),
		cmocka_unit_test(malformed_commands_are_answered_as_such),
		cmocka_unit_test(a_response_page_too_small_is_left_whole),
		cmocka_unit_test(report_status_can_be_made_to_fail),
		cmocka_unit_test(a_dying_migration_td_ends_its_requests),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
