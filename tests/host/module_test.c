/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* TDCALL leaves, memory and the register rules of TDVMCALL, against OpenSSL's hashes. */
#include "fake_td.h"

#include <openssl/sha.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/bytes.h"
#include "host/mrtd.h"
#include "host/protocol.h"

#define OPERAND_INVALID 0xC000010000000000ull
#define FIELD_ID_INCORRECT 0xC0000C0000000000ull
#define FIRST_FIELD_ID 0x00000C0B00000000ull
#define ALREADY_ACCEPTED 0x00000B0A00000000ull
#define PAGE_SIZE_MISMATCH 0xC0000B0B00000000ull
#define INVALID_CPUSVN 0xC000100000000000ull
#define INVALID_REPORTMACSTRUCT 0xC000100100000000ull
#define NONE UINT64_MAX

static struct fake_platform platform;
static struct fake_td td;

static int start(void **state)
{
	(void)state;
	platform_start(&platform, NULL);
	fake_attach(&td, &platform, 7, NULL);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	fake_detach(&td);
	platform_stop(&platform);
	return 0;
}

static uint64_t call(uint64_t leaf, uint64_t rcx, uint64_t rdx, uint64_t r8)
{
	uint64_t reg[REGS] = {[RAX] = leaf, [RCX] = rcx, [RDX] = rdx, [R8] = r8};

	return tdcall(&td, reg);
}

static void vp_info_tells_the_shared_bit_and_one_vcpu(void **state)
{
	uint64_t reg[REGS] = {[RAX] = 1};

	(void)state;
	assert_int_equal(tdcall(&td, reg), 0);
	assert_int_equal(reg[RCX] & 0x3f, 48);
	assert_int_equal(reg[RDX], 0);
	assert_int_equal(reg[R8], 0x100000001);
	assert_int_equal(reg[R10] & 1, 1);
}

static void unknown_leaves_and_reserved_bits_are_refused(void **state)
{
	(void)state;
	assert_int_equal(call(5, 0, 0, 0), OPERAND_INVALID);
	assert_int_equal(call(33, 0, 0, 0), OPERAND_INVALID);
	assert_int_equal(call(1 | 1ull << 32, 0, 0, 0), OPERAND_INVALID);
}

static void rtmr_is_the_hash_of_old_and_new(void **state)
{
	uint8_t rtmr[48] = {0};
	uint8_t both[96];
	char hex[97];
	json_t *answer;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		memset(td.ram + 0x1040, (int)(i + 1), 48);
		assert_int_equal(call(2, 0x1040, 3, 0), 0);
		memcpy(both, rtmr, 48);
		memset(both + 48, (int)(i + 1), 48);
		SHA384(both, sizeof(both), rtmr);
	}
	hex_encode(rtmr, 48, hex);
	answer = ask(platform.control, json_pack("{s:s}", "do", "migtds"));
	assert_string_equal(json_string_value(json_object_get(json_array_get(json_object_get(answer,
				"migtds"), 0), "rtmr3")), hex);
	json_decref(answer);
}

static void rtmr_extend_refuses_bad_operands(void **state)
{
	(void)state;
	assert_int_equal(call(2, 0x1020, 0, 0), OPERAND_INVALID | 1);
	assert_int_equal(call(2, 0x1040, 4, 0), OPERAND_INVALID | 2);
	assert_int_equal(call(2, RAM_SIZE, 0, 0), OPERAND_INVALID | 1);
	assert_int_equal(call(2, SHARED | 0x1040, 0, 0), OPERAND_INVALID | 1);
	assert_int_equal(call(2, NONE - 63, 0, 0), OPERAND_INVALID | 1);
	fake_share(&td);
	assert_int_equal(call(2, SHARED_GPA, 0, 0), OPERAND_INVALID | 1);
}

