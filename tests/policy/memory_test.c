/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * What a policy costs in memory: nothing that depends on its size, one record for each different
 * peer policy, and one for all equal ones.  Counts of bytes: painted stack and heap counters.
 */
#include "bench.h"

#define SIZE_PUBLIC 172021u	/* the signed public template */
#define SIZES 2

/* What makes a policy large. */
enum shape { REMARK, BLOCKS, SHAPES };

static const char *const shape_names[] = {"an unknown member", "blocks"};
static struct kit_chain chain;

#define BLOCK(reference) "{\"global\":{\"tcb\":{\"tcbEvaluationDataNumber\":{\"operation\":" \
	"\"greater-or-equal\",\"reference\":" reference "}}}}"

/* As many blocks as fit, all of which hold but the last one. */
static char *blocks_of(size_t room)
{
	char *made = malloc(room + 1000), *to = made;

	to += sprintf(to, "\"policy\":[");
	while ((size_t)(to - made) + 2 * sizeof(BLOCK("15")) < room)
		to += sprintf(to, BLOCK("15") ",");
	sprintf(to, BLOCK("16") "],");
	return made;
}

/* A policy of exactly this size: signatures differ in length, so it takes some attempts. */
static char *policy_of(size_t size, enum shape shape, unsigned svn)
{
	struct kit_policy p = kit_defaults(&chain);
	char *blocks = blocks_of(shape == BLOCKS ? size - 20000 : 0);
	size_t n = 0;

	p.svn = svn;
	p.blocks = blocks;
	for (unsigned i = 0; i < 1000; i++) {
		char *text = kit_policy(&p);
		n = strlen(text);
		if (n == size) {
			free(blocks);
			return text;
		}
		free(text);
		p.padding += size - n;
	}
	fail_msg("%zu bytes, not %zu", n, size);
	return NULL;
}

/* --- what is measured ------------------------------------------------------------------------ */

static struct peer_policy_reader reader;
static const struct policy_record *record;
static uint8_t *blob;
static size_t blob_size;
static enum status status;

static void open_own(void)
{
	status = policy_own_open(&bench.own, &bench.scratch, (uint8_t *)bench.policy,
		strlen(bench.policy), (uint8_t *)bench.chain, strlen(bench.chain));
}

static void read_peer(void)
{
	peer_policy_begin(&reader, &bench.own, &bench.store, (uint32_t)blob_size);
	status = peer_policy_feed(&reader, blob, blob_size);
	if (status == STATUS_OK)
		status = peer_policy_end(&reader, &record);
}

static void evaluate(void)
{
	static const struct policy_facts facts = {.platform_known = true, .tcb_status = TCB_UP_TO_DATE,
		.tcb_evaluation_number = 15, .migtd_known = true, .migtd_status = TCB_UP_TO_DATE};
	struct policy_reason reason;

	status = policy_evaluate(&bench.own, true, record, &facts, &facts, &reason);
}

/* Every count of the heap, and the depth of the stack at each step. */
struct costs {
	size_t stack[3];
	struct mem_usage by_tag[MEM_TAG_COUNT];
	size_t used, peak, extent;
	uint32_t records;
};

static struct costs costs_of(size_t size, enum shape shape)
{
	struct costs c;

	bench_setup(NULL);
	memset(&c, 0, sizeof(c));
	assert_int_equal(bench_open(policy_of(size, shape, 1), chain.pem), STATUS_OK);
	char *peer = policy_of(size, shape, 2);
	blob = kit_blob(peer, chain.pem, &blob_size);
	c.stack[0] = bench_stack_of(open_own);
	assert_int_equal(status, STATUS_OK);
	c.stack[1] = bench_stack_of(read_peer);
	assert_int_equal(status, STATUS_OK);
	assert_int_equal(record->standing, POLICY_PUBLISHED);
	assert_int_equal(record->policy_svn, 2);
	c.stack[2] = bench_stack_of(evaluate);
	/* The last block decides, so all of them were read. */
	assert_int_equal(status, ERR_POLICY_TCB);
	memcpy(c.by_tag, bench.heap.by_tag, sizeof(c.by_tag));
	c.used = bench.heap.used;
	c.peak = bench.heap.peak;
	c.extent = heap_extent_peak(&bench.heap);
	c.records = bench_records();
	policy_record_drop(&bench.store, record);
	assert_int_equal(bench_records(), 0);
	free(blob);
	free(peer);
	return c;
}

