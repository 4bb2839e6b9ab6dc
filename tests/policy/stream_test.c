/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Own and peers' policies as streams: records, sharing, tampering, bounds. */
#include <openssl/sha.h>

#include "bench.h"

static struct kit_chain chain;
static char *own_text, *peer_text;
static uint8_t *own_blob, *peer_blob;
static size_t own_size, peer_size;

#define MRTD "0102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F20" \
	"2122232425262728292A2B2C2D2E2F30"
#define MAPPING "{\"tdMeasurements\":{\"mrtd\":\"" MRTD "\",\"rtmr0\":\"" MRTD "\",\"rtmr1\":\"" \
	MRTD "\"},\"isvsvn\":7}"

static int setup(void **state)
{
	bench_setup(state);
	chain = kit_chain(3, "Policy signer", NULL);
	struct kit_policy p = kit_defaults(&chain);
	p.mappings = MAPPING;
	p.padding = 3000;
	own_text = kit_policy(&p);
	p.svn = 2;
	peer_text = kit_policy(&p);
	own_blob = kit_blob(own_text, chain.pem, &own_size);
	peer_blob = kit_blob(peer_text, chain.pem, &peer_size);
	assert_int_equal(bench_open(kit_format("%s", own_text), chain.pem), STATUS_OK);
	return 0;
}

static void the_own_policy_is_indexed_and_hashed(void **state)
{
	uint8_t digest[48], point[97];
	unsigned char *at = point;

	(void)state;
	assert_int_equal(bench.own.record.policy_svn, 1);
	assert_int_equal(bench.own.record.mapping_count, 1);
	assert_int_equal(bench.own.record.level_count, 1);
	assert_int_equal(bench.own.record.mapping[0].isvsvn, 7);
	SHA384((unsigned char *)own_text, strlen(own_text), digest);
	assert_memory_equal(bench.own.record.policy_digest, digest, 48);
	SHA384((unsigned char *)chain.pem, strlen(chain.pem), digest);
	assert_memory_equal(bench.own.record.chain_digest, digest, 48);
	SHA384(own_blob, own_size, digest);
	assert_memory_equal(bench.own.record.blob_digest, digest, 48);
	assert_int_equal(i2d_PublicKey(chain.certificate[0].key, &at), 97);
	SHA384(point, 97, digest);
	assert_memory_equal(bench.own.signer_digest, digest, 48);
	assert_int_equal(collateral_double.n, strlen(kit_collaterals));
	assert_memory_equal(collateral_double.bundle, kit_collaterals, collateral_double.n);
}

static void the_own_blob_reads_the_same_from_any_offset(void **state)
{
	uint8_t *copy = malloc(own_size);

	(void)state;
	assert_int_equal(policy_own_blob_size(&bench.own), own_size);
	for (unsigned round = 0; round < 200; round++) {
		const size_t at = draw((uint32_t)own_size), n = draw((uint32_t)(own_size - at) + 1);
		policy_own_blob_read(&bench.own, at, copy, n);
		assert_memory_equal(copy, own_blob + at, n);
	}
	policy_own_blob_read(&bench.own, 0, copy, own_size);
	assert_memory_equal(copy, own_blob, own_size);
	free(copy);
}

static void collateral_that_does_not_verify_is_the_own_policys_fault(void **state)
{
	(void)state;
	collateral_double.open = ERR_COLLATERAL_SIGNATURE;
	assert_int_equal(bench_own(own_text, chain.pem), ERR_COLLATERAL_SIGNATURE);
	collateral_double.open = STATUS_OK;
	assert_int_equal(bench_own(own_text, chain.pem), STATUS_OK);
}

static void an_equal_blob_keeps_no_record_and_verifies_nothing(void **state)
{
	(void)state;
	for (uint32_t most = 1; most < 3000; most = most * 3 + 1) {
		const struct crypto_counters before = *crypto_counters();
		enum status status;
		assert_ptr_equal(bench_feed(own_blob, own_size, most, &status), &bench.own.record);
		assert_int_equal(crypto_counters()->p384_verify, before.p384_verify);
		assert_int_equal(crypto_counters()->sha384_bytes, before.sha384_bytes);
		assert_int_equal(bench_records(), 0);
		policy_record_drop(&bench.store, &bench.own.record);
	}
}

