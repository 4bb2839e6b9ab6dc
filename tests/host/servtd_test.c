/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* TDG.SERVTD.RD/WR: rules and error codes of the module in its order, and the MSK fields. */
#include "fake_td.h"

#include <openssl/sha.h>
#include <string.h>
#include <unistd.h>

#include "host/bytes.h"

#define OPERAND_INVALID 0xC000010000000000ull
#define FIELD_ID_INCORRECT 0xC0000C0000000000ull
#define FIELD_NOT_WRITABLE 0xC0000C0100000000ull
#define FIELD_VALUE_NOT_VALID 0xC0000C0300000000ull
#define WR_MASK_NOT_VALID 0xC0000C0A00000000ull
#define TARGET_UUID_MISMATCH 0xC0000D0700000000ull
#define TARGET_UUID_UPDATED 0xC0000D0800000000ull
#define DEC_KEY 0x9810000300000010ull
#define ENC_KEY 0x9810000300000018ull
#define MIG_VERSION 0x9810000100000020ull
#define INFO_HASH 0x1910000300000207ull
#define INIT_INFO_HASH 0x191000030000020Eull
#define ATTR 0x1910000300000202ull
#define ACCEPT_HASH 0x1910000300000214ull
#define ALL_ONES UINT64_MAX

/* A user TD as its Migration TD addresses it. */
struct target {
	json_int_t id;
	uint64_t handle;
	uint64_t uuid[4];
};

static struct fake_platform platform;
static struct fake_td td;

