/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "v1_bench.h"

#include "kit.h"

uint32_t v1_draw(uint32_t below)
{
	static uint32_t seed = 1;

	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % below;
}

void v1_add_event(struct event_digests *events, enum event_class class, const void *item, size_t n)
{
	sha384(item, n, events->digest[class]);
	events->present = (uint8_t)(events->present | 1u << class);
	if (class != EVENT_MIGTD_CORE_SVN)
		return;
	events->svn_size = (uint8_t)n;
	memcpy(events->svn, item, n);
}

static uint8_t *exact_copy(const char *text, size_t n)
{
	uint8_t *copy = malloc(n > 0 ? n : 1);

	assert_non_null(copy);
	memcpy(copy, text, n);
	return copy;
}

enum status v1_judge(struct v1_case *c, const char *text, size_t n)
{
	uint8_t *copy = exact_copy(text, n);
	struct policy_v1 policy;
	enum status status = policy_v1_open(&policy, copy, n);

	memset(&c->reason, 0xee, sizeof(c->reason));
	if (status == STATUS_OK) {
		status = policy_v1_evaluate(&policy, c->is_source, &c->local.result,
			&c->local.events, &c->peer.result, &c->peer.events, &c->reason);
		/* Whatever it is, it can be told. */
		assert_true(c->reason.expected.n <= REASON_TEXT_MAX);
		assert_true(c->reason.actual.n <= REASON_TEXT_MAX);
		assert_non_null(c->reason.place.block);
		assert_non_null(c->reason.place.property);
		assert_int_equal(c->reason.place.block[0] == 0, status == STATUS_OK);
	}
	free(copy);
	return status;
}

enum status v1_open(const char *text, size_t n)
{
	uint8_t *copy = exact_copy(text, n);
	struct policy_v1 policy;
	const enum status status = policy_v1_open(&policy, copy, n);

	free(copy);
	return status;
}

static bool invalid(enum status status)
{
	return status == ERR_JSON || status == ERR_JSON_DEPTH || status == ERR_POLICY_FORMAT;
}

void v1_compare(struct v1_case *c, const char *text, size_t n)
{
	bool judged;
	const enum status ours = v1_judge(c, text, n);
	const enum status model = v1_model(c, text, n, &judged);

	/* jansson does not tell -0 from 0; upstream takes it for a fraction. */
	if (memmem(text, n, "-0", 2) != NULL)
		return;
	if (!judged || ours == model || (invalid(ours) && invalid(model)))
		return;
	fail_msg("ours %s, model %s: %.*s", status_name(ours), status_name(model), (int)n, text);
}

enum status v1_judge_blocks(struct v1_case *c, const char *blocks)
{
	char *text = kit_format("{" V1_ID ",\"policy\":[%s]}", blocks);
	const enum status status = v1_judge(c, text, strlen(text));

	v1_compare(c, text, strlen(text));
	free(text);
	return status;
}

struct v1_case v1_alike(void)
{
	static const uint8_t svn[8] = {15};
	struct v1_case c = {.is_source = true};

	for (size_t i = 0; i < QUOTE_RESULT_SIZE; i++)
		c.local.result.bytes[i] = (uint8_t)(i * 7);
	for (unsigned class = 0; class < EVENT_CLASSES; class++)
		v1_add_event(&c.local.events, class, svn, 8);
	c.peer = c.local;
	return c;
}
