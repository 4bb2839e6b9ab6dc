/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What is a v1 policy and what is none (policy spec 1.1 to 1.3). */
#include "kit.h"
#include "json/json.h"
#include "v1_bench.h"

#define PROPERTY "{\"operation\":\"equal\",\"reference\":1}"
#define PLATFORM "{\"fmspc\":\"30806F000000\",\"Platform\":{\"TcbInfo\":{\"pcesvn\":" PROPERTY "}}}"
#define QE "{\"QE\":{\"QeIdentity\":{\"ISVSVN\":" PROPERTY "}}}"
#define MODULE "{\"TDXModule\":{\"TDXModule_Identity\":{\"TDXModuleSVN\":" PROPERTY "}}}"
#define TD(more) "{\"MigTD\":{\"TDINFO\":{\"MRTD\":" PROPERTY "}" more "}}"

static struct v1_case two;

static void check(const char *text, size_t n, enum status expected)
{
	const enum status status = v1_open(text, n);

	if (status != expected)
		fail_msg("%s, not %s: %.*s", status_name(status), status_name(expected), (int)n, text);
	v1_compare(&two, text, n);
}

static void check_block(const char *block, enum status expected)
{
	char *alone = kit_format("{" V1_ID ",\"policy\":[%s]}", block);
	char *last = kit_format("{\"policy\" : [ " QE " , %s ] , " V1_ID "}", block);
	char *first = kit_format("\n{" V1_ID ",\n\"policy\":[\n\t%s,\n\t" PLATFORM "\n]\n}\n", block);

	check(alone, strlen(alone), expected);
	check(last, strlen(last), expected);
	check(first, strlen(first), expected);
	free(alone);
	free(last);
	free(first);
}

static void a_policy_is_one_object_with_id_and_blocks(void **state)
{
	static const struct {
		const char *text;
		enum status status;
	} rows[] = {
		{"{" V1_ID ",\"policy\":[]}", STATUS_OK},
		{"{\"policy\":[]," V1_ID "}", STATUS_OK},
		{"{" V1_ID ",\"policy\":[],\"x\":{\"id\":1,\"policy\":[5]},\"y\":[[{}]]}", STATUS_OK},
		{"{" V1_ID ",\"policy\":[],\"Policy\":1,\"ID\":null}", STATUS_OK},
		{"", ERR_JSON},
		{" ", ERR_JSON},
		{"{}", ERR_POLICY_FORMAT},
		{"[]", ERR_POLICY_FORMAT},
		{"null", ERR_POLICY_FORMAT},
		{"[\"id\"]", ERR_POLICY_FORMAT},
		{"{" V1_ID "}", ERR_POLICY_FORMAT},
		{"{\"policy\":[]}", ERR_POLICY_FORMAT},
		{"{" V1_ID ",\"policy\":{}}", ERR_POLICY_FORMAT},
		{"{" V1_ID ",\"policy\":null}", ERR_POLICY_FORMAT},
		{"{" V1_ID ",\"policy\":\"[]\"}", ERR_POLICY_FORMAT},
		{"{" V1_ID ",\"policy\":[],\"policy\":[]}", ERR_POLICY_FORMAT},
		{"{" V1_ID "," V1_ID ",\"policy\":[]}", ERR_POLICY_FORMAT},
		{"{" V1_ID ",\"policy\":[],}", ERR_JSON},
		{"{" V1_ID ",\"policy\":[" QE ",]}", ERR_JSON},
		{"{" V1_ID ",\"policy\":[," QE "]}", ERR_JSON},
		{"{" V1_ID ",\"policy\":[" QE QE "]}", ERR_JSON},
		{"{" V1_ID ",\"policy\":[]} x", ERR_JSON},
		{"{" V1_ID ",\"policy\":[]}{}", ERR_JSON},
		{"\xef\xbb\xbf{" V1_ID ",\"policy\":[]}", ERR_JSON},
		{"{" V1_ID ",\"policy\":[],\"x\":\"\xc3\xa9\"}", STATUS_OK},
		{"{" V1_ID ",\"policy\":[],\"x\":\"\xc3\"}", ERR_JSON},
		{"{" V1_ID ",\"policy\":[],\"x\":\"\xed\xa0\x80\"}", ERR_JSON},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check(rows[i].text, strlen(rows[i].text), rows[i].status);
}

static void the_id_is_a_guid(void **state)
{
	static const char *const bad[] = {"\"\"", "5", "null", "{}", "[]",
		"\"D3FFCE43-36EF-4908-B0E4-50A457D6A2A\"",
		"\"D3FFCE43-36EF-4908-B0E4-50A457D6A2AA0\"",
		"\"D3FFCE43-36EF-4908-B0E4-50A457D6A2AG\"",
		"\"D3FFCE43 36EF-4908-B0E4-50A457D6A2AA\"",
		"\"D3FFCE4-336EF-4908-B0E4-50A457D6A2AA\"",
		"\"{D3FFCE43-36EF-4908-B0E4-50A457D6A2AA}\"",
		"\"D3FFCE4336EF4908B0E450A457D6A2AA\"",
		"\"D3FFCE43-36EF-4908-B0E4-50A457D6A2AAD3FFCE43-36EF-4908-B0E4-50A457D6A2AA\""};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char *text = kit_format("{\"id\":%s,\"policy\":[]}", bad[i]);
		check(text, strlen(text), ERR_POLICY_FORMAT);
		free(text);
	}
	const char *good = "{\"id\":\"d3ffce43-36EF-4908-b0e4-50a457d6a2aa\",\"policy\":[]}";
	check(good, strlen(good), STATUS_OK);
	/* Upstream refuses escapes here; what they stand for is the same. */
	good = "{\"id\":\"\\u0044\\u0033FFCE43-36EF-4908-B0E4-50A457D6A2AA\",\"policy\":[]}";
	check(good, strlen(good), STATUS_OK);
}

