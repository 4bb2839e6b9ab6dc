/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Properties and block lists (policy spec 2.4, 2.13, 2.14). */
#include "bench.h"

static struct policy_date date_of(const char *text)
{
	struct policy_date date = {.n = (uint8_t)strlen(text)};

	memcpy(date.text, text, date.n);
	return date;
}

static struct policy_facts good_facts(void)
{
	return (struct policy_facts){
		.platform_known = true,
		.tcb_date = date_of("2025-09-01T00:00:00Z"),
		.tcb_status = TCB_UP_TO_DATE,
		.tcb_evaluation_number = 15,
		.fmspc = {0x10, 0xc0, 0x6f, 0, 0, 0},
		.pck_crl_number = 3,
		.root_crl_number = 4,
		.migtd_known = true,
		.isvsvn = 7,
		.migtd_status = TCB_UP_TO_DATE,
		.migtd_date = date_of("2025-01-01T00:00:00Z"),
	};
}

struct lists {
	const char *common, *forward, *backward;
};

/* An own policy that is nothing but its lists. */
static struct policy_own *own_of(const struct lists *lists)
{
	static struct policy_own own;
	static char text[1 << 16];
	struct policy_span *spans[] = {&own.index.common, &own.index.forward, &own.index.backward};
	const char *lists_of[] = {lists->common, lists->forward, lists->backward};

	memset(&own, 0, sizeof(own));
	text[0] = 0;
	own.policy = (uint8_t *)text;
	for (size_t i = 0; i < 3; i++) {
		if (lists_of[i] == NULL)
			continue;
		spans[i]->begin = (uint32_t)strlen(text);
		strcat(text, lists_of[i]);
		spans[i]->end = (uint32_t)strlen(text);
	}
	own.policy_size = strlen(text);
	return &own;
}

static struct policy_reason reason;

static enum status evaluate(const struct lists *lists, bool is_source,
	const struct policy_facts *facts, const struct policy_facts *local)
{
	const struct policy_record peer = {0};

	return policy_evaluate(own_of(lists), is_source, &peer, facts, local, &reason);
}

/* One property in a list of its own. */
static enum status property(const char *group, const char *name, const char *operation,
	const char *reference, const struct policy_facts *facts, const struct policy_facts *local)
{
	char *block = strcmp(group, "servtd") == 0 ?
		kit_format("[{\"servtd\":{\"migtdIdentity\":{\"%s\":{\"operation\":\"%s\","
			"\"reference\":%s}}}}]", name, operation, reference) :
		kit_format("[{\"global\":{\"%s\":{\"%s\":{\"reference\":%s,\"operation\":\"%s\"}}}}]",
			group, name, reference, operation);
	const struct lists lists = {.common = block};
	const enum status status = evaluate(&lists, true, facts, local);

	if (status != STATUS_OK && strcmp(reason.place.block, "mandatory") != 0) {
		assert_string_equal(reason.place.block, "policy");
		assert_string_equal(reason.place.property, name);
		assert_int_equal(reason.place.index, 0);
	}
	free(block);
	return status;
}

/* --- truth tables -------------------------------------------------------------------------- */

enum result { TRUE_, FALSE_, OPER, REF };

struct truth {
	const char *operation, *reference;
	enum result result;
};

static void check_table(const struct truth *rows, size_t n, const char *group, const char *name,
	enum status when_false, const struct policy_facts *facts, const struct policy_facts *local)
{
	for (size_t i = 0; i < n; i++) {
		const enum status wanted = rows[i].result == TRUE_ ? STATUS_OK :
			rows[i].result == FALSE_ ? when_false :
			rows[i].result == OPER ? ERR_POLICY_OPERATION : ERR_POLICY_REFERENCE;
		const enum status status = property(group, name, rows[i].operation, rows[i].reference,
			facts, local);
		if (status != wanted)
			fail_msg("%s %s %s: %s", name, rows[i].operation, rows[i].reference,
				status_name(status));
	}
}

