/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Which events of a log count, as what, and in which register. */
#include "records.h"

static void tags_count_in_their_own_register_only_and_the_last_one_wins(void **state)
{
	(void)state;
	for (uint32_t index = 1; index <= 4; index++) {
		for (uint32_t tag = 0; tag <= 4; tag++) {
			struct bytes b;
			struct event_log_reader r;
			uint8_t data[8] = {(uint8_t)tag};
			begin_log(&b);
			add_record(&b, index, 6, 0x21, data, 8);
			add_record(&b, index, 6, 0x22, data, 8);
			add_record(&b, index, 7, 0x23, data, 8);
			assert_int_equal(read_log(&r, b.at, b.n, 33), STATUS_OK);
			assert_int_equal(has(&r, EVENT_POLICY), tag == 1 && index == 3);
			assert_int_equal(has(&r, EVENT_POLICY_SIGNER), tag == 3 && index == 2);
			assert_int_equal(has(&r, EVENT_SGX_ROOT_KEY), tag == 2 && index == 3);
			for (unsigned c = 0; c < EVENT_CLASSES; c++)
				if (has(&r, c))
					assert_int_equal(event_digest(&r.digests, c)[47], 0x22);
		}
	}
}

static void events_too_short_for_their_class_invalidate_the_log(void **state)
{
	static const char svn[20] = "td_payload_svn\0\0\x08\0\0\0";
	uint8_t data[64] = {1};
	struct event_log_reader r;
	struct bytes b;

	(void)state;
	for (uint32_t n = 1; n < 10; n++) {
		begin_log(&b);
		add_record(&b, 3, 6, 1, data, n);
		assert_int_equal(read_log(&r, b.at, b.n, 9), n < 4 ? ERR_EVENT_LOG : STATUS_OK);
	}
	data[0] = 11; /* the length of a blob's name */
	for (uint32_t n = 1; n < 20; n++) {
		begin_log(&b);
		add_record(&b, 2, 0x8000000a, 1, data, n);
		assert_int_equal(read_log(&r, b.at, b.n, 9), n < 12 ? ERR_EVENT_LOG : STATUS_OK);
	}
	memset(data, 0, sizeof(data));
	memcpy(data, svn, sizeof(svn));
	for (uint32_t n = 1; n < 40; n++) {
		begin_log(&b);
		add_record(&b, 2, 0x0a, 1, data, n);
		assert_int_equal(read_log(&r, b.at, b.n, 9),
			n >= 15 && n < 28 ? ERR_EVENT_LOG : STATUS_OK);
	}
	store(data + 16, 0xffffffff, 4);
	begin_log(&b);
	add_record(&b, 2, 0x0a, 1, data, sizeof(data));
	assert_int_equal(read_log(&r, b.at, b.n, 9), ERR_EVENT_LOG);
	data[0] = 'x'; /* another event of that type */
	begin_log(&b);
	add_record(&b, 2, 0x0a, 1, data, sizeof(data));
	assert_int_equal(read_log(&r, b.at, b.n, 9), STATUS_OK);
}

