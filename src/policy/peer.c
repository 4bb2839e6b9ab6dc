/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "policy/policy.h"

void policy_store_init(struct policy_store *store, struct heap *heap)
{
	store->heap = heap;
}

void peer_policy_begin(struct peer_policy_reader *r, const struct policy_own *own,
	struct policy_store *store, uint32_t blob_size)
{
	memset(r, 0, sizeof(*r));
	r->own = own;
	r->store = store;
	r->size = blob_size;
	if (blob_size > POLICY_BLOB_MAX)
		r->error = ERR_POLICY_LIMIT;
	else if (blob_size < POLICY_BLOB_MIN)
		r->error = ERR_PRE_SESSION;
}

/* How many of the n bytes are those of the own blob at the position. */
static size_t equal_bytes(const struct peer_policy_reader *r, const uint8_t *from, size_t n)
{
	size_t equal = 0;

	if (r->size != policy_own_blob_size(r->own))
		return 0;
	while (equal < n) {
		uint8_t length[4];
		size_t run_size;
		const uint8_t *run = policy_own_blob_run(r->own, r->equal + equal, length, &run_size);
		if (run_size > n - equal)
			run_size = n - equal;
		if (memcmp(run, from + equal, run_size) != 0) {
			while (*run++ == from[equal])
				equal++;
			return equal;
		}
		equal += run_size;
	}
	return equal;
}

/* The blob is not the own one: a record is taken, and what was equal so far is read after all. */
static enum status diverge(struct peer_policy_reader *r)
{
	struct policy_record *record = pool_take(r->store->heap, &r->store->heap->records);

	if (record == NULL)
		return ERR_OUT_OF_RESOURCE;
	policy_reader_begin(&r->reader, record, NULL, &r->own->index, r->size);
	for (uint32_t at = 0; at < r->equal;) {
		uint8_t length[4];
		size_t n;
		const uint8_t *run = policy_own_blob_run(r->own, at, length, &n);
		if (n > r->equal - at)
			n = r->equal - at;
		TRY(policy_reader_feed(&r->reader, run, n));
		at += (uint32_t)n;
	}
	return STATUS_OK;
}

static enum status feed(struct peer_policy_reader *r, const uint8_t *from, size_t n)
{
	if (r->reader.record == NULL) {
		if (n > r->size - r->equal)
			return ERR_PRE_SESSION;
		const size_t equal = equal_bytes(r, from, n);
		r->equal += (uint32_t)equal;
		from += equal;
		n -= equal;
		if (n == 0)
			return STATUS_OK;
		TRY(diverge(r));
	}
	return policy_reader_feed(&r->reader, from, n);
}

enum status peer_policy_feed(struct peer_policy_reader *r, const uint8_t *from, size_t n)
{
	if (r->error == STATUS_OK)
		r->error = feed(r, from, n);
	return r->error;
}

/* A published record of the same blob. */
static struct policy_record *find_published(const struct policy_store *store,
	const uint8_t blob_digest[SHA384_SIZE])
{
	const struct pool *pool = &store->heap->records;

	for (uint32_t i = 0; i < pool->touched; i++) {
		struct policy_record *record = pool_at(store->heap, pool, i);
		if (record != NULL && record->standing == POLICY_PUBLISHED &&
		    record->references < UINT16_MAX &&
		    memcmp(record->blob_digest, blob_digest, SHA384_SIZE) == 0)
			return record;
	}
	return NULL;
}

/*
 * The record to be kept of a complete blob: one that another session has verified already, else
 * the one just read, published if it is good.
 */
static struct policy_record *share(struct peer_policy_reader *r, struct policy_record *record)
{
	struct policy_record *shared = find_published(r->store, r->reader.blob.digest);

	if (shared != NULL) {
		pool_give(r->store->heap, &r->store->heap->records, record);
		shared->references++;
		return shared;
	}
	policy_reader_finish(&r->reader);
	if (record->format == STATUS_OK && record->signature == STATUS_OK &&
	    record->chain == STATUS_OK)
		record->standing = POLICY_PUBLISHED;
	record->references = 1;
	return record;
}

enum status peer_policy_end(struct peer_policy_reader *r, const struct policy_record **record)
{
	*record = NULL;
	TRY(r->error);
	struct policy_record *read = r->reader.record;
	if (read == NULL) {
		if (r->equal != policy_own_blob_size(r->own))
			return ERR_PRE_SESSION;
		r->error = ERR_INTERNAL;	/* for whatever is called after the end */
		*record = &r->own->record;
		return STATUS_OK;
	}
	TRY(policy_reader_end(&r->reader));
	r->error = ERR_INTERNAL;
	*record = share(r, read);
	r->reader.record = NULL;
	return STATUS_OK;
}

void peer_policy_abort(struct peer_policy_reader *r)
{
	if (r->reader.record != NULL)
		pool_give(r->store->heap, &r->store->heap->records, r->reader.record);
	r->reader.record = NULL;
	r->error = ERR_INTERNAL;
}

void policy_record_drop(struct policy_store *store, const struct policy_record *record)
{
	struct pool *pool = &store->heap->records;

	if (record == NULL || record->standing == POLICY_OWN)
		return;
	struct policy_record *owned = pool_at(store->heap, pool, pool_index(pool, record));
	if (owned != NULL && --owned->references == 0)
		pool_give(store->heap, pool, owned);
}
