/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Upstream's v1 policies and supplemental data, with the verdicts of policy spec 1.8. */
#include "kit.h"
#include "v1_bench.h"

#define UNIT "src/policy/test/"

static char *read_or_skip(const char *name, size_t *n)
{
	char *text = kit_file(name, n);

	if (text == NULL) {
		print_message("SKIPPED: %s is not there\n", name);
		skip();
	}
	return text;
}

/* The source, with the published data on both sides and no events. */
static struct v1_case published(void)
{
	struct v1_case c = {.is_source = true};
	size_t n;
	char *report = read_or_skip(UNIT "report.dat", &n);

	assert_int_equal(n, QUOTE_RESULT_SIZE);
	memcpy(c.local.result.bytes, report, n);
	c.peer = c.local;
	free(report);
	return c;
}

static void check(struct v1_case *c, const char *name, enum status expected)
{
	size_t n;
	char *text = read_or_skip(name, &n);
	const enum status status = v1_judge(c, text, n);

	if (status != expected)
		fail_msg("%s: %s, not %s", name, status_name(status), status_name(expected));
	v1_compare(c, text, n);
	free(text);
}

static void files_that_are_no_policy_are_refused(void **state)
{
	static const struct {
		const char *name;
		enum status status;
	} rows[] = {
		{UNIT "policy.json", STATUS_OK},
		{UNIT "policy_invalid_guid.json", ERR_POLICY_FORMAT},
		{UNIT "policy_005.json", ERR_JSON},
		{UNIT "policy_009.json", ERR_POLICY_FORMAT},
		{"config/policy.json", STATUS_OK},
		{"config/policy_production_fmspc.json", STATUS_OK},
		{"config/policy_pre_production_fmspc.json", STATUS_OK},
		{"config/templates/policy_v2_signed.json", ERR_POLICY_FORMAT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t n;
		char *text = read_or_skip(rows[i].name, &n);
		const enum status status = v1_open(text, n);
		if (status != rows[i].status)
			fail_msg("%s: %s", rows[i].name, status_name(status));
		free(text);
	}
}

struct change {
	const char *policy;
	size_t at;		/* bytes of the peer's data that differ */
	size_t n;
	const char *bytes;	/* the first of them; the last one repeats */
	enum status status;
};

static void overwrite(uint8_t *to, const struct change *change)
{
	const size_t given = change->n > 0 ? strlen(change->bytes) / 2 : 0;

	for (size_t i = 0; i < change->n; i++) {
		unsigned byte;
		assert_int_equal(sscanf(change->bytes + 2 * (i < given ? i : given - 1), "%2x", &byte), 1);
		to[change->at + i] = (uint8_t)byte;
	}
}

static void changed_facts_of_the_peer_get_upstreams_verdicts(void **state)
{
	static const struct change rows[] = {
		{"policy_001", 0, 0, NULL, STATUS_OK},
		{"policy_001", 584, 6, "20C06F000000", ERR_POLICY_PLATFORM},
		{"policy_001", 624, 1, "02", ERR_POLICY_MODULE},
		{"policy_full1", 0, 0, NULL, STATUS_OK},
		{"policy_full1", 584, 6, "30816F000000", ERR_POLICY_PLATFORM_UNKNOWN},
		{"policy_full1", 590, 16, "00", ERR_POLICY_TCB},
		{"policy_full1", 590, 16, "00010100", STATUS_OK},
		{"policy_full1", 624, 1, "02", STATUS_OK},
		{"policy_full1", 624, 1, "00", ERR_POLICY_MODULE},
		{"policy_full1", 625, 1, "01", ERR_POLICY_MODULE},
		{"policy_full1", 64, 48, "FE", ERR_POLICY_MODULE},
		{"policy_full1", 112, 8, "0100", ERR_POLICY_MODULE},
		{"policy_full1", 120, 8, "01", ERR_POLICY_MIGTD},
		{"policy_full1", 120, 8, "00000008010000", STATUS_OK},
		{"policy_full1", 120, 8, "0001000300", ERR_POLICY_MIGTD},
		{"policy_full1", 128, 8, "01", ERR_POLICY_MIGTD},
		{"policy_full1", 128, 8, "FFFFFFFF00", STATUS_OK},
		{"policy_full1", 128, 8, "030800", ERR_POLICY_MIGTD},
		{"policy_full1", 136, 48, "01", ERR_POLICY_MIGTD},
		{"policy_full1", 184, 48, "01", ERR_POLICY_MIGTD},
		{"policy_full1", 232, 48, "01", ERR_POLICY_MIGTD},
		{"policy_full1", 280, 48, "01", ERR_POLICY_MIGTD},
		{"policy_full1", 328, 48, "01", ERR_POLICY_MIGTD},
		{"policy_full1", 376, 48, "01", ERR_POLICY_MIGTD},
		{"policy_full1", 424, 48, "01", ERR_POLICY_MIGTD},
		{"policy_full1", 472, 48, "01", ERR_POLICY_MIGTD},
		{"policy_no", 0, 0, NULL, STATUS_OK},
		{"policy_no_tdattr", 120, 8, "01", STATUS_OK},
		{"policy_full2", 0, 0, NULL, ERR_POLICY_MIGTD},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct v1_case c = published();
		char *name = kit_format(UNIT "%s.json", rows[i].policy);
		overwrite(c.peer.result.bytes, &rows[i]);
		check(&c, name, rows[i].status);
		free(name);
	}
}

static void a_destination_may_not_be_behind_the_source(void **state)
{
	struct v1_case c = published();

	(void)state;
	for (int turn = 0; turn < 4; turn++) {
		c.is_source = (turn & 1) != 0;
		const bool peer_ahead = (turn & 2) != 0;
		memset(c.local.result.bytes + RESULT_TDX_COMPONENTS, peer_ahead ? 1 : 2, 16);
		memset(c.peer.result.bytes + RESULT_TDX_COMPONENTS, peer_ahead ? 2 : 1, 16);
		check(&c, UNIT "policy_full3.json",
			c.is_source == peer_ahead ? STATUS_OK : ERR_POLICY_TCB);
	}
}

/* What upstream's event tests measure. */
struct items {
	uint8_t payload[64];
	uint8_t anchor[128];
	uint8_t svn[8];
	uint8_t root_key[96];
	char policy[16];
};

static struct event_digests events_of(const struct items *items)
{
	struct event_digests e = {.present = 0};

	v1_add_event(&e, EVENT_MIGTD_CORE, items->payload, sizeof(items->payload));
	v1_add_event(&e, EVENT_SECURE_BOOT_KEY, items->anchor, sizeof(items->anchor));
	v1_add_event(&e, EVENT_MIGTD_CORE_SVN, items->svn, sizeof(items->svn));
	v1_add_event(&e, EVENT_POLICY, items->policy, sizeof(items->policy));
	v1_add_event(&e, EVENT_SGX_ROOT_KEY, items->root_key, sizeof(items->root_key));
	return e;
}

static void events_that_differ_get_upstreams_verdicts(void **state)
{
	struct v1_case c = published();
	struct items items = {.svn = {15}};

	(void)state;
	c.local.events = events_of(&items);
	c.peer.events = c.local.events;
	check(&c, UNIT "policy_full2.json", STATUS_OK);
	items.payload[5]++;
	c.peer.events = events_of(&items);
	check(&c, UNIT "policy.json", ERR_POLICY_MIGTD);
	items.payload[5]--;
	uint8_t *const differ[] = {&items.anchor[7], (uint8_t *)&items.policy[3], &items.root_key[95]};
	for (size_t i = 0; i < ARRAY_SIZE(differ); i++) {
		(*differ[i])++;
		c.peer.events = events_of(&items);
		check(&c, UNIT "policy_full2.json", ERR_POLICY_MIGTD);
		(*differ[i])--;
	}
	items.svn[0] = 0x20;
	c.local.events = events_of(&items);
	c.peer.events = c.local.events;
	check(&c, UNIT "policy_full2.json", ERR_POLICY_MIGTD);
	/* Only the core's event, on both sides. */
	c.local.events.present = 1u << EVENT_MIGTD_CORE;
	c.peer.events.present = 1u << EVENT_MIGTD_CORE;
	check(&c, UNIT "policy_full2.json", ERR_POLICY_MIGTD);
}

static void every_file_gets_its_verdict_without_and_with_events(void **state)
{
	static const struct {
		const char *name;
		enum status without;
		enum status with;
	} rows[] = {
		{"policy", ERR_POLICY_MIGTD, ERR_POLICY_MIGTD},
		{"policy_001", STATUS_OK, STATUS_OK},
		{"policy_002", STATUS_OK, STATUS_OK},
		{"policy_full1", STATUS_OK, STATUS_OK},
		{"policy_full3", STATUS_OK, STATUS_OK},
		{"policy_no", STATUS_OK, STATUS_OK},
		{"policy_no_tdattr", STATUS_OK, STATUS_OK},
		{"policy_003", ERR_POLICY_MIGTD, STATUS_OK},
		{"policy_004", ERR_POLICY_MIGTD, STATUS_OK},
		{"policy_006", ERR_POLICY_MIGTD, STATUS_OK},
		{"policy_full2", ERR_POLICY_MIGTD, STATUS_OK},
		{"policy_005", ERR_JSON, ERR_JSON},
		{"policy_009", ERR_POLICY_FORMAT, ERR_POLICY_FORMAT},
		{"policy_invalid_guid", ERR_POLICY_FORMAT, ERR_POLICY_FORMAT},
		/* By 1.6: an SGX component below the constant, another FMSPC. */
		{"policy_008", ERR_POLICY_TCB, ERR_POLICY_TCB},
		{"policy_010", ERR_POLICY_PLATFORM_UNKNOWN, ERR_POLICY_PLATFORM_UNKNOWN},
	};
	const struct items items = {.svn = {15}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct v1_case c = published();
		char *name = kit_format(UNIT "%s.json", rows[i].name);
		check(&c, name, rows[i].without);
		c.local.events = events_of(&items);
		c.peer.events = c.local.events;
		check(&c, name, rows[i].with);
		free(name);
	}
}

/* The peer's data differ in one byte, in any place; the model says what of it. */
static void one_byte_of_the_peers_data_matters_where_the_model_says(void **state)
{
	static const char *const names[] = {UNIT "policy_full2.json", UNIT "policy_full3.json",
		UNIT "policy_004.json", "config/policy.json"};
	const struct items items = {.svn = {15}};
	struct v1_case c = published();

	(void)state;
	c.local.events = events_of(&items);
	c.peer.events = c.local.events;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t n;
		char *text = read_or_skip(names[i], &n);
		for (size_t at = 0; at < QUOTE_RESULT_SIZE; at++) {
			c.is_source = (at & 1) == 0;
			c.peer.result.bytes[at] ^= 0x11;
			v1_compare(&c, text, n);
			c.peer.result.bytes[at] ^= 0x11;
		}
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_that_are_no_policy_are_refused),
		cmocka_unit_test(changed_facts_of_the_peer_get_upstreams_verdicts),
		cmocka_unit_test(a_destination_may_not_be_behind_the_source),
		cmocka_unit_test(events_that_differ_get_upstreams_verdicts),
		cmocka_unit_test(every_file_gets_its_verdict_without_and_with_events),
		cmocka_unit_test(one_byte_of_the_peers_data_matters_where_the_model_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