static void a_blob_reads_into_the_same_record_in_any_split(void **state)
{
	struct policy_record first;
	uint8_t digest[48];

	(void)state;
	for (uint32_t most = 1; most < 20000; most = most * 2 + 1) {
		enum status status;
		const struct policy_record *record = bench_feed(peer_blob, peer_size, most, &status);
		assert_non_null(record);
		assert_int_equal(record->format, STATUS_OK);
		assert_int_equal(record->signature, STATUS_OK);
		assert_int_equal(record->chain, STATUS_OK);
		assert_int_equal(record->standing, POLICY_PUBLISHED);
		if (most == 1)
			first = *record;
		assert_memory_equal(record, &first, sizeof(first));
		policy_record_drop(&bench.store, record);
		assert_int_equal(bench_records(), 0);
	}
	SHA384(peer_blob, peer_size, digest);
	assert_memory_equal(first.blob_digest, digest, 48);
	SHA384((unsigned char *)peer_text, strlen(peer_text), digest);
	assert_memory_equal(first.policy_digest, digest, 48);
	assert_int_equal(first.policy_svn, 2);
	/* The digest of three equal measurements. */
	uint8_t measured[3 * 48];
	for (size_t i = 0; i < sizeof(measured); i++)
		measured[i] = (uint8_t)(i % 48 + 1);
	SHA384(measured, sizeof(measured), digest);
	assert_memory_equal(first.mapping[0].digest, digest, 48);
	assert_int_equal(first.mapping[0].pins, 0);
}

/* A measurement that is too short is not completed by what was read before it. */
static void the_digest_of_unusable_measurements_depends_on_nothing_else(void **state)
{
	struct kit_policy p = kit_defaults(&chain);
	uint8_t digest[2][SHA384_SIZE];

	(void)state;
	p.mappings = "{\"tdMeasurements\":{\"mrtd\":\"01\",\"rtmr0\":\"\",\"rtmr1\":\"x\"},"
		"\"isvsvn\":7}";
	for (p.chains_first = 0; p.chains_first < 2; p.chains_first++) {
		size_t n;
		char *text = kit_policy(&p);
		uint8_t *blob = kit_blob(text, chain.pem, &n);
		enum status status;
		const struct policy_record *record = bench_feed(blob, n, 600, &status);
		assert_non_null(record);
		assert_int_equal(record->format, STATUS_OK);
		assert_int_equal(record->mapping[0].pins, POLICY_PIN_UNMATCHABLE);
		memcpy(digest[p.chains_first], record->mapping[0].digest, SHA384_SIZE);
		policy_record_drop(&bench.store, record);
		free(blob);
		free(text);
	}
	assert_memory_equal(digest[0], digest[1], SHA384_SIZE);
}

static void a_shared_blob_is_verified_once_and_freed_by_the_last(void **state)
{
	const struct policy_record *record[3];
	enum status status;

	(void)state;
	record[0] = bench_feed(peer_blob, peer_size, 700, &status);
	assert_non_null(record[0]);
	for (size_t i = 1; i < 3; i++) {
		const uint64_t before = bench_verifications();
		record[i] = bench_feed(peer_blob, peer_size, 700, &status);
		assert_ptr_equal(record[i], record[0]);
		/* Not even the three signatures of its documents are verified again. */
		assert_true(bench_verifications() - before <= POLICY_LINKS_MAX);
	}
	assert_int_equal(bench_records(), 1);
	assert_int_equal(record[0]->references, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(bench_records(), 1);
		policy_record_drop(&bench.store, record[i]);
	}
	assert_int_equal(bench_records(), 0);
}

static void a_record_is_wiped_when_it_is_given_back(void **state)
{
	enum status status;
	const struct policy_record *record = bench_feed(peer_blob, peer_size, 700, &status);
	static const uint8_t zero[sizeof(struct policy_record)];

	(void)state;
	assert_memory_not_equal(record, zero, sizeof(zero));
	policy_record_drop(&bench.store, record);
	assert_memory_equal(record, zero, sizeof(zero));
}

static void a_failed_policy_is_never_shared(void **state)
{
	enum status status;
	uint8_t *bad = malloc(peer_size);

	(void)state;
	memcpy(bad, peer_blob, peer_size);
	char *svn = strstr((char *)bad + 4, "\"policySvn\":2");
	svn[strlen("\"policySvn\":")] = '3';
	const struct policy_record *a = bench_feed(bad, peer_size, 700, &status);
	const struct policy_record *b = bench_feed(bad, peer_size, 700, &status);
	assert_non_null(a);
	assert_non_null(b);
	assert_ptr_not_equal(a, b);
	assert_int_equal(a->signature, ERR_POLICY_SIGNATURE);
	assert_int_equal(b->signature, ERR_POLICY_SIGNATURE);
	assert_int_equal(a->standing, POLICY_PRIVATE);
	policy_record_drop(&bench.store, a);
	policy_record_drop(&bench.store, b);
	assert_int_equal(bench_records(), 0);
	free(bad);
}