/* The value is 15 and so is the local one. */
static const struct truth integers[] = {
	{"equal", "15", TRUE_}, {"equal", "14", FALSE_}, {"greater-or-equal", "15", TRUE_},
	{"greater-or-equal", "14", TRUE_}, {"greater-or-equal", "16", FALSE_}, {"subset", "15", OPER},
	{"in-range", "15", OPER}, {"allow-list", "15", OPER}, {"", "15", OPER}, {"Equal", "15", OPER},
	{"equal", "\"self\"", TRUE_}, {"greater-or-equal", "\"init\"", TRUE_},
	{"in-range", "\"self\"", OPER}, {"subset", "\"init\"", OPER}, {"equal", "\"Self\"", OPER},
	{"in-range", "\"15..15\"", TRUE_}, {"in-time-range", "\"0..15\"", TRUE_},
	{"in-range", "\"15..4294967295\"", TRUE_}, {"in-range", "\"16..20\"", FALSE_},
	{"in-range", "\"0..14\"", FALSE_}, {"in-range", "\"20..10\"", FALSE_},
	{"in-range", "\"+15..+15\"", TRUE_}, {"in-range", "\"0015..16\"", TRUE_},
	{"in-range", "\"15..\"", REF}, {"in-range", "\"..15\"", REF}, {"in-range", "\"..\"", REF},
	{"in-range", "\"+..15\"", REF}, {"in-range", "\"-1..15\"", REF}, {"in-range", "\"1...15\"", REF},
	{"in-range", "\" 1..15\"", REF}, {"in-range", "\"1..4294967296\"", REF},
	{"in-range", "\"a..b\"", REF}, {"in-range", "\"15\"", OPER}, {"in-range", "\"\"", OPER},
	{"in-range", "\"1.15\"", OPER}, {"in-range", "\"1..2..3\"", OPER}, {"in-range", "\"....\"", OPER},
	{"in-range", "\"++1..15\"", REF}, {"in-range", "\"1..15 \"", REF},
	{"equal", "\"15\"", OPER}, {"equal", "\"1..15\"", OPER}, {"equal", "\"\"", OPER},
	{"in-range", "\"0000000000000000000000000000000000000000000000000000000000000000000001..15\"", REF},
	{"subset", "[1,15]", TRUE_}, {"subset", "[1,2]", FALSE_}, {"subset", "[]", FALSE_},
	{"equal", "[15]", OPER}, {"equal", "[]", OPER}, {"allow-list", "[15]", OPER},
	{"subset", "[\"15\"]", REF}, {"allow-list", "[\"15\"]", REF}, {"equal", "[\"15\"]", REF},
};

static void integer_properties_follow_the_truth_table(void **state)
{
	struct policy_facts f = good_facts();

	(void)state;
	f.pck_crl_number = f.root_crl_number = f.isvsvn = f.tcb_evaluation_number = 15;
	check_table(integers, ARRAY_SIZE(integers), "tcb", "tcbEvaluationDataNumber", ERR_POLICY_TCB,
		&f, &f);
	check_table(integers, ARRAY_SIZE(integers), "crl", "pckCrlNum", ERR_POLICY_CRL, &f, &f);
	check_table(integers, ARRAY_SIZE(integers), "crl", "rootCaCrlNum", ERR_POLICY_CRL, &f, &f);
	check_table(integers, ARRAY_SIZE(integers), "servtd", "isvsvn", ERR_POLICY_SVN, &f, &f);
}

/* Both operations on `self`, peer older, equal and newer than the local MigTD. */
static void self_compares_with_the_local_migtd(void **state)
{
	static const char *const names[][2] = {{"tcb", "tcbEvaluationDataNumber"},
		{"crl", "pckCrlNum"}, {"crl", "rootCaCrlNum"}, {"servtd", "isvsvn"}};
	static const enum status when_false[] = {ERR_POLICY_TCB, ERR_POLICY_CRL, ERR_POLICY_CRL,
		ERR_POLICY_SVN};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		for (uint32_t value = 9; value <= 11; value++) {
			struct policy_facts f = good_facts(), local = good_facts();
			f.tcb_evaluation_number = f.pck_crl_number = f.root_crl_number = value;
			f.isvsvn = (uint16_t)value;
			local.tcb_evaluation_number = local.pck_crl_number = local.root_crl_number = 10;
			local.isvsvn = 10;
			assert_int_equal(property(names[i][0], names[i][1], "equal", "\"self\"", &f, &local),
				value == 10 ? STATUS_OK : when_false[i]);
			assert_int_equal(property(names[i][0], names[i][1], "greater-or-equal", "\"init\"",
				&f, &local), value >= 10 ? STATUS_OK : when_false[i]);
			local.platform_known = local.migtd_known = false;
			assert_int_equal(property(names[i][0], names[i][1], "in-range", "\"self\"", &f,
				&local), ERR_POLICY_REFERENCE);
		}
	}
}

