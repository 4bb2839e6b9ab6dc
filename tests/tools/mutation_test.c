/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What tells the meaning of policies and event logs, on documents with a fault anywhere. */
#include "temp.h"

#include "common/key.h"
#include "eventlog/eventlog.h"
#include "pki/pki.h"
#include "policy/policy.h"
#include "policy/summary.h"

static uint32_t seed = 11;

static uint32_t draw(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % below;
}

static struct blob v1, v2;

static int make_policies(void **state)
{
	const struct pki_options options = {
		.platforms = 1, .host_count = 1, .hosts = {{.name = "a"}}};
	const struct policy_v1_options options_v1 = {0};

	if (temp_make(state) != 0)
		return 1;
	AUTO_TEXT pki = temp_path("pki");
	AUTO_TEXT folder = temp_path("policy");
	AUTO_TEXT bundle = tool_text("%s/collateral.json", pki);
	AUTO_TEXT policy = tool_text("%s/policy.json", folder);
	const struct policy_options options_v2 = {.pki = pki, .images = 1, .svn = 1, .salt = ""};
	return pki_generate(&options, pki) != TOOL_OK ||
	       policy_generate(&options_v2, folder) != TOOL_OK ||
	       file_read(policy, &v2) != TOOL_OK ||
	       policy_v1_compose(&options_v1, bundle, &v1) != TOOL_OK;
}

static int remove_policies(void **state)
{
	cleanup_blob(&v1);
	cleanup_blob(&v2);
	return temp_remove(state);
}

/* An exact copy, so that a sanitizer sees a read past the end: with no more than its NUL. */
static void copy_of(const struct blob *from, size_t n, struct blob *to)
{
	to->data = tool_alloc(n + 1);
	memcpy(to->data, from->data, n);
	to->size = n;
	to->room = n + 1;
}

/* The summary, or nothing; either way it compares with itself as equal. */
static bool has_meaning(const struct blob *text)
{
	AUTO_JSON summary = NULL;

	if (policy_summary("mutated", text, &summary) != TOOL_OK)
		return false;
	AUTO_JSON difference = policy_compare(summary, summary);
	assert_true(json_is_true(json_object_get(difference, "equal")));
	return true;
}

static void policies_cut_anywhere_are_no_policies(void **state)
{
	const struct blob *const policies[] = {&v1, &v2};

	(void)state;
	tool_quiet = true;
	for (size_t p = 0; p < COUNT_OF(policies); p++) {
		assert_true(has_meaning(policies[p]));
		for (size_t i = 0; i < 150; i++) {
			AUTO_BLOB cut = {0};
			copy_of(policies[p], draw((uint32_t)policies[p]->size), &cut);
			assert_false(has_meaning(&cut));
		}
	}
	tool_quiet = false;
}

/* Members renamed, retyped, or with their text damaged: told or refused, never mistaken. */
static void policies_changed_anywhere_are_told_or_refused(void **state)
{
	static const char *const values[] = {"null", "[]", "{}", "7", "\"\"", "true"};
	const struct blob *const policies[] = {&v1, &v2};
	size_t told = 0;

	(void)state;
	tool_quiet = true;
	for (size_t i = 0; i < 1500; i++) {
		AUTO_BLOB changed = {0};
		const struct blob *policy = policies[i % 2];
		size_t at = draw((uint32_t)policy->size);
		if (i % 3 == 0) {
			copy_of(policy, policy->size, &changed);
			changed.data[at] ^= (uint8_t)(1 << draw(8));
		} else {
			/* The value behind the next colon gives way to another one. */
			const char *text = (const char *)policy->data;
			const char *colon = strchr(text + at, ':');
			const char *end = colon == NULL ? NULL : strpbrk(colon, ",}]");
			if (end == NULL)
				continue;
			blob_add(&changed, text, (size_t)(colon + 1 - text));
			blob_add_text(&changed, values[draw(COUNT_OF(values))]);
			blob_add_text(&changed, end);
		}
		told += has_meaning(&changed);
	}
	tool_quiet = false;
	assert_in_range(told, 100, 1400);
}

static void add_record(struct blob *log, uint32_t mr_index, uint32_t type, const char *data)
{
	const uint32_t header[] = {mr_index, type, 1};
	const uint8_t algorithm[] = {0x0c, 0};
	const uint32_t size = (uint32_t)strlen(data);
	uint8_t digest[48];

	digest_sha384(data, size, digest);
	blob_add(log, header, sizeof(header));
	blob_add(log, algorithm, sizeof(algorithm));
	blob_add(log, digest, sizeof(digest));
	blob_add(log, &size, sizeof(size));
	blob_add(log, data, size);
}

/* The TCG header and the Spec ID event, 72 bytes. */
static void add_first_record(struct blob *log)
{
	static const uint32_t header[] = {0, 3, 0, 0, 0, 0, 0, 40};
	static const char signature[16] = "Spec ID Event03";

	blob_add(log, header, sizeof(header));
	blob_add(log, signature, sizeof(signature));
	for (size_t i = 0; i < 24; i++)
		blob_add_byte(log, 0);
}

static void both_readers_of_event_logs_agree_on_what_is_malformed(void **state)
{
	AUTO_BLOB log = {0};
	size_t refused = 0, shown = 0;

	(void)state;
	add_first_record(&log);
	add_record(&log, 1, 4, "sep");
	add_record(&log, 2, 0x0a, "secure_authority____");
	add_record(&log, 2, 0x8000000a, "\x0atd_payload");
	add_record(&log, 3, 6, "tagged");
	tool_quiet = true;
	for (size_t i = 0; i < 6000; i++) {
		uint8_t rtmr[EVENTLOG_RTMRS][48];
		AUTO_BLOB changed = {0};
		AUTO_JSON told = NULL;
		copy_of(&log, i % 4 == 0 ? draw((uint32_t)log.size) : log.size, &changed);
		for (size_t k = draw(3); k > 0 && changed.size > 0; k--)
			changed.data[draw((uint32_t)changed.size)] ^= (uint8_t)(1 << draw(8));
		const int code = eventlog_show("mutated", &changed, &told);
		const int replayed = eventlog_replay("mutated", &changed, rtmr);
		/* A log that is cut short replays, as a Migration TD takes it; `show` says so. */
		if (replayed == TOOL_OK)
			assert_true(code == TOOL_OK || code == TOOL_USAGE);
		else
			assert_int_equal(code, replayed);
		shown += code == TOOL_OK;
		refused += replayed != TOOL_OK;
	}
	tool_quiet = false;
	assert_in_range(refused, 100, 5000);
	assert_in_range(shown, 1000, 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies_cut_anywhere_are_no_policies),
		cmocka_unit_test(policies_changed_anywhere_are_told_or_refused),
		cmocka_unit_test(both_readers_of_event_logs_agree_on_what_is_malformed),
	};

	return cmocka_run_group_tests(tests, make_policies, remove_policies);
}