static int start(void **state)
{
	static const char *const options[] = {"--export-version", "0-3", "--import-version", "2-5",
		NULL};

	(void)state;
	platform_start(&platform, options);
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

static void learn(struct target *t, json_int_t id)
{
	json_t *info = ask(platform.control, json_pack("{s:s, s:I}", "do", "td-info", "td", id));
	uint8_t handle[8];

	t->id = id;
	assert_true(hex_decode(json_string_value(json_object_get(info, "handle")), handle, 8));
	t->handle = (uint64_t)load32_be(handle) << 32 | load32_be(handle + 4);
	assert_true(hex_decode(json_string_value(json_object_get(info, "uuid")),
		(uint8_t *)t->uuid, 32));
	json_decref(info);
}

static void create(struct target *t)
{
	learn(t, ask_ok(platform.control, json_pack("{s:s, s:i}", "do", "td-create", "migtd_pid",
					      (int)getpid()), "td"));
}

static json_int_t info(const struct target *t, const char *member)
{
	json_t *answer = ask(platform.control, json_pack("{s:s, s:I}", "do", "td-info", "td", t->id));
	json_t *value = json_object_get(answer, member);
	json_int_t number = json_is_boolean(value) ? json_is_true(value) : json_integer_value(value);

	assert_non_null(value);
	json_decref(answer);
	return number;
}

static uint64_t servtd_rd(const struct target *t, uint64_t field, uint64_t *value)
{
	uint64_t reg[REGS] = {[RAX] = 18, [RCX] = t->handle, [RDX] = field};

	memcpy(&reg[R10], t->uuid, 32);
	tdcall(&td, reg);
	*value = reg[R8];
	return reg[RAX];
}

static uint64_t servtd_wr(const struct target *t, uint64_t field, uint64_t value, uint64_t mask)
{
	uint64_t reg[REGS] = {[RAX] = 20, [RCX] = t->handle, [RDX] = field, [R8] = value,
		[R9] = mask};

	memcpy(&reg[R10], t->uuid, 32);
	return tdcall(&td, reg);
}

static void enc_key_is_fresh_on_element_0_and_stays_for_the_rest(void **state)
{
	uint64_t first[4];
	uint64_t second[4];
	struct target t;

	(void)state;
	create(&t);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(servtd_rd(&t, ENC_KEY + i, &first[i]), 0);
	for (unsigned i = 4; i-- > 0;)
		assert_int_equal(servtd_rd(&t, ENC_KEY + i, &second[i]), 0);
	assert_memory_equal(first + 1, second + 1, 24);
	assert_int_not_equal(first[0], second[0]);
	for (unsigned i = 1; i < 4; i++) {
		uint64_t again;

		assert_int_equal(servtd_rd(&t, ENC_KEY + i, &again), 0);
		assert_int_not_equal(again, first[i]);
	}
	assert_int_equal(info(&t, "enc_key_reads"), 2);
	assert_int_equal(servtd_wr(&t, ENC_KEY, 1, ALL_ONES), FIELD_NOT_WRITABLE);
	assert_int_equal(servtd_rd(&t, ENC_KEY + 4, &first[0]), FIELD_ID_INCORRECT);
}

static void errors_come_in_the_order_of_the_module(void **state)
{
	struct target good;
	struct target t;
	uint64_t value;

	(void)state;
	create(&good);
	t = good;
	/* 1. the handle, whatever else is wrong */
	t.uuid[0] ^= 1;
	t.handle = good.handle + 1;
	assert_int_equal(servtd_rd(&t, 1, &value), OPERAND_INVALID | 1);
	t.handle = good.handle + (1ull << 40);
	assert_int_equal(servtd_rd(&t, 1, &value), OPERAND_INVALID | 1);
	t.handle = good.handle + (1ull << 52);
	assert_int_equal(servtd_rd(&t, 1, &value), OPERAND_INVALID | 1);
	/* 2. the UUID, before the binding and the field */
	t.handle = good.handle;
	ask_ok(platform.control, json_pack("{s:s, s:I}", "do", "unbind", "td", good.id), NULL);
	assert_int_equal(servtd_rd(&t, 1, &value), TARGET_UUID_MISMATCH);
	/* 3. the binding, before the field */
	t = good;
	assert_int_equal(servtd_rd(&t, 1, &value), OPERAND_INVALID | 1);
	assert_true(platform_said(&platform, "cross-TD trap: SERVTD_NOT_BOUND"));
	assert_int_equal(info(&good, "traps"), 1);
	/* 4. the field */
	ask_ok(platform.control, json_pack("{s:s, s:I, s:i}", "do", "bind", "td", good.id, "migtd_pid",
		(int)getpid()), NULL);
	assert_int_equal(servtd_rd(&t, 1, &value), FIELD_ID_INCORRECT);
	assert_int_equal(servtd_rd(&t, MIG_VERSION, &value), 0);
}

static void only_some_bits_of_a_field_id_count(void **state)
{
	struct target t;
	uint64_t value;

	(void)state;
	create(&t);
	for (unsigned bit = 0; bit < 64; bit++) {
		/* element size 33:32, INC_SIZE 50, mask valid 51, context 54:52 */
		bool ignored = bit == 32 || bit == 33 || (bit >= 50 && bit <= 54);
		uint64_t status = servtd_rd(&t, MIG_VERSION ^ 1ull << bit, &value);

		assert_int_equal(status, ignored ? 0 : FIELD_ID_INCORRECT);
	}
}

static void an_updated_uuid_is_handed_out(void **state)
{
	uint64_t reg[REGS] = {[RAX] = 18, [RDX] = MIG_VERSION};
	struct target now;
	struct target t;

	(void)state;
	create(&t);
	ask_ok(platform.control, json_pack("{s:s, s:I}", "do", "uuid-update", "td", t.id), NULL);
	learn(&now, t.id);
	reg[RCX] = t.handle;
	memcpy(&reg[R10], t.uuid, 32);
	assert_int_equal(tdcall(&td, reg), TARGET_UUID_UPDATED);
	assert_memory_equal(&reg[R10], now.uuid, 32);
	reg[RAX] = 18;
	assert_int_equal(tdcall(&td, reg), 0);
	t.uuid[3]++;
	assert_int_equal(servtd_rd(&t, MIG_VERSION, &reg[R8]), TARGET_UUID_MISMATCH);
}

static void another_migration_td_gets_a_trap(void **state)
{
	struct fake_td second;
	uint64_t reg[REGS] = {[RAX] = 18, [RDX] = MIG_VERSION};
	struct target t;

	(void)state;
	create(&t);
	fake_attach(&second, &platform, 8, NULL);
	/* Even with the right UUID: the handle is relative to the caller's own UUID. */
	reg[RCX] = t.handle;
	memcpy(&reg[R10], t.uuid, 32);
	assert_int_equal(tdcall(&second, reg), OPERAND_INVALID | 1);
	fake_detach(&second);
}

static void version_must_lie_in_both_ranges(void **state)
{
	struct target t;
	uint64_t value;

	(void)state;
	create(&t);
	assert_int_equal(info(&t, "mig_version"), -1);
	for (unsigned v = 0; v < 8; v++)
		assert_int_equal(servtd_wr(&t, MIG_VERSION, v, ALL_ONES),
			v == 2 || v == 3 ? 0 : FIELD_VALUE_NOT_VALID);
	assert_int_equal(servtd_wr(&t, MIG_VERSION, 0x10003, ALL_ONES), FIELD_VALUE_NOT_VALID);
	assert_int_equal(servtd_wr(&t, MIG_VERSION, 2, 0), WR_MASK_NOT_VALID);
	assert_int_equal(servtd_rd(&t, MIG_VERSION, &value), 0);
	assert_int_equal(value, 3);
	assert_int_equal(info(&t, "mig_version"), 3);
}

static void binding_holds_the_hash_of_that_moment(void **state)
{
	uint64_t reg[REGS] = {[RAX] = 4, [RCX] = 0x3000, [RDX] = 0x2000};
	uint64_t extend[REGS] = {[RAX] = 2, [RCX] = 0x1000, [RDX] = 2};
	uint8_t hash[48];
	struct target t;
	uint64_t words[6];
	uint64_t value;

	(void)state;
	create(&t);
	assert_int_equal(tdcall(&td, reg), 0);
	SHA384(td.ram + 0x3000 + 512, 512, hash);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(servtd_rd(&t, INFO_HASH + i, &words[i]), 0);
	assert_memory_equal(words, hash, 48);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(servtd_rd(&t, INIT_INFO_HASH + i, &words[i]), 0);
	assert_memory_equal(words, hash, 48);
	assert_int_equal(servtd_rd(&t, ATTR, &value), 0);
	assert_int_equal(value, 0);
	/* A measurement after the binding breaks it. */
	assert_int_equal(tdcall(&td, extend), 0);
	assert_int_equal(servtd_rd(&t, ATTR, &value), OPERAND_INVALID | 1);
	assert_true(platform_said(&platform, "cross-TD trap: SERVTD_INFO_HASH_MISMATCH"));
	ask_refused(platform.control, json_pack("{s:s, s:I, s:i}", "do", "bind", "td", t.id,
		"migtd_pid", (int)getpid()), "SERVTD_INFO_HASH_MISMATCH");
}

static void prebinding_takes_only_the_named_migration_td(void **state)
{
	uint64_t report[REGS] = {[RAX] = 4, [RCX] = 0x3000, [RDX] = 0x2000};
	uint8_t tdinfo[512];
	uint8_t hash[48];
	char hex[97];
	struct target t;
	uint64_t value;

	(void)state;
	/* Attribute bit 40 ignores RTMR2. */
	assert_int_equal(tdcall(&td, report), 0);
	memcpy(tdinfo, td.ram + 0x3000 + 512, 512);
	memset(tdinfo + 304, 0, 48);
	SHA384(tdinfo, 512, hash);
	hex_encode(hash, 48, hex);
	learn(&t, ask_ok(platform.control, json_pack("{s:s, s:s, s:I}", "do", "td-create", "migtd_hash",
		hex, "migtd_attr", (json_int_t)(1ll << 40)), "td"));
	ask_refused(platform.control, json_pack("{s:s, s:I, s:i}", "do", "premig", "td", t.id, "port",
		5), "not bound");
	ask_ok(platform.control, json_pack("{s:s, s:I, s:i}", "do", "bind", "td", t.id, "migtd_pid",
		(int)getpid()), NULL);
	learn(&t, t.id);
	assert_int_equal(servtd_rd(&t, ATTR, &value), 0);
	assert_int_equal(value, 1ull << 40);

	hex[5] = hex[5] == '0' ? '1' : '0';
	learn(&t, ask_ok(platform.control, json_pack("{s:s, s:s, s:I}", "do", "td-create", "migtd_hash",
		hex, "migtd_attr", (json_int_t)(1ll << 40)), "td"));
	ask_refused(platform.control, json_pack("{s:s, s:I, s:i}", "do", "bind", "td", t.id,
		"migtd_pid", (int)getpid()), "SERVTD_INFO_HASH_MISMATCH");
	ask_refused(platform.control, json_pack("{s:s, s:i, s:i}", "do", "td-create", "migtd_pid",
		(int)getpid(), "migtd_attr", 2), "0x7ff00000001");
	ask_refused(platform.control, json_pack("{s:s, s:i}", "do", "td-create", "migtd_pid", 1),
		"no Migration TD with pid 1");
}

static void exchange(const struct target *from, const struct target *to)
{
	for (unsigned i = 0; i < 4; i++) {
		uint64_t word;

		assert_int_equal(servtd_rd(from, ENC_KEY + i, &word), 0);
		assert_int_equal(servtd_wr(to, DEC_KEY + i, word, ALL_ONES), 0);
	}
}

static bool opens(const struct target *from, const struct target *to)
{
	json_t *sealed = ask(platform.control, json_pack("{s:s, s:I}", "do", "export", "td", from->id));
	json_t *blob = json_incref(json_object_get(sealed, "blob"));
	json_t *answer;
	bool ok;

	assert_non_null(blob);
	answer = ask(platform.control, json_pack("{s:s, s:I, s:o}", "do", "import", "td", to->id, "blob",
		blob));
	ok = json_is_true(json_object_get(answer, "ok"));
	json_decref(answer);
	json_decref(sealed);
	return ok;
}

static void keys_match_in_both_directions_only_after_an_exchange(void **state)
{
	struct target src;
	struct target dst;

	(void)state;
	create(&src);
	create(&dst);
	ask_refused(platform.control, json_pack("{s:s, s:I}", "do", "export", "td", src.id),
		"MIGRATION_DECRYPTION_KEY_NOT_SET");
	exchange(&src, &dst);
	exchange(&dst, &src);
	ask_refused(platform.control, json_pack("{s:s, s:I}", "do", "export", "td", src.id),
		"MIGRATION_VERSION_NOT_SET");
	assert_int_equal(servtd_wr(&src, MIG_VERSION, 2, ALL_ONES), 0);
	assert_int_equal(servtd_wr(&dst, MIG_VERSION, 2, ALL_ONES), 0);
	assert_int_equal(info(&src, "dec_key_set"), 1);
	assert_true(opens(&src, &dst));
	assert_true(opens(&dst, &src));
	assert_int_equal(info(&src, "dec_key_set"), 0);
	assert_int_equal(info(&src, "dec_key_writes"), 4);
}

static void a_second_read_of_the_key_breaks_the_session(void **state)
{
	struct target src;
	struct target dst;
	uint64_t word;

	(void)state;
	create(&src);
	create(&dst);
	exchange(&src, &dst);
	exchange(&dst, &src);
	assert_int_equal(servtd_wr(&src, MIG_VERSION, 2, ALL_ONES), 0);
	assert_int_equal(servtd_wr(&dst, MIG_VERSION, 2, ALL_ONES), 0);
	assert_int_equal(servtd_rd(&src, ENC_KEY, &word), 0);
	assert_false(opens(&src, &dst));
	assert_true(opens(&dst, &src));
}

static void a_changed_blob_does_not_open(void **state)
{
	char zeros[121];
	struct target src;
	struct target dst;

	(void)state;
	create(&src);
	create(&dst);
	exchange(&src, &dst);
	assert_int_equal(servtd_wr(&dst, MIG_VERSION, 2, ALL_ONES), 0);
	memset(zeros, '0', 120);
	zeros[120] = 0;
	ask_refused(platform.control, json_pack("{s:s, s:I, s:s}", "do", "import", "td", dst.id,
		"blob", zeros), "does not open");
	ask_refused(platform.control, json_pack("{s:s, s:I, s:s}", "do", "import", "td", dst.id,
		"blob", "00"), "120 hexadecimal");
}

static void accepted_hash_is_written_to_the_own_td(void **state)
{
	uint64_t reg[REGS] = {[RAX] = 8, [R9] = ALL_ONES};

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		reg[RAX] = 8;
		reg[RDX] = ACCEPT_HASH + i;
		reg[R8] = 0x1111111111111111 * (i + 1);
		assert_int_equal(tdcall(&td, reg), 0);
	}
	reg[RAX] = 7;
	reg[RDX] = ACCEPT_HASH + 5;
	assert_int_equal(tdcall(&td, reg), 0);
	assert_int_equal(reg[R8], 0x6666666666666666);
	reg[RAX] = 8;
	reg[RDX] = ACCEPT_HASH + 6;
	assert_int_equal(tdcall(&td, reg), FIELD_ID_INCORRECT);
}