static void twice_the_policy_takes_the_same_memory(void **state)
{
	(void)state;
	for (enum shape shape = 0; shape < SHAPES; shape++) {
		struct costs c[SIZES];
		for (size_t i = 0; i < SIZES; i++)
			c[i] = costs_of((i + 1) * SIZE_PUBLIC, shape);
		printf("%u and %u bytes by %s: %u record, %zu bytes of heap", SIZE_PUBLIC,
			2 * SIZE_PUBLIC, shape_names[shape], c[0].records, c[0].used);
		assert_int_equal(c[0].records, 1);
		assert_memory_equal(&c[0].by_tag, &c[1].by_tag, sizeof(c[0].by_tag));
		assert_int_equal(c[0].records, c[1].records);
		assert_int_equal(c[0].used, c[1].used);
		assert_int_equal(c[0].peak, c[1].peak);
		assert_int_equal(c[0].extent, c[1].extent);
#ifndef __SANITIZE_ADDRESS__
		printf("; stack: open %zu, read %zu, evaluate %zu", c[0].stack[0], c[0].stack[1],
			c[0].stack[2]);
		assert_memory_equal(c[0].stack, c[1].stack, sizeof(c[0].stack));
#endif
		printf("\n");
	}
}

/* --- records --------------------------------------------------------------------------------- */

static const struct policy_record *feed(const char *text)
{
	enum status fed;
	size_t n;
	uint8_t *whole = kit_blob(text, chain.pem, &n);
	const struct policy_record *made = bench_feed(whole, n, 5000, &fed);

	assert_non_null(made);
	free(whole);
	return made;
}

static void sessions_cost_a_record_for_each_different_policy(void **state)
{
	const size_t size = bench.heap.records.size;
	const struct policy_record *held[BENCH_SESSIONS];

	(void)state;
	bench_setup(NULL);
	const size_t fixed = bench.heap.used;
	assert_int_equal(bench_open(policy_of(SIZE_PUBLIC, REMARK, 1), chain.pem), STATUS_OK);
	for (unsigned n = 1; n <= BENCH_SESSIONS; n++) {
		char *text = policy_of(n * SIZE_PUBLIC / 2, REMARK, 10 + n);
		held[n - 1] = feed(text);
		free(text);
		assert_int_equal(bench.heap.by_tag[MEM_RECORD].used, n * size);
		assert_int_equal(bench.heap.used, fixed + n * size);
	}
	for (unsigned n = BENCH_SESSIONS; n > 0; n--) {
		policy_record_drop(&bench.store, held[n - 1]);
		assert_int_equal(bench.heap.used, fixed + (n - 1) * size);
	}
	printf("%d sessions, each with a policy of its own: %d records of %zu bytes\n", BENCH_SESSIONS,
		BENCH_SESSIONS, size);
}

static void sessions_with_equal_policies_share_one_record(void **state)
{
	const size_t size = bench.heap.records.size;
	const struct policy_record *held[BENCH_SESSIONS];

	(void)state;
	bench_setup(NULL);
	const size_t fixed = bench.heap.used;
	char *own = policy_of(SIZE_PUBLIC, REMARK, 1), *other = policy_of(SIZE_PUBLIC, REMARK, 2);
	assert_int_equal(bench_open(kit_format("%s", own), chain.pem), STATUS_OK);
	for (unsigned n = 0; n < BENCH_SESSIONS; n++) {
		held[n] = feed(other);
		assert_ptr_equal(held[n], held[0]);
		assert_int_equal(bench.heap.used, fixed + size);
		/* The own policy, met in a peer, costs nothing. */
		assert_ptr_equal(feed(own), &bench.own.record);
		assert_int_equal(bench.heap.used, fixed + size);
	}
	for (unsigned n = 0; n < BENCH_SESSIONS; n++)
		policy_record_drop(&bench.store, held[n]);
	assert_int_equal(bench.heap.used, fixed);
	free(own);
	free(other);
}

static int setup(void **state)
{
	bench_setup(state);
	assert_true(bench.heap.records.size < sizeof(struct policy_record) + 16);
	chain = kit_chain(3, "Policy signer", NULL);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(twice_the_policy_takes_the_same_memory),
		cmocka_unit_test(sessions_cost_a_record_for_each_different_policy),
		cmocka_unit_test(sessions_with_equal_policies_share_one_record),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
