/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The own log as it is generated, and reading any log: replay, cuts and broken records. */
#include "records.h"

#define TEMPLATES SHARED_DIR "/vectors/policy/config/templates/"
/* The log of a MigTD with the template policy, and what its RTMRs are. */
struct templates {
	struct file policy;
	struct file chain;
	struct event_log log;
};

static void load_templates(struct templates *t)
{
	t->policy = load_file(TEMPLATES "policy_v2_signed.json");
	t->chain = load_file(TEMPLATES "policy_issuer_chain.pem");
	event_log_init(&t->log);
	assert_int_equal(event_log_add_separator(&t->log, 0), STATUS_OK);
	assert_int_equal(event_log_add_separator(&t->log, 1), STATUS_OK);
	assert_int_equal(event_log_add_tagged(&t->log, 1, EVENT_TAG_ISSUER_CHAIN, t->chain.bytes,
		t->chain.size, t->chain.bytes, t->chain.size), STATUS_OK);
	assert_int_equal(event_log_add_tagged(&t->log, 2, EVENT_TAG_POLICY, t->policy.bytes,
		t->policy.size, (const uint8_t *)"2.0", 3), STATUS_OK);
}

static void free_templates(struct templates *t)
{
	free(t->policy.bytes);
	free(t->chain.bytes);
}

static void the_log_of_the_templates_has_the_reference_hash(void **state)
{
	struct templates t;
	struct bytes b;
	uint8_t hash[48];

	(void)state;
	load_templates(&t);
	generate(&t.log, &b);
	assert_int_equal(b.n, 3034);
	assert_int_equal(b.at[b.n - 1], 0);
	b.at[b.n - 1] = 0xff;
	sha384(b.at, b.n, hash);
	assert_hex(hash, 48, "4dc3fb90ccba35ffc3dbe6c8a3ff0165876749336419e83923e5cafa596b8841"
		"329877672d153b55817ad26703742a57");
	free_templates(&t);
}

static void it_replays_to_the_reference_rtmrs(void **state)
{
	static const size_t piece[] = {1, 2, 7, 65, 66, 67, 509, LOG_MAX};
	static const uint8_t zero[48];
	struct templates t;
	struct bytes b;

	(void)state;
	load_templates(&t);
	generate(&t.log, &b);
	for (size_t i = 0; i < ARRAY_SIZE(piece); i++) {
		struct event_log_reader r;
		assert_int_equal(read_log(&r, b.at, b.n, piece[i]), STATUS_OK);
		assert_hex(r.rtmr[0], 48, RTMR_SEPARATOR);
		assert_hex(r.rtmr[1], 48, RTMR1_TEMPLATES);
		assert_hex(r.rtmr[2], 48, RTMR2_TEMPLATES);
		assert_memory_equal(r.rtmr[3], zero, 48);
		assert_int_equal(r.digests.present, 1 << EVENT_POLICY | 1 << EVENT_POLICY_SIGNER);
		assert_hex(event_digest(&r.digests, EVENT_POLICY), 48, "0d34a7d87028d030a778df7974e0eeb1b12b9aeab5079d5c"
			"6f6815f96f71c3df764879142678ee066b25fd5030109f94");
		assert_hex(event_digest(&r.digests, EVENT_POLICY_SIGNER), 48, "5659237a99a9cb1b8b9633ff6d000e5b3f80125445b569c3"
			"5dddbf0723c948744edcb485d859976628646d241fb14d9d");
	}
	free_templates(&t);
}

static void any_range_of_the_log_reads_as_the_whole_does(void **state)
{
	static const size_t size[] = {1, 3, 47, 66, 72, 1000};
	struct templates t;
	struct bytes b;

	(void)state;
	load_templates(&t);
	generate(&t.log, &b);
	for (size_t s = 0; s < ARRAY_SIZE(size); s++) {
		for (size_t offset = 0; offset < b.n; offset++) {
			const size_t n = b.n - offset < size[s] ? b.n - offset : size[s];
			uint8_t *part = malloc(n);
			event_log_read(&t.log, offset, part, n);
			assert_memory_equal(part, b.at + offset, n);
			free(part);
		}
	}
	free_templates(&t);
}

static void a_v1_log_carries_the_policy_itself(void **state)
{
	static uint8_t policy[40000];
	struct event_log log;
	struct event_log_reader r;
	struct bytes b;
	uint8_t digest[48];

	(void)state;
	memset(policy, '{', sizeof(policy));
	event_log_init(&log);
	assert_int_equal(event_log_add_tagged(&log, 2, EVENT_TAG_POLICY, policy, sizeof(policy),
		policy, sizeof(policy)), STATUS_OK);
	generate(&log, &b);
	assert_int_equal(b.n, 72 + 66 + 8 + sizeof(policy) + 1);
	assert_memory_equal(b.at + 72 + 66 + 8, policy, sizeof(policy));
	assert_int_equal(read_log(&r, b.at, b.n, 512), STATUS_OK);
	sha384(policy, sizeof(policy), digest);
	assert_true(has(&r, EVENT_POLICY));
	assert_memory_equal(event_digest(&r.digests, EVENT_POLICY), digest, 48);
}

