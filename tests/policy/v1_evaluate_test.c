/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What a v1 policy accepts, and why it does not (policy spec 1.5, 1.6). */
#include "kit.h"
#include "v1_bench.h"

/* --- order --------------------------------------------------------------------------------- */

static void blocks_are_judged_in_upstreams_order(void **state)
{
	/* The peer of v1_alike() has FMSPC F8FF060D141B. */
	static const struct {
		const char *blocks;
		enum status status;
	} rows[] = {
		{"", ERR_POLICY_PLATFORM_UNKNOWN},
		{V1_QE(""), ERR_POLICY_PLATFORM_UNKNOWN},
		{V1_PLATFORM, STATUS_OK},
		{V1_FMSPC("F8FF060D141B", ""), STATUS_OK},
		{V1_FMSPC("f8ff060d141b", ""), ERR_POLICY_PLATFORM_UNKNOWN},
		{V1_FMSPC("F8FF060D141", ""), ERR_POLICY_PLATFORM_UNKNOWN},
		{V1_FMSPC("F8FF060D141B0", ""), ERR_POLICY_PLATFORM_UNKNOWN},
		{V1_FMSPC("SELF", ""), ERR_POLICY_PLATFORM_UNKNOWN},
		{V1_FMSPC("00", "") "," V1_FMSPC("F8FF060D141B", ""), STATUS_OK},
		/* the first of several; `self` means nothing among others */
		{V1_PLATFORM "," V1_FMSPC("00", ""), ERR_POLICY_PLATFORM_UNKNOWN},
		{V1_FMSPC("00", "") "," V1_PLATFORM, ERR_POLICY_PLATFORM_UNKNOWN},
		{V1_PLATFORM "," V1_PLATFORM, ERR_POLICY_PLATFORM_UNKNOWN},
		{V1_PLATFORM "," V1_FMSPC("F8FF060D141B", ""), STATUS_OK},
		{V1_FMSPC("F8FF060D141B", "") "," V1_FMSPC("F8FF060D141B", V1_FAILS("fmspc")), STATUS_OK},
		{V1_FMSPC("F8FF060D141B", V1_FAILS("fmspc")) "," V1_FMSPC("F8FF060D141B", ""), ERR_POLICY_TCB},
		{V1_FMSPC("00", V1_FAILS("fmspc")) "," V1_FMSPC("F8FF060D141B", ""), STATUS_OK},
		{V1_FMSPC("00", V1_HOLDS("bad")) "," V1_FMSPC("F8FF060D141B", ""), STATUS_OK},
		/* platform, then modules, then the others in their order, wherever they stand */
		{V1_TD(V1_FAILS("MRTD"), "") "," V1_QE(V1_FAILS("ISVSVN")) "," V1_MODULE(V1_FAILS("MRSEAM")) ","
			V1_FMSPC("self", V1_FAILS("fmspc")), ERR_POLICY_TCB},
		{V1_TD(V1_FAILS("MRTD"), "") "," V1_QE(V1_FAILS("ISVSVN")) "," V1_MODULE(V1_FAILS("MRSEAM")) "," V1_PLATFORM,
			ERR_POLICY_MODULE},
		{V1_TD(V1_FAILS("MRTD"), "") "," V1_QE(V1_FAILS("ISVSVN")) "," V1_PLATFORM, ERR_POLICY_MIGTD},
		{V1_QE(V1_FAILS("ISVSVN")) "," V1_TD(V1_FAILS("MRTD"), "") "," V1_PLATFORM, ERR_POLICY_QE},
		{V1_QE(V1_FAILS("ISVSVN")), ERR_POLICY_PLATFORM_UNKNOWN},
		/* one module of several will do, all others must hold */
		{V1_PLATFORM "," V1_MODULE(V1_FAILS("MRSEAM")) "," V1_MODULE(V1_HOLDS("MRSEAM")), STATUS_OK},
		{V1_PLATFORM "," V1_MODULE(V1_HOLDS("MRSEAM")) "," V1_MODULE(V1_FAILS("MRSEAM")), STATUS_OK},
		{V1_PLATFORM "," V1_MODULE(V1_FAILS("MRSEAM")) "," V1_MODULE(""), STATUS_OK},
		{V1_PLATFORM "," V1_MODULE(V1_FAILS("MRSEAM")) "," V1_MODULE(V1_FAILS("TDXModuleSVN")), ERR_POLICY_MODULE},
		{V1_PLATFORM "," V1_MODULE(V1_HOLDS("bad")) "," V1_MODULE(V1_HOLDS("MRSEAM")), ERR_POLICY_NAME},
		{V1_PLATFORM "," V1_MODULE(V1_FAILS("MRSEAM")) "," V1_MODULE(V1_HOLDS("bad")), ERR_POLICY_NAME},
		{V1_PLATFORM "," V1_MODULE(V1_HOLDS("MRSEAM")) "," V1_MODULE(V1_HOLDS("bad")), STATUS_OK},
		{V1_PLATFORM "," V1_MODULE(V1_HOLDS("bad")) "," V1_TD(V1_FAILS("MRTD"), ""), ERR_POLICY_NAME},
		{V1_PLATFORM "," V1_QE(V1_HOLDS("ISVSVN")) "," V1_QE(V1_FAILS("ISVSVN")), ERR_POLICY_QE},
		{V1_PLATFORM "," V1_TD(V1_HOLDS("MRTD"), "") "," V1_TD(V1_FAILS("MRTD"), ""), ERR_POLICY_MIGTD},
		/* names: unknown ones in any list, in the order of their bytes, last of the same */
		{V1_FMSPC("self", V1_HOLDS("PCESVN")), ERR_POLICY_NAME},
		{V1_PLATFORM "," V1_QE(V1_HOLDS("MRENCLAVE")), ERR_POLICY_NAME},
		{V1_PLATFORM "," V1_TD(V1_HOLDS("MRSEAM"), ""), ERR_POLICY_NAME},
		{V1_PLATFORM "," V1_TD(V1_HOLDS("Digest.MigTdPolicy"), ""), ERR_POLICY_NAME},
		{V1_PLATFORM "," V1_TD(V1_HOLDS(""), ""), ERR_POLICY_NAME},
		{V1_PLATFORM "," V1_TD("", V1_EVENTS(V1_HOLDS("Digest.MigTdPolicySigner"))), ERR_POLICY_EVENT},
		{V1_PLATFORM "," V1_TD("", V1_EVENTS(V1_HOLDS("MRTD"))), ERR_POLICY_EVENT},
		{V1_PLATFORM "," V1_TD("", V1_EVENTS(V1_HOLDS("Digest.TdShim"))), ERR_POLICY_MIGTD},
		{V1_PLATFORM "," V1_TD(V1_FAILS("MRTD"), V1_EVENTS(V1_HOLDS("bad"))), ERR_POLICY_MIGTD},
		{V1_PLATFORM "," V1_TD(V1_FAILS("MRTD") "," V1_HOLDS("MRTC"), ""), ERR_POLICY_NAME},
		{V1_PLATFORM "," V1_TD(V1_HOLDS("MRTE") "," V1_FAILS("MRTD"), ""), ERR_POLICY_MIGTD},
		{V1_PLATFORM "," V1_TD(V1_HOLDS("MRTD\\u0000") "," V1_FAILS("MRTD"), ""), ERR_POLICY_MIGTD},
		{V1_PLATFORM "," V1_TD(V1_HOLDS("MRTD") "," V1_HOLDS("MRT"), ""), ERR_POLICY_NAME},
		{V1_PLATFORM "," V1_TD(V1_FAILS("MRTD") "," V1_HOLDS("A234567890123456789012345678901234567890123"),
			""), ERR_POLICY_NAME},
		{V1_PLATFORM "," V1_TD(V1_FAILS("MRTD") "," V1_HOLDS("Z234567890123456789012345678901234567890123"),
			""), ERR_POLICY_MIGTD},
		{V1_PLATFORM "," V1_TD("", V1_EVENTS(V1_FAILS("Digest.MigTdPolicy") "," V1_HOLDS("Digest.MigTdPolicyS"))),
			ERR_POLICY_MIGTD},
		{V1_PLATFORM "," V1_TD("", V1_EVENTS(V1_FAILS("Digest.MigTdPolicy") "," V1_HOLDS("Digest"))),
			ERR_POLICY_EVENT},
		{V1_PLATFORM "," V1_TD(V1_FAILS("MRTD") "," V1_HOLDS("MRTD"), ""), STATUS_OK},
		{V1_PLATFORM "," V1_TD(V1_HOLDS("MRTD") "," V1_FAILS("MRTD"), ""), ERR_POLICY_MIGTD},
		{V1_PLATFORM "," V1_TD(V1_FAILS("MRTD") "," V1_FAILS("RTMR0") "," V1_HOLDS("MRT\\u0044"), ""),
			ERR_POLICY_MIGTD},
		/* a block of two shapes is the first of them */
		{"{\"fmspc\":\"self\",\"Platform\":{\"TcbInfo\":{}},\"QE\":{\"QeIdentity\":{"
			V1_FAILS("ISVSVN") "}}}", STATUS_OK},
		{V1_PLATFORM ",{\"fmspc\":5,\"QE\":{\"QeIdentity\":{" V1_FAILS("ISVSVN") "}}}", ERR_POLICY_QE},
	};
	struct v1_case c = v1_alike();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const enum status status = v1_judge_blocks(&c, rows[i].blocks);
		if (status != rows[i].status)
			fail_msg("row %zu: %s, not %s: %s", i, status_name(status),
				status_name(rows[i].status), rows[i].blocks);
	}
	c.peer.result.bytes[RESULT_FMSPC]++;
	assert_int_equal(v1_judge_blocks(&c, V1_PLATFORM), ERR_POLICY_PLATFORM);
	assert_int_equal(v1_judge_blocks(&c, V1_FMSPC("self", V1_FAILS("fmspc")) "," V1_MODULE(V1_HOLDS("bad"))),
		ERR_POLICY_PLATFORM);
}

