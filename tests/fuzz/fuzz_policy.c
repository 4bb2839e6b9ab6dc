/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The first byte cuts the peer-data blob: pieces of any size are read into the same record. */
#include "fuzz.h"

#include "policy/policy.h"

static enum status read_blob(const uint8_t *blob, size_t n, size_t piece,
	struct policy_record *record, struct policy_index *index)
{
	static struct policy_reader r;

	memset(record, 0, sizeof(*record));
	memset(index, 0, sizeof(*index));
	policy_reader_begin(&r, record, index, NULL, (uint32_t)n);
	for (size_t at = 0; at < n; at += piece)
		TRY(policy_reader_feed(&r, blob + at, n - at < piece ? n - at : piece));
	TRY(policy_reader_end(&r));
	policy_reader_finish(&r);
	HOLDS(record->level_count <= POLICY_LEVELS_MAX);
	HOLDS(record->mapping_count <= POLICY_MAPPINGS_MAX);
	return STATUS_OK;
}

static void no_random(void *ctx, uint8_t *to, size_t n)
{
	(void)ctx;
	memset(to, 0, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static _Alignas(16) uint8_t arena[CRYPTO_ARENA_SIZE];
	static struct policy_record whole, cut;
	static struct policy_index of_whole, of_cut;

	if (n < 1 || n > POLICY_BLOB_MAX)
		return 0;
	crypto_init(arena, sizeof(arena), no_random, NULL);
	const enum status status = read_blob(bytes + 1, n - 1, n, &whole, &of_whole);
	HOLDS(status == read_blob(bytes + 1, n - 1, 1 + bytes[0], &cut, &of_cut));
	HOLDS(status != STATUS_OK || memcmp(&whole, &cut, sizeof(whole)) == 0);
	return 0;
}
