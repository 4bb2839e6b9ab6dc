/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Operators, types and references of policy v2 (policy spec 2.4, 2.13): block lists at random are
 * judged as a model judges them that reads the specification's tables on a tree of JSON values.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* jansson's node types have the names of our events. */
#define JSON_STRING JANSSON_STRING
#define JSON_TRUE JANSSON_TRUE
#define JSON_FALSE JANSSON_FALSE
#define JSON_NULL JANSSON_NULL
#include <jansson.h>
#undef JSON_STRING
#undef JSON_TRUE
#undef JSON_FALSE
#undef JSON_NULL

#include "policy/policy.h"

#define SEED 11u
#define PROPERTIES 60000
#define LISTS 20000

static uint32_t seed = SEED;

static uint32_t draw(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % below;
}

#define PICK(list) (list)[draw(ARRAY_SIZE(list))]

/* --- facts --------------------------------------------------------------------------------- */

static const char *const statuses[] = {
	[TCB_UNKNOWN] = NULL,
	[TCB_UNRECOGNISED] = "Strange",
	[TCB_UP_TO_DATE] = "UpToDate",
	[TCB_SW_HARDENING_NEEDED] = "SWHardeningNeeded",
	[TCB_CONFIGURATION_NEEDED] = "ConfigurationNeeded",
	[TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED] = "ConfigurationAndSWHardeningNeeded",
	[TCB_OUT_OF_DATE] = "OutOfDate",
	[TCB_OUT_OF_DATE_CONFIGURATION_NEEDED] = "OutOfDateConfigurationNeeded",
	[TCB_REVOKED] = "Revoked",
};

static const char *const dates[] = {"2024-03-13T00:00:00Z", "2025-09-01T00:00:00Z", "2025-09-01", ""};
static const char *const fmspcs[] = {"10C06F000000", "20C06F000000"};

static struct policy_date random_date(void)
{
	const char *text = PICK(dates);
	struct policy_date date = {.n = (uint8_t)strlen(text)};

	memcpy(date.text, text, date.n);
	return date;
}

/* Numbers lie so close together that all orders come up. */
static struct policy_facts random_facts(void)
{
	static const uint8_t migtd[] = {TCB_UNKNOWN, TCB_UNRECOGNISED, TCB_UP_TO_DATE, TCB_UP_TO_DATE,
		TCB_UP_TO_DATE, TCB_OUT_OF_DATE, TCB_REVOKED};
	struct policy_facts f = {
		.platform_known = draw(12) != 0,
		.tcb_date = random_date(),
		.tcb_status = (uint8_t)(TCB_UNRECOGNISED + draw(TCB_REVOKED)),
		.tcb_evaluation_number = 9 + draw(3),
		.pck_crl_number = 9 + draw(3),
		.root_crl_number = draw(8) == 0 ? UINT32_MAX : 9 + draw(3),
		.fmspc = {(uint8_t)(0x10 + 0x10 * draw(2)), 0xc0, 0x6f},
		.migtd_known = draw(12) != 0,
		.isvsvn = (uint16_t)(9 + draw(3)),
		.migtd_status = PICK(migtd),
		.migtd_date = random_date(),
	};

	return f;
}

/* --- the model ----------------------------------------------------------------------------- */

enum verdict { TRUE_, FALSE_, OPERATION, REFERENCE };

/* A fact: a number, a text, or not known. */
struct value {
	bool known, is_text;
	uint64_t number;
	char text[40];
};

static bool is(const char *text, const char *other)
{
	return strcmp(text, other) == 0;
}

/* Not jansson's macro, which would take our JSON_STRING. */
static bool is_string(const json_t *value)
{
	return json_string_value(value) != NULL;
}

static bool means_local(const json_t *reference)
{
	return is_string(reference) && (is(json_string_value(reference), "self") ||
		is(json_string_value(reference), "init"));
}

/* The kinds of references; [] is a list of integers. */
static bool is_text_list(const json_t *reference)
{
	return json_is_array(reference) && is_string(json_array_get(reference, 0));
}

static enum verdict truth(bool holds)
{
	return holds ? TRUE_ : FALSE_;
}

