/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Every member of every object of a signed policy (policy spec 2.2 to 2.6), one at a time: absent,
 * null, empty, of another type, out of bounds, twice, under another name, beside an unknown one.
 * The schema stands here a second time, as the specification tells it.
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

#include "kit.h"
#include "policy/schema.h"

enum type { TEXT, BITS_16, BITS_32, OBJECT, LIST, REFERENCE };

static const struct member {
	const char *object, *name;
	enum type type;
	const char *of;		/* object that it is, or that the list is of */
	bool mandatory;		/* else it may be absent or null */
} members[] = {
	{"envelope", "policyData", OBJECT, "policyData", true},
	{"envelope", "signature", TEXT, NULL, true},
	{"policyData", "id", TEXT, NULL, true},
	{"policyData", "version", TEXT, NULL, true},
	{"policyData", "policySvn", BITS_32, NULL, true},
	{"policyData", "policy", LIST, "block", false},
	{"policyData", "forwardPolicy", LIST, "block", false},
	{"policyData", "backwardPolicy", LIST, "block", false},
	{"policyData", "collaterals", OBJECT, "collaterals", true},
	{"policyData", "servtdCollateral", OBJECT, "servtdCollateral", true},
	/* The one member of a block is judged as absent or empty ones are. */
	{"block", "global", OBJECT, "global", true},
	{"servtdBlock", "servtd", OBJECT, "servtd", true},
	{"global", "tcb", OBJECT, "tcb", false},
	{"global", "platform", OBJECT, "platform", false},
	{"global", "crl", OBJECT, "crl", false},
	{"tcb", "tcbDate", OBJECT, "property", false},
	{"tcb", "tcbStatusAccepted", OBJECT, "property", false},
	{"tcb", "tcbEvaluationDataNumber", OBJECT, "property", false},
	{"platform", "fmspc", OBJECT, "property", false},
	{"crl", "pckCrlNum", OBJECT, "property", false},
	{"crl", "rootCaCrlNum", OBJECT, "property", false},
	{"servtd", "migtdIdentity", OBJECT, "migtdIdentity", true},
	{"migtdIdentity", "isvsvn", OBJECT, "property", false},
	{"migtdIdentity", "tcbDate", OBJECT, "property", false},
	{"migtdIdentity", "tcbStatusAccepted", OBJECT, "property", false},
	{"property", "operation", TEXT, NULL, true},
	{"property", "reference", REFERENCE, NULL, true},
	{"collaterals", "majorVersion", BITS_16, NULL, true},
	{"collaterals", "minorVersion", BITS_16, NULL, true},
	{"collaterals", "teeType", BITS_32, NULL, true},
	{"collaterals", "rootCa", TEXT, NULL, true},
	{"collaterals", "pckCrlIssuerChain", TEXT, NULL, true},
	{"collaterals", "rootCaCrl", TEXT, NULL, true},
	{"collaterals", "pckCrl", TEXT, NULL, true},
	{"collaterals", "qeIdentityIssuerChain", TEXT, NULL, true},
	{"collaterals", "qeIdentity", TEXT, NULL, true},
	{"collaterals", "platforms", LIST, "platformCollateral", true},
	{"platformCollateral", "fmspc", TEXT, NULL, true},
	{"platformCollateral", "tcbInfoIssuerChain", TEXT, NULL, true},
	{"platformCollateral", "tcbInfo", TEXT, NULL, true},
	{"servtdCollateral", "majorVersion", BITS_32, NULL, true},
	{"servtdCollateral", "minorVersion", BITS_32, NULL, true},
	{"servtdCollateral", "servtdIdentityIssuerChain", TEXT, NULL, true},
	{"servtdCollateral", "servtdIdentity", OBJECT, "signedIdentity", true},
	{"servtdCollateral", "servtdTcbMappingIssuerChain", TEXT, NULL, true},
	{"servtdCollateral", "servtdTcbMapping", OBJECT, "signedMapping", true},
	{"signedIdentity", "tdIdentity", OBJECT, "tdIdentity", true},
	{"signedIdentity", "signature", TEXT, NULL, true},
	{"signedMapping", "tdTcbMapping", OBJECT, "tdTcbMapping", true},
	{"signedMapping", "signature", TEXT, NULL, true},
	{"tdIdentity", "id", TEXT, NULL, true},
	{"tdIdentity", "version", BITS_32, NULL, true},
	{"tdIdentity", "issueDate", TEXT, NULL, true},
	{"tdIdentity", "nextUpdate", TEXT, NULL, true},
	{"tdIdentity", "tcbEvaluationNumber", BITS_32, NULL, true},
	{"tdIdentity", "xfam", TEXT, NULL, true},
	{"tdIdentity", "attributes", TEXT, NULL, true},
	{"tdIdentity", "mrConfigId", TEXT, NULL, true},
	{"tdIdentity", "mrOwner", TEXT, NULL, true},
	{"tdIdentity", "mrOwnerConfig", TEXT, NULL, true},
	{"tdIdentity", "mrsigner", TEXT, NULL, true},
	{"tdIdentity", "isvProdId", BITS_16, NULL, true},
	{"tdIdentity", "tcbLevels", LIST, "tcbLevel", true},
	{"tcbLevel", "tcb", OBJECT, "tcbLevelTcb", true},
	{"tcbLevel", "tcbDate", TEXT, NULL, true},
	{"tcbLevel", "tcbStatus", TEXT, NULL, true},
	{"tcbLevelTcb", "isvsvn", BITS_16, NULL, true},
	{"tdTcbMapping", "id", TEXT, NULL, true},
	{"tdTcbMapping", "version", BITS_32, NULL, true},
	{"tdTcbMapping", "issueDate", TEXT, NULL, true},
	{"tdTcbMapping", "nextUpdate", TEXT, NULL, true},
	{"tdTcbMapping", "mrSigner", TEXT, NULL, true},
	{"tdTcbMapping", "isvProdId", BITS_16, NULL, true},
	{"tdTcbMapping", "svnMappings", LIST, "svnMapping", true},
	{"svnMapping", "tdMeasurements", OBJECT, "tdMeasurements", true},
	{"svnMapping", "isvsvn", BITS_16, NULL, true},
	{"tdMeasurements", "mrtd", TEXT, NULL, true},
	{"tdMeasurements", "rtmr0", TEXT, NULL, true},
	{"tdMeasurements", "rtmr1", TEXT, NULL, true},
	{"tdMeasurements", "rtmr2", TEXT, NULL, false},
	{"tdMeasurements", "rtmr3", TEXT, NULL, false},
};