static void an_event_must_be_there_on_both_sides(void **state)
{
	static const char *const names[] = {
		[EVENT_SECURE_BOOT_KEY] = V1_HOLDS("Digest.SecureBootKey"),
		[EVENT_MIGTD_CORE] = V1_HOLDS("Digest.MigTdCore"),
		[EVENT_MIGTD_CORE_SVN] = V1_HOLDS("Digest.MigTdCoreSvn"),
		[EVENT_POLICY] = V1_HOLDS("Digest.MigTdPolicy"),
		[EVENT_SGX_ROOT_KEY] = V1_HOLDS("Digest.MigTdSgxRootKey"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		for (unsigned way = 0; way < 4; way++) {
			struct v1_case c = v1_alike();
			char *blocks = kit_replace(V1_PLATFORM "," V1_TD("", V1_EVENTS("%s")), "%s", names[i]);
			if ((way & 1) != 0)
				c.local.events.present ^= (uint8_t)(1u << i);
			if ((way & 2) != 0)
				c.peer.events.present ^= (uint8_t)(1u << i);
			assert_int_equal(v1_judge_blocks(&c, blocks), way == 0 ? STATUS_OK : ERR_POLICY_MIGTD);
			if (way == 0 && i != EVENT_MIGTD_CORE_SVN) {
				c.peer.events.digest[i][47] ^= 1;
				assert_int_equal(v1_judge_blocks(&c, blocks), ERR_POLICY_MIGTD);
			}
			free(blocks);
		}
	}
}

static void only_the_masked_bits_of_attributes_and_xfam_count(void **state)
{
	static const uint8_t attributes[8] = {0xff, 0xff, 0, 0x30, 0, 0, 0, 0x40};
	static const uint8_t xfam[8] = {0x03, 0x18};

	(void)state;
	for (size_t bit = 0; bit < 64; bit++) {
		const uint8_t one = (uint8_t)(1u << bit % 8);
		struct v1_case c = v1_alike();
		c.peer.result.bytes[RESULT_TD_ATTRIBUTES + bit / 8] ^= one;
		assert_int_equal(v1_judge_blocks(&c, V1_PLATFORM "," V1_TD(V1_HOLDS("ATTRIBUTES"), "")),
			(attributes[bit / 8] & one) != 0 ? ERR_POLICY_MIGTD : STATUS_OK);
		c = v1_alike();
		c.peer.result.bytes[RESULT_XFAM + bit / 8] ^= one;
		assert_int_equal(v1_judge_blocks(&c, V1_PLATFORM "," V1_TD(V1_HOLDS("XFAM"), "")),
			(xfam[bit / 8] & one) != 0 ? ERR_POLICY_MIGTD : STATUS_OK);
	}
	/* Constants, too, are compared with what is left. */
	struct v1_case c = v1_alike();
	memset(c.peer.result.bytes + RESULT_XFAM, 0xff, 8);
	assert_int_equal(v1_judge_blocks(&c, V1_PLATFORM "," V1_TD("\"XFAM\":{\"operation\":\"equal\",\"reference\":"
		"\"0318000000000000\"}", "")), STATUS_OK);
}

/* --- reasons ------------------------------------------------------------------------------- */

static bool text_is(const struct reason_text *text, const char *expected)
{
	return text->n == strlen(expected) && memcmp(text->text, expected, text->n) == 0;
}

static void a_refusal_tells_place_expected_and_actual_value(void **state)
{
	static const struct {
		const char *blocks;
		bool is_source;
		const char *block;
		unsigned index;
		const char *property;
		const char *operation;
		const char *expected;
		const char *actual;
	} rows[] = {
		{V1_QE(""), true, "fmspc", 0, "fmspc", "equal", "the fmspc of a platform block",
			"F8FF060D141B"},
		{V1_PLATFORM "," V1_QE("") "," V1_QE(V1_HOLDS("MRSIGNER") ",\"ISVSVN\":{\"operation\":\"greater-or-equal\","
			"\"reference\":70000}"), true, "QeIdentity", 2, "ISVSVN", "greater-or-equal", "70000",
			"2820"},
		{V1_FMSPC("self", "\"pcesvn\":{\"operation\":\"array-greater-or-equal\",\"reference\":[ 200,\n1 ]}"),
			true, "TcbInfo", 0, "pcesvn", "array-greater-or-equal", "[200, 1]", "[146, 153]"},
		{V1_FMSPC("self", "\"pcesvn\":{\"reference\":\"1..2\",\"operation\":\"in-range\"}"),
			true, "TcbInfo", 0, "pcesvn", "in-range", "1..2", "39314"},
		{V1_PLATFORM "," V1_TD("\"MRTD\":{\"operation\":\"equal\",\"reference\":\"AA\"}", ""), true,
			"TDINFO", 1, "MRTD", "equal", "AA",
			"B8BFC6CDD4DBE2E9F0F7FE050C131A21282F363D444B525960676E757C838A91989FA6ADB4BBC2C9D0D7DEE5ECF3FA01"},
		{V1_PLATFORM "," V1_TD("", V1_EVENTS("\"Digest.MigTdCoreSvn\":{\"operation\":\"in-range\","
			"\"reference\":\"self\"}")), true, "EventLog", 1, "Digest.MigTdCoreSvn", "in-range",
			"self = 0F00000000000000", "0F00000000000000"},
		{V1_PLATFORM "," V1_TD("", V1_EVENTS(V1_HOLDS("Digest.TdShim"))), true, "EventLog", 1, "Digest.TdShim",
			"equal", "self", "an event that this MigTD does not have"},
		{V1_PLATFORM "," V1_MODULE(V1_FAILS("MRSEAM")) "," V1_MODULE(V1_FAILS("TDXModuleSVN")), true,
			"TDXModule_Identity", 1, "MRSEAM", "subset", NULL, NULL},
		{V1_PLATFORM "," V1_TD(V1_HOLDS("b") "," V1_HOLDS("SECOND") "," V1_HOLDS("S"), ""), true, "TDINFO", 1,
			"(unknown name)", NULL, "only names that a policy of version 1 can judge", NULL},
		/* The last of two of one name. */
		{V1_PLATFORM "," V1_QE("\"ISVSVN\":{\"operation\":\"equal\",\"reference\":5},"
			"\"ISVSVN\":{\"operation\":\"equal\",\"reference\":6}"), true, "QeIdentity", 1,
			"ISVSVN", "equal", "6", "2820"},
	};
	struct v1_case c = v1_alike();

	(void)state;
	c.peer.result.bytes[RESULT_QE_ISVSVN] = 4;
	c.peer.result.bytes[RESULT_QE_ISVSVN + 1] = 11;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct policy_reason *r = &c.reason;
		assert_int_not_equal(v1_judge_blocks(&c, rows[i].blocks), STATUS_OK);
		assert_string_equal(r->place.block, rows[i].block);
		assert_int_equal(r->place.index, rows[i].index);
		assert_string_equal(r->place.property, rows[i].property);
		if (rows[i].operation != NULL)
			assert_string_equal(r->operation, rows[i].operation);
		else
			assert_null(r->operation);
		if ((rows[i].expected != NULL && !text_is(&r->expected, rows[i].expected)) ||
		    (rows[i].actual != NULL && !text_is(&r->actual, rows[i].actual)))
			fail_msg("row %zu: expected %.*s, actual %.*s", i, r->expected.n, r->expected.text,
				r->actual.n, r->actual.text);
	}
}