static void make_report(uint8_t report[1024])
{
	memset(td.ram + 0x2000, 0xA5, 64);
	assert_int_equal(call(4, 0x3000, 0x2000, 0), 0);
	memcpy(report, td.ram + 0x3000, 1024);
}

static void tdreport_carries_its_hashes_and_launch_values(void **state)
{
	uint8_t expected[48];
	uint8_t report[1024];

	(void)state;
	make_report(report);
	assert_int_equal(load32(report), 0x81);
	SHA384(report + 256, 239, expected);
	assert_memory_equal(report + 32, expected, 48);
	SHA384(report + 512, 512, expected);
	assert_memory_equal(report + 80, expected, 48);
	memset(expected, 0xA5, 48);
	assert_memory_equal(report + 128, expected, 48);
	assert_int_equal(load64(report + 520), 0x61AE7);
	assert_int_equal(mrtd_of_process(getpid(), expected), 0);
	assert_memory_equal(report + 528, expected, 48);
	assert_int_equal(report[576], 0x33);
	assert_int_equal(report[624], 0x11);
	assert_int_equal(report[672], 0x22);
}

static void tdreport_operands_are_checked(void **state)
{
	(void)state;
	assert_int_equal(call(4, 0x3200, 0x2000, 0), OPERAND_INVALID | 1);
	assert_int_equal(call(4, 0x3000, 0x2020, 0), OPERAND_INVALID | 2);
	assert_int_equal(call(4, 0x3000, 0x2000, 1), OPERAND_INVALID | 8);
	assert_int_equal(call(4, RAM_SIZE, 0x2000, 0), OPERAND_INVALID | 1);
	fake_share(&td);
	assert_int_equal(call(4, SHARED_GPA, 0x2000, 0), OPERAND_INVALID | 1);
	assert_int_equal(call(4, 0x3000, SHARED_GPA, 0), OPERAND_INVALID | 2);
}

static void every_flipped_byte_of_the_mac_struct_is_found(void **state)
{
	uint8_t report[1024];

	(void)state;
	make_report(report);
	memcpy(td.ram + 0x4000, report, 256);
	assert_int_equal(call(22, 0x4000, 0, 0), 0);
	assert_int_equal(call(22, 0x4080, 0, 0), OPERAND_INVALID | 1);
	for (unsigned i = 0; i < 256; i++) {
		uint64_t status;

		td.ram[0x4000 + i] ^= 0x40;
		status = call(22, 0x4000, 0, 0);
		assert_int_equal(status,
			i >= 16 && i < 32 ? INVALID_CPUSVN : INVALID_REPORTMACSTRUCT);
		td.ram[0x4000 + i] ^= 0x40;
	}
}

static void a_report_of_another_platform_does_not_verify(void **state)
{
	struct fake_platform other;
	struct fake_td there;
	uint64_t reg[REGS] = {[RAX] = 22, [RCX] = 0x4000};
	uint8_t report[1024];

	(void)state;
	make_report(report);
	platform_start(&other, NULL);
	fake_attach(&there, &other, 7, NULL);
	memcpy(there.ram + 0x4000, report, 256);
	assert_int_equal(tdcall(&there, reg), INVALID_REPORTMACSTRUCT);
	fake_detach(&there);
	platform_stop(&other);
}

static void sharing_and_unsharing_a_page_loses_its_contents(void **state)
{
	(void)state;
	td.ram[0x20000] = 1;
	assert_int_equal(vmcall(&td, 0x10001, SHARED | 0x20000, PAGE, 0), 0);
	assert_int_equal(td.ram[0x20000], 0);
	td.ram[0x20000] = 2;
	/* Sharing what is shared changes nothing. */
	assert_int_equal(vmcall(&td, 0x10001, SHARED | 0x20000, PAGE, 0), 0);
	assert_int_equal(td.ram[0x20000], 2);
	assert_int_equal(vmcall(&td, 0x10001, 0x20000, PAGE, 0), 0);
	/* Private, but not accepted yet: the module does not touch it. */
	assert_int_equal(call(2, 0x20000, 0, 0), OPERAND_INVALID | 1);
	assert_int_equal(call(6, 0x20001, 0, 0), PAGE_SIZE_MISMATCH | 1);
	assert_int_equal(call(6, 0x20000, 0, 0), 0);
	assert_int_equal(td.ram[0x20000], 0);
	assert_int_equal(call(6, 0x20000, 0, 0), ALREADY_ACCEPTED);
	assert_int_equal(call(2, 0x20000, 0, 0), 0);
	assert_int_equal(call(6, 0x20002, 0, 0), OPERAND_INVALID | 1);
	assert_int_equal(call(6, RAM_SIZE, 0, 0), OPERAND_INVALID | 1);
}