static enum verdict compare_numbers(const char *operation, uint64_t value, uint64_t with)
{
	if (is(operation, "equal"))
		return truth(value == with);
	return is(operation, "greater-or-equal") ? truth(value >= with) : OPERATION;
}

/* 32 bits in decimal, perhaps with a plus sign; -1 for anything else. */
static int64_t number_of(const char *text)
{
	char *end;

	text += *text == '+';
	if (*text == '\0' || strspn(text, "0123456789") != strlen(text) || strlen(text) > 12)
		return -1;
	const unsigned long long n = strtoull(text, &end, 10);
	return n <= UINT32_MAX ? (int64_t)n : -1;
}

static enum verdict model_range(const char *operation, uint64_t value, const char *range)
{
	char text[80];

	if (!is(operation, "in-range") && !is(operation, "in-time-range"))
		return OPERATION;
	snprintf(text, sizeof(text), "%s", range);
	char *dots = strstr(text, "..");
	if (dots == NULL || strstr(dots + 2, "..") != NULL)
		return OPERATION;
	*dots = '\0';
	const int64_t from = number_of(text), to = number_of(dots + 2);
	if (from < 0 || to < 0)
		return REFERENCE;
	return truth((uint64_t)from <= value && value <= (uint64_t)to);
}

static enum verdict model_number(const char *operation, const json_t *reference,
	const struct value *value, const struct value *local)
{
	const json_t *element;
	size_t i;

	if (json_is_integer(reference))
		return compare_numbers(operation, value->number, (uint64_t)json_integer_value(reference));
	if (means_local(reference))
		return local->known ? compare_numbers(operation, value->number, local->number) : REFERENCE;
	if (is_string(reference))
		return model_range(operation, value->number, json_string_value(reference));
	if (is_text_list(reference))
		return REFERENCE;
	if (!is(operation, "subset"))
		return OPERATION;
	json_array_foreach(reference, i, element)
		if ((uint64_t)json_integer_value(element) == value->number)
			return TRUE_;
	return FALSE_;
}

static bool list_has(const json_t *list, const char *text)
{
	const json_t *element;
	size_t i;

	json_array_foreach(list, i, element)
		if (is(json_string_value(element), text))
			return true;
	return false;
}

static enum verdict model_text(const char *operation, const json_t *reference,
	const struct value *value, const struct value *local)
{
	const char *with = json_string_value(reference);

	if (is_text_list(reference)) {
		if (is(operation, "allow-list"))
			return truth(list_has(reference, value->text));
		return is(operation, "deny-list") ? truth(!list_has(reference, value->text)) : OPERATION;
	}
	if (with == NULL)
		return REFERENCE;
	if (means_local(reference)) {
		if (!local->known)
			return REFERENCE;
		with = local->text;
	}
	if (is(operation, "equal"))
		return truth(is(value->text, with));
	return is(operation, "greater-or-equal") ? truth(strcmp(value->text, with) >= 0) : OPERATION;
}

static int rank(const char *status)
{
	static const struct {
		const char *status;
		int rank;
	} ranks[] = {{"UpToDate", 2}, {"SWHardeningNeeded", 2}, {"OutOfDate", 2},
		{"ConfigurationNeeded", 1}, {"ConfigurationAndSWHardeningNeeded", 1},
		{"OutOfDateConfigurationNeeded", 1}, {"Revoked", 0}};

	for (size_t i = 0; i < ARRAY_SIZE(ranks); i++)
		if (is(ranks[i].status, status))
			return ranks[i].rank;
	return -1;
}

static enum verdict model_platform_status(const char *operation, const json_t *reference,
	const struct value *value, const struct value *local)
{
	const json_t *element;
	size_t i;

	if (rank(value->text) != 1)
		return truth(rank(value->text) == 2);
	if (is_text_list(reference)) {
		json_array_foreach(reference, i, element)
			if (rank(json_string_value(element)) < 0)
				return REFERENCE;
		if (is(operation, "allow-list"))
			return truth(list_has(reference, "ConfigurationNeeded"));
		return is(operation, "deny-list") ? FALSE_ : OPERATION;
	}
	if (!is_string(reference) || (means_local(reference) && !local->known))
		return REFERENCE;
	const char *with = means_local(reference) ? local->text : json_string_value(reference);
	if (rank(with) < 0)
		return REFERENCE;
	if (is(operation, "equal"))
		return truth(rank(with) == 1);
	return is(operation, "greater-or-equal") ? truth(rank(with) <= 1) : OPERATION;
}