static void string_properties_follow_the_truth_table(void **state)
{
	static const struct truth fmspc[] = {
		{"equal", "\"10C06F000000\"", TRUE_}, {"equal", "\"10c06f000000\"", FALSE_},
		{"equal", "\"10C06F00000\"", FALSE_}, {"equal", "\"10C06F0000000\"", FALSE_},
		{"greater-or-equal", "\"10C06F000000\"", TRUE_}, {"greater-or-equal", "\"10C06F\"", TRUE_},
		{"greater-or-equal", "\"10C06F0000000\"", FALSE_}, {"greater-or-equal", "\"11\"", FALSE_},
		{"greater-or-equal", "\"\"", TRUE_}, {"in-range", "\"0..9\"", OPER},
		{"allow-list", "\"10C06F000000\"", OPER}, {"equal", "\"self\"", TRUE_},
		{"greater-or-equal", "\"init\"", TRUE_}, {"subset", "\"self\"", OPER},
		{"allow-list", "[\"10C06F000000\"]", TRUE_}, {"allow-list", "[\"a\",\"10C06F000000\"]", TRUE_},
		{"allow-list", "[\"a\"]", FALSE_}, {"allow-list", "[\"self\"]", FALSE_},
		{"deny-list", "[\"10C06F000000\"]", FALSE_}, {"deny-list", "[\"a\"]", TRUE_},
		{"equal", "[\"10C06F000000\"]", OPER}, {"subset", "[\"a\"]", OPER},
		{"deny-list", "[]", REF}, {"allow-list", "[]", REF}, {"allow-list", "[1]", REF},
		{"equal", "1", REF}, {"greater-or-equal", "0", REF},
		{"allow-list", "[\"0123456789012345678901234567890123456789012345678901234567890123"
			"10C06F000000\"]", FALSE_},
		{"deny-list", "[\"0123456789012345678901234567890123456789012345678901234567890123"
			"10C06F000000\"]", TRUE_},
		{"equal", "\"0123456789012345678901234567890123456789012345678901234567890123"
			"10C06F000000\"", FALSE_},
		{"greater-or-equal", "\"0123456789012345678901234567890123456789012345678901234567890123"
			"10C06F000000\"", TRUE_},
		{"equal", "\"10C06\\u0046000000\"", TRUE_},
	};
	static const struct truth dates[] = {
		{"equal", "\"2025-09-01T00:00:00Z\"", TRUE_}, {"equal", "\"2025-09-01\"", FALSE_},
		{"greater-or-equal", "\"2025-09-01T00:00:00Z\"", TRUE_},
		{"greater-or-equal", "\"2025-09-01\"", TRUE_},
		{"greater-or-equal", "\"2025-09-01T00:00:01Z\"", FALSE_},
		{"greater-or-equal", "\"2025-09-01T00:00:00Z0\"", FALSE_},
		{"greater-or-equal", "\"2026\"", FALSE_}, {"equal", "\"self\"", TRUE_},
		{"in-time-range", "\"2025..2026\"", OPER}, {"deny-list", "[\"2024\"]", TRUE_},
		{"deny-list", "[\"2025-09-01T00:00:00Z\"]", FALSE_}, {"equal", "2025", REF},
	};
	struct policy_facts f = good_facts();

	(void)state;
	check_table(fmspc, ARRAY_SIZE(fmspc), "platform", "fmspc", ERR_POLICY_TCB, &f, &f);
	check_table(dates, ARRAY_SIZE(dates), "tcb", "tcbDate", ERR_POLICY_TCB, &f, &f);
	f.migtd_date = f.tcb_date;
	check_table(dates, ARRAY_SIZE(dates), "servtd", "tcbDate", ERR_POLICY_SVN, &f, &f);
	struct policy_facts unknown = {0};
	assert_int_equal(property("tcb", "tcbDate", "equal", "\"self\"", &f, &unknown),
		ERR_POLICY_REFERENCE);
	assert_int_equal(property("platform", "fmspc", "equal", "\"init\"", &f, &unknown),
		ERR_POLICY_REFERENCE);
	assert_int_equal(property("servtd", "tcbDate", "equal", "\"init\"", &f, &unknown),
		ERR_POLICY_REFERENCE);
}