static json_t *root;
static unsigned accepted, refused, visited;

static enum status pass(void *ctx, const struct json_event *e)
{
	enum policy_member member;

	return policy_schema_event(ctx, e, &member);
}

static void judge(const char *text, bool good, const struct member *m, const char *what)
{
	struct policy_schema schema;

	policy_schema_begin(&schema, NODE_ENVELOPE, false);
	const enum status status = json_parse((const uint8_t *)text, strlen(text), pass, &schema);
	if (status != (good ? STATUS_OK : ERR_POLICY_FORMAT))
		fail_msg("%s.%s %s: %s", m->object, m->name, what, status_name(status));
	accepted += good;
	refused += !good;
}

static void judge_root(bool good, const struct member *m, const char *what)
{
	char *text = json_dumps(root, JSON_COMPACT);

	assert_non_null(text);
	judge(text, good, m, what);
	free(text);
}

/* The member with another value. */
static void with_value(json_t *object, const struct member *m, const char *value, bool good)
{
	json_t *before = json_incref(json_object_get(object, m->name));

	assert_int_equal(json_object_set_new(object, m->name,
		json_loads(value, JSON_DECODE_ANY, NULL)), 0);
	judge_root(good, m, value);
	assert_int_equal(json_object_set_new(object, m->name, before), 0);
}

/* A name that is put in place of one which only jansson can hold once. */
static void with_second(json_t *object, const struct member *m, const char *name, bool good,
	const char *what)
{
	json_object_set_new(object, "SECOND", json_deep_copy(json_object_get(object, m->name)));
	char *text = json_dumps(root, JSON_COMPACT);
	char *changed = kit_replace(text, "\"SECOND\"", name);
	judge(changed, good, m, what);
	free(changed);
	free(text);
	json_object_del(object, "SECOND");
}

static bool all_optional(const char *object)
{
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		if (strcmp(members[i].object, object) == 0 && members[i].mandatory)
			return false;
	return true;
}

