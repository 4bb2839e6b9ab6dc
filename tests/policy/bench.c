/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "bench.h"

#include <ucontext.h>

struct bench bench;

static _Alignas(4096) uint8_t region[64 * 1024];
static _Alignas(16) uint8_t arena[CRYPTO_ARENA_SIZE];
static uint32_t seed = 7;

uint32_t draw(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % below;
}

static void no_random(void *ctx, uint8_t *to, size_t n)
{
	(void)ctx;
	memset(to, 0x5a, n);
}

int bench_setup(void **state)
{
	(void)state;
	crypto_init(arena, sizeof(arena), no_random, NULL);
	heap_init(&bench.heap, region, sizeof(region));
	assert_int_equal(heap_divide(&bench.heap, 64, sizeof(struct policy_record), 0, BENCH_SESSIONS),
		BENCH_SESSIONS);
	policy_store_init(&bench.store, &bench.heap);
	return 0;
}

enum status bench_open(char *policy, const char *chain)
{
	bench_close();
	bench.policy = policy;
	bench.chain = kit_format("%s", chain);
	return policy_own_open(&bench.own, &bench.scratch, (uint8_t *)bench.policy,
		strlen(bench.policy), (uint8_t *)bench.chain, strlen(bench.chain));
}

void bench_close(void)
{
	free(bench.policy);
	free(bench.chain);
	bench.policy = bench.chain = NULL;
}

const struct policy_record *bench_feed(const uint8_t *blob, size_t n, uint32_t most,
	enum status *status)
{
	struct peer_policy_reader *r = malloc(sizeof(*r));
	const struct policy_record *record = NULL;

	memset(r, 0xa5, sizeof(*r));
	peer_policy_begin(r, &bench.own, &bench.store, (uint32_t)n);
	*status = STATUS_OK;
	for (size_t at = 0; at < n && *status == STATUS_OK;) {
		size_t piece = 1 + draw(most);
		piece = piece > n - at ? n - at : piece;
		/* An exact copy, so that the sanitizer sees a read past the piece. */
		uint8_t *copy = malloc(piece);
		memcpy(copy, blob + at, piece);
		*status = peer_policy_feed(r, copy, piece);
		free(copy);
		at += piece;
	}
	if (*status == STATUS_OK)
		*status = peer_policy_end(r, &record);
	if (*status != STATUS_OK)
		peer_policy_abort(r);
	free(r);
	return record;
}

static enum status first_fault(const struct policy_record *record)
{
	if (record->format != STATUS_OK)
		return record->format;
	return record->signature != STATUS_OK ? record->signature : record->chain;
}

enum status bench_verdict(const uint8_t *blob, size_t n)
{
	enum status status;
	const struct policy_record *record = bench_feed(blob, n, 600, &status);

	if (record == NULL)
		return status;
	status = first_fault(record);
	if (record->standing == POLICY_PUBLISHED)
		assert_int_equal(status, STATUS_OK);
	policy_record_drop(&bench.store, record);
	return status;
}

enum status bench_peer(const char *policy, const char *chain)
{
	size_t n;
	uint8_t *blob = kit_blob(policy, chain, &n);
	const enum status status = bench_verdict(blob, n);

	free(blob);
	assert_int_equal(bench_records(), 0);
	return status;
}

enum status bench_own(const char *policy, const char *chain)
{
	struct policy_own *own = malloc(sizeof(*own));
	const enum status status = policy_own_open(own, &bench.scratch, (const uint8_t *)policy,
		strlen(policy), (const uint8_t *)chain, strlen(chain));

	free(own);
	return status;
}

uint32_t bench_records(void)
{
	return bench.heap.records.live;
}

uint64_t bench_verifications(void)
{
	return crypto_counters()->p384_verify;
}

static ucontext_t here, there;
static void (*measured)(void);

static void run_measured(void)
{
	measured();
}

size_t bench_stack_of(void (*call)(void))
{
	enum { SIZE = 256 * 1024 };
	uint8_t *stack = malloc(SIZE);
	size_t untouched = 0;

	memset(stack, 0xc7, SIZE);
	measured = call;
	assert_int_equal(getcontext(&there), 0);
	there.uc_stack.ss_sp = stack;
	there.uc_stack.ss_size = SIZE;
	there.uc_link = &here;
	makecontext(&there, run_measured, 0);
	assert_int_equal(swapcontext(&here, &there), 0);
	while (stack[untouched] == 0xc7)
		untouched++;
	free(stack);
	return SIZE - untouched;
}