static void the_outer_ranks_of_a_platform_status_are_not_up_to_the_policy(void **state)
{
	static const uint8_t always[] = {TCB_UP_TO_DATE, TCB_SW_HARDENING_NEEDED, TCB_OUT_OF_DATE};
	struct policy_facts f = good_facts();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(always); i++) {
		f.tcb_status = always[i];
		assert_int_equal(property("tcb", "tcbStatusAccepted", "deny-list", "[\"UpToDate\"]", &f, &f),
			STATUS_OK);
		assert_int_equal(property("tcb", "tcbStatusAccepted", "nonsense", "[]", &f, &f), STATUS_OK);
		assert_int_equal(property("tcb", "tcbStatusAccepted", "equal", "\"Nonsense\"", &f, &f),
			STATUS_OK);
	}
	f.tcb_status = TCB_REVOKED;
	assert_int_equal(property("tcb", "tcbStatusAccepted", "allow-list", "[\"Revoked\"]", &f, &f),
		ERR_POLICY_TCB);
	assert_int_equal(property("tcb", "tcbStatusAccepted", "equal", "\"Revoked\"", &f, &f),
		ERR_POLICY_TCB);
	f.tcb_status = TCB_UNRECOGNISED;
	assert_int_equal(property("tcb", "tcbStatusAccepted", "allow-list", "[\"UpToDate\"]", &f, &f),
		ERR_POLICY_TCB);
}

static void the_middle_rank_of_a_platform_status_follows_the_truth_table(void **state)
{
	static const uint8_t middle[] = {TCB_CONFIGURATION_NEEDED,
		TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED, TCB_OUT_OF_DATE_CONFIGURATION_NEEDED};
	static const struct truth rows[] = {
		{"equal", "\"ConfigurationNeeded\"", TRUE_},
		{"equal", "\"OutOfDateConfigurationNeeded\"", TRUE_},
		{"equal", "\"UpToDate\"", FALSE_}, {"equal", "\"Revoked\"", FALSE_},
		{"greater-or-equal", "\"Revoked\"", TRUE_}, {"greater-or-equal", "\"UpToDate\"", FALSE_},
		{"greater-or-equal", "\"ConfigurationAndSWHardeningNeeded\"", TRUE_},
		{"equal", "\"self\"", FALSE_}, {"greater-or-equal", "\"init\"", FALSE_},
		{"allow-list", "\"ConfigurationNeeded\"", OPER}, {"equal", "\"Nonsense\"", REF},
		{"equal", "\"\"", REF},
		{"allow-list", "[\"ConfigurationNeeded\"]", TRUE_},
		{"allow-list", "[\"UpToDate\",\"ConfigurationNeeded\"]", TRUE_},
		{"allow-list", "[\"ConfigurationAndSWHardeningNeeded\"]", FALSE_},
		{"allow-list", "[\"OutOfDateConfigurationNeeded\"]", FALSE_},
		{"allow-list", "[\"UpToDate\"]", FALSE_},
		{"allow-list", "[\"ConfigurationNeeded\",\"Nonsense\"]", REF},
		{"allow-list", "[\"ConfigurationNeeded\",\"self\"]", REF},
		{"allow-list", "[\"Nonsense\",\"ConfigurationNeeded\"]", REF},
		{"allow-list", "[\"ConfigurationNeeded\",\"0123456789012345678901234567890123456789012345"
			"678901234567890123UpToDate\"]", REF},
		{"deny-list", "[\"UpToDate\"]", FALSE_}, {"deny-list", "[\"ConfigurationNeeded\"]", FALSE_},
		{"deny-list", "[]", REF}, {"allow-list", "[]", REF}, {"subset", "[1]", REF},
		{"equal", "1", REF}, {"equal", "[\"ConfigurationNeeded\"]", OPER},
	};
	const struct policy_facts local = good_facts();
	struct policy_facts f = good_facts();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(middle); i++) {
		f.tcb_status = middle[i];
		check_table(rows, ARRAY_SIZE(rows), "tcb", "tcbStatusAccepted", ERR_POLICY_TCB, &f, &local);
		assert_int_equal(property("tcb", "tcbStatusAccepted", "equal", "\"self\"", &f, &f),
			STATUS_OK);
	}
	struct policy_facts unknown = {0};
	assert_int_equal(property("tcb", "tcbStatusAccepted", "equal", "\"self\"", &f, &unknown),
		ERR_POLICY_REFERENCE);
}

