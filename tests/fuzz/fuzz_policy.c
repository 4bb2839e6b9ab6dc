/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * A peer-data blob, read as one's own and as a peer's: pieces, which the first byte chooses, are
 * read into the same record, and a policy opens at start-up if it was read without fault.
 */
#include "fuzz.h"

#include "../policy/collateral_double.h"
#include "policy/policy.h"

/* As the own blob, filling an index, or held against that of an own one. */
static enum status read_blob(const uint8_t *blob, size_t n, uint32_t split,
	struct policy_record *record, struct policy_index *index, const struct policy_index *own)
{
	static struct policy_reader r;

	memset(record, 0, sizeof(*record));
	if (index != NULL)
		memset(index, 0, sizeof(*index));
	policy_reader_begin(&r, record, index, own, (uint32_t)n);
	while (n > 0) {
		const size_t taken = fuzz_piece(&split, n);
		TRY(policy_reader_feed(&r, blob, taken));
		blob += taken;
		n -= taken;
	}
	TRY(policy_reader_end(&r));
	policy_reader_finish(&r);
	HOLDS(record->level_count <= POLICY_LEVELS_MAX);
	HOLDS(record->mapping_count <= POLICY_MAPPINGS_MAX);
	return STATUS_OK;
}

static bool is_good(const struct policy_record *record)
{
	return record->format == STATUS_OK && record->signature == STATUS_OK;
}

static void check_span(const struct policy_span *span, size_t n, uint8_t first, uint8_t last,
	const uint8_t *policy)
{
	HOLDS(span->begin <= span->end && span->end <= n);
	HOLDS(span->begin == span->end ||
		(policy[span->begin] == first && policy[span->end - 1] == last));
}

/* The texts of the blob, opened as those of the volume are. */
static void open_own(const uint8_t *blob, const struct policy_record *read,
	const struct policy_index *index)
{
	static struct attest_scratch scratch;
	static struct policy_own own;
	const size_t policy_size = blob[0] | (size_t)blob[1] << 8 | (size_t)blob[2] << 16;
	const uint8_t *policy = blob + 4, *chain = policy + policy_size;
	const size_t chain_size = chain[0] | (size_t)chain[1] << 8 | (size_t)chain[2] << 16;

	const enum status status = policy_own_open(&own, &scratch, policy, policy_size, chain + 4,
		chain_size);
	HOLDS((status == STATUS_OK) == is_good(read));
	for (size_t i = 0; i < sizeof(scratch.words) / sizeof(scratch.words[0]); i++)
		HOLDS(scratch.words[i] == 0);
	if (status != STATUS_OK) {
		HOLDS(status == (read->format != STATUS_OK ? read->format : read->signature));
		return;
	}
	HOLDS(own.record.standing == POLICY_OWN);
	own.record.standing = read->standing;
	HOLDS(memcmp(&own.record, read, sizeof(*read)) == 0);
	HOLDS(memcmp(&own.index, index, sizeof(*index)) == 0);
	check_span(&own.index.common, policy_size, '[', ']', policy);
	check_span(&own.index.forward, policy_size, '[', ']', policy);
	check_span(&own.index.backward, policy_size, '[', ']', policy);
	check_span(&own.index.collaterals, policy_size, '{', '}', policy);
	HOLDS(collateral_double.bundle == policy + own.index.collaterals.begin);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct policy_record whole, cut;
	static struct policy_index of_whole, of_cut;

	if (n < 1 || n > POLICY_BLOB_MAX)
		return 0;
	fuzz_start_crypto();
	const uint32_t split = 1u + *bytes++;
	n--;
	const enum status status = read_blob(bytes, n, 0, &whole, &of_whole, NULL);
	HOLDS(status == read_blob(bytes, n, split, &cut, &of_cut, NULL));
	if (status != STATUS_OK)
		return 0;
	HOLDS(memcmp(&whole, &cut, sizeof(whole)) == 0);
	open_own(bytes, &whole, &of_whole);
	if (!is_good(&whole))
		return 0;
	ACCEPTED();
	HOLDS(memcmp(&of_whole, &of_cut, sizeof(of_whole)) == 0);
	/* As a peer's of the same chains it says the same, unless they have too many links. */
	HOLDS(read_blob(bytes, n, split, &cut, NULL, &of_whole) == STATUS_OK);
	HOLDS(cut.chain == STATUS_OK || cut.chain == ERR_POLICY_CHAIN);
	if (cut.signature == ERR_POLICY_LIMIT && of_whole.links.count == POLICY_KNOWN_LINKS)
		return 0;
	cut.chain = whole.chain;
	HOLDS(memcmp(&whole, &cut, sizeof(whole)) == 0);
	return 0;
}