static void an_older_module_knows_none_of_the_newer_fields(void **state)
{
	static const char *const options[] = {"--servtd-ext", "off", NULL};
	static const uint64_t newer[] = {INFO_HASH, INIT_INFO_HASH, ATTR, 0x191000030000020D,
		0x1110000300000060, 0x1110000300000062, 0x1110000200000064};
	struct fake_platform kept = platform;
	struct fake_td kept_td = td;
	uint64_t reg[REGS] = {[RAX] = 8, [RDX] = ACCEPT_HASH, [R9] = ALL_ONES};
	struct target t;
	uint64_t value;

	(void)state;
	platform_start(&platform, options);
	fake_attach(&td, &platform, 7, NULL);
	create(&t);
	for (unsigned i = 0; i < sizeof(newer) / sizeof(newer[0]); i++)
		assert_int_equal(servtd_rd(&t, newer[i], &value), FIELD_ID_INCORRECT);
	assert_int_equal(servtd_rd(&t, MIG_VERSION, &value), 0);
	assert_int_equal(tdcall(&td, reg), FIELD_ID_INCORRECT);
	fake_detach(&td);
	platform_stop(&platform);
	platform = kept;
	td = kept_td;
}

static void another_client_cannot_touch_a_td(void **state)
{
	int second = platform_connect(&platform);
	struct target t;

	(void)state;
	create(&t);
	ask_refused(second, json_pack("{s:s, s:I}", "do", "td-info", "td", t.id), "no such TD");
	close(second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(enc_key_is_fresh_on_element_0_and_stays_for_the_rest),
		cmocka_unit_test(errors_come_in_the_order_of_the_module),
		cmocka_unit_test(only_some_bits_of_a_field_id_count),
		cmocka_unit_test(an_updated_uuid_is_handed_out),
		cmocka_unit_test(another_migration_td_gets_a_trap),
		cmocka_unit_test(version_must_lie_in_both_ranges),
		cmocka_unit_test(keys_match_in_both_directions_only_after_an_exchange),
		cmocka_unit_test(a_second_read_of_the_key_breaks_the_session),
		cmocka_unit_test(a_changed_blob_does_not_open),
		cmocka_unit_test(accepted_hash_is_written_to_the_own_td),
		cmocka_unit_test(an_older_module_knows_none_of_the_newer_fields),
		cmocka_unit_test(another_client_cannot_touch_a_td),
		cmocka_unit_test(binding_holds_the_hash_of_that_moment),
		cmocka_unit_test(prebinding_takes_only_the_named_migration_td),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