static void map_gpa_refuses_what_is_not_ram(void **state)
{
	(void)state;
	assert_int_equal(vmcall(&td, 0x10001, SHARED | 0x20800, PAGE, 0), 0x8000000000000002);
	assert_int_equal(vmcall(&td, 0x10001, SHARED | 0x20000, 100, 0), 0x8000000000000002);
	assert_int_equal(vmcall(&td, 0x10001, SHARED | RAM_SIZE, PAGE, 0), 0x8000000000000000);
	assert_int_equal(vmcall(&td, 0x10001, SHARED, 2 * RAM_SIZE, 0), 0x8000000000000000);
	assert_int_equal(vmcall(&td, 0x10001, SHARED | 0x20000, 0, 0), 0x8000000000000000);
	assert_int_equal(vmcall(&td, 0x10001, SHARED, NONE - 0xfff, 0), 0x8000000000000000);
}

static void sys_rd_takes_its_field_from_rdx(void **state)
{
	uint64_t reg[REGS] = {[RAX] = 11, [RCX] = 99, [RDX] = 0x2000000100000001};

	(void)state;
	for (unsigned i = 1; i <= 4; i++) {
		assert_int_equal(reg[RDX], 0x2000000100000000 + i);
		assert_int_equal(tdcall(&td, reg), 0);
		assert_int_equal(reg[R8], 0);
		reg[RAX] = 11;
	}
	assert_int_equal(reg[RDX], NONE);
	assert_int_equal(tdcall(&td, reg), FIRST_FIELD_ID);
	assert_int_equal(reg[RDX], 0x2000000100000001);
	reg[RAX] = 11;
	reg[RDX] = 0x2000000100000005;
	reg[R8] = 1;
	assert_int_equal(tdcall(&td, reg), FIELD_ID_INCORRECT);
	assert_int_equal(reg[RDX], NONE);
	assert_int_equal(reg[R8], 0);
}

static void the_vmm_sees_only_exposed_registers(void **state)
{
	uint64_t reg[REGS] = {[RCX] = 0x0c00, [R11] = 0x10004, [R12] = 0x51};

	(void)state;
	/* R12 is not exposed, so the vector reads as 0. */
	assert_int_equal(tdcall(&td, reg), 0);
	assert_int_equal(reg[R10], 0x8000000000000000);
	assert_int_equal(reg[R12], 0x51);
	/* RAX and RCX cannot be exposed. */
	for (unsigned bit = 0; bit < 64; bit++) {
		uint64_t r[REGS] = {[RCX] = 1ull << bit, [RBX] = bit};
		bool allowed = 0xFFCCull >> bit & 1;

		assert_int_equal(tdcall(&td, r), allowed ? 0 : OPERAND_INVALID | 1);
		assert_int_equal(r[RBX], bit);
	}
}

static void unknown_vmcalls_and_bad_vectors_are_invalid(void **state)
{
	(void)state;
	assert_int_equal(vmcall(&td, 0x10006, 0x10001, 0, 0), 0x8000000000000000);
	assert_int_equal(vmcall(&td, 0x10004, 31, 0, 0), 0x8000000000000000);
	assert_int_equal(vmcall(&td, 0x10004, 256, 0, 0), 0x8000000000000000);
	assert_int_equal(vmcall(&td, 0x10004, 255, 0, 0), 0);
}

