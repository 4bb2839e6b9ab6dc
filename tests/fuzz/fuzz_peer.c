/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * A peer's blob beside an own policy that is always the same (peer/own.blob), in pieces that the
 * first byte chooses.  The record does not depend on them, what two sessions share is verified
 * once, a stranger's work is bounded, and no record outlives its sessions.
 */
#include "fuzz.h"

#include "policy/policy.h"

#define OWN_MAX 16384
#define SESSIONS 3

static struct policy_own own;
static struct policy_store store;
static struct heap heap;
static struct peer_policy_reader reader;

static size_t size_at(const uint8_t *at)
{
	return at[0] | (size_t)at[1] << 8 | (size_t)at[2] << 16;
}

static void start(void)
{
	static uint8_t blob[OWN_MAX];
	static _Alignas(4096) uint8_t region[32 * 1024];
	static struct attest_scratch scratch;

	fuzz_start_crypto();
	heap_init(&heap, region, sizeof(region));
	HOLDS(heap_divide(&heap, 64, sizeof(struct policy_record), 0, SESSIONS) == SESSIONS);
	policy_store_init(&store, &heap);
	const size_t n = fuzz_load("peer/own.blob", blob, sizeof(blob)), policy = size_at(blob);
	HOLDS(policy_own_open(&own, &scratch, blob + 4, policy, blob + 8 + policy, n - 8 - policy) ==
		STATUS_OK);
}

/* The blob is read as far as `cut`, then the session ends. */
static enum status read_blob(const uint8_t *blob, size_t n, size_t cut, uint32_t split,
	const struct policy_record **record)
{
	enum status status = STATUS_OK;

	memset(&reader, 0xa5, sizeof(reader));
	*record = NULL;
	peer_policy_begin(&reader, &own, &store, (uint32_t)n);
	for (size_t at = 0; at < cut && status == STATUS_OK;) {
		const size_t piece = fuzz_piece(&split, cut - at);
		status = peer_policy_feed(&reader, blob + at, piece);
		at += piece;
	}
	if (status == STATUS_OK)
		status = peer_policy_end(&reader, record);
	if (status != STATUS_OK)
		peer_policy_abort(&reader);
	HOLDS((*record != NULL) == (status == STATUS_OK));
	return status;
}

static void check_record(const struct policy_record *record)
{
	const bool good = record->format == STATUS_OK && record->signature == STATUS_OK &&
		record->chain == STATUS_OK;

	HOLDS(record->level_count <= POLICY_LEVELS_MAX);
	HOLDS(record->mapping_count <= POLICY_MAPPINGS_MAX);
	/* What was parked is gone; its first bytes are the two digests now. */
	for (size_t i = 2 * SHA384_SIZE; i < sizeof(record->parked); i++)
		HOLDS(((const uint8_t *)&record->parked)[i] == 0);
	if (record == &own.record)
		return;
	HOLDS(record->references == 1);
	HOLDS((record->standing == POLICY_PUBLISHED) == good);
	HOLDS(record->format != STATUS_OK ||
		memcmp(record->blob_digest, own.record.blob_digest, SHA384_SIZE) != 0);
}

/* Another session with the same blob: the same record if it is good, else one that says the same. */
static void check_shared(const struct policy_record *first, const uint8_t *blob, size_t n,
	uint32_t split)
{
	const struct policy_record *record;
	const uint64_t before = crypto_counters()->p384_verify;

	HOLDS(read_blob(blob, n, n, split, &record) == STATUS_OK);
	if (first->standing == POLICY_PRIVATE) {
		HOLDS(record != first && heap.records.live == 2);
		HOLDS(memcmp(record, first, sizeof(*record)) == 0);
	} else {
		HOLDS(record == first);
		HOLDS(crypto_counters()->p384_verify - before <= POLICY_LINKS_MAX);
		HOLDS(record == &own.record || record->references == 2);
	}
	policy_record_drop(&store, record);
	HOLDS(first == &own.record || first->references == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const struct policy_record *record, *other;

	if (n < 1 || n > POLICY_BLOB_MAX)
		return 0;
	if (own.policy == NULL)
		start();
	const uint32_t split = 1u + *bytes++;
	n--;
	const uint64_t before = crypto_counters()->p384_verify;
	const enum status status = read_blob(bytes, n, n, split, &record);
	HOLDS(crypto_counters()->p384_verify - before <= POLICY_LINKS_MAX + DOCUMENT_COUNT);
	if (status == STATUS_OK) {
		check_record(record);
		check_shared(record, bytes, n, 0);
		if (record->standing == POLICY_PUBLISHED)
			ACCEPTED();
		policy_record_drop(&store, record);
	} else {
		HOLDS(status == ERR_PRE_SESSION);
		HOLDS(read_blob(bytes, n, n, 0, &other) == status);
	}
	/* A session that ends midway leaves nothing. */
	HOLDS(n == 0 || read_blob(bytes, n, split * 2654435761u % n, split, &other) != STATUS_OK);
	HOLDS(heap.records.live == 0 && heap.records.refused == 0);
	HOLDS(heap_residue(&heap) == 0);
	return 0;
}
