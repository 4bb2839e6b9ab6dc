/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "policy/window.h"

void window_last(const struct stream_window *w, uint8_t *to, size_t n)
{
	const size_t at = (w->size - n) % SHA384_BLOCK;
	const size_t first = n < SHA384_BLOCK - at ? n : SHA384_BLOCK - at;

	memcpy(to, w->byte + at, first);
	memcpy(to + first, w->byte, n - first);
}

void window_pass(struct stream_window *w, const uint8_t *piece, size_t n)
{
	const size_t skipped = n > SHA384_BLOCK ? n - SHA384_BLOCK : 0, kept = n - skipped;
	const size_t at = (w->size + skipped) % SHA384_BLOCK;
	const size_t first = kept < SHA384_BLOCK - at ? kept : SHA384_BLOCK - at;

	memcpy(w->byte + at, piece + skipped, first);
	memcpy(w->byte, piece + skipped + first, kept - first);
	w->size += (uint32_t)n;
}

void window_hash_begin(struct window_hash *h, uint32_t begin)
{
	struct sha384 empty;

	sha384_init(&empty);
	sha384_save(&empty, h->state);
	h->begin = begin;
}

static void resume(const struct window_hash *h, const struct stream_window *w,
	const uint8_t *piece, uint32_t end, struct sha384 *hash)
{
	const uint32_t size = w->size > h->begin ? w->size - h->begin : 0;
	const uint32_t from = size > 0 ? w->size : h->begin;
	uint8_t tail[SHA384_BLOCK];

	window_last(w, tail, size % SHA384_BLOCK);
	sha384_restore(hash, h->state, size, tail);
	if (end > from)
		sha384_update(hash, piece + (from - w->size), end - from);
}

void window_hash_update(struct window_hash *h, const struct stream_window *w,
	const uint8_t *piece, uint32_t end)
{
	struct sha384 hash;

	resume(h, w, piece, end, &hash);
	sha384_save(&hash, h->state);
}

void window_hash_end(struct window_hash *h, const struct stream_window *w, const uint8_t *piece,
	uint32_t end)
{
	struct sha384 hash;

	resume(h, w, piece, end, &hash);
	sha384_final(&hash, h->digest);
}