static void a_second_td_with_the_same_cid_is_refused(void **state)
{
	struct fake_td second;
	char why[120];

	(void)state;
	assert_int_equal(fake_attach(&second, &platform, 7, why), 1);
	assert_non_null(strstr(why, "CID"));
	fake_detach(&second);
	assert_int_equal(fake_attach(&second, &platform, 2, why), 1);
	fake_detach(&second);
	assert_int_equal(fake_attach(&second, &platform, 8, why), 0);
	fake_detach(&second);
}

static void a_td_that_sends_garbage_is_detached_and_no_other(void **state)
{
	struct fake_td second;
	char bytes[64] = {0};

	(void)state;
	fake_attach(&second, &platform, 8, NULL);
	assert_int_equal(send(second.socket, bytes, sizeof(bytes), 0), sizeof(bytes));
	assert_int_equal(recv(second.socket, bytes, sizeof(bytes), 0), 0);
	fake_detach(&second);
	assert_int_equal(call(1, 0, 0, 0), 0);
}

static void a_td_that_shrinks_its_memory_hurts_only_itself(void **state)
{
	struct fake_td second;
	uint64_t reg[REGS] = {[RAX] = 2, [RCX] = 0x1000};

	(void)state;
	fake_attach(&second, &platform, 8, NULL);
	assert_int_equal(ftruncate(second.memory, 0), 0);
	assert_int_equal(tdcall(&second, reg), OPERAND_INVALID | 1);
	fake_detach(&second);
	assert_int_equal(call(1, 0, 0, 0), 0);
}

static void the_named_call_fails_and_only_that_one(void **state)
{
	(void)state;
	ask_ok(platform.control, json_pack("{s:s, s:s}", "do", "fault", "set",
		"tdcall-fail=1:2,vmcall-fail=0x10004"), NULL);
	assert_int_equal(call(1, 0, 0, 0), 0);
	assert_int_equal(call(1, 0, 0, 0), OPERAND_INVALID);
	assert_int_equal(call(1, 0, 0, 0), 0);
	assert_int_equal(vmcall(&td, 0x10004, 0x51, 0, 0), 0x8000000000000000);
	assert_int_equal(vmcall(&td, 0x10004, 0x51, 0, 0), 0);
	assert_true(platform_said(&platform, "fault: tdcall-fail"));
	assert_true(platform_said(&platform, "fault: vmcall-fail"));
	ask_refused(platform.control, json_pack("{s:s, s:s}", "do", "fault", "set", "quote-late"),
		"bad fault 'quote-late'");
	ask_refused(platform.control, json_pack("{s:s, s:s}", "do", "fault", "set", "nonsense"),
		"bad fault");
}

/* xorshift: the same calls in every run. */
static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* A value that has a chance to be accepted. */
static uint64_t plausible(uint64_t *seed)
{
	uint64_t r = next_random(seed);

	switch (r >> 60) {
	case 0:
		return r;
	case 1:
		return r % 64;
	case 2:
		return 0x9810000300000000 + r % 64;
	case 3:
		return 0x10000 + r % 8;
	case 4:
		return NONE - r % 8192;
	case 5:
		return RAM_SIZE - r % 2 * PAGE;
	case 6:
		return PAGE * (r % 4);
	default:
		return (r & SHARED) | (SHARED_GPA + (r & 0xf) * PAGE);
	}
}