static void a_migtd_status_is_accepted_unless_revoked_whatever_the_policy_says(void **state)
{
	struct policy_facts f = good_facts();

	(void)state;
	assert_int_equal(property("servtd", "tcbStatusAccepted", "x", "1", &f, &f), STATUS_OK);
	f.migtd_status = TCB_OUT_OF_DATE;
	assert_int_equal(property("servtd", "tcbStatusAccepted", "deny-list", "[\"OutOfDate\"]", &f, &f),
		STATUS_OK);
	f.migtd_status = TCB_REVOKED;
	assert_int_equal(property("servtd", "tcbStatusAccepted", "allow-list", "[\"Revoked\"]", &f, &f),
		ERR_POLICY_SVN);
	f.migtd_status = TCB_UNRECOGNISED;
	assert_int_equal(property("servtd", "tcbStatusAccepted", "equal", "\"UpToDate\"", &f, &f),
		ERR_POLICY_MIGTD);
}

static void unknown_facts_fail_every_rule_about_them(void **state)
{
	struct policy_facts f = good_facts(), local = good_facts();

	(void)state;
	f.platform_known = false;
	assert_int_equal(property("tcb", "tcbDate", "greater-or-equal", "\"\"", &f, &local), ERR_POLICY_TCB);
	assert_int_equal(property("platform", "fmspc", "deny-list", "[\"a\"]", &f, &local), ERR_POLICY_TCB);
	assert_int_equal(property("crl", "pckCrlNum", "greater-or-equal", "0", &f, &local), ERR_POLICY_CRL);
	f = good_facts();
	f.migtd_known = false;
	assert_int_equal(property("servtd", "isvsvn", "greater-or-equal", "0", &f, &local),
		ERR_POLICY_MIGTD);
	f = good_facts();
	f.migtd_status = TCB_UNKNOWN;
	assert_int_equal(property("servtd", "tcbDate", "greater-or-equal", "\"\"", &f, &local),
		ERR_POLICY_MIGTD);
	assert_int_equal(property("servtd", "isvsvn", "equal", "7", &f, &local), ERR_POLICY_MIGTD);
	assert_string_equal(reason.place.block, "mandatory");
}

/* --- lists --------------------------------------------------------------------------------- */

static void without_a_list_the_mandatory_denies_stand(void **state)
{
	static const struct lists none, empty = {.common = "[]", .forward = "[]", .backward = "[]"};
	static const struct {
		uint8_t platform, migtd;
		enum status status;
	} rows[] = {
		{TCB_UP_TO_DATE, TCB_UP_TO_DATE, STATUS_OK},
		{TCB_OUT_OF_DATE, TCB_OUT_OF_DATE, STATUS_OK},
		{TCB_CONFIGURATION_NEEDED, TCB_UP_TO_DATE, STATUS_OK},
		{TCB_REVOKED, TCB_UP_TO_DATE, ERR_POLICY_TCB},
		{TCB_UNRECOGNISED, TCB_UP_TO_DATE, ERR_POLICY_TCB},
		{TCB_UNKNOWN, TCB_UP_TO_DATE, ERR_POLICY_TCB},
		{TCB_UP_TO_DATE, TCB_REVOKED, ERR_POLICY_SVN},
		{TCB_UP_TO_DATE, TCB_UNKNOWN, ERR_POLICY_MIGTD},
		{TCB_UP_TO_DATE, TCB_UNRECOGNISED, ERR_POLICY_MIGTD},
		{TCB_UP_TO_DATE, TCB_CONFIGURATION_NEEDED, ERR_POLICY_MIGTD},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct policy_facts f = good_facts();
		f.tcb_status = rows[i].platform;
		f.migtd_status = rows[i].migtd;
		for (int source = 0; source < 2; source++) {
			assert_int_equal(evaluate(&none, source, &f, &f), rows[i].status);
			assert_int_equal(evaluate(&empty, source, &f, &f), rows[i].status);
		}
		f.migtd_known = false;
		assert_int_not_equal(evaluate(&none, true, &f, &f), STATUS_OK);
	}
}

