/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "policy/policy.h"
#include "wire/writer.h"

#define LENGTH_SIZE 4u

/* Reading the own policy borrows the scratch that its collateral is checked in afterwards. */
_Static_assert(sizeof(struct policy_reader) <= sizeof(struct attest_scratch), "fits the scratch");

static void digest_of_point(const uint8_t point[P384_POINT_SIZE], uint8_t digest[SHA384_SIZE])
{
	static const uint8_t uncompressed = 4;
	struct sha384 hash;

	sha384_init(&hash);
	sha384_update(&hash, &uncompressed, 1);
	sha384_update(&hash, point, P384_POINT_SIZE);
	sha384_final(&hash, digest);
}

static enum status read_own(struct policy_own *own, struct policy_reader *r)
{
	const size_t size = policy_own_blob_size(own);

	policy_reader_begin(r, &own->record, &own->index, NULL, (uint32_t)size);
	for (size_t at = 0; at < size;) {
		uint8_t length[LENGTH_SIZE];
		size_t n;
		const uint8_t *run = policy_own_blob_run(own, at, length, &n);
		TRY(policy_reader_feed(r, run, n));
		at += n;
	}
	TRY(policy_reader_end(r));
	policy_reader_finish(r);
	TRY(own->record.format);
	TRY(own->record.signature);
	digest_of_point(r->data_point, own->signer_digest);
	return STATUS_OK;
}

enum status policy_own_open(struct policy_own *own, struct attest_scratch *scratch,
	const uint8_t *policy, size_t policy_size, const uint8_t *chain, size_t chain_size)
{
	memset(own, 0, sizeof(*own));
	if (policy_size > POLICY_BLOB_MAX - 2 * LENGTH_SIZE ||
	    chain_size > POLICY_BLOB_MAX - 2 * LENGTH_SIZE - policy_size)
		return ERR_POLICY_LIMIT;
	if (policy_size == 0 || chain_size == 0)
		return ERR_POLICY_FORMAT;
	own->policy = policy;
	own->policy_size = policy_size;
	own->chain = chain;
	own->chain_size = chain_size;
	const enum status status = read_own(own, (struct policy_reader *)(void *)scratch);
	wipe(scratch, sizeof(*scratch));
	TRY(status);
	own->record.standing = POLICY_OWN;
	const struct policy_span *collaterals = &own->index.collaterals;
	return collateral_open(&own->collateral, scratch, policy + collaterals->begin,
		collaterals->end - collaterals->begin);
}

size_t policy_own_blob_size(const struct policy_own *own)
{
	return LENGTH_SIZE + own->policy_size + LENGTH_SIZE + own->chain_size;
}

const uint8_t *policy_own_blob_run(const struct policy_own *own, size_t offset,
	uint8_t length[4], size_t *n)
{
	const struct {
		const uint8_t *text;
		size_t size;
	} parts[] = {{own->policy, own->policy_size}, {own->chain, own->chain_size}};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (offset < LENGTH_SIZE) {
			struct writer w = writer_of(length, LENGTH_SIZE);
			writer_u32(&w, (uint32_t)parts[i].size);
			*n = LENGTH_SIZE - offset;
			return length + offset;
		}
		offset -= LENGTH_SIZE;
		if (offset < parts[i].size) {
			*n = parts[i].size - offset;
			return parts[i].text + offset;
		}
		offset -= parts[i].size;
	}
	*n = 0;
	return length;
}

void policy_own_blob_read(const struct policy_own *own, size_t offset, uint8_t *to, size_t n)
{
	while (n > 0) {
		uint8_t length[LENGTH_SIZE];
		size_t run_size;
		const uint8_t *run = policy_own_blob_run(own, offset, length, &run_size);
		if (run_size == 0) {
			memset(to, 0, n);	/* past the end: the caller's mistake, never stale memory */
			return;
		}
		run_size = run_size < n ? run_size : n;
		memcpy(to, run, run_size);
		offset += run_size;
		to += run_size;
		n -= run_size;
	}
}
