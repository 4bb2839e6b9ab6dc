/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "support.h"

#include "measure/event_log.h"

#define TEMPLATES SHARED_DIR "/vectors/policy/config/templates/"
#define LOG_MAX 65536

struct bytes {
	uint8_t at[LOG_MAX];
	size_t n;
};

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

static void generate(const struct event_log *log, struct bytes *b)
{
	b->n = event_log_size(log);
	assert_true(b->n <= LOG_MAX);
	event_log_read(log, 0, b->at, b->n);
}

/* Fed in pieces of `piece` bytes, each in a block of its own size. */
static enum status read_log(struct event_log_reader *r, const uint8_t *at, size_t n, size_t piece)
{
	event_log_reader_begin(r, n);
	while (n > 0) {
		const size_t take = n < piece ? n : piece;
		uint8_t *exact = malloc(take);
		memcpy(exact, at, take);
		event_log_reader_feed(r, exact, take);
		free(exact);
		at += take;
		n -= take;
	}
	return event_log_reader_end(r);
}

static bool has(const struct event_log_reader *r, enum event_class class)
{
	return event_digest(&r->digests, class) != NULL;
}

static void store(uint8_t *at, uint64_t value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

/* A log of nothing but its first record, to be added to. */
static void begin_log(struct bytes *b)
{
	struct event_log none;

	event_log_init(&none);
	generate(&none, b);
	assert_int_equal(b->n, 73);
	b->n = 72;
}

static void add_record(struct bytes *b, uint32_t mr_index, uint32_t type, uint8_t digest,
	const void *data, uint32_t n)
{
	uint8_t *at = b->at + b->n;

	store(at, mr_index, 4);
	store(at + 4, type, 4);
	store(at + 8, 1, 4);
	store(at + 12, 12, 2);
	memset(at + 14, digest, 48);
	store(at + 62, n, 4);
	memcpy(at + 66, data, n);
	b->n += 66 + n;
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
		cmocka_unit_test(tags_count_in_their_own_register_only_and_the_last_one_wins),
		cmocka_unit_test(events_are_classified_by_type_data_and_register),
		cmocka_unit_test(an_svn_is_believed_only_when_its_digest_covers_it),
		cmocka_unit_test(a_digest_over_the_first_eight_bytes_of_an_svn_is_no_proof),
		cmocka_unit_test(the_last_svn_counts_or_voids_the_ones_before),
		cmocka_unit_test(the_own_log_is_classified_like_a_peers),
		cmocka_unit_test(events_too_short_for_their_class_invalidate_the_log),
		cmocka_unit_test(sizes_that_do_not_fit_end_the_log_quietly),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