static void records_have_the_bytes_of_the_shim(void **state)
{
	/* The td-shim writer test: mrIndex 2, type 3, data "event1:012" over the hash of 00 01 02. */
	static const char shim[] = "02000000" "03000000" "01000000" "0c00"
		"4f895854c1a4fc5aa2e0456eaf8d0ecaa70c196bd901153861d76b8fa3cd95ce"
		"ea29eab6a279f8b08437703ce0b4b91a" "0a000000" "6576656e74313a303132";
	const uint8_t measured[] = {0, 1, 2};
	struct event_log log;
	struct bytes b;

	(void)state;
	event_log_init(&log);
	struct event *event = &log.event[log.count++];
	*event = (struct event){.mr_index = 2, .type = 3, .data = (const uint8_t *)"event1:012",
		.data_size = 10};
	sha384(measured, sizeof(measured), event->digest);
	generate(&log, &b);
	assert_int_equal(b.n, 72 + 66 + 10 + 1);
	assert_hex(b.at + 72, 66 + 10, shim);
	assert_hex(b.at, 72, "0000000003000000" "0000000000000000000000000000000000000000" "28000000"
		"53706563204944204576656e74303300" "00000000" "00026902" "01000000" "0c003000"
		"07" "74642d7368696d");

	event_log_init(&log);
	assert_int_equal(event_log_add_separator(&log, 0), STATUS_OK);
	generate(&log, &b);
	assert_hex(b.at + 72, 70, "01000000" "04000000" "01000000" "0c00" SEPARATOR_DIGEST
		"04000000" "00000000");
}

static void a_full_log_takes_no_more(void **state)
{
	struct event_log log;

	(void)state;
	event_log_init(&log);
	assert_int_equal(event_log_add_separator(&log, 4), ERR_INTERNAL);
	for (int i = 0; i < EVENT_LOG_EVENTS_MAX; i++)
		assert_int_equal(event_log_add_separator(&log, 0), STATUS_OK);
	assert_int_equal(event_log_add_separator(&log, 0), ERR_INTERNAL);
	assert_int_equal(event_log_add_tagged(&log, 2, EVENT_TAG_POLICY, NULL, 0, NULL, 0),
		ERR_INTERNAL);
	assert_int_equal(event_log_size(&log), 72 + EVENT_LOG_EVENTS_MAX * 70 + 1);
	event_log_init(&log);
	assert_int_equal(event_log_add_tagged(&log, 2, EVENT_TAG_POLICY, NULL, 0, NULL, UINT32_MAX),
		ERR_INTERNAL);
	assert_int_equal(log.count, 0);
}

static void the_last_event_is_seen_with_and_without_a_trailing_byte(void **state)
{
	struct bytes b;
	struct event_log_reader r;

	(void)state;
	begin_log(&b);
	add_record(&b, 3, 6, 0x44, "\x01\0\0\0\x03\0\0\0""2.0", 11);
	assert_int_equal(read_log(&r, b.at, b.n, 10), STATUS_OK);
	assert_true(has(&r, EVENT_POLICY));
	for (unsigned filler = 0; filler < 256; filler++) {
		b.at[b.n] = (uint8_t)filler;
		assert_int_equal(read_log(&r, b.at, b.n + 1, 10), STATUS_OK);
		assert_true(has(&r, EVENT_POLICY));
	}
	memset(b.at + b.n, 0xff, 500);
	for (size_t more = 2; more < 500; more++) {
		assert_int_equal(read_log(&r, b.at, b.n + more, 77), STATUS_OK);
		assert_true(has(&r, EVENT_POLICY));
	}
}

/* A record that is not whole is not there: the RTMRs are those of the records before it. */
static void a_log_cut_at_any_byte_holds_the_whole_records_before(void **state)
{
	struct templates t;
	struct bytes b;
	size_t ends[5] = {72};

	(void)state;
	load_templates(&t);
	generate(&t.log, &b);
	for (uint32_t i = 0; i < t.log.count; i++)
		ends[i + 1] = ends[i] + 66 + t.log.event[i].head_size + t.log.event[i].data_size;
	for (size_t n = 0; n <= b.n; n++) {
		struct event_log_reader r;
		uint8_t rtmr[4][48] = {{0}};
		const enum status status = read_log(&r, b.at, n, 200);
		if (n < 72) {
			assert_int_equal(status, ERR_EVENT_LOG);
			continue;
		}
		assert_int_equal(status, STATUS_OK);
		for (uint32_t i = 0; i < t.log.count && ends[i + 1] <= n; i++)
			rtmr_extend(rtmr[t.log.event[i].mr_index - 1], t.log.event[i].digest);
		assert_memory_equal(r.rtmr, rtmr, sizeof(rtmr));
		assert_int_equal(has(&r, EVENT_POLICY_SIGNER), ends[3] <= n);
		assert_int_equal(has(&r, EVENT_POLICY), ends[4] <= n);
	}
	free_templates(&t);
}