static void every_session_finds_a_record_when_all_blobs_differ(void **state)
{
	const struct policy_record *record[BENCH_SESSIONS];
	struct kit_policy p = kit_defaults(&chain);
	enum status status;

	(void)state;
	for (unsigned i = 0; i < BENCH_SESSIONS; i++) {
		size_t n;
		p.svn = 10 + i;
		char *text = kit_policy(&p);
		uint8_t *blob = kit_blob(text, chain.pem, &n);
		record[i] = bench_feed(blob, n, 900, &status);
		assert_non_null(record[i]);
		assert_int_equal(record[i]->policy_svn, p.svn);
		free(text);
		free(blob);
	}
	/* One more than there are sessions: an error, no crash. */
	assert_null(bench_feed(peer_blob, peer_size, 900, &status));
	assert_int_equal(status, ERR_OUT_OF_RESOURCE);
	for (unsigned i = 0; i < BENCH_SESSIONS; i++)
		policy_record_drop(&bench.store, record[i]);
	assert_int_equal(bench_records(), 0);
}

static void a_difference_at_any_byte_is_found(void **state)
{
	uint8_t *other = malloc(own_size);

	(void)state;
	for (size_t at = 0; at < own_size; at += at < 64 || own_size - at < 64 ? 1 : 97) {
		enum status status;
		memcpy(other, own_blob, own_size);
		other[at] ^= 1;
		const struct policy_record *record = bench_feed(other, own_size, 1000, &status);
		if (record != NULL) {
			uint8_t digest[48];
			assert_ptr_not_equal(record, &bench.own.record);
			SHA384(other, own_size, digest);
			assert_memory_equal(record->blob_digest, digest, 48);
			policy_record_drop(&bench.store, record);
		}
		assert_int_equal(bench_records(), 0);
	}
	free(other);
}

/* Where a flipped bit may go unseen: nowhere inside of policyData. */
static void every_flipped_byte_of_a_signed_policy_is_seen(void **state)
{
	uint8_t *other = malloc(peer_size);
	const char *text = (char *)peer_blob;
	const size_t data_begin = 4 + strlen("{\"policyData\":");
	size_t data_end = 0, step = 1, harmless = 0;
	const size_t padding = (size_t)(strstr(peer_text, "pppp") - peer_text) + 4;

	(void)state;
	/* The last `,"signature"` is the envelope's. */
	for (const char *at = peer_text; (at = strstr(at, ",\"signature\":\"30")) != NULL; at++)
		data_end = 4 + (size_t)(at - peer_text);
	for (size_t at = 0; at < peer_size; at += step) {
		step = at > padding && at < padding + 2900 ? 500 : 1 + draw(5);
		memcpy(other, peer_blob, peer_size);
		other[at] ^= (uint8_t)(1u << draw(8));
		if (bench_verdict(other, peer_size) != STATUS_OK)
			continue;
		if (at >= data_begin && at < data_end)
			fail_msg("byte %zu (%.20s) is not covered", at, text + at);
		harmless++;
	}
	/* Outside: the case of hex digits of the signature, and text around the PEM sections. */
	printf("flips that change no meaning: %zu\n", harmless);
	free(other);
}

static void every_cut_blob_is_refused(void **state)
{
	(void)state;
	for (size_t n = 0; n < peer_size; n += n < 32 || peer_size - n < 32 ? 1 : 41) {
		/* Announced shorter, and announced whole but ended early. */
		assert_int_not_equal(bench_verdict(peer_blob, n), STATUS_OK);
		struct peer_policy_reader r;
		const struct policy_record *record;
		peer_policy_begin(&r, &bench.own, &bench.store, (uint32_t)peer_size);
		assert_int_equal(peer_policy_feed(&r, peer_blob, n), STATUS_OK);
		assert_int_equal(peer_policy_end(&r, &record), ERR_PRE_SESSION);
		peer_policy_abort(&r);
		assert_int_equal(bench_records(), 0);
	}
}