static void no_call_of_a_guest_hurts_the_platform(void **state)
{
	static const uint8_t leaves[] = {0, 0, 0, 0, 1, 2, 3, 4, 6, 7, 8, 11, 18, 20, 22};
	uint64_t seed = 0x9E3779B97F4A7C15;
	unsigned accepted = 0;
	struct fake_td wild;

	(void)state;
	fake_attach(&wild, &platform, 8, NULL);
	for (unsigned i = 0; i < 30000; i++) {
		uint64_t reg[REGS];

		for (unsigned r = 0; r < REGS; r++)
			reg[r] = plausible(&seed);
		reg[RAX] = leaves[next_random(&seed) % sizeof(leaves)];
		if (!reg[RAX]) {
			reg[RCX] = 0xfc00;
			reg[R10] = 0;
			reg[R11] = 0x10000 + next_random(&seed) % 6;
			/* ReportFatalError ends the TD, as it should. */
			reg[R11] += reg[R11] == 0x10003;
			memcpy(wild.ram + SHARED_GPA, i & 1 ? guid_migtd : guid_common, 16);
			store32(wild.ram + SHARED_GPA + 16, (uint32_t)plausible(&seed) % 128);
			store32(wild.ram + SHARED_GPA + 20, 0);
			for (unsigned at = 24; at < 128; at += 8)
				store64(wild.ram + SHARED_GPA + at, plausible(&seed));
			wild.ram[SHARED_GPA + 25] = (uint8_t)(i % 6);
			store32(wild.ram + SHARED_GPA + PAGE + 16, (uint32_t)plausible(&seed) % 8192);
		}
		accepted += !tdcall(&wild, reg);
		if (i % 1000 == 0)
			fake_share(&wild);
	}
	/* The calls were not all nonsense. */
	assert_in_range(accepted, 3000, 27000);
	fake_detach(&wild);
	assert_int_equal(call(1, 0, 0, 0), 0);
}

static void no_packet_hurts_the_platform(void **state)
{
	uint64_t seed = 88172645463325252;
	uint32_t kinds[] = {PACKET_ATTACH, PACKET_TDCALL, PACKET_JSON, 0};
	uint8_t packet[sizeof(struct packet_attach) + 64];

	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		int fd = platform_connect(&platform);
		size_t n = next_random(&seed) % sizeof(packet);

		if (i % 3 == 0)
			n = sizeof(struct packet_attach);
		for (size_t at = 0; at < sizeof(packet); at++)
			packet[at] = (uint8_t)next_random(&seed);
		memcpy(packet, &kinds[i % 4], 4);
		if (i % 5 == 0)
			store32(packet + 4, 1);
		(void)!send(fd, packet, n, 0);
		(void)!send(fd, packet, n, 0);
		close(fd);
	}
	assert_int_equal(call(1, 0, 0, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vp_info_tells_the_shared_bit_and_one_vcpu),
		cmocka_unit_test(unknown_leaves_and_reserved_bits_are_refused),
		cmocka_unit_test(rtmr_is_the_hash_of_old_and_new),
		cmocka_unit_test(rtmr_extend_refuses_bad_operands),
		cmocka_unit_test(tdreport_carries_its_hashes_and_launch_values),
		cmocka_unit_test(tdreport_operands_are_checked),
		cmocka_unit_test(every_flipped_byte_of_the_mac_struct_is_found),
		cmocka_unit_test(a_report_of_another_platform_does_not_verify),
		cmocka_unit_test(sharing_and_unsharing_a_page_loses_its_contents),
		cmocka_unit_test(map_gpa_refuses_what_is_not_ram),
		cmocka_unit_test(sys_rd_takes_its_field_from_rdx),
		cmocka_unit_test(the_vmm_sees_only_exposed_registers),
		cmocka_unit_test(unknown_vmcalls_and_bad_vectors_are_invalid),
		cmocka_unit_test(a_second_td_with_the_same_cid_is_refused),
		cmocka_unit_test(a_td_that_sends_garbage_is_detached_and_no_other),
		cmocka_unit_test(a_td_that_shrinks_its_memory_hurts_only_itself),
		cmocka_unit_test(no_call_of_a_guest_hurts_the_platform),
		cmocka_unit_test(no_packet_hurts_the_platform),
		cmocka_unit_test(the_named_call_fails_and_only_that_one),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
