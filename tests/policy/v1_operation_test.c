/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Operations on values and references (policy spec 1.3, 1.4), by hand and against the model. */
#include "kit.h"
#include "v1_bench.h"

/* A property of a list, in a policy that has nothing else to object to. */
struct subject {
	const char *list;
	const char *name;
	size_t at;	/* in the result; of events, the enum event_class */
	size_t n;
};

static const struct subject subjects[] = {
	{"TDXModule", "TDXModuleSVN", 625, 1},
	{"Platform", "pcesvn", 606, 2},
	{"QE", "MISCSELECT", 626, 4},
	{"Platform", "fmspc", 584, 6},
	{"TDXModule", "ATTRIBUTES", 112, 8},
	{"MigTD", "ATTRIBUTES", 120, 8},
	{"MigTD", "XFAM", 128, 8},
	{"Platform", "tdxtcbcomponents", 590, 16},
	{"QE", "MRSIGNER", 698, 32},
	{"MigTD", "RTMR1", 376, 48},
	{"EventLog", "Digest.MigTdCoreSvn", EVENT_MIGTD_CORE_SVN, 8},
	{"EventLog", "Digest.MigTdCoreSvn", EVENT_MIGTD_CORE_SVN, 1},
	{"EventLog", "Digest.MigTdCoreSvn", EVENT_MIGTD_CORE_SVN, 0},
	{"EventLog", "Digest.MigTdPolicy", EVENT_POLICY, 48},
};

static char *policy_with(const struct subject *s, const char *operation, const char *reference)
{
	static const struct {
		const char *list;
		const char *format;
	} rows[] = {
		{"Platform", "{" V1_ID ",\"policy\":[" V1_FMSPC("self", "%s") "]}"},
		{"TDXModule", "{" V1_ID ",\"policy\":[" V1_PLATFORM "," V1_MODULE("%s") "]}"},
		{"QE", "{" V1_ID ",\"policy\":[" V1_PLATFORM "," V1_QE("%s") "]}"},
		{"MigTD", "{" V1_ID ",\"policy\":[" V1_PLATFORM "," V1_TD("%s", "") "]}"},
		{"EventLog", "{" V1_ID ",\"policy\":[" V1_PLATFORM "," V1_TD("", V1_EVENTS("%s")) "]}"},
	};
	char *property = kit_format("\"%s\":{\"operation\":\"%s\",\"reference\":%s}", s->name,
		operation, reference);
	char *policy = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(rows[i].list, s->list) == 0)
			policy = kit_replace(rows[i].format, "%s", property);
	free(property);
	assert_non_null(policy);
	return policy;
}

static void set_value(struct v1_party *party, const struct subject *s, const uint8_t *value)
{
	if (strcmp(s->list, "EventLog") != 0) {
		memcpy(party->result.bytes + s->at, value, s->n);
	} else if (s->at == EVENT_MIGTD_CORE_SVN) {
		v1_add_event(&party->events, EVENT_MIGTD_CORE_SVN, value, s->n);
	} else {
		party->events.present = (uint8_t)(party->events.present | 1u << s->at);
		memcpy(party->events.digest[s->at], value, 48);
	}
}