static void lengths_that_do_not_add_up_are_refused(void **state)
{
	static const struct {
		uint32_t size, policy, chain;
		enum status status;
	} rows[] = {
		{POLICY_BLOB_MAX + 1, 5, 5, ERR_POLICY_LIMIT},
		{UINT32_MAX, 5, 5, ERR_POLICY_LIMIT},
		{0, 0, 0, ERR_PRE_SESSION},
		{9, 1, 0, ERR_PRE_SESSION},
		{20, 0, 12, ERR_PRE_SESSION},
		{20, 12, 0, ERR_PRE_SESSION},
		{20, 5, 6, ERR_PRE_SESSION},
		{20, 5, 8, ERR_PRE_SESSION},
		{20, 5, UINT32_MAX, ERR_PRE_SESSION},
		{20, UINT32_MAX, 5, ERR_PRE_SESSION},
		{20, UINT32_MAX - 3, 5, ERR_PRE_SESSION},
		{20, 5, 7, ERR_JSON},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t blob[20] = {0};
		for (int b = 0; b < 4; b++) {
			blob[b] = (uint8_t)(rows[i].policy >> 8 * b);
			if (rows[i].policy < 8)
				blob[4 + rows[i].policy + (unsigned)b] = (uint8_t)(rows[i].chain >> 8 * b);
		}
		struct peer_policy_reader r;
		const struct policy_record *record = NULL;
		peer_policy_begin(&r, &bench.own, &bench.store, rows[i].size);
		enum status status = peer_policy_feed(&r, blob, rows[i].size < 20 ? rows[i].size : 20);
		if (status == STATUS_OK)
			status = peer_policy_end(&r, &record);
		if (status == STATUS_OK) {
			status = record->format;
			policy_record_drop(&bench.store, record);
		}
		assert_int_equal(status, rows[i].status);
		peer_policy_abort(&r);
		assert_int_equal(bench_records(), 0);
	}
}

static void more_bytes_than_announced_are_refused(void **state)
{
	struct peer_policy_reader r;

	(void)state;
	peer_policy_begin(&r, &bench.own, &bench.store, (uint32_t)own_size);
	assert_int_equal(peer_policy_feed(&r, own_blob, own_size), STATUS_OK);
	assert_int_equal(peer_policy_feed(&r, own_blob, 1), ERR_PRE_SESSION);
	peer_policy_abort(&r);
}

static void nothing_can_be_fed_after_the_end(void **state)
{
	struct peer_policy_reader r;
	const struct policy_record *record;

	(void)state;
	peer_policy_begin(&r, &bench.own, &bench.store, (uint32_t)peer_size);
	assert_int_equal(peer_policy_feed(&r, peer_blob, peer_size), STATUS_OK);
	assert_int_equal(peer_policy_end(&r, &record), STATUS_OK);
	assert_int_not_equal(peer_policy_feed(&r, peer_blob, 1), STATUS_OK);
	const struct policy_record *again;
	assert_int_not_equal(peer_policy_end(&r, &again), STATUS_OK);
	peer_policy_abort(&r);
	assert_int_equal(bench_records(), 1);
	policy_record_drop(&bench.store, record);
}

static void parts_of_a_stream_hash_through_a_shared_window(void **state)
{
	enum { SIZE = 3000, PARTS = 4 };
	uint8_t stream[SIZE], digest[48];

	(void)state;
	for (size_t i = 0; i < SIZE; i++)
		stream[i] = (uint8_t)draw(256);
	for (unsigned round = 0; round < 400; round++) {
		struct stream_window w = {0};
		struct window_hash hash[PARTS];
		uint32_t begin[PARTS], end[PARTS];
		const uint32_t most = 1 + draw(round % 2 ? 5 : 400);
		for (size_t i = 0; i < PARTS; i++) {
			begin[i] = draw(SIZE);
			end[i] = begin[i] + draw(SIZE - begin[i] + 1);
		}
		while (w.size < SIZE) {
			const uint8_t *piece = stream + w.size;
			uint32_t to = w.size + 1 + draw(most);
			to = to < SIZE ? to : SIZE;
			for (size_t i = 0; i < PARTS; i++) {
				if (begin[i] >= w.size && begin[i] < to)
					window_hash_begin(&hash[i], begin[i]);
				if (begin[i] < to && end[i] >= w.size && end[i] < to)
					window_hash_end(&hash[i], &w, piece, end[i]);
				else if (begin[i] < to && end[i] >= to)
					window_hash_update(&hash[i], &w, piece, to);
			}
			window_pass(&w, piece, to - w.size);
		}
		for (size_t i = 0; i < PARTS; i++) {
			if (end[i] == SIZE)
				window_hash_end(&hash[i], &w, w.byte, SIZE);
			SHA384(stream + begin[i], end[i] - begin[i], digest);
			assert_memory_equal(hash[i].digest, digest, 48);
		}
	}
}