#define RULE(name, operation, reference) "\"" name "\":{\"operation\":\"" operation \
	"\",\"reference\":" reference "}"
#define NUMBER_AT_LEAST(n) "{\"global\":{\"tcb\":{" \
	RULE("tcbEvaluationDataNumber", "greater-or-equal", n) "}}}"

static void each_side_applies_the_common_list_and_its_own(void **state)
{
	static const struct lists common = {.common = "[" NUMBER_AT_LEAST("16") "]"};
	static const struct lists forward = {.forward = "[" NUMBER_AT_LEAST("16") "]"};
	static const struct lists backward = {.backward = "[" NUMBER_AT_LEAST("16") "]"};
	const struct policy_facts f = good_facts();

	(void)state;
	assert_int_equal(evaluate(&common, true, &f, &f), ERR_POLICY_TCB);
	assert_string_equal(reason.place.block, "policy");
	assert_int_equal(evaluate(&common, false, &f, &f), ERR_POLICY_TCB);
	assert_int_equal(evaluate(&forward, true, &f, &f), ERR_POLICY_TCB);
	assert_string_equal(reason.place.block, "forwardPolicy");
	assert_int_equal(evaluate(&forward, false, &f, &f), STATUS_OK);
	assert_int_equal(evaluate(&backward, true, &f, &f), STATUS_OK);
	assert_int_equal(evaluate(&backward, false, &f, &f), ERR_POLICY_TCB);
	assert_string_equal(reason.place.block, "backwardPolicy");
	assert_string_equal(reason.place.property, "tcbEvaluationDataNumber");
}

static void the_first_failing_block_and_the_first_rule_in_it_decide(void **state)
{
	/* All of the second block's rules fail; in judging order the CRL rule is last. */
	static const struct lists lists = {.common = "[" NUMBER_AT_LEAST("15") ",{\"global\":{\"crl\":{"
		RULE("rootCaCrlNum", "equal", "9") "," RULE("pckCrlNum", "x", "9") "},\"tcb\":{"
		RULE("tcbDate", "equal", "1") "," RULE("tcbEvaluationDataNumber", "in-range", "\"1..2\"")
		"}}},{\"servtd\":{\"migtdIdentity\":{" RULE("isvsvn", "equal", "1") "}}}]"};
	static const struct lists crl = {.common = "[{\"global\":{\"crl\":{"
		RULE("rootCaCrlNum", "equal", "9") "," RULE("pckCrlNum", "x", "9") "}}}]"};
	const struct policy_facts f = good_facts();

	(void)state;
	assert_int_equal(evaluate(&lists, true, &f, &f), ERR_POLICY_TCB);
	assert_string_equal(reason.place.property, "tcbEvaluationDataNumber");
	assert_int_equal(reason.place.index, 1);
	assert_int_equal(evaluate(&crl, true, &f, &f), ERR_POLICY_OPERATION);
	assert_string_equal(reason.place.property, "pckCrlNum");
}

static void assert_told(const char *operation, const char *expected, const char *actual)
{
	if (operation == NULL)
		assert_null(reason.operation);
	else
		assert_string_equal(reason.operation, operation);
	assert_int_equal(reason.expected.n, strlen(expected));
	assert_memory_equal(reason.expected.text, expected, strlen(expected));
	assert_int_equal(reason.actual.n, strlen(actual));
	assert_memory_equal(reason.actual.text, actual, strlen(actual));
}