/* --- the model: lists ------------------------------------------------------------------------ */

static struct value number_value(bool known, uint64_t number)
{
	return (struct value){.known = known, .number = number};
}

static struct value text_value(bool known, const void *text, size_t n)
{
	struct value v = {.known = known, .is_text = true};

	memcpy(v.text, text, n);
	return v;
}

static struct value status_value(bool known, uint8_t status)
{
	known = known && status != TCB_UNKNOWN && status != TCB_UNRECOGNISED;
	return text_value(known, known ? statuses[status] : "", known ? strlen(statuses[status]) : 0);
}

/* Rules in the order in which a block's are judged. */
enum rule { EVALUATION_NUMBER, STATUS, DATE, FMSPC, PCK_CRL, ROOT_CRL, SVN, MIGTD_DATE,
	MIGTD_STATUS, RULES };

static const struct {
	const char *block, *group, *name;
	enum status unknown, fails;
} rules[RULES] = {
	[EVALUATION_NUMBER] = {"global", "tcb", "tcbEvaluationDataNumber", ERR_POLICY_TCB, ERR_POLICY_TCB},
	[STATUS] = {"global", "tcb", "tcbStatusAccepted", ERR_POLICY_TCB, ERR_POLICY_TCB},
	[DATE] = {"global", "tcb", "tcbDate", ERR_POLICY_TCB, ERR_POLICY_TCB},
	[FMSPC] = {"global", "platform", "fmspc", ERR_POLICY_TCB, ERR_POLICY_TCB},
	[PCK_CRL] = {"global", "crl", "pckCrlNum", ERR_POLICY_CRL, ERR_POLICY_CRL},
	[ROOT_CRL] = {"global", "crl", "rootCaCrlNum", ERR_POLICY_CRL, ERR_POLICY_CRL},
	[SVN] = {"servtd", "migtdIdentity", "isvsvn", ERR_POLICY_MIGTD, ERR_POLICY_SVN},
	[MIGTD_DATE] = {"servtd", "migtdIdentity", "tcbDate", ERR_POLICY_MIGTD, ERR_POLICY_SVN},
	[MIGTD_STATUS] = {"servtd", "migtdIdentity", "tcbStatusAccepted", ERR_POLICY_MIGTD,
		ERR_POLICY_SVN},
};

static struct value value_of(const struct policy_facts *f, enum rule rule)
{
	const bool level = f->migtd_known && f->migtd_status != TCB_UNKNOWN;

	switch (rule) {
	case EVALUATION_NUMBER:
		return number_value(f->platform_known, f->tcb_evaluation_number);
	case STATUS:
		return status_value(f->platform_known, f->tcb_status);
	case DATE:
		return text_value(f->platform_known, f->tcb_date.text, f->tcb_date.n);
	case FMSPC:
		return text_value(f->platform_known, fmspcs[f->fmspc[0] == 0x20], 12);
	case PCK_CRL:
		return number_value(f->platform_known, f->pck_crl_number);
	case ROOT_CRL:
		return number_value(f->platform_known, f->root_crl_number);
	case SVN:
		return number_value(f->migtd_known, f->isvsvn);
	case MIGTD_DATE:
		return text_value(level, f->migtd_date.text, f->migtd_date.n);
	default:
		return status_value(level, f->migtd_status);
	}
}

static unsigned seen[RULES][REFERENCE + 1], unknown_seen;