static void nuls_around_the_document_are_no_part_of_it(void **state)
{
	static const char policy[] = "{" V1_ID ",\"policy\":[" PLATFORM "]}";
	char text[2 * sizeof(policy)];

	(void)state;
	for (size_t before = 0; before < 4; before++) {
		for (size_t behind = 0; behind < 4; behind++) {
			memset(text, 0, sizeof(text));
			memcpy(text + before, policy, strlen(policy));
			check(text, before + strlen(policy) + behind, STATUS_OK);
		}
	}
	memset(text, 0, sizeof(text));
	check(text, 5, ERR_JSON);
	/* Not behind white space, and not inside. */
	memcpy(text + 2, policy, strlen(policy));
	text[0] = ' ';
	check(text, 2 + strlen(policy), ERR_JSON);
	text[0] = 0;
	text[2 + strlen(policy) + 1] = ' ';
	check(text, strlen(policy) + 4, ERR_JSON);
	text[5] = 0;
	check(text + 2, strlen(policy), ERR_JSON);
}

static void blocks_have_one_of_four_shapes(void **state)
{
	static const char *const good[] = {PLATFORM, QE, MODULE, TD(""),
		TD(",\"EventLog\":null"), TD(",\"EventLog\":{}"),
		TD(",\"EventLog\":{\"anything\":" PROPERTY "}"),
		"{\"QE\":{\"QeIdentity\":{}}}",
		"{\"MigTD\":{\"EventLog\":null,\"TDINFO\":{}}}",
		"{\"fmspc\":\"\",\"Platform\":{\"TcbInfo\":{}}}",
		"{\"Platform\":{\"TcbInfo\":{}},\"fmspc\":\"self\"}",
		/* further members, two shapes, and a shape broken but another one whole */
		"{\"x\":[{\"QE\":5}],\"QE\":{\"QeIdentity\":{},\"TDINFO\":5,\"x\":[[]]},\"y\":null}",
		"{\"QE\":{\"QeIdentity\":{}},\"TDXModule\":{\"TDXModule_Identity\":{}}}",
		"{\"QE\":5,\"TDXModule\":{\"TDXModule_Identity\":{}}}",
		"{\"QE\":[{\"QeIdentity\":{}}],\"TDXModule\":{\"TDXModule_Identity\":{}}}",
		"{\"QE\":{\"QeIdentity\":{\"a\":5}},\"TDXModule\":{\"TDXModule_Identity\":{}}}",
		"{\"fmspc\":5,\"Platform\":{\"TcbInfo\":{}},\"QE\":{\"QeIdentity\":{}}}",
		"{\"fmspc\":\"30806F000000\",\"QE\":{\"QeIdentity\":{}}}",
		"{\"Platform\":7,\"fmspc\":{\"x\":[]},\"QE\":{\"QeIdentity\":{}}}"};
	static const char *const bad[] = {"{}", "[]", "5", "\"x\"", "null", "true",
		"{\"fmspcx\":\"30806F000000\",\"Platform\":{\"TcbInfo\":{}}}",
		"{\"Platform\":{\"TcbInfo\":{}}}", "{\"fmspc\":\"30806F000000\"}",
		"{\"fmspc\":5,\"Platform\":{\"TcbInfo\":{}}}",
		"{\"fmspc\":null,\"Platform\":{\"TcbInfo\":{}}}",
		"{\"fmspc\":[\"30806F000000\"],\"Platform\":{\"TcbInfo\":{}}}",
		"{\"fmspc\":\"a\",\"Platform\":{\"tcbInfo\":{}}}",
		"{\"fmspc\":\"a\",\"Platform\":{\"TcbInfo\":[]}}",
		"{\"fmspc\":\"a\",\"Platform\":[{\"TcbInfo\":{}}]}",
		"{\"fmspc\":\"a\",\"Platform\":null}",
		"{\"QE\":{}}", "{\"QE\":{\"TcbInfo\":{}}}", "{\"QE\":{\"QeIdentity\":null}}",
		"{\"QE\":{\"QeIdentity\":5}}", "{\"QE\":{\"QeIdentity\":\"{}\"}}",
		"{\"TDXModule\":{\"QeIdentity\":{}}}", "{\"TDXModule\":[]}",
		"{\"MigTD\":{}}", "{\"MigTD\":{\"EventLog\":{}}}",
		TD(",\"EventLog\":5"), TD(",\"EventLog\":[]"), TD(",\"EventLog\":\"\""),
		TD(",\"EventLog\":false"), TD(",\"EventLog\":{\"a\":null}"),
		TD(",\"EventLog\":{\"a\":{\"operation\":\"equal\"}}")};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		check_block(good[i], STATUS_OK);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		check_block(bad[i], ERR_POLICY_FORMAT);
}