static void the_destination_is_told_that_the_source_is_ahead(void **state)
{
	struct v1_case c = v1_alike();
	const char *blocks = V1_PLATFORM "," V1_MODULE("\"TDXModuleSVN\":{\"operation\":\"greater-or-equal\","
		"\"reference\":\"self\"}");

	(void)state;
	c.local.result.bytes[RESULT_MODULE_SVN] = 3;
	c.peer.result.bytes[RESULT_MODULE_SVN] = 2;
	assert_int_equal(v1_judge_blocks(&c, blocks), ERR_POLICY_MODULE);
	assert_true(text_is(&c.reason.expected, "self = 3"));
	assert_true(text_is(&c.reason.actual, "2"));
	c.is_source = false;
	assert_int_equal(v1_judge_blocks(&c, blocks), STATUS_OK);
	c.peer.result.bytes[RESULT_MODULE_SVN] = 4;
	assert_int_equal(v1_judge_blocks(&c, blocks), ERR_POLICY_MODULE);
	assert_true(text_is(&c.reason.expected, "self = 3, at most: the peer is the source"));
	assert_true(text_is(&c.reason.actual, "4"));
}

/* --- random policies ----------------------------------------------------------------------- */

static const char *any(const char *const *from, size_t n)
{
	return from[v1_draw((uint32_t)n)];
}