static enum status model_rule(enum rule rule, const json_t *property, const struct policy_facts *facts,
	const struct policy_facts *local)
{
	const char *operation = json_string_value(json_object_get(property, "operation"));
	const json_t *reference = json_object_get(property, "reference");
	const struct value value = value_of(facts, rule), mine = value_of(local, rule);
	enum verdict verdict;

	if (!value.known) {
		unknown_seen++;
		return rules[rule].unknown;
	}
	if (rule == STATUS)
		verdict = model_platform_status(operation, reference, &value, &mine);
	else if (rule == MIGTD_STATUS)
		verdict = truth(!is(value.text, "Revoked"));
	else if (value.is_text)
		verdict = model_text(operation, reference, &value, &mine);
	else
		verdict = model_number(operation, reference, &value, &mine);
	seen[rule][verdict]++;
	return verdict == TRUE_ ? STATUS_OK : verdict == FALSE_ ? rules[rule].fails :
		verdict == OPERATION ? ERR_POLICY_OPERATION : ERR_POLICY_REFERENCE;
}

struct told {
	enum status status;
	const char *property;	/* NULL: a mandatory denial, or none */
	size_t index;
};

static struct told model_list(const json_t *list, const struct policy_facts *facts,
	const struct policy_facts *local)
{
	const json_t *block;
	size_t i;

	json_array_foreach(list, i, block) {
		for (enum rule rule = 0; rule < RULES; rule++) {
			const json_t *property = json_object_get(json_object_get(json_object_get(block,
				rules[rule].block), rules[rule].group), rules[rule].name);
			if (property == NULL)
				continue;
			const enum status status = model_rule(rule, property, facts, local);
			if (status != STATUS_OK)
				return (struct told){status, rules[rule].name, i};
		}
	}
	if (facts->platform_known && !status_value(true, facts->tcb_status).known)
		return (struct told){.status = ERR_POLICY_TCB};
	if (facts->platform_known && facts->tcb_status == TCB_REVOKED)
		return (struct told){.status = ERR_POLICY_TCB};
	if (!status_value(facts->migtd_known, facts->migtd_status).known)
		return (struct told){.status = ERR_POLICY_MIGTD};
	return (struct told){.status = facts->migtd_status == TCB_REVOKED ? ERR_POLICY_SVN : STATUS_OK};
}

/* --- policies at random ---------------------------------------------------------------------- */

static json_t *random_text(enum rule rule)
{
	static const char *const odd[] = {"", "self", "init", "Self", "10C06F00000", "10C06F0000000",
		"10c06f000000", "2025", "9..11", "Strange"};

	if (draw(6) == 0)
		return json_string(PICK(odd));
	if (rule == STATUS || rule == MIGTD_STATUS)
		return json_string(statuses[TCB_UP_TO_DATE + draw(TCB_REVOKED - TCB_UNRECOGNISED)]);
	return json_string(rule == FMSPC ? PICK(fmspcs) : PICK(dates));
}

static json_t *random_range(void)
{
	static const char *const ends[] = {"", "0", "8", "9", "10", "+10", "010", "11", "12", "4294967295",
		"4294967296", "-1", "a", " 9", "++9", "1.", ".1"};
	static const char *const dots[] = {"..", "..", "..", "..", ".", "...", "", "..5.."};
	char text[64];

	snprintf(text, sizeof(text), "%s%s%s", PICK(ends), PICK(dots), PICK(ends));
	return json_string(text);
}

static json_t *random_number(void)
{
	static const int64_t far[] = {0, 1, 65535, 65536, UINT32_MAX};

	return json_integer(draw(5) == 0 ? PICK(far) : 8 + draw(5));
}

static json_t *random_reference(enum rule rule)
{
	const bool number = rule == EVALUATION_NUMBER || rule == PCK_CRL || rule == ROOT_CRL || rule == SVN;
	const uint32_t kind = draw(8);

	if (kind == 0)
		return json_string(draw(2) ? "self" : "init");
	if (kind == 1)
		return number ? random_text(rule) : random_number();
	if (kind <= 3)
		return number ? random_number() : random_text(rule);
	if (kind == 4)
		return number ? random_range() : random_text(rule);
	json_t *list = json_array();
	const bool numbers = (kind == 5) != number;
	for (uint32_t i = draw(4); i > 0; i--)
		json_array_append_new(list, numbers ? random_number() : random_text(rule));
	return list;
}

