/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The first byte cuts the peer-data blob: pieces of any size are read into the same record. */
#include "fuzz.h"

#include "policy/policy.h"

/* As the own blob, filling an index, or held against that of an own one. */
static enum status read_blob(const uint8_t *blob, size_t n, size_t piece,
	struct policy_record *record, struct policy_index *index, const struct policy_index *own)
{
	static struct policy_reader r;

	memset(record, 0, sizeof(*record));
	if (index != NULL)
		memset(index, 0, sizeof(*index));
	policy_reader_begin(&r, record, index, own, (uint32_t)n);
	for (size_t at = 0; at < n; at += piece)
		TRY(policy_reader_feed(&r, blob + at, n - at < piece ? n - at : piece));
	TRY(policy_reader_end(&r));
	policy_reader_finish(&r);
	HOLDS(record->level_count <= POLICY_LEVELS_MAX);
	HOLDS(record->mapping_count <= POLICY_MAPPINGS_MAX);
	return STATUS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct policy_record whole, cut;
	static struct policy_index of_whole, of_cut;

	if (n < 1 || n > POLICY_BLOB_MAX)
		return 0;
	fuzz_start_crypto();
	const enum status status = read_blob(bytes + 1, n - 1, n, &whole, &of_whole,
		NULL);
	HOLDS(status == read_blob(bytes + 1, n - 1, 1 + bytes[0], &cut, &of_cut, NULL));
	HOLDS(status != STATUS_OK || memcmp(&whole, &cut, sizeof(whole)) == 0);
	if (status != STATUS_OK)
		return 0;
	ACCEPTED();
	HOLDS(read_blob(bytes + 1, n - 1, 4096, &cut, NULL, &of_whole) == STATUS_OK);
	HOLDS(cut.format == whole.format && cut.policy_svn == whole.policy_svn);
	HOLDS(cut.mapping_count == whole.mapping_count && cut.level_count == whole.level_count);
	return 0;
}