static void a_refusal_tells_what_is_demanded_and_what_is_there(void **state)
{
	struct policy_facts f = good_facts(), local = good_facts();
	const struct lists none = {0};

	(void)state;
	property("tcb", "tcbEvaluationDataNumber", "greater-or-equal", "16", &f, &local);
	assert_told("greater-or-equal", "16", "15");
	property("tcb", "tcbEvaluationDataNumber", "subset", "[1, 2,4294967295]", &f, &local);
	assert_told("subset", "[1, 2, 4294967295]", "15");
	property("tcb", "tcbEvaluationDataNumber", "in-time-range", "\"1..9\"", &f, &local);
	assert_told("in-range", "1..9", "15");
	local.tcb_evaluation_number = 17;
	property("tcb", "tcbEvaluationDataNumber", "equal", "\"init\"", &f, &local);
	assert_told("equal", "init = 17", "15");
	property("tcb", "tcbDate", "equal", "\"2024-01-01\"", &f, &local);
	assert_told("equal", "2024-01-01", "2025-09-01T00:00:00Z");
	property("platform", "fmspc", "deny-list", "[\"A\",\"10C06F000000\"]", &f, &local);
	assert_told("deny-list", "[A, 10C06F000000]", "10C06F000000");
	property("platform", "fmspc", "resembles", "\"A\"", &f, &local);
	assert_told("(unknown operation)", "A", "10C06F000000");
	f.tcb_status = TCB_CONFIGURATION_NEEDED;
	property("tcb", "tcbStatusAccepted", "allow-list", "[\"UpToDate\"]", &f, &local);
	assert_told("allow-list", "[UpToDate]", "ConfigurationNeeded");
	f.tcb_status = TCB_REVOKED;
	assert_int_equal(evaluate(&none, true, &f, &local), ERR_POLICY_TCB);
	assert_told(NULL, "a known status but Revoked", "Revoked");
}

static void a_long_reference_is_told_cut(void **state)
{
	const struct policy_facts f = good_facts();
	char list[400] = "[";

	(void)state;
	for (int i = 0; i < 30; i++)
		strcat(list, i == 0 ? "\"123456789\"" : ",\"123456789\"");
	strcat(list, "]");
	property("platform", "fmspc", "allow-list", list, &f, &f);
	assert_true(reason.expected.cut);
	assert_int_equal(reason.expected.n, REASON_TEXT_MAX);
	assert_memory_equal(reason.expected.text, "[123456789, 123456789, ", 23);
}

static void a_list_that_is_no_list_fails_closed(void **state)
{
	static const char *const broken[] = {"", " ", "{}", "[", "[{\"global\":{}}", "[1]", "[{}]",
		"[{\"global\":{\"tcb\":{\"tcbDate\":{}}}}]", "null", "[]]", "[{\"other\":{}}]"};
	const struct policy_facts f = good_facts();

	(void)state;
	for (size_t i = 1; i < ARRAY_SIZE(broken); i++) {
		const struct lists lists = {.common = broken[i]};
		assert_int_not_equal(evaluate(&lists, true, &f, &f), STATUS_OK);
	}
}

/* Source and destination, peer's policySvn below, at and above the own one. */
static void only_the_source_refuses_a_downgraded_policy(void **state)
{
	static const struct lists none;
	const struct policy_facts f = good_facts();

	(void)state;
	for (uint32_t svn = 4; svn <= 6; svn++) {
		for (int source = 0; source < 2; source++) {
			struct policy_own *own = own_of(&none);
			const struct policy_record peer = {.policy_svn = svn};
			own->record.policy_svn = 5;
			const enum status status = policy_evaluate(own, source, &peer, &f, &f, &reason);
			assert_int_equal(status, source && svn < 5 ? ERR_POLICY_SVN : STATUS_OK);
			if (status != STATUS_OK)
				assert_string_equal(reason.place.property, "policySvn");
		}
	}
}