static json_t *random_property(enum rule rule)
{
	static const char *const operations[] = {"equal", "equal", "greater-or-equal", "greater-or-equal",
		"in-range", "in-time-range", "subset", "allow-list", "deny-list", "Equal", "", "array-equal"};
	const char *operation = PICK(operations);
	json_t *reference = random_reference(rule);

	/* Often the operation that suits, lest nearly all are none. */
	if (draw(2) == 0 && json_is_array(reference))
		operation = is_text_list(reference) ? (draw(2) ? "allow-list" : "deny-list") : "subset";
	if (draw(2) == 0 && is_string(reference) && strstr(json_string_value(reference), ".."))
		operation = draw(2) ? "in-range" : "in-time-range";
	return json_pack("{s:s, s:o}", "operation", operation, "reference", reference);
}

static void add_rule(json_t *block, enum rule rule, json_t *property)
{
	json_t *kind = json_object_get(block, rules[rule].block);
	json_t *group = json_object_get(kind, rules[rule].group);

	if (group == NULL) {
		group = json_object();
		json_object_set_new(kind, rules[rule].group, group);
	}
	json_object_set_new(group, rules[rule].name, property);
}

static json_t *random_block(void)
{
	const bool servtd = draw(3) == 0;
	json_t *block = servtd ? json_pack("{s:{s:{}}}", "servtd", "migtdIdentity") :
		json_pack("{s:{}}", "global");

	for (enum rule rule = servtd ? SVN : EVALUATION_NUMBER; rule < (servtd ? RULES : SVN); rule++)
		if (draw(3) == 0)
			add_rule(block, rule, random_property(rule));
	return block;
}

/* --- the comparison -------------------------------------------------------------------------- */

static void compare(const json_t *list)
{
	const struct policy_facts facts = random_facts(), local = random_facts();
	const struct policy_record peer = {0};
	struct policy_own own = {0};
	struct policy_reason reason = {0};
	char *text = json_dumps(list, draw(2) ? JSON_COMPACT : JSON_INDENT(1));

	own.policy = (uint8_t *)text;
	own.policy_size = own.index.common.end = (uint32_t)strlen(text);
	const struct told wanted = model_list(list, &facts, &local);
	const enum status status = policy_evaluate(&own, draw(2), &peer, &facts, &local, &reason);
	if (status != wanted.status)
		fail_msg("%s: %s, the model says %s", text, status_name(status),
			status_name(wanted.status));
	if (status != STATUS_OK && wanted.property != NULL) {
		assert_string_equal(reason.place.block, "policy");
		assert_string_equal(reason.place.property, wanted.property);
		assert_int_equal(reason.place.index, wanted.index);
	} else if (status != STATUS_OK) {
		assert_string_equal(reason.place.block, "mandatory");
	}
	free(text);
}

static void single_rules_are_judged_as_the_model_judges_them(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PROPERTIES; i++) {
		const enum rule rule = i % RULES;
		json_t *list = json_array(), *block = rule >= SVN ?
			json_pack("{s:{}}", "servtd") : json_pack("{s:{}}", "global");
		add_rule(block, rule, random_property(rule));
		json_array_append_new(list, block);
		compare(list);
		json_decref(list);
	}
	printf("seed %u: %d rules, facts unknown in %u\n%-24s%10s%10s%10s%10s\n", SEED, PROPERTIES,
		unknown_seen, "", "true", "false", "operation", "reference");
	for (enum rule rule = 0; rule < RULES; rule++) {
		printf("%-24s", rules[rule].name);
		for (unsigned i = 0; i <= REFERENCE; i++)
			printf("%10u", seen[rule][i]);
		printf("\n");
		assert_true(seen[rule][TRUE_] > 200 && seen[rule][FALSE_] > 200);
		if (rule != MIGTD_STATUS)
			assert_true(seen[rule][OPERATION] > 100 && seen[rule][REFERENCE] > 100);
	}
	assert_true(unknown_seen > 2000);
}

static void lists_of_blocks_are_judged_as_the_model_judges_them(void **state)
{
	(void)state;
	for (unsigned i = 0; i < LISTS; i++) {
		json_t *list = json_array();
		for (uint32_t blocks = draw(5); blocks > 0; blocks--)
			json_array_append_new(list, random_block());
		compare(list);
		json_decref(list);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(single_rules_are_judged_as_the_model_judges_them),
		cmocka_unit_test(lists_of_blocks_are_judged_as_the_model_judges_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