static void a_log_of_another_size_than_announced_is_refused(void **state)
{
	struct templates t;
	struct bytes b;

	(void)state;
	load_templates(&t);
	generate(&t.log, &b);
	for (size_t fed = b.n - 3; fed <= b.n + 3; fed++) {
		struct event_log_reader r;
		event_log_reader_begin(&r, b.n);
		event_log_reader_feed(&r, b.at, fed);
		assert_int_equal(event_log_reader_end(&r), fed == b.n ? STATUS_OK : ERR_EVENT_LOG);
	}
	static const uint64_t announced[] = {0, 71, UINT32_MAX, UINT64_MAX};
	for (size_t i = 0; i < ARRAY_SIZE(announced); i++) {
		struct event_log_reader r;
		event_log_reader_begin(&r, announced[i]);
		event_log_reader_feed(&r, b.at, b.n);
		assert_int_equal(event_log_reader_end(&r), ERR_EVENT_LOG);
	}
	free_templates(&t);
}

static void flipping_any_byte_outside_data_and_unread_fields_changes_the_result(void **state)
{
	struct templates t;
	struct bytes b;
	struct event_log_reader good;

	(void)state;
	load_templates(&t);
	generate(&t.log, &b);
	assert_int_equal(read_log(&good, b.at, b.n, LOG_MAX), STATUS_OK);
	size_t at = 72;
	for (uint32_t i = 0; i < t.log.count; i++) {
		for (size_t k = 0; k < 66; k++) {
			struct event_log_reader r;
			b.at[at + k] ^= 0x41;
			const enum status status = read_log(&r, b.at, b.n, 1000);
			const bool unread = (k >= 8 && k < 14) || (k >= 4 && k < 8);
			if (!unread)
				assert_true(status != STATUS_OK ||
					memcmp(r.rtmr, good.rtmr, sizeof(r.rtmr)) != 0);
			b.at[at + k] ^= 0x41;
		}
		at += 66 + t.log.event[i].head_size + t.log.event[i].data_size;
	}
	/* The tag itself: whatever it says now, it is not the policy. */
	const size_t tag = b.n - 1 - 11;
	struct event_log_reader r;
	b.at[tag] ^= 0x40;
	assert_int_equal(read_log(&r, b.at, b.n, 1000), STATUS_OK);
	assert_false(has(&r, EVENT_POLICY));
	free_templates(&t);
}

static void registers_outside_one_to_four_invalidate_the_log(void **state)
{
	static const uint32_t index[] = {0, 1, 2, 3, 4, 5, 0x100, 0x80000001, 0xffffffff};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(index); i++) {
		struct bytes b;
		struct event_log_reader r;
		begin_log(&b);
		add_record(&b, index[i], 4, 0x11, "\0\0\0\0", 4);
		assert_int_equal(read_log(&r, b.at, b.n, 50),
			index[i] >= 1 && index[i] <= 4 ? STATUS_OK : ERR_EVENT_LOG);
	}
}

static void sizes_that_do_not_fit_end_the_log_quietly(void **state)
{
	static const uint32_t size[] = {0, 5, 1000, 0x7fffffff, 0xffffffbe, 0xffffffff};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(size); i++) {
		struct bytes b;
		struct event_log_reader r;
		begin_log(&b);
		add_record(&b, 1, 4, 0x31, "\0\0\0\0", 4);
		const size_t second = b.n;
		/* Would invalidate the log if it were delivered. */
		add_record(&b, 0, 4, 0x32, "\0\0\0\0", 4);
		store(b.at + second + 62, size[i], 4);
		assert_int_equal(read_log(&r, b.at, b.n, 21), STATUS_OK);
		uint8_t rtmr[48] = {0}, digest[48];
		memset(digest, 0x31, 48);
		rtmr_extend(rtmr, digest);
		assert_memory_equal(r.rtmr[0], rtmr, 48);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_log_of_the_templates_has_the_reference_hash),
		cmocka_unit_test(it_replays_to_the_reference_rtmrs),
		cmocka_unit_test(any_range_of_the_log_reads_as_the_whole_does),
		cmocka_unit_test(a_v1_log_carries_the_policy_itself),
		cmocka_unit_test(records_have_the_bytes_of_the_shim),
		cmocka_unit_test(a_full_log_takes_no_more),
		cmocka_unit_test(the_last_event_is_seen_with_and_without_a_trailing_byte),
		cmocka_unit_test(a_log_cut_at_any_byte_holds_the_whole_records_before),
		cmocka_unit_test(a_log_of_another_size_than_announced_is_refused),
		cmocka_unit_test(flipping_any_byte_outside_data_and_unread_fields_changes_the_result),
		cmocka_unit_test(registers_outside_one_to_four_invalidate_the_log),
		cmocka_unit_test(sizes_that_do_not_fit_end_the_log_quietly),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