static void a_known_member_comes_once(void **state)
{
	static const char *const twice[] = {
		"{\"fmspc\":\"a\",\"fmspc\":\"a\",\"Platform\":{\"TcbInfo\":{}}}",
		"{\"fmspc\":\"a\",\"Platform\":{\"TcbInfo\":{}},\"Platform\":{\"TcbInfo\":{}}}",
		"{\"fmspc\":\"a\",\"Platform\":{\"TcbInfo\":{},\"TcbInfo\":{}}}",
		"{\"QE\":{\"QeIdentity\":{}},\"QE\":{\"QeIdentity\":{}}}",
		"{\"QE\":{\"QeIdentity\":{},\"QeIdentity\":{}}}",
		"{\"TDXModule\":{\"TDXModule_Identity\":{}},\"TDXModule\":5}",
		"{\"TDXModule\":{\"TDXModule_Identity\":{},\"TDXModule_Identity\":{}}}",
		"{\"MigTD\":{\"TDINFO\":{}},\"MigTD\":null}",
		"{\"MigTD\":{\"TDINFO\":{},\"TDINFO\":{}}}",
		"{\"MigTD\":{\"TDINFO\":{},\"EventLog\":null,\"EventLog\":null}}",
		"{\"QE\":{\"QeIdentity\":{\"a\":{\"operation\":\"equal\",\"operation\":\"equal\","
			"\"reference\":1}}}}",
		"{\"QE\":{\"QeIdentity\":{\"a\":{\"operation\":\"equal\",\"reference\":1,"
			"\"r\\u0065ference\":1}}}}",
		/* Upstream would take this one for its QE. */
		"{\"fmspc\":\"a\",\"fmspc\":\"a\",\"QE\":{\"QeIdentity\":{}}}"};
	static const char *const fine[] = {
		"{\"x\":1,\"x\":2,\"QE\":{\"y\":1,\"y\":2,\"QeIdentity\":{}}}",
		"{\"QE\":{\"QeIdentity\":{\"a\":" PROPERTY ",\"a\":" PROPERTY "}}}",
		"{\"QE\":{\"QeIdentity\":{\"a\":{\"z\":1,\"z\":2,\"operation\":\"subset\",\"reference\":1}}}}",
		"{\"x\":{\"QE\":1,\"QE\":2},\"QE\":{\"QeIdentity\":{},\"QE\":1}}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(twice); i++)
		check_block(twice[i], ERR_POLICY_FORMAT);
	for (size_t i = 0; i < ARRAY_SIZE(fine); i++)
		check_block(fine[i], STATUS_OK);
}

#define REFERENCE(r) "{\"operation\":\"equal\",\"reference\":" r "}"
#define OPERATION(o) "{\"reference\":\"\",\"operation\":" o "}"

static void properties_have_an_operation_and_a_reference(void **state)
{
	static const char *const good[] = {PROPERTY, OPERATION("\"equal\""),
		OPERATION("\"greater-or-equal\""), OPERATION("\"subset\""), OPERATION("\"in-range\""),
		OPERATION("\"in-time-range\""), OPERATION("\"array-equal\""),
		OPERATION("\"array-greater-or-equal\""), OPERATION("\"\\u0065qual\""),
		"{\"operation\":\"equal\",\"reference\":0,\"x\":{\"operation\":5},\"y\":[[{}]]}",
		REFERENCE("0"), REFERENCE("18446744073709551615"), REFERENCE("\"\""),
		REFERENCE("\"self\""), REFERENCE("[]"), REFERENCE("[0]"), REFERENCE("[0,255, 7]")};
	static const char *const bad[] = {"{}", "5", "null", "\"self\"", "[]", "[" PROPERTY "]",
		"{\"operation\":\"equal\"}", "{\"reference\":1}",
		"{\"Operation\":\"equal\",\"reference\":1}",
		OPERATION("\"Equal\""), OPERATION("\"equal \""), OPERATION("\"\""), OPERATION("5"),
		OPERATION("null"), OPERATION("[\"equal\"]"), OPERATION("{\"equal\":1}"),
		OPERATION("\"allow-list\""), OPERATION("\"array-greater-or-equa\""),
		OPERATION("\"equalequalequalequalequalequalequalequalequalequalequalequalequalequal\""),
		REFERENCE("-1"), REFERENCE("-0"), REFERENCE("1.5"), REFERENCE("1.0"), REFERENCE("1e0"),
		REFERENCE("18446744073709551616"), REFERENCE("true"), REFERENCE("false"),
		REFERENCE("null"), REFERENCE("{}"), REFERENCE("{\"a\":[1]}"), REFERENCE("[256]"),
		REFERENCE("[-1]"), REFERENCE("[1.0]"), REFERENCE("[\"1\"]"), REFERENCE("[[1]]"),
		REFERENCE("[null]"), REFERENCE("[{}]"), REFERENCE("[1,2,true]")};
	static const char *const lists[] = {
		"{\"fmspc\":\"a\",\"Platform\":{\"TcbInfo\":{\"a\":%s,\"b\":" PROPERTY "}}}",
		"{\"QE\":{\"QeIdentity\":{\"\":" PROPERTY ",\"b\":%s}}}",
		"{\"TDXModule\":{\"TDXModule_Identity\":{\"MRSEAM\":%s}}}",
		"{\"MigTD\":{\"TDINFO\":{\"MRTD\":%s}}}",
		"{\"MigTD\":{\"EventLog\":{\"Digest.TdShim\":%s},\"TDINFO\":{}}}"};

	(void)state;
	for (size_t l = 0; l < ARRAY_SIZE(lists); l++) {
		for (size_t i = 0; i < ARRAY_SIZE(good) + ARRAY_SIZE(bad); i++) {
			const bool is_good = i < ARRAY_SIZE(good);
			const char *property = is_good ? good[i] : bad[i - ARRAY_SIZE(good)];
			char *block = kit_replace(lists[l], "%s", property);
			check_block(block, is_good ? STATUS_OK : ERR_POLICY_FORMAT);
			free(block);
		}
	}
}

static void nesting_is_bounded(void **state)
{
	(void)state;
	for (unsigned depth = 1; depth < 40; depth++) {
		char open[64] = "", close[64] = "";
		memset(open, '[', depth);
		memset(close, ']', depth);
		char *text = kit_format("{" V1_ID ",\"policy\":[{\"QE\":{\"x\":%s%s,\"QeIdentity\":{}}}]}",
			open, close);
		/* Root, policy, block and QE are open around it. */
		assert_int_equal(v1_open(text, strlen(text)),
			4 + depth <= JSON_DEPTH_MAX ? STATUS_OK : ERR_JSON_DEPTH);
		free(text);
	}
}

/* All shapes, reference kinds and lists, satisfied by what `two` holds. */
static const char rich[] = "{" V1_ID ",\"policy\":["
	"{\"fmspc\":\"000000000000\",\"Platform\":{\"TcbInfo\":{\"pcesvn\":{\"operation\":\"equal\","
	"\"reference\":0},\"sgxtcbcomponents\":{\"operation\":\"array-equal\",\"reference\":"
	"[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}}}},"
	"{\"TDXModule\":{\"TDXModule_Identity\":{\"TDXModuleSVN\":{\"operation\":\"in-range\","
	"\"reference\":\"0..3\"}}}},"
	"{\"QE\":{\"QeIdentity\":{\"MISCSELECT\":{\"operation\":\"equal\",\"reference\":\"00000000\"}}}},"
	"{\"MigTD\":{\"TDINFO\":{\"XFAM\":{\"operation\":\"equal\",\"reference\":\"self\"}},\"EventLog\":"
	"{\"Digest.MigTdCoreSvn\":{\"operation\":\"greater-or-equal\",\"reference\":\"self\"}}}}]}";

static void a_policy_cut_anywhere_is_none(void **state)
{
	(void)state;
	check(rich, strlen(rich), STATUS_OK);
	assert_int_equal(v1_judge(&two, rich, strlen(rich)), STATUS_OK);
	for (size_t n = 0; n < strlen(rich); n++) {
		assert_int_equal(v1_open(rich, n), ERR_JSON);
		v1_compare(&two, rich, n);
	}
}

static void any_flipped_bit_is_judged_as_the_model_does(void **state)
{
	char text[sizeof(rich)];
	unsigned refused = 0;

	(void)state;
	memcpy(text, rich, sizeof(rich));
	for (size_t at = 0; at < strlen(rich); at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			text[at] = (char)(text[at] ^ 1 << bit);
			v1_compare(&two, text, strlen(rich));
			refused += v1_judge(&two, text, strlen(rich)) != STATUS_OK;
			text[at] = (char)(text[at] ^ 1 << bit);
		}
	}
	/* Most of it matters; the id's digits do not. */
	assert_true(refused > 8 * strlen(rich) * 3 / 4);
}

