/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The stack that opening and evaluating a v1 policy take: the same whatever its size. */
#include "kit.h"
#include "v1_bench.h"

#include "../painted_stack.h"

/* All the TD may use is 16 KiB; a verdict lies deep in it. */
#define STACK_LIMIT 2048

static struct v1_case c;
static struct policy_v1 policy;
static const char *text;
static enum status verdict;

static void *idle(void *arg)
{
	return arg;
}

static void *open_policy(void *arg)
{
	verdict = policy_v1_open(&policy, (const uint8_t *)text, strlen(text));
	return arg;
}

static void *evaluate(void *arg)
{
	verdict = policy_v1_evaluate(&policy, c.is_source, &c.local.result, &c.local.events,
		&c.peer.result, &c.peer.events, &c.reason);
	return arg;
}

/* A policy of so many platforms; the peer's is the last, and the last block is at fault. */
static char *policy_of(unsigned platforms)
{
	static const char block[] = V1_FMSPC("%012X", V1_HOLDS("sgxtcbcomponents") ","
		V1_HOLDS("pcesvn") ",\"tdxtcbcomponents\":{\"operation\":\"array-greater-or-equal\","
		"\"reference\":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}") ",";
	const size_t room = (platforms + 2) * (sizeof(block) + 16) + 1000;
	char *made = malloc(room);
	size_t n = (size_t)snprintf(made, room, "{" V1_ID ",\"policy\":[");

	for (unsigned i = 0; i < platforms; i++)
		n += (size_t)snprintf(made + n, room - n, block, i);
	n += (size_t)snprintf(made + n, room - n, "%s", V1_FMSPC("F8FF060D141B", V1_HOLDS("fmspc"))
		"," V1_MODULE(V1_HOLDS("MRSEAM")) "," V1_QE(V1_HOLDS("MRSIGNER")) ","
		V1_TD(V1_HOLDS("MRTD"), V1_EVENTS(V1_HOLDS("Digest.MigTdPolicy") ","
			V1_FAILS("Digest.SecureBootKey"))) "]}");
	assert_true(n < room);
	return made;
}

static void stack_does_not_grow_with_the_policy(void **state)
{
	const size_t thread = stack_of(idle);
	size_t opening[2], evaluating[2], size[2];

	(void)state;
	c = v1_alike();
	for (unsigned i = 0; i < 2; i++) {
		char *made = policy_of(200 << i);
		text = made;
		size[i] = strlen(text);
		opening[i] = stack_of(open_policy) - thread;
		assert_int_equal(verdict, STATUS_OK);
		evaluating[i] = stack_of(evaluate) - thread;
		assert_int_equal(verdict, ERR_POLICY_MIGTD);
		assert_string_equal(c.reason.place.property, "Digest.SecureBootKey");
		free(made);
	}
	print_message("stack: open %zu, evaluate %zu bytes, for policies of %zu and %zu bytes\n",
		opening[0], evaluating[0], size[0], size[1]);
	assert_true(size[0] > 40000 && size[1] > size[0] * 19 / 10);
	assert_int_equal(opening[0], opening[1]);
	assert_int_equal(evaluating[0], evaluating[1]);
	assert_true(opening[0] < STACK_LIMIT && evaluating[0] < STACK_LIMIT);
	assert_true(sizeof(struct policy_v1) <= 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stack_does_not_grow_with_the_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