#define ANY(from) any(from, ARRAY_SIZE(from))

static char *random_list(const char *const *names, size_t n)
{
	static const char *const operations[] = {"equal", "equal", "greater-or-equal", "in-range",
		"array-equal", "array-greater-or-equal"};
	static const char *const references[] = {"\"self\"", "\"self\"", "\"self\"", "\"self\"", "0",
		"\"..\"", "\"5..9\"", "[1,2]"};
	char *list = kit_format("%s", "");

	for (uint32_t i = v1_draw(4); i > 0; i--) {
		char *longer = kit_format("%s%s\"%s\":{\"operation\":\"%s\",\"reference\":%s}", list,
			list[0] != 0 ? "," : "", any(names, n), ANY(operations), ANY(references));
		free(list);
		list = longer;
	}
	return list;
}

static char *random_block(void)
{
	static const char *const tcb[] = {"fmspc", "pcesvn", "sgxtcbcomponents", "tdxtcbcomponents",
		"bad"};
	static const char *const qe[] = {"ATTRIBUTES", "ISVSVN", "MISCSELECT", "MRSIGNER", "ISVPRODID"};
	static const char *const module[] = {"ATTRIBUTES", "MRSEAM", "TDXModuleSVN",
		"TDXModuleMajorVersion", "MRSIGNERSEAM"};
	static const char *const td[] = {"ATTRIBUTES", "XFAM", "MRTD", "RTMR3", "MROWNER", "Bad"};
	static const char *const events[] = {"Digest.MigTdCoreSvn", "Digest.MigTdPolicy",
		"Digest.SecureBootKey", "Digest.MigTdCore", "Digest.MigTdSgxRootKey", "Digest.A"};
	static const char *const fmspc[] = {"self", "F8FF060D141B", "F8FF060D141B", "00"};
	const uint32_t kind = v1_draw(5);
	char *list = kind == 0 ? random_list(tcb, ARRAY_SIZE(tcb)) :
		kind == 1 ? random_list(qe, ARRAY_SIZE(qe)) :
		kind == 2 ? random_list(module, ARRAY_SIZE(module)) :
		kind == 3 ? random_list(td, ARRAY_SIZE(td)) :
		random_list(events, ARRAY_SIZE(events));
	char *block = kind == 0 ? kit_format(V1_FMSPC("%s", "%s"), ANY(fmspc), list) :
		kind == 1 ? kit_format(V1_QE("%s"), list) :
		kind == 2 ? kit_format(V1_MODULE("%s"), list) :
		kind == 3 ? kit_format(V1_TD("%s", ""), list) :
		kit_format(V1_TD("", V1_EVENTS("%s")), list);

	free(list);
	return block;
}

static void random_policies_are_judged_as_the_model_does(void **state)
{
	unsigned accepted = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct v1_case c = v1_alike();
		char *blocks = v1_draw(3) == 0 ? random_block() : kit_format("%s", V1_PLATFORM);
		for (uint32_t more = v1_draw(5); more > 0; more--) {
			char *one = random_block();
			char *longer = kit_format("%s,%s", blocks, one);
			free(blocks);
			free(one);
			blocks = longer;
		}
		c.is_source = v1_draw(2) != 0;
		if (v1_draw(4) == 0)
			c.peer.result.bytes[v1_draw(QUOTE_RESULT_SIZE)]++;
		accepted += v1_judge_blocks(&c, blocks) == STATUS_OK;
		free(blocks);
	}
	assert_true(accepted > 1000 && accepted < 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_are_judged_in_upstreams_order),
		cmocka_unit_test(an_event_must_be_there_on_both_sides),
		cmocka_unit_test(only_the_masked_bits_of_attributes_and_xfam_count),
		cmocka_unit_test(a_refusal_tells_place_expected_and_actual_value),
		cmocka_unit_test(the_destination_is_told_that_the_source_is_ahead),
		cmocka_unit_test(random_policies_are_judged_as_the_model_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