/* Pieces of the text copied, dropped and overwritten by others. */
static size_t mutate(char *text, size_t n, size_t room)
{
	for (uint32_t times = 1 + v1_draw(3); times > 0 && n > 0; times--) {
		const size_t from = v1_draw((uint32_t)n), to = v1_draw((uint32_t)n);
		const size_t most = n - (from > to ? from : to);
		const size_t k = v1_draw(most < 60 ? (uint32_t)most : 60);
		switch (v1_draw(3)) {
		case 0:
			memmove(text + to, text + from, k);
			break;
		case 1:
			memmove(text + to, text + to + k, n - to - k);
			n -= k;
			break;
		default:
			if (n + k > room)
				break;
			memmove(text + to + k, text + to, n - to);
			n += k;
			break;
		}
	}
	return n;
}

static void mutated_policies_are_judged_as_the_model_does(void **state)
{
	char text[2 * sizeof(rich)];

	(void)state;
	for (int i = 0; i < 60000; i++) {
		memcpy(text, rich, sizeof(rich));
		v1_compare(&two, text, mutate(text, strlen(rich), sizeof(text)));
	}
}

static int setup(void **state)
{
	static const uint8_t svn[8] = {15};

	(void)state;
	two.is_source = true;
	v1_add_event(&two.local.events, EVENT_MIGTD_CORE_SVN, svn, 8);
	two.peer = two.local;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_policy_is_one_object_with_id_and_blocks),
		cmocka_unit_test(the_id_is_a_guid),
		cmocka_unit_test(nuls_around_the_document_are_no_part_of_it),
		cmocka_unit_test(blocks_have_one_of_four_shapes),
		cmocka_unit_test(a_known_member_comes_once),
		cmocka_unit_test(properties_have_an_operation_and_a_reference),
		cmocka_unit_test(nesting_is_bounded),
		cmocka_unit_test(a_policy_cut_anywhere_is_none),
		cmocka_unit_test(any_flipped_bit_is_judged_as_the_model_does),
		cmocka_unit_test(mutated_policies_are_judged_as_the_model_does),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