static void try_types(json_t *object, const struct member *m)
{
	static const struct {
		const char *value;
		unsigned good;	/* bit for each type that takes it */
	} rows[] = {
		{"\"\"", 1u << TEXT | 1u << REFERENCE},
		{"\"self\"", 1u << TEXT | 1u << REFERENCE},
		{"0", 1u << BITS_16 | 1u << BITS_32 | 1u << REFERENCE},
		{"65535", 1u << BITS_16 | 1u << BITS_32 | 1u << REFERENCE},
		{"65536", 1u << BITS_32 | 1u << REFERENCE},
		{"4294967295", 1u << BITS_32 | 1u << REFERENCE},
		{"4294967296", 0}, {"-1", 0}, {"1.0", 0}, {"1e0", 0}, {"true", 0}, {"false", 0},
		{"[]", 1u << LIST | 1u << REFERENCE},
		{"[1]", 1u << REFERENCE}, {"[0,4294967295]", 1u << REFERENCE},
		{"[\"a\"]", 1u << REFERENCE}, {"[\"\",\"b\"]", 1u << REFERENCE},
		{"[1,\"a\"]", 0}, {"[\"a\",1]", 0}, {"[null]", 0}, {"[true]", 0}, {"[[]]", 0}, {"[{}]", 0},
		{"[4294967296]", 0}, {"[-1]", 0}, {"[1.5]", 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		with_value(object, m, rows[i].value, (rows[i].good >> m->type & 1) != 0);
	with_value(object, m, "null", !m->mandatory);
	with_value(object, m, "{}", m->type == OBJECT && all_optional(m->of));
}

static void try_presence(json_t *object, const struct member *m)
{
	const bool block = strstr(m->object, "lock") != NULL;
	json_t *value = json_incref(json_object_get(object, m->name));
	char *other_case = kit_format("%s", m->name);

	with_second(object, m, "\"unknown\"", !block, "beside an unknown member");
	char *quoted = kit_format("\"%s\"", m->name);
	with_second(object, m, quoted, false, "twice");
	char *escaped = kit_format("\"\\u00%02x%s\"", (unsigned)m->name[0], m->name + 1);
	with_second(object, m, escaped, false, "twice, once with an escape");
	json_object_del(object, m->name);
	judge_root(!m->mandatory, m, "absent");
	other_case[0] ^= 0x20;
	json_object_set(object, other_case, value);
	judge_root(!m->mandatory, m, "in another case");
	json_object_del(object, other_case);
	json_object_set_new(object, m->name, value);
	free(other_case);
	free(quoted);
	free(escaped);
}

static void visit(json_t *object, const char *kind)
{
	visited++;
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		const struct member *m = &members[i];
		if (strcmp(m->object, kind) != 0)
			continue;
		assert_non_null(json_object_get(object, m->name));
		try_presence(object, m);
		try_types(object, m);
		json_t *value = json_object_get(object, m->name);
		for (size_t j = 0; m->type == LIST && j < json_array_size(value); j++) {
			json_t *element = json_array_get(value, j);
			visit(element, json_object_get(element, "servtd") ? "servtdBlock" : m->of);
		}
		if (m->type == OBJECT)
			visit(value, m->of);
	}
}

#define P "{\"operation\":\"equal\",\"reference\":\"self\"}"
#define GLOBAL "{\"global\":{\"tcb\":{\"tcbDate\":" P ",\"tcbStatusAccepted\":" P \
	",\"tcbEvaluationDataNumber\":" P "},\"platform\":{\"fmspc\":" P "},\"crl\":{\"pckCrlNum\":" P \
	",\"rootCaCrlNum\":" P "}}}"
#define SERVTD "{\"servtd\":{\"migtdIdentity\":{\"isvsvn\":" P ",\"tcbDate\":" P \
	",\"tcbStatusAccepted\":" P "}}}"

/* All that a policy can hold is there at least once. */
static void every_member_of_every_object_is_held_to_the_schema(void **state)
{
	static const char text[] = "{\"policyData\":{\"id\":\"I\",\"version\":\"2.0\",\"policySvn\":1,"
		"\"policy\":[" GLOBAL "," SERVTD "],\"forwardPolicy\":[" SERVTD "],\"backwardPolicy\":["
		GLOBAL "],\"collaterals\":{\"majorVersion\":1,\"minorVersion\":0,\"teeType\":129,"
		"\"rootCa\":\"\",\"pckCrlIssuerChain\":\"\",\"rootCaCrl\":\"\",\"pckCrl\":\"\","
		"\"qeIdentityIssuerChain\":\"\",\"qeIdentity\":\"\",\"platforms\":[{\"fmspc\":\"\","
		"\"tcbInfoIssuerChain\":\"\",\"tcbInfo\":\"\"}]},\"servtdCollateral\":{\"majorVersion\":1,"
		"\"minorVersion\":0,\"servtdIdentityIssuerChain\":\"\",\"servtdIdentity\":{\"tdIdentity\":{"
		"\"id\":\"\",\"version\":1,\"issueDate\":\"\",\"nextUpdate\":\"\",\"tcbEvaluationNumber\":1,"
		"\"xfam\":\"\",\"attributes\":\"\",\"mrConfigId\":\"\",\"mrOwner\":\"\",\"mrOwnerConfig\":"
		"\"\",\"mrsigner\":\"\",\"isvProdId\":1,\"tcbLevels\":[{\"tcb\":{\"isvsvn\":1},\"tcbDate\":"
		"\"\",\"tcbStatus\":\"\"}]},\"signature\":\"\"},\"servtdTcbMappingIssuerChain\":\"\","
		"\"servtdTcbMapping\":{\"tdTcbMapping\":{\"id\":\"\",\"version\":1,\"issueDate\":\"\","
		"\"nextUpdate\":\"\",\"mrSigner\":\"\",\"isvProdId\":1,\"svnMappings\":[{\"tdMeasurements\":{"
		"\"mrtd\":\"\",\"rtmr0\":\"\",\"rtmr1\":\"\",\"rtmr2\":\"\",\"rtmr3\":\"\"},\"isvsvn\":1}]},"
		"\"signature\":\"\"}}},\"signature\":\"\"}";

	(void)state;
	root = json_loads(text, 0, NULL);
	assert_non_null(root);
	judge_root(true, &members[0], "unchanged");
	visit(root, "envelope");
	printf("%u objects, %u documents taken, %u refused\n", visited, accepted, refused);
	assert_true(visited > 30 && accepted > 300 && refused > 2000);
	json_decref(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_member_of_every_object_is_held_to_the_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
