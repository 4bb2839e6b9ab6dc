/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The VMM's half of vmcall-raw: operands, requests, streams outside, reports. */
#include "fake_td.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/bytes.h"

#define INVALID_OPERAND 0x8000000000000000ull
#define ALIGN_ERROR 0x8000000000000002ull
#define VECTOR 0x60
#define PORT 77
#define MTU 65524u
enum { WAIT = 0x10001, REPORT, SEND, RECEIVE };

/* Shared pages: what is sent needs most of them. */
#define WAIT_AT SHARED_GPA
#define RECEIVE_AT (SHARED_GPA + PAGE)
#define REPORT_AT (SHARED_GPA + 2 * PAGE)
#define SEND_AT (SHARED_GPA + 3 * PAGE)

static struct fake_platform platform;
static struct fake_td td;
static int outside;

static int start(void **state)
{
	(void)state;
	platform_start(&platform, NULL);
	fake_attach(&td, &platform, 7, NULL);
	fake_share(&td);
	outside = -1;
	return 0;
}

static int stop(void **state)
{
	(void)state;
	if (outside >= 0)
		close(outside);
	fake_detach(&td);
	platform_stop(&platform);
	return 0;
}

/* R10 of sub-function 0x10006. */
static uint64_t call(uint64_t function, uint64_t r13, uint64_t r14, uint64_t r15, uint64_t rbx,
	uint64_t rdi)
{
	uint64_t reg[REGS] = {[RCX] = 0xffcc, [R11] = 0x10006, [R12] = function, [R13] = r13,
		[R14] = r14, [R15] = r15, [RBX] = rbx, [RDI] = rdi};

	assert_int_equal(tdcall(&td, reg), 0);
	return reg[R10];
}

static uint64_t wait_at(uint64_t gpa, uint64_t size)
{
	memset(td.ram + WAIT_AT, 0, PAGE);
	return call(WAIT, size, gpa | SHARED, VECTOR, 0, 0);
}

static uint64_t send_bytes(uint64_t id, uint32_t n)
{
	memset(td.ram + SEND_AT, 0, 12);
	store32(td.ram + SEND_AT + 8, n);
	return call(SEND, id, 12 + (uint64_t)n, SEND_AT | SHARED, VECTOR, 0);
}

static uint64_t receive(uint64_t id, uint64_t size)
{
	memset(td.ram + RECEIVE_AT, 0, 12);
	return call(RECEIVE, id, size, RECEIVE_AT | SHARED, VECTOR, 0);
}

static uint64_t report_in(uint64_t id, uint64_t word, const char *text, uint64_t size)
{
	memset(td.ram + REPORT_AT, 0, 12);
	store32(td.ram + REPORT_AT + 8, (uint32_t)strlen(text));
	memcpy(td.ram + REPORT_AT + 12, text, strlen(text));
	return call(REPORT, id, word, size, REPORT_AT | SHARED, VECTOR);
}

static uint64_t report(uint64_t id, uint64_t word, const char *text)
{
	return report_in(id, word, text, PAGE);
}

/* Interrupts until the buffer's call is complete; its data status. */
static uint64_t status_of(uint32_t gpa)
{
	for (unsigned i = 0; i < 1000 && !td.ram[gpa]; i++)
		take_interrupts(&td, 10);
	return load64(td.ram + gpa);
}