/* Rules of the usual anti-downgrade kind against every pairing of two versions. */
static void self_rules_refuse_every_downgrade_and_nothing_else(void **state)
{
	static const struct lists lists = {.common = "[{\"servtd\":{\"migtdIdentity\":{"
		RULE("isvsvn", "greater-or-equal", "\"self\"") ","
		RULE("tcbDate", "greater-or-equal", "\"self\"") "}}},{\"global\":{\"tcb\":{"
		RULE("tcbEvaluationDataNumber", "greater-or-equal", "\"self\"") ","
		RULE("tcbDate", "greater-or-equal", "\"self\"") "}}}]"};

	(void)state;
	for (unsigned bits = 0; bits < 256; bits++) {
		struct policy_facts f = good_facts(), local = good_facts();
		f.isvsvn = (uint16_t)(1 + (bits & 1));
		local.isvsvn = (uint16_t)(1 + (bits >> 1 & 1));
		f.tcb_evaluation_number = 1 + (bits >> 2 & 1);
		local.tcb_evaluation_number = 1 + (bits >> 3 & 1);
		f.tcb_date.text[3] = (uint8_t)('4' + (bits >> 4 & 1));
		local.tcb_date.text[3] = (uint8_t)('4' + (bits >> 5 & 1));
		f.migtd_date.text[3] = (uint8_t)('4' + (bits >> 6 & 1));
		local.migtd_date.text[3] = (uint8_t)('4' + (bits >> 7 & 1));
		bool downgrade = false;
		for (unsigned i = 0; i < 8; i += 2)
			downgrade |= (bits >> i & 3) == 2;
		for (int source = 0; source < 2; source++)
			assert_int_equal(evaluate(&lists, source, &f, &local) != STATUS_OK, downgrade);
	}
}

static void upstreams_global_block_has_upstreams_verdicts(void **state)
{
	size_t n;
	char *block = kit_file("src/policy/test/policy_v2/global.json", &n);

	(void)state;
	if (block == NULL)
		skip();
	char *list = kit_format("[{\"global\":%s}]", block);
	const struct lists lists = {.common = list};
	struct policy_facts f = good_facts();
	assert_int_equal(evaluate(&lists, true, &f, &f), STATUS_OK);
	f.tcb_date = date_of("2024-09-01T00:00:00Z");
	assert_int_equal(evaluate(&lists, true, &f, &f), ERR_POLICY_TCB);
	f = good_facts();
	f.tcb_status = TCB_REVOKED;
	assert_int_equal(evaluate(&lists, true, &f, &f), ERR_POLICY_TCB);
	f = good_facts();
	f.tcb_status = TCB_CONFIGURATION_NEEDED;
	assert_int_equal(evaluate(&lists, true, &f, &f), STATUS_OK);
	f.tcb_evaluation_number = 10;
	assert_int_equal(evaluate(&lists, true, &f, &f), ERR_POLICY_TCB);
	f = good_facts();
	memcpy(f.fmspc, "\x10\0\0\0\0\0", 6);
	assert_int_equal(evaluate(&lists, true, &f, &f), ERR_POLICY_TCB);
	free(list);
	free(block);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integer_properties_follow_the_truth_table),
		cmocka_unit_test(self_compares_with_the_local_migtd),
		cmocka_unit_test(string_properties_follow_the_truth_table),
		cmocka_unit_test(the_outer_ranks_of_a_platform_status_are_not_up_to_the_policy),
		cmocka_unit_test(the_middle_rank_of_a_platform_status_follows_the_truth_table),
		cmocka_unit_test(a_migtd_status_is_accepted_unless_revoked_whatever_the_policy_says),
		cmocka_unit_test(unknown_facts_fail_every_rule_about_them),
		cmocka_unit_test(without_a_list_the_mandatory_denies_stand),
		cmocka_unit_test(each_side_applies_the_common_list_and_its_own),
		cmocka_unit_test(the_first_failing_block_and_the_first_rule_in_it_decide),
		cmocka_unit_test(a_refusal_tells_what_is_demanded_and_what_is_there),
		cmocka_unit_test(a_long_reference_is_told_cut),
		cmocka_unit_test(a_list_that_is_no_list_fails_closed),
		cmocka_unit_test(only_the_source_refuses_a_downgraded_policy),
		cmocka_unit_test(self_rules_refuse_every_downgrade_and_nothing_else),
		cmocka_unit_test(upstreams_global_block_has_upstreams_verdicts),
	};

	return cmocka_run_group_tests(tests, bench_setup, NULL);
}