/* The table of 1.4 and the examples of 1.3, each with the verdict of a source and a destination. */
static void operations_mean_what_the_specification_says(void **state)
{
	static const struct {
		unsigned subject;	/* index; its bytes, as far as given, are local and peer */
		const char *operation;
		const char *reference;
		uint8_t local[2];
		uint8_t peer[2];
		bool source;
		bool destination;
	} rows[] = {
		/* integers: the peer against the constant, whoever is the source */
		{1, "equal", "513", {0}, {1, 2}, true, true},
		{1, "equal", "514", {0}, {1, 2}, false, false},
		{1, "greater-or-equal", "513", {0}, {1, 2}, true, true},
		{1, "greater-or-equal", "514", {0}, {1, 2}, false, false},
		{1, "greater-or-equal", "0", {9, 9}, {0}, true, true},
		{1, "array-equal", "513", {0}, {1, 2}, false, false},
		{1, "in-range", "513", {0}, {1, 2}, false, false},
		{1, "subset", "513", {0}, {1, 2}, false, false},
		{7, "equal", "0", {0}, {0}, false, false},
		{7, "greater-or-equal", "0", {0}, {0}, false, false},
		/* ranges: half-open, ends may be missing */
		{0, "in-range", "\"3..5\"", {0}, {3}, true, true},
		{0, "in-range", "\"3..5\"", {0}, {4}, true, true},
		{0, "in-range", "\"3..5\"", {0}, {5}, false, false},
		{0, "in-range", "\"3..5\"", {0}, {2}, false, false},
		{0, "in-time-range", "\"3..5\"", {0}, {4}, true, true},
		{0, "in-range", "\"..5\"", {0}, {0}, true, true},
		{0, "in-range", "\"3..\"", {0}, {255}, true, true},
		{0, "in-range", "\"..\"", {0}, {7}, true, true},
		{0, "in-range", "\"+3..+5\"", {0}, {4}, true, true},
		{0, "in-range", "\"003..0005\"", {0}, {4}, true, true},
		{0, "in-range", "\"9..3\"", {0}, {5}, false, false},
		{0, "in-range", "\"3..3\"", {0}, {3}, false, false},
		{0, "in-range", "\"3..18446744073709551615\"", {0}, {4}, true, true},
		{0, "in-range", "\"3..18446744073709551616\"", {0}, {4}, false, false},
		{0, "in-range", "\"+..5\"", {0}, {4}, false, false},
		{0, "in-range", "\"++3..5\"", {0}, {4}, false, false},
		{0, "in-range", "\"3..+\"", {0}, {4}, false, false},
		{0, "in-range", "\"-3..5\"", {0}, {4}, false, false},
		{0, "in-range", "\"1...5\"", {0}, {4}, false, false},
		{0, "in-range", "\"1..5..\"", {0}, {4}, false, false},
		{0, "in-range", "\"...\"", {0}, {4}, false, false},
		{0, "in-range", "\"....\"", {0}, {4}, false, false},
		{0, "in-range", "\" 1..5\"", {0}, {4}, false, false},
		{0, "in-range", "\"1..5 \"", {0}, {4}, false, false},
		{0, "in-range", "\"1.5\"", {0}, {4}, false, false},
		{0, "in-range", "\"5\"", {0}, {4}, false, false},
		{0, "equal", "\"3..5\"", {0}, {4}, false, false},
		{7, "in-range", "\"0..5\"", {0}, {0}, false, false},
		{9, "in-range", "\"..\"", {0}, {0}, false, false},
		/* literals: upper-case hexadecimal in memory order */
		{1, "equal", "\"AB0C\"", {0}, {0xab, 0x0c}, true, true},
		{1, "equal", "\"ab0c\"", {0}, {0xab, 0x0c}, false, false},
		{1, "equal", "\"0CAB\"", {0}, {0xab, 0x0c}, false, false},
		{1, "equal", "\"AB0\"", {0}, {0xab, 0x0c}, false, false},
		{1, "equal", "\"AB0C0\"", {0}, {0xab, 0x0c}, false, false},
		{1, "equal", "\"0xAB0C\"", {0}, {0xab, 0x0c}, false, false},
		{1, "equal", "\"\"", {0}, {0xab, 0x0c}, false, false},
		{1, "array-equal", "\"AB0C\"", {0}, {0xab, 0x0c}, false, false},
		{1, "greater-or-equal", "\"0000\"", {0}, {0xab, 0x0c}, false, false},
		{1, "equal", "\"\\u0041B0C\"", {0}, {0xab, 0x0c}, true, true},
		{12, "equal", "\"\"", {0}, {0}, true, true},
		/* arrays: the peer against the constant */
		{1, "array-equal", "[1,2]", {0}, {1, 2}, true, true},
		{1, "array-equal", "[1,3]", {0}, {1, 2}, false, false},
		{1, "array-equal", "[1]", {0}, {1, 2}, false, false},
		{1, "array-equal", "[1,2,0]", {0}, {1, 2}, false, false},
		{1, "array-equal", "[]", {0}, {0}, false, false},
		{12, "array-equal", "[]", {0}, {0}, true, true},
		{1, "array-greater-or-equal", "[1,2]", {9, 9}, {1, 2}, true, true},
		{1, "array-greater-or-equal", "[0,3]", {0}, {1, 2}, false, false},
		{1, "array-greater-or-equal", "[2,0]", {0}, {1, 2}, false, false},
		{1, "array-greater-or-equal", "[1]", {0}, {1, 2}, false, false},
		{1, "array-greater-or-equal", "[]", {0}, {1, 2}, false, false},
		{1, "equal", "[1,2]", {0}, {1, 2}, false, false},
		{1, "greater-or-equal", "[0,0]", {0}, {1, 2}, false, false},
		/* self: the destination is not behind the source */
		{1, "equal", "\"self\"", {1, 2}, {1, 2}, true, true},
		{1, "array-equal", "\"self\"", {1, 2}, {1, 2}, true, true},
		{1, "equal", "\"self\"", {1, 2}, {2, 2}, false, false},
		{1, "greater-or-equal", "\"self\"", {1, 2}, {0, 3}, true, false},
		{1, "greater-or-equal", "\"self\"", {0, 3}, {1, 2}, false, true},
		{1, "greater-or-equal", "\"self\"", {1, 2}, {1, 2}, true, true},
		{1, "array-greater-or-equal", "\"self\"", {1, 2}, {1, 3}, true, false},
		{1, "array-greater-or-equal", "\"self\"", {1, 3}, {1, 2}, false, true},
		{1, "array-greater-or-equal", "\"self\"", {1, 2}, {0, 3}, false, false},
		{1, "in-range", "\"self\"", {1, 2}, {1, 2}, false, false},
		{1, "subset", "\"self\"", {1, 2}, {1, 2}, false, false},
		{7, "greater-or-equal", "\"self\"", {1, 2}, {1, 2}, false, false},
		{7, "array-greater-or-equal", "\"self\"", {1, 2}, {1, 2}, true, true},
		{13, "greater-or-equal", "\"self\"", {1, 2}, {1, 2}, false, false},
		{13, "equal", "\"self\"", {1, 2}, {1, 2}, true, true},
		{10, "greater-or-equal", "\"self\"", {15}, {16}, true, false},
		{10, "in-range", "\"13..18\"", {15}, {17}, true, true},
		{1, "equal", "\"Self\"", {1, 2}, {1, 2}, false, false},
		{1, "equal", "\"self \"", {1, 2}, {1, 2}, false, false},
		{1, "equal", "\"init\"", {1, 2}, {1, 2}, false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct subject *s = &subjects[rows[i].subject];
		uint8_t local[48] = {rows[i].local[0], rows[i].local[1]};
		uint8_t peer[48] = {rows[i].peer[0], rows[i].peer[1]};
		struct v1_case c = v1_alike();
		char *policy = policy_with(s, rows[i].operation, rows[i].reference);
		set_value(&c.local, s, local);
		set_value(&c.peer, s, peer);
		for (int source = 0; source < 2; source++) {
			c.is_source = source == 1;
			const bool holds = v1_judge(&c, policy, strlen(policy)) == STATUS_OK;
			if (holds != (source == 1 ? rows[i].source : rows[i].destination))
				fail_msg("row %zu, source %d: %s %s", i, source, rows[i].operation,
					rows[i].reference);
			v1_compare(&c, policy, strlen(policy));
		}
		free(policy);
	}
}

/* References that mean something for a value, and their neighbours. */
static char *reference_number(unsigned which, const uint8_t *p, size_t n)
{
	uint64_t number = 0;
	char text[300] = "";
	size_t at = 0;

	for (size_t i = n < 8 ? n : 8; i > 0; i--)
		number = number << 8 | p[i - 1];
	number &= INT64_MAX;
	switch (which) {
	case 0: return kit_format("\"self\"");
	case 1: return kit_format("%llu", (unsigned long long)number);
	case 2: return kit_format("%llu", (unsigned long long)(number > 0 ? number - 1 : 5));
	case 3: return kit_format("%llu", (unsigned long long)number / 2);
	case 4: return kit_format("9223372036854775807");
	case 5: return kit_format("\"%llu..\"", (unsigned long long)number);
	case 6: return kit_format("\"..%llu\"", (unsigned long long)number);
	case 7: return kit_format("\"%llu..+%llu\"", (unsigned long long)number / 2,
		(unsigned long long)number + 1);
	case 8: return kit_format("\"..\"");
	case 9: return kit_format("\"18446744073709551615..\"");
	case 10: return kit_format("[]");
	default: break;
	}
	/* Hexadecimal of both cases, then arrays: the value, one more, one less, one short, one long. */
	if (which < 14) {
		const size_t digits = which == 13 && n > 0 ? n - 1 : n;
		for (size_t i = 0; i < digits; i++)
			sprintf(text + 2 * i, which == 12 ? "%02x" : "%02X", p[i]);
		return kit_format("\"%s\"", text);
	}
	const size_t length = which == 17 && n > 0 ? n - 1 : which == 18 ? n + 1 : n;
	for (size_t i = 0; i < length; i++) {
		const uint8_t byte = i < n ? p[i] : 0;
		const unsigned shown = i != n / 2 ? byte : which == 15 && byte < 255 ? byte + 1u :
			which == 16 && byte > 0 ? byte - 1u : byte;
		at += (size_t)sprintf(text + at, "%s%u", i > 0 ? "," : "", shown);
	}
	return kit_format("[%s]", text);
}

#define REFERENCES 19

static void values(const struct subject *s, unsigned which, struct v1_case *c)
{
	uint8_t local[48], peer[48];

	for (size_t i = 0; i < sizeof(local); i++)
		local[i] = (uint8_t)v1_draw(256);
	memcpy(peer, local, sizeof(peer));
	if (which == 1)
		peer[s->n / 2]++;
	else if (which == 2)
		peer[s->n / 2]--;
	else if (which == 3)
		memset(peer, 0, sizeof(peer));
	else if (which == 4)
		for (size_t i = 0; i < sizeof(peer); i++)
			peer[i] = (uint8_t)v1_draw(256);
	set_value(&c->local, s, local);
	set_value(&c->peer, s, peer);
}

/* All operations on all references made of the peer's value; how many of them hold. */
static unsigned judge_all(struct v1_case *c, const struct subject *s, const uint8_t *peer)
{
	static const char *const operations[] = {"equal", "greater-or-equal", "subset", "in-range",
		"in-time-range", "array-equal", "array-greater-or-equal"};
	unsigned held = 0;

	for (unsigned i = 0; i < REFERENCES * ARRAY_SIZE(operations); i++) {
		char *reference = reference_number(i % REFERENCES, peer, s->n);
		char *policy = policy_with(s, operations[i / REFERENCES], reference);
		for (int source = 0; source < 2; source++) {
			c->is_source = source == 1;
			v1_compare(c, policy, strlen(policy));
			held += v1_judge(c, policy, strlen(policy)) == STATUS_OK;
		}
		free(policy);
		free(reference);
	}
	return held;
}

static void every_operation_on_every_reference_and_length_is_as_the_model_says(void **state)
{
	unsigned held = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(subjects); i++) {
		const struct subject *s = &subjects[i];
		for (unsigned v = 0; v < 5; v++) {
			struct v1_case c = v1_alike();
			values(s, v, &c);
			const uint8_t *peer = strcmp(s->list, "EventLog") != 0 ?
				c.peer.result.bytes + s->at :
				s->at == EVENT_MIGTD_CORE_SVN ? c.peer.events.svn :
				c.peer.events.digest[s->at];
			held += judge_all(&c, s, peer);
		}
	}
	/* Of 266 for each subject and pair of values. */
	assert_true(held > 8 * 5 * ARRAY_SIZE(subjects) && held < 133 * 5 * ARRAY_SIZE(subjects));
}

static void two_svns_of_other_lengths_differ(void **state)
{
	const struct subject *s = &subjects[10];

	(void)state;
	for (uint8_t l = 0; l <= 8; l++) {
		for (uint8_t p = 0; p <= 8; p++) {
			struct v1_case c = v1_alike();
			char *policy = policy_with(s, "equal", "\"self\"");
			memset(c.local.events.svn, 0, 8);
			memset(c.peer.events.svn, 0, 8);
			c.local.events.svn_size = l;
			c.peer.events.svn_size = p;
			assert_int_equal(v1_judge(&c, policy, strlen(policy)),
				l == p ? STATUS_OK : ERR_POLICY_MIGTD);
			v1_compare(&c, policy, strlen(policy));
			free(policy);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operations_mean_what_the_specification_says),
		cmocka_unit_test(every_operation_on_every_reference_and_length_is_as_the_model_says),
		cmocka_unit_test(two_svns_of_other_lengths_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
