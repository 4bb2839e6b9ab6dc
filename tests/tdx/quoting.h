/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What the tests of the quoting codecs share: recorded buffer images, and bytes laid out by hand. */
#ifndef TESTS_TDX_QUOTING_H
#define TESTS_TDX_QUOTING_H

#include "fake_td.h"

#define WIRE SHARED_DIR "/vectors/attestation/wire/"
#define IN_FLIGHT UINT64_MAX
#define STATUS_ERROR 0x8000000000000000ull
#define STATUS_UNAVAILABLE 0x8000000000000001ull

struct image {
	uint8_t bytes[8 * PAGE_SIZE];
	size_t size;
};

/* Buffers that the fake TD keeps for quotes: all its shared half. */
#define QUOTE_BUFFERS_KEPT 4

static inline void quoting_td_init(struct fake_td *td)
{
	fake_td_init(td);
	assert_int_equal(quote_service_keep(&td->quoting, QUOTE_BUFFERS_KEPT), STATUS_OK);
}

/* Pages that are neither free nor kept for quotes and idle. */
static inline uint32_t busy_pages(const struct fake_td *td)
{
	return td->shared.used - td->shared.used_by_tag[SHARED_GET_QUOTE_KEPT];
}

static inline void load(struct image *image, const char *name)
{
	char path[512];

	memset(image, 0, sizeof(*image));
	snprintf(path, sizeof(path), "%s%s", WIRE, name);
	FILE *f = fopen(path, "rb");
	if (f == NULL) {
		print_message("SKIPPED: %s is not there\n", path);
		skip();
	}
	image->size = fread(image->bytes, 1, sizeof(image->bytes), f);
	fclose(f);
}

static inline void store(uint8_t *at, uint64_t value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static inline void store_be(uint8_t *at, uint32_t value)
{
	store(at, __builtin_bswap32(value), 4);
}

#endif