/* A user TD with a request that has been handed out, and a listener where its stream goes. */
static json_int_t begin(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	json_int_t id = ask_ok(platform.control,
		json_pack("{s:s, s:i}", "do", "td-create", "migtd_pid", (int)getpid()), "td");
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%.90s_%u", platform.prefix, PORT);
	assert_int_equal(bind(listener, (void *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(wait_at(WAIT_AT, PAGE), 0);
	assert_int_equal(load64(td.ram + WAIT_AT), 0);
	ask_ok(platform.control,
		json_pack("{s:s, s:I, s:i}", "do", "premig", "td", id, "port", PORT), NULL);
	assert_int_equal(status_of(WAIT_AT), 1 | 1 << 8);
	outside = accept(listener, NULL, NULL);
	assert_true(outside >= 0);
	close(listener);
	unlink(address.sun_path);
	return id;
}

static void expect_done(unsigned result, const char *reason)
{
	json_t *event = wait_event(platform.control);

	assert_int_equal(json_integer_value(json_object_get(event, "status")), result);
	if (reason)
		assert_string_equal(json_string_value(json_object_get(event, "reason")), reason);
	json_decref(event);
}

static void read_outside(uint8_t *to, size_t n)
{
	while (n) {
		ssize_t got = read(outside, to, n);

		assert_true(got > 0);
		to += got;
		n -= (size_t)got;
	}
}

static void operands_are_checked(void **state)
{
	(void)state;
	assert_int_equal(wait_at(WAIT_AT + 64, PAGE), ALIGN_ERROR);
	assert_int_equal(wait_at(0, PAGE), INVALID_OPERAND);
	assert_int_equal(wait_at(SHARED_GPA + SHARED_BYTES - PAGE, 2 * PAGE), INVALID_OPERAND);
	assert_int_equal(wait_at(WAIT_AT, 579), INVALID_OPERAND);
	assert_int_equal(call(WAIT, PAGE, WAIT_AT | SHARED, 31, 0, 0), INVALID_OPERAND);
	assert_int_equal(call(WAIT, PAGE, WAIT_AT | SHARED, 256, 0, 0), INVALID_OPERAND);
	assert_int_equal(call(WAIT, PAGE, WAIT_AT, VECTOR, 0, 0), INVALID_OPERAND);
	assert_int_equal(call(0x10005, PAGE, WAIT_AT | SHARED, VECTOR, 0, 0), INVALID_OPERAND);
	assert_int_equal(call(0x20001, PAGE, WAIT_AT | SHARED, VECTOR, 0, 0), INVALID_OPERAND);
	assert_int_equal(wait_at(WAIT_AT, PAGE), 0);
	assert_int_equal(wait_at(WAIT_AT, PAGE), INVALID_OPERAND);
	assert_int_equal(send_bytes(1, 4), INVALID_OPERAND);
	assert_int_equal(receive(1, PAGE), INVALID_OPERAND);
	assert_int_equal(report(1, 0, ""), INVALID_OPERAND);
}

static void a_request_has_no_hobs(void **state)
{
	const uint8_t *payload = td.ram + WAIT_AT + 12;
	json_int_t id;

	(void)state;
	id = begin();
	assert_int_equal(load32(td.ram + WAIT_AT + 8), 56);
	assert_int_equal(load64(payload), id);
	assert_int_equal(payload[8], 1);
	for (unsigned i = 9; i < 16; i++)
		assert_int_equal(payload[i], 0);
	for (unsigned i = 0; i < 1000 && !td.interrupts[VECTOR]; i++)
		take_interrupts(&td, 10);
	assert_true(td.interrupts[VECTOR] > 0);
}

/* T21, on this side. */
static void a_send_becomes_a_frame(void **state)
{
	static const uint32_t sizes[] = {1, 4084, 49140};
	static uint8_t frame[4 + MTU];
	json_int_t id;

	(void)state;
	id = begin();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (uint32_t at = 0; at < sizes[i]; at++)
			td.ram[SEND_AT + 12 + at] = (uint8_t)(at * 7);
		assert_int_equal(send_bytes((uint64_t)id, sizes[i]), 0);
		read_outside(frame, 4 + sizes[i]);
		assert_int_equal(load32(frame), sizes[i]);
		for (uint32_t at = 0; at < sizes[i]; at++)
			assert_int_equal(frame[4 + at], (uint8_t)(at * 7));
		assert_int_equal(status_of(SEND_AT), 1);
	}
	assert_int_equal(send_bytes((uint64_t)id, 0), INVALID_OPERAND);
	/* All that is shared is one MTU and a header; a byte more is refused for its length. */
	memset(td.ram + SHARED_GPA, 0, 12);
	store32(td.ram + SHARED_GPA + 8, MTU);
	assert_int_equal(call(SEND, (uint64_t)id, 12 + MTU, SHARED_GPA | SHARED, VECTOR, 0), 0);
	read_outside(frame, 4 + MTU);
	assert_int_equal(load32(frame), MTU);
	assert_int_equal(status_of(SHARED_GPA), 1);
	memset(td.ram + SHARED_GPA, 0, 12);
	store32(td.ram + SHARED_GPA + 8, MTU + 1);
	assert_int_equal(call(SEND, (uint64_t)id, 13 + MTU, SHARED_GPA | SHARED, VECTOR, 0),
		INVALID_OPERAND);
	/* The length in the header is that of the call. */
	store32(td.ram + SHARED_GPA + 8, 5);
	assert_int_equal(call(SEND, (uint64_t)id, 16, SHARED_GPA | SHARED, VECTOR, 0),
		INVALID_OPERAND);
}

static void a_receive_takes_what_it_has_room_for(void **state)
{
	static const uint8_t frames[] = {3, 0, 0, 0, 'a', 'b', 'c', 2, 0, 0, 0, 'd', 'e'};
	json_int_t id;

	(void)state;
	id = begin();
	assert_int_equal(receive((uint64_t)id, 12), INVALID_OPERAND);
	assert_int_equal(receive((uint64_t)id, 16), 0);
	assert_int_equal(receive((uint64_t)id, 16), INVALID_OPERAND);
	memset(td.ram + RECEIVE_AT, 0, 12);
	assert_int_equal(take_interrupts(&td, 50), 0);
	assert_int_equal(write(outside, frames, sizeof(frames)), sizeof(frames));
	assert_int_equal(status_of(RECEIVE_AT), 1);
	assert_int_equal(load32(td.ram + RECEIVE_AT + 8), 4);
	assert_memory_equal(td.ram + RECEIVE_AT + 12, "abcd", 4);
	assert_int_equal(receive((uint64_t)id, PAGE), 0);
	assert_int_equal(status_of(RECEIVE_AT), 1);
	assert_int_equal(load32(td.ram + RECEIVE_AT + 8), 1);
	assert_int_equal(td.ram[RECEIVE_AT + 12], 'e');
	/* The other side is gone: not completed. */
	assert_int_equal(receive((uint64_t)id, PAGE), 0);
	close(outside);
	outside = -1;
	assert_int_equal(status_of(RECEIVE_AT), 2);
}

static void a_cancel_completes_what_is_pending_and_what_comes(void **state)
{
	json_int_t id;

	(void)state;
	id = begin();
	assert_int_equal(receive((uint64_t)id, PAGE), 0);
	ask_ok(platform.control, json_pack("{s:s, s:I}", "do", "cancel", "td", id), NULL);
	assert_int_equal(status_of(RECEIVE_AT), 2 | 3 << 8);
	assert_int_equal(send_bytes((uint64_t)id, 4), 0);
	assert_int_equal(status_of(SEND_AT), 2 | 3 << 8);
	assert_int_equal(report((uint64_t)id, 1 | 10 << 8, "cancelled"), 0);
	assert_int_equal(status_of(REPORT_AT), 1);
	expect_done(10, "cancelled");
}

static void a_report_ends_the_request(void **state)
{
	json_int_t id;

	(void)state;
	id = begin();
	/* Success with a code, failure without, bits that are reserved. */
	assert_int_equal(report((uint64_t)id, 5 << 8, ""), INVALID_OPERAND);
	assert_int_equal(report((uint64_t)id, 1, ""), INVALID_OPERAND);
	assert_int_equal(report((uint64_t)id, 2 | 5 << 8, ""), INVALID_OPERAND);
	assert_int_equal(report((uint64_t)id, 1ull << 16, ""), INVALID_OPERAND);
	assert_int_equal(receive((uint64_t)id, PAGE), 0);
	assert_int_equal(report((uint64_t)id, 1 | 8 << 8, "why\n"), 0);
	expect_done(8, "why?");
	/* What was still pending is given back. */
	assert_int_equal(status_of(RECEIVE_AT), 2 | 3 << 8);
	assert_int_equal(receive((uint64_t)id, PAGE), INVALID_OPERAND);
	assert_int_equal(report((uint64_t)id, 0, ""), INVALID_OPERAND);
}

/* intel/MigTD names whole pages, with the size of the data in the header alone. */
static void a_report_fills_its_buffer_or_not(void **state)
{
	const char *text = "why";
	json_int_t id;

	(void)state;
	id = begin();
	assert_int_equal(report_in((uint64_t)id, 1 | 8 << 8, text, 12 + 2), INVALID_OPERAND);
	assert_int_equal(report_in((uint64_t)id, 1 | 8 << 8, text, 12 + 3), 0);
	expect_done(8, text);
	id = begin();
	assert_int_equal(report_in((uint64_t)id, 1 | 8 << 8, text, 12 + 4), 0);
	expect_done(8, text);
	id = begin();
	assert_int_equal(report_in((uint64_t)id, 1 | 8 << 8, text, 2 * PAGE), 0);
	expect_done(8, text);
}

static void operations_are_asked_for_and_answered(void **state)
{
	json_t *event;

	(void)state;
	assert_int_equal(wait_at(WAIT_AT, PAGE), 0);
	ask_refused(platform.control,
		json_pack("{s:s, s:i, s:i, s:s}", "do", "request", "migtd_pid", (int)getpid(),
			"operation", 3, "payload", "0"), "payload");
	ask_ok(platform.control,
		json_pack("{s:s, s:i, s:i, s:s}", "do", "request", "migtd_pid", (int)getpid(),
			"operation", 3, "payload", "0700000000000040"), NULL);
	assert_int_equal(status_of(WAIT_AT), 1 | 3 << 8);
	assert_int_equal(load32(td.ram + WAIT_AT + 8), 8);
	assert_int_equal(report(0x4000000000000007, 0, "AB"), 0);
	event = wait_event(platform.control);
	assert_string_equal(json_string_value(json_object_get(event, "event")), "request-done");
	assert_string_equal(json_string_value(json_object_get(event, "data")), "4142");
	json_decref(event);
	assert_int_equal(report(0x4000000000000007, 0, "AB"), INVALID_OPERAND);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(operands_are_checked),
		TEST(a_request_has_no_hobs),
		TEST(a_send_becomes_a_frame),
		TEST(a_receive_takes_what_it_has_room_for),
		TEST(a_cancel_completes_what_is_pending_and_what_comes),
		TEST(a_report_ends_the_request),
		TEST(a_report_fills_its_buffer_or_not),
		TEST(operations_are_asked_for_and_answered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