/* --- stack --------------------------------------------------------------------------------- */

static enum status measured_status;

static struct peer_policy_reader stack_reader;

static void open_own(void)
{
	measured_status = policy_own_open(&bench.own, &bench.scratch, (uint8_t *)bench.policy,
		strlen(bench.policy), (uint8_t *)bench.chain, strlen(bench.chain));
}

static void read_peer(void)
{
	peer_policy_begin(&stack_reader, &bench.own, &bench.store, (uint32_t)peer_size);
	measured_status = peer_policy_feed(&stack_reader, peer_blob, peer_size);
}

static void end_peer(void)
{
	const struct policy_record *record;
	measured_status = peer_policy_end(&stack_reader, &record);
	policy_record_drop(&bench.store, record);
}

static void the_stack_stays_within_its_bound(void **state)
{
	static const struct {
		const char *name;
		void (*call)(void);
	} rows[] = {{"own policy", open_own}, {"peer's policy", read_peer}, {"its end", end_peer}};

	(void)state;
#ifdef __SANITIZE_ADDRESS__
	skip();
#endif
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const size_t depth = bench_stack_of(rows[i].call);
		assert_int_equal(measured_status, STATUS_OK);
		printf("stack of %s: %zu bytes\n", rows[i].name, depth);
		assert_true(depth <= 8192);
	}
}

static void the_work_of_a_stranger_is_bounded(void **state)
{
	(void)state;
	uint64_t before = bench_verifications();
	assert_int_equal(bench_verdict(peer_blob, peer_size), STATUS_OK);
	const uint64_t honest = bench_verifications() - before;
	assert_true(honest <= DOCUMENT_COUNT + POLICY_LINKS_MAX);

	struct kit_chain strange[DOCUMENT_COUNT];
	struct kit_policy p = kit_defaults(&chain);
	for (size_t i = 0; i < DOCUMENT_COUNT; i++)
		strange[i] = kit_chain(3, "Policy signer", NULL);
	p.issuer = &strange[0];
	p.identity = &strange[1];
	p.mapping = &strange[2];
	char *text = kit_policy(&p);
	before = bench_verifications();
	assert_int_equal(bench_peer(text, strange[0].pem), ERR_POLICY_CHAIN);
	assert_int_equal(bench_verifications() - before, 9);
	printf("P-384 verifications for a peer's policy: same issuers %u, strange ones 9\n",
		(unsigned)honest);
	for (size_t i = 0; i < DOCUMENT_COUNT; i++)
		kit_chain_free(&strange[i]);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_own_policy_is_indexed_and_hashed),
		cmocka_unit_test(the_own_blob_reads_the_same_from_any_offset),
		cmocka_unit_test(collateral_that_does_not_verify_is_the_own_policys_fault),
		cmocka_unit_test(an_equal_blob_keeps_no_record_and_verifies_nothing),
		cmocka_unit_test(a_blob_reads_into_the_same_record_in_any_split),
		cmocka_unit_test(the_digest_of_unusable_measurements_depends_on_nothing_else),
		cmocka_unit_test(a_shared_blob_is_verified_once_and_freed_by_the_last),
		cmocka_unit_test(a_record_is_wiped_when_it_is_given_back),
		cmocka_unit_test(a_failed_policy_is_never_shared),
		cmocka_unit_test(every_session_finds_a_record_when_all_blobs_differ),
		cmocka_unit_test(a_difference_at_any_byte_is_found),
		cmocka_unit_test(every_flipped_byte_of_a_signed_policy_is_seen),
		cmocka_unit_test(every_cut_blob_is_refused),
		cmocka_unit_test(lengths_that_do_not_add_up_are_refused),
		cmocka_unit_test(more_bytes_than_announced_are_refused),
		cmocka_unit_test(nothing_can_be_fed_after_the_end),
		cmocka_unit_test(parts_of_a_stream_hash_through_a_shared_window),
		cmocka_unit_test(the_stack_stays_within_its_bound),
		cmocka_unit_test(the_work_of_a_stranger_is_bounded),
	};

	printf("struct peer_policy_reader: %zu bytes, struct policy_record: %zu, struct policy_own: %zu\n",
		sizeof(struct peer_policy_reader), sizeof(struct policy_record),
		sizeof(struct policy_own));
	return cmocka_run_group_tests(tests, setup, NULL);
}