/* The data of one event of each class, of its nearest strangers, and where it counts. */
static void events_are_classified_by_type_data_and_register(void **state)
{
	static const struct {
		uint32_t type;
		uint32_t n;
		const char *data;
		unsigned class;		/* or EVENT_CLASSES: none */
		uint32_t index;
	} rows[] = {
		{0x0a, 16, "secure_authority", EVENT_SECURE_BOOT_KEY, 1},
		{0x0a, 21, "secure_authority\x01\0\0\0K", EVENT_SECURE_BOOT_KEY, 1},
		{0x0a, 15, "secure_authority", EVENT_CLASSES, 0},
		{0x0a, 16, "secure_authoritx", EVENT_CLASSES, 0},
		{0x0a, 16, "secure_policy_db", EVENT_CLASSES, 0},
		{0x0a, 14, "td_payload_svn", EVENT_CLASSES, 0},
		{0x0a, 16, "td_payload_svnx\0", EVENT_CLASSES, 0},
		{0x0a, 24, "td_hob\0\0\0\0\0\0\0\0\0\0\x04\0\0\0abcd", EVENT_CLASSES, 0},
		{0x06, 16, "secure_authority", EVENT_CLASSES, 0},
		{0x8000000a, 28, "\x0btd_payload\0bbbbbbbbllllllll", EVENT_MIGTD_CORE, 2},
		{0x8000000a, 12, "\x0btd_payload", EVENT_MIGTD_CORE, 2},
		{0x8000000a, 28, "\x0atd_payload\0bbbbbbbbllllllll", EVENT_CLASSES, 0},
		{0x8000000a, 28, "\x0ctd_payload\0bbbbbbbbllllllll", EVENT_CLASSES, 0},
		{0x8000000a, 28, "\x0btd_paylaod\0bbbbbbbbllllllll", EVENT_CLASSES, 0},
		{0x0a, 28, "\x0btd_payload\0bbbbbbbbllllllll", EVENT_CLASSES, 0},
		{0x06, 4, "\x01\0\0", EVENT_POLICY, 3},
		{0x06, 9, "\x02\0\0\0\x01\0\0\0D", EVENT_SGX_ROOT_KEY, 3},
		/* The inner length is not looked at. */
		{0x06, 9, "\x03\0\0\0\xff\0\0\0C", EVENT_POLICY_SIGNER, 2},
		{0x06, 9, "\x32\0\0\0\x01\0\0\0T", EVENT_CLASSES, 0},
		{0x06, 9, "\x01\0\0\x01\x01\0\0\0T", EVENT_CLASSES, 0},
		{0x04, 4, "\x01\0\0", EVENT_CLASSES, 0},
		{0x03, 4, "\x01\0\0", EVENT_CLASSES, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		for (uint32_t index = 1; index <= 4; index++) {
			struct bytes b;
			struct event_log_reader r;
			begin_log(&b);
			add_record(&b, index, rows[i].type, 0x51, rows[i].data, rows[i].n);
			/* The last record, with and without a byte behind it. */
			for (size_t more = 0; more < 2; more++) {
				assert_int_equal(read_log(&r, b.at, b.n + more, 13), STATUS_OK);
				const unsigned expected = rows[i].index == index ? 1u << rows[i].class : 0;
				if (r.digests.present != expected)
					fail_msg("row %zu, index %u: %#x", i, index, r.digests.present);
			}
		}
	}
}

/* An SVN event with `n` bytes of SVN; the digest is theirs unless `lie`. */
static void add_svn(struct bytes *b, uint32_t index, const uint8_t *svn, uint32_t n, bool lie)
{
	uint8_t data[64] = "td_payload_svn";
	uint8_t *record = b->at + b->n;

	store(data + 16, n, 4);
	memcpy(data + 20, svn, n);
	add_record(b, index, 0x0a, 0, data, 20 + n + 3);
	sha384(svn, n, record + 14);
	record[14 + 47] ^= lie;
}

static void an_svn_is_believed_only_when_its_digest_covers_it(void **state)
{
	static const uint8_t svn[20] = {15, 2, 3, 4, 5, 6, 7, 8, 9};

	(void)state;
	for (uint32_t n = 0; n <= sizeof(svn); n++) {
		for (unsigned way = 0; way < 4; way++) {
			const uint32_t index = (way & 1) != 0 ? 1 : 2;
			const bool lie = (way & 2) != 0;
			struct bytes b;
			struct event_log_reader r;
			begin_log(&b);
			add_svn(&b, index, svn, n, lie);
			assert_int_equal(read_log(&r, b.at, b.n, 11), STATUS_OK);
			assert_int_equal(has(&r, EVENT_MIGTD_CORE_SVN), n <= 8 && index == 2 && !lie);
			if (!has(&r, EVENT_MIGTD_CORE_SVN))
				continue;
			assert_int_equal(r.digests.svn_size, n);
			assert_memory_equal(r.digests.svn, svn, n);
		}
	}
}

static void a_digest_over_the_first_eight_bytes_of_an_svn_is_no_proof(void **state)
{
	static const uint8_t svn[9] = {15};
	struct event_log_reader r;
	struct bytes b;

	(void)state;
	begin_log(&b);
	add_svn(&b, 2, svn, 9, false);
	sha384(svn, 8, b.at + 72 + 14);
	assert_int_equal(read_log(&r, b.at, b.n, 50), STATUS_OK);
	assert_false(has(&r, EVENT_MIGTD_CORE_SVN));
}

static void the_last_svn_counts_or_voids_the_ones_before(void **state)
{
	static const uint8_t old[8] = {15}, new[9] = {16};
	struct event_log_reader r;
	struct bytes b;

	(void)state;
	for (unsigned way = 0; way < 4; way++) {
		begin_log(&b);
		add_svn(&b, 2, old, 8, false);
		add_svn(&b, way == 3 ? 4 : 2, new, way == 1 ? 9 : 8, way == 2);
		assert_int_equal(read_log(&r, b.at, b.n, 50), STATUS_OK);
		assert_int_equal(has(&r, EVENT_MIGTD_CORE_SVN), way == 0 || way == 3);
		if (has(&r, EVENT_MIGTD_CORE_SVN))
			assert_int_equal(r.digests.svn[0], way == 0 ? 16 : 15);
	}
}

static void the_own_log_is_classified_like_a_peers(void **state)
{
	static uint8_t policy[40000], root[700];
	uint8_t digest[48];
	struct event_log log;
	struct event_digests own;

	(void)state;
	event_log_init(&log);
	assert_int_equal(event_log_digests(&log, &own), STATUS_OK);
	assert_int_equal(own.present, 0);
	assert_int_equal(event_log_add_separator(&log, 0), STATUS_OK);
	assert_int_equal(event_log_add_separator(&log, 1), STATUS_OK);
	assert_int_equal(event_log_add_tagged(&log, 2, EVENT_TAG_POLICY, policy, sizeof(policy),
		policy, sizeof(policy)), STATUS_OK);
	assert_int_equal(event_log_add_tagged(&log, 2, EVENT_TAG_ROOT_CA, root, sizeof(root),
		root, sizeof(root)), STATUS_OK);
	assert_int_equal(event_log_digests(&log, &own), STATUS_OK);
	assert_int_equal(own.present, 1 << EVENT_POLICY | 1 << EVENT_SGX_ROOT_KEY);
	sha384(policy, sizeof(policy), digest);
	assert_memory_equal(event_digest(&own, EVENT_POLICY), digest, 48);
	sha384(root, sizeof(root), digest);
	assert_memory_equal(event_digest(&own, EVENT_SGX_ROOT_KEY), digest, 48);
	/* An own log that cannot be read is told, too. */
	log.event[2].mr_index = 0;
	assert_int_equal(event_log_digests(&log, &own), ERR_EVENT_LOG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tags_count_in_their_own_register_only_and_the_last_one_wins),
		cmocka_unit_test(events_too_short_for_their_class_invalidate_the_log),
		cmocka_unit_test(events_are_classified_by_type_data_and_register),
		cmocka_unit_test(an_svn_is_believed_only_when_its_digest_covers_it),
		cmocka_unit_test(a_digest_over_the_first_eight_bytes_of_an_svn_is_no_proof),
		cmocka_unit_test(the_last_svn_counts_or_voids_the_ones_before),
		cmocka_unit_test(the_own_log_is_classified_like_a_peers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
