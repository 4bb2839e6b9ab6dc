/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "policy/policy.h"

#define LENGTH_SIZE 4u
/* Two lengths, and neither text empty. */
#define BLOB_MIN (2 * LENGTH_SIZE + 2)

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
	else if (blob_size < BLOB_MIN)
		r->error = ERR_PRE_SESSION;
}

/* How many of the n bytes are those of the own blob at the position. */
static size_t equal_bytes(const struct peer_policy_reader *r, const uint8_t *from, size_t n)
{
	size_t equal = 0;

	if (r->size != policy_own_blob_size(r->own))
		return 0;
	while (equal < n) {
		uint8_t length[LENGTH_SIZE];
		size_t run_size;
		const uint8_t *run = policy_own_blob_run(r->own, r->position + equal, length, &run_size);
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

/* One byte of the little-endian length that begins at the blob's offset `at`. */
static void take_length(const struct peer_policy_reader *r, uint32_t *length, uint32_t at,
	uint8_t byte)
{
	*length |= (uint32_t)byte << 8 * (r->position - at);
}

/* Takes bytes up to the end of the part of the blob at hand; how many, in *taken. */
static enum status take_part(struct peer_policy_reader *r, const uint8_t *from, size_t n,
	size_t *taken)
{
	const uint32_t chain_at = LENGTH_SIZE + r->policy_size;

	*taken = 1;
	if (r->position < LENGTH_SIZE) {
		take_length(r, &r->policy_size, 0, *from);
		if (r->position == LENGTH_SIZE - 1 &&
		    (r->policy_size == 0 || r->policy_size > r->size - BLOB_MIN + 1))
			return ERR_PRE_SESSION;
	} else if (r->position < chain_at) {
		*taken = n < chain_at - r->position ? n : chain_at - r->position;
		policy_reader_policy(&r->reader, from, *taken);
		if (r->position + *taken == chain_at)
			policy_reader_policy_end(&r->reader);
	} else if (r->position < chain_at + LENGTH_SIZE) {
		take_length(r, &r->chain_size, chain_at, *from);
		if (r->position == chain_at + LENGTH_SIZE - 1 &&
		    r->chain_size != r->size - chain_at - LENGTH_SIZE)
			return ERR_PRE_SESSION;
	} else {
		*taken = n;
		policy_reader_chain(&r->reader, from, n);
	}
	return STATUS_OK;
}

static enum status read_on(struct peer_policy_reader *r, const uint8_t *from, size_t n)
{
	sha384_update(&r->blob, from, n);
	while (n > 0) {
		size_t taken;
		TRY(take_part(r, from, n, &taken));
		r->position += (uint32_t)taken;
		from += taken;
		n -= taken;
	}
	return STATUS_OK;
}

/* The blob is not the own one: a record is taken, and what was equal so far is read after all. */
static enum status diverge(struct peer_policy_reader *r)
{
	const uint32_t equal = r->position;

	r->record = pool_take(r->store->heap, &r->store->heap->records);
	if (r->record == NULL)
		return ERR_OUT_OF_RESOURCE;
	sha384_init(&r->blob);
	policy_reader_begin(&r->reader, r->record, NULL, &r->own->index);
	r->position = 0;
	while (r->position < equal) {
		uint8_t length[LENGTH_SIZE];
		size_t n;
		const uint8_t *run = policy_own_blob_run(r->own, r->position, length, &n);
		if (n > equal - r->position)
			n = equal - r->position;
		TRY(read_on(r, run, n));
	}
	return STATUS_OK;
}

static enum status feed(struct peer_policy_reader *r, const uint8_t *from, size_t n)
{
	if (n > r->size - r->position)
		return ERR_PRE_SESSION;
	if (r->record == NULL) {
		const size_t equal = equal_bytes(r, from, n);
		r->position += (uint32_t)equal;
		from += equal;
		n -= equal;
		if (n == 0)
			return STATUS_OK;
		TRY(diverge(r));
	}
	return read_on(r, from, n);
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

enum status peer_policy_end(struct peer_policy_reader *r, const struct policy_record **record)
{
	*record = NULL;
	TRY(r->error);
	if (r->position != r->size)
		return ERR_PRE_SESSION;
	r->error = ERR_INTERNAL;	/* for whatever is called after the end */
	if (r->record == NULL) {
		*record = &r->own->record;
		return STATUS_OK;
	}
	sha384_final(&r->blob, r->record->blob_digest);
	policy_reader_chain_end(&r->reader);
	struct policy_record *shared = find_published(r->store, r->record->blob_digest);
	if (shared != NULL) {
		pool_give(r->store->heap, &r->store->heap->records, r->record);
		r->record = shared;
	} else {
		policy_reader_verify(&r->reader);
		if (r->record->format == STATUS_OK && r->record->signature == STATUS_OK &&
		    r->record->chain == STATUS_OK)
			r->record->standing = POLICY_PUBLISHED;
	}
	r->record->references++;
	*record = r->record;
	r->record = NULL;
	return STATUS_OK;
}

void peer_policy_abort(struct peer_policy_reader *r)
{
	if (r->record != NULL)
		pool_give(r->store->heap, &r->store->heap->records, r->record);
	r->record = NULL;
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
